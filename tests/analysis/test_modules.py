import pytest

from extractor.analysis.modules import Module, find_modules
from extractor.analysis.resolver import modules_of
from extractor.errors import UsageError
from extractor.project.layout import module_of
from extractor.source.tree import MemoryTree


def names(paths, *packages):
    return [m.name for m in find_modules(paths, packages).values()]


def test_a_package_at_the_root():
    found = find_modules(["p/__init__.py", "p/a.py", "p/data.txt", "other.py"], ["p"])
    assert list(found.values()) == [
        Module("p", "p/__init__.py", True),
        Module("p.a", "p/a.py", False),
    ]


def test_a_src_layout():
    assert find_modules(["src/p/__init__.py", "setup.py"], ["p"])["p"].path == "src/p/__init__.py"


@pytest.mark.parametrize("folder", ["", "src/", "lib/"])
def test_folders_around_the_packages_are_no_part_of_a_name(folder):
    paths = [f"{folder}p/__init__.py", f"{folder}p/a.py", "setup.py", "tools/x.py"]
    assert [module_of(path) for path in paths[:2]] == ["p", "p.a"]
    tree = MemoryTree(dict.fromkeys(paths, b""))
    assert modules_of(tree, {"p"}) == {"p": paths[0], "p.a": paths[1]}


def test_the_shallowest_wins_over_copies():
    paths = ["p/__init__.py", "vendor/p/__init__.py", "vendor/p/b.py"]
    assert names(paths, "p") == ["p"]


def test_a_single_file():
    assert find_modules(["src/p.py", "tests/p.py/x"], ["p"])["p"] == Module("p", "src/p.py", False)


def test_folders_without_init_are_namespace_packages():
    found = find_modules(["src/p/q/__init__.py", "src/p/r/s.py"], ["p"])
    assert [(m.name, m.path) for m in found.values()] == [
        ("p", None),
        ("p.q", "src/p/q/__init__.py"),
        ("p.r", None),
        ("p.r.s", "src/p/r/s.py"),
    ]


def test_a_dotted_package_brings_its_parents():
    assert names(["src/p/q/__init__.py", "src/p/q/a.py"], "p.q") == ["p", "p.q", "p.q.a"]


def test_a_package_beats_a_module_of_its_name():
    found = find_modules(["p/__init__.py", "p/a.py", "p/a/__init__.py"], ["p"])
    assert found["p.a"].path == "p/a/__init__.py"


def test_no_such_package_names_those_there_are():
    with pytest.raises(UsageError, match="no package 'q' in this source; found: p"):
        find_modules(["p/__init__.py"], ["q"])
