"""unittest: test modules by their names and folders, and what its loader looks up in them."""

from __future__ import annotations

import re

from extractor.project.convention import Convention, Kind
from extractor.project.files import ProjectFiles

_FOLDERS = frozenset({"test", "tests"})
# Words that say of a module that it serves tests, wherever it lies.
HELPERS = frozenset({"fixtures", "test", "testing", "tests"})
_NAME = re.compile(r"test_.*|.*_tests?")
_TESTS = re.compile(
    r"^\s*(?:async )?def test|^class \w*Test|TestCase|^def load_tests", re.MULTILINE
)
_LOOKED_UP = frozenset({"load_tests", "setUpModule", "tearDownModule"})


class Unittest(Convention):
    """What the standard library's runner and all that follow it agree on."""

    name = "unittest"

    def is_used(self, files: ProjectFiles) -> bool:
        return any(self.kind_of(path, files) is Kind.TEST for path in files.python)

    def kind_of(self, path: str, files: ProjectFiles) -> Kind | None:
        *folders, name = path.removesuffix(".py").split("/")
        inside = not _FOLDERS.isdisjoint(folders)
        if not path.endswith(".py"):
            return Kind.DATA if inside else None
        if _NAME.fullmatch(name) and (inside or _TESTS.search(files.text(path))):
            return Kind.TEST
        if not inside and name in _FOLDERS and _TESTS.search(files.text(path)):
            return Kind.TEST
        if inside or not HELPERS.isdisjoint([*folders, name]):
            return Kind.TEST_HELPER
        return None

    def keeps(self, path: str, kind: Kind, name: str) -> bool:
        return kind is Kind.TEST and (name in _LOOKED_UP or name.startswith(("test", "Test")))


CONVENTION = Unittest()
