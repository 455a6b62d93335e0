"""Kinds of files, names of distributions, the standard library, conventions by name."""

import pytest

from extractor.errors import UsageError
from extractor.project.convention import Kind
from extractor.project.facts import project_of
from extractor.project.relative import absolute
from extractor.project.standard_library import is_standard_library
from extractor.source.tree import MemoryTree


def project(files, **settings):
    return project_of(MemoryTree({p: t.encode() for p, t in files.items()}), **settings)


MODERN = {
    "README.md": "# shop\n",
    "pyproject.toml": (
        '[project]\nname = "shop"\nrequires-python = ">=3.8"\n'
        'dependencies = ["PyYAML>=6", "click"]\n[project.scripts]\nshop = "shop.app:main"\n'
    ),
    "src/shop/__init__.py": "",
    "src/shop/app.py": "def main(): pass\n",
    "src/shop/data.json": "{}",
    "src/shop/test_price.py": "def test_it(): pass\n",
    "src/shop/test_client.py": "class Client: pass\n",
    "src/shop/testing.py": "def a_shop(): pass\n",
    "src/shop/db/env.py": "",
    "src/shop/db/versions/001_first.py": "revision = '1'\n",
    "tests/conftest.py": "",
    "tests/helpers.py": "",
    "tests/test_app.py": "def test_main(): pass\n",
    "tests/data.json": "{}",
    "docs/conf.py": "",
}


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("README.md", Kind.DOCUMENTATION),
        ("pyproject.toml", Kind.PACKAGING),
        ("src/shop/app.py", Kind.PRODUCTION),
        ("src/shop/data.json", Kind.DATA),
        ("src/shop/test_price.py", Kind.TEST),
        # Named like a test, but there is none in it.
        ("src/shop/test_client.py", Kind.PRODUCTION),
        ("src/shop/testing.py", Kind.TEST_HELPER),
        ("src/shop/db/versions/001_first.py", Kind.MIGRATION),
        ("tests/conftest.py", Kind.CONFTEST),
        ("tests/helpers.py", Kind.TEST_HELPER),
        ("tests/test_app.py", Kind.TEST),
        ("docs/conf.py", Kind.DOCUMENTATION),
    ],
)
def test_kinds(path, kind):
    assert project(MODERN).kind_of(path) is kind


def test_what_a_modern_project_shows():
    shop = project(MODERN)
    assert shop.conventions == ("alembic", "pyproject", "pytest", "sphinx", "unittest")
    assert shop.tops == ("shop",)
    assert shop.tests == ("shop.test_price", "tests.test_app")
    assert shop.is_test("tests.helpers") and not shop.is_test("shop.app")
    assert [p.symbol for p in shop.entry_points] == ["shop.app:main"]


def test_names_that_a_convention_looks_up_are_kept_by_it():
    shop = project(MODERN)
    assert shop.keeps("tests/conftest.py", "anything") == "pytest"
    assert shop.keeps("src/shop/db/versions/001_first.py", "upgrade") == "alembic"
    assert shop.keeps("src/shop/app.py", "upgrade") == ""


def test_conventions_can_be_named():
    assert (
        project(MODERN, conventions=["pyproject"]).kind_of("tests/test_app.py") is Kind.PRODUCTION
    )
    with pytest.raises(UsageError, match="there is no convention 'nose': there are alembic, "):
        project(MODERN, conventions=["nose"])


def test_an_import_comes_from_a_distribution():
    shop = project(MODERN)
    assert shop.distribution_of("yaml") == "PyYAML"
    assert shop.distribution_of("click") == "click"
    assert shop.distribution_of("unheard_of") == "unheard_of"
    assert shop.requirement_of("yaml").text == "PyYAML>=6"
    assert shop.requirement_of("unheard_of") is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [("json", True), ("httplib", True), ("Cookie", True), ("tomllib", True), ("yaml", False)],
)
def test_the_standard_library_has_its_old_names(name, expected):
    assert is_standard_library(name) is expected
    assert project(MODERN).is_standard_library(f"{name}.sub") is expected


def test_a_backport_that_is_required_is_no_standard_library_where_some_python_lacks_it():
    files = {"requirements.txt": "dataclasses\n", "p/__init__.py": ""}
    old = "[options]\npython_requires = >=3.6\n"
    assert not project(files | {"setup.cfg": old}).is_standard_library("dataclasses")
    new = "[options]\npython_requires = >=3.8\n"
    assert project(files | {"setup.cfg": new}).is_standard_library("dataclasses")
    assert project(files).is_standard_library("dataclasses")


@pytest.mark.parametrize(
    ("module", "is_package", "level", "target", "expected"),
    [
        ("a.b", False, 0, "c", "c"),
        ("a.b", False, 1, "c", "a.c"),
        ("a.b", True, 1, "c", "a.b.c"),
        ("a.b", True, 1, None, "a.b"),
        ("a.b.c", False, 2, "d", "a.d"),
        ("a", False, 1, "c", ".c"),
        ("a.b", False, 3, "c", "...c"),
        ("", False, 1, "c", ".c"),
    ],
)
def test_relative_imports(module, is_package, level, target, expected):
    assert absolute(module, is_package, level, target) == expected


def test_facts_are_found_once():
    class Counting(MemoryTree):
        reads = 0

        def read(self, path):
            type(self).reads += 1
            return super().read(path)

    shop = project_of(Counting({p: t.encode() for p, t in MODERN.items()}))
    for _ in range(3):
        assert shop.modules and shop.entry_points and shop.requirements
        assert [shop.kind_of(path) for path in shop.files.paths]
    once = Counting.reads
    assert shop.modules and shop.entry_points and shop.pythons and shop.requirements
    assert Counting.reads == once < len(MODERN)
