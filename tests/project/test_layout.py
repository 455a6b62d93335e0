"""Where packages lie: each kind of layout, and a harmless twin that looks like another."""

import pytest

from extractor.project.facts import project_of
from extractor.project.layout import SourceFolders, is_package
from extractor.source.tree import SYMLINK, MemoryTree


def project(*paths, folder="", **texts):
    files = dict.fromkeys(paths, b"")
    files |= {path: text.encode() for path, text in texts.get("texts", {}).items()}
    return project_of(MemoryTree(files), folder=folder)


def test_an_empty_tree_has_nothing():
    nothing = project()
    assert nothing.modules == {}
    assert nothing.tops == ()
    assert nothing.entry_points == nothing.requirements == nothing.pythons == ()
    assert not nothing.is_first_party("p")


@pytest.mark.parametrize("folder", ["", "src/", "lib/"])
def test_packages_at_the_root_and_in_the_usual_folders(folder):
    found = project(f"{folder}p/__init__.py", f"{folder}p/a.py", "setup.py", "tools/x.py")
    assert found.path_of("p.a") == f"{folder}p/a.py"
    assert found.module_of(f"{folder}p/__init__.py") == "p"
    assert found.tops == ("p",)


def test_a_package_that_is_called_src_is_one():
    found = project("src/__init__.py", "src/a.py")
    assert dict(found.modules) == {"src": "src/__init__.py", "src.a": "src/a.py"}


def test_several_top_level_packages():
    found = project("a/__init__.py", "a/x.py", "b/__init__.py", "c.py", "tests/test_x.py")
    assert found.tops == ("a", "b", "c")
    assert found.is_first_party("b.anything")
    assert not found.is_first_party("d")


def test_a_package_in_a_sub_folder_is_told_by_how_it_is_imported():
    found = project(
        "libs/core/big/__init__.py",
        texts={"libs/core/tests/test_big.py": "from big import x\n"},
    )
    assert found.module_of("libs/core/big/__init__.py") == "big"
    assert found.module_of("libs/core/tests/test_big.py") == "tests.test_big"
    assert found.tops == ("big",)


def test_the_same_files_imported_by_the_long_name_are_a_namespace():
    found = project(
        "libs/core/big/__init__.py",
        texts={"libs/core/tests/test_big.py": "from libs.core.big import x\n"},
    )
    assert found.module_of("libs/core/big/__init__.py") == "libs.core.big"


def test_a_folder_with_packaging_of_its_own_is_a_source_folder():
    found = project("services/till/till/__init__.py", "services/till/pyproject.toml")
    assert found.modules["till"] == "services/till/till/__init__.py"


def test_a_folder_that_is_no_identifier_is_a_source_folder():
    found = project("my-libs/big/__init__.py", "my-libs/big/a.py")
    assert list(found.modules) == ["big", "big.a"]


def test_a_folder_can_be_named():
    found = project(
        "services/one/p/__init__.py", "services/two/p/__init__.py", folder="services/two"
    )
    assert dict(found.modules) == {"p": "p/__init__.py"}


def test_a_namespace_package_has_no_file():
    found = project("src/ns/one/__init__.py", "src/ns/two/three.py")
    assert dict(found.modules) == {
        "ns.one": "src/ns/one/__init__.py",
        "ns.two.three": "src/ns/two/three.py",
    }
    assert found.is_module("ns") and found.path_of("ns") is None
    assert found.tops == ("ns",)


def test_a_folder_without_init_inside_a_package_belongs_to_it():
    found = project("p/__init__.py", "p/plain/inner.py", "p/plain/deep/__init__.py")
    assert list(found.modules) == ["p", "p.plain.deep", "p.plain.inner"]


def test_a_single_module_is_a_project():
    assert project("setup.py", "one.py").tops == ("one",)


def test_a_package_beats_a_module_of_its_name_and_the_shallowest_its_copies():
    found = project("p/__init__.py", "p/a.py", "p/a/__init__.py", "build/lib/p/__init__.py")
    assert found.path_of("p.a") == "p/a/__init__.py"
    assert found.path_of("p") == "p/__init__.py"


def test_links_are_no_modules():
    tree = MemoryTree({"p/__init__.py": b"", "p/a.py": b"__init__.py"}, {"p/a.py": SYMLINK})
    assert list(project_of(tree).modules) == ["p"]


def test_tests_alone_are_first_party_and_a_library_of_that_name_is_not():
    found = project("p/__init__.py", "tests/__init__.py", "tests/test_x.py")
    assert found.is_first_party("tests.test_x")
    assert not project("p/__init__.py").is_first_party("tests.test_x")


def test_source_folders_are_a_value():
    folders = SourceFolders(("", "src/", "src/deep/"))
    assert folders == SourceFolders(("", "src/", "src/deep/"))
    assert folders.module_of("src/deep/p/q.py") == "p.q"
    assert folders.module_of("other/p.py") == "other.p"


@pytest.mark.parametrize(
    ("path", "expected"),
    [("__init__.py", True), ("a/__init__.py", True), ("a/x__init__.py", False)],
)
def test_what_a_package_is(path, expected):
    assert is_package(path) is expected


def test_the_largest_package_comes_first():
    paths = ["setup.py", "b/x.py", "a/x.py", "a/y.py", "tests/test_t.py", "src/c/x.py"]
    assert project(*paths).tops == ("a", "b", "c")
