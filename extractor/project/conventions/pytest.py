"""pytest: ``conftest.py``, test files by its own patterns, functions that are tests."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator

from extractor.project.convention import PYTEST, Convention, Kind
from extractor.project.files import Option, ProjectFiles

_SETTINGS = (("pytest.ini", "pytest"), ("tox.ini", "pytest"), ("setup.cfg", "tool:pytest"))
# The module whose fixtures are there for all tests beside and below it.
CONFTEST = "conftest"
# Where a file names modules with more fixtures and hooks.
PLUGINS = "pytest_plugins"
_USUAL = ("test_*.py", "*_test.py")
_OF_TESTS = re.compile(r"check|spec|test")
_IMPORTED = re.compile(rb"^[ \t]*(?:import|from) pytest\b", re.MULTILINE)
# Tests that no other runner finds.
_COLLECTED = re.compile(rb"^(?:async )?def test_|^class Test\w*(?:\((?:object)?\))?:", re.MULTILINE)


class Pytest(Convention):
    """What pytest collects and calls by name."""

    name = "pytest"
    settings = (*_SETTINGS, ("pyproject.toml", "tool.pytest"))

    def is_used(self, files: ProjectFiles) -> bool:
        if "pytest.ini" in files.present or files.toml("pyproject.toml", "tool", "pytest"):
            return True
        if any(option.section in {"pytest", "tool:pytest"} for option in _options(files)):
            return True
        if any(_is_conftest(path) for path in files.python):
            return True
        near = (path for path in files.python if "test" in path)
        return any(_IMPORTED.search(files.content(path)) for path in near)

    def runner(self, files: ProjectFiles) -> str:
        if self.is_used(files):
            return PYTEST
        usual = (p for p in files.python if any(fnmatch.fnmatchcase(p, f"*{u}") for u in _USUAL))
        return PYTEST if any(_COLLECTED.search(files.content(path)) for path in usual) else ""

    def kind_of(self, path: str, files: ProjectFiles) -> Kind | None:
        if path == "pytest.ini":
            return Kind.PACKAGING
        if _is_conftest(path):
            return Kind.CONFTEST
        if not path.endswith(".py"):
            return None
        name = path.rpartition("/")[2]
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in _patterns(files)):
            return Kind.TEST
        below = [f"{folder.strip('./')}/" for folder in _setting(files, "testpaths")]
        # Tests beside the code they test make none of it a helper of theirs.
        if not path.startswith(tuple(folder for folder in below if _OF_TESTS.search(folder))):
            return None
        usual = any(fnmatch.fnmatchcase(name, pattern) for pattern in _USUAL)
        return Kind.TEST if usual else Kind.TEST_HELPER

    def keeps(self, path: str, kind: Kind, name: str) -> bool:
        if kind is Kind.CONFTEST:
            return True
        looked_up = {"pytestmark", PLUGINS, "setup_module", "teardown_module"}
        return kind.of_tests and (name in looked_up or name.startswith(("pytest_", "test", "Test")))


def _is_conftest(path: str) -> bool:
    return f"/{path}".endswith(f"/{CONFTEST}.py")


def _options(files: ProjectFiles) -> Iterator[Option]:
    for path, section in _SETTINGS:
        yield from (option for option in files.ini(path) if option.section == section)


def _setting(files: ProjectFiles, name: str) -> list[str]:
    given = files.toml("pyproject.toml", "tool", "pytest", "ini_options").get(name)
    if given is None:
        given = next((o.value for o in _options(files) if o.name == name), [])
    return given.split() if isinstance(given, str) else [str(one) for one in given]


def _patterns(files: ProjectFiles) -> list[str]:
    """Patterns of file names that are given; its usual ones are unittest's too."""
    return [p for p in _setting(files, "python_files") if p not in _USUAL]


CONVENTION = Pytest()
