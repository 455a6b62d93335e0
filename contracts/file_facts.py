"""What the text of one file says, read without parsing and kept from run to run.

A store is one JSON file; entries are found by a key of the content, so nothing goes stale.
It can be deleted at any time, and one that cannot be read or written is as good as none.
"""

from __future__ import annotations

import json
import os
import re
from bisect import bisect_right
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

VERSION = 2

# Functions that import what their first argument names.
IMPORTERS = (
    "__import__",
    "import_any",
    "import_class",
    "import_module",
    "import_object",
    "import_object_ns",
    "import_string",
    "import_versioned_module",
    "resolve_name",
    "try_import",
)
BY_STRING, PATCH = "import by string", "mock.patch"

# A string and those that follow it without an operator are one string.
_CALL = re.compile(
    rf"\b(?:(?P<importer>{'|'.join(IMPORTERS)})|patch|patch\.(?:dict|multiple)|MonkeyPatch)\(\s*"
    r"(?P<text>['\"][A-Za-z_][\w.:]*['\"](?:\s*\\?\s*['\"][\w.:]*['\"])*)",
    re.ASCII,
)
_CAN_CALL = re.compile(rb"\bpatch|MonkeyPatch|%s" % "|".join(IMPORTERS).encode())
_TOP_LEVEL = re.compile(
    rb"^(?:(?:class|def|async[ \t]+def)[ \t]+([A-Za-z_]\w*)"
    rb"|([A-Za-z_]\w*)[ \t]*(?::[^\n=]*)?=(?!=))",
    re.M,
)
_INDENTED_IMPORT = re.compile(rb"^[ \t]+(?:import|from)\b", re.M)


class FileFacts(NamedTuple):
    """``strings``: (line, dotted name, kind) of modules named in calls; ``names``: top level.

    ``in_functions`` are the lines of import statements that run only when something is called.
    """

    strings: list[tuple[int, str, str]]
    names: list[str]
    in_functions: list[int]


def read_facts(source: bytes) -> FileFacts:
    """The facts of one file's content."""
    names = sorted({(a or b).decode() for a, b in _TOP_LEVEL.findall(source)})
    strings: list[tuple[int, str, str]] = []
    if _CAN_CALL.search(source):
        text = source.decode("utf-8", "replace")
        starts: list[int] = []
        for found in _CALL.finditer(text):
            dotted = "".join(re.findall(r"[\w.:]+", found["text"])).replace(":", ".").strip(".")
            if "." not in dotted:
                continue
            starts = starts or [0, *(m.end() for m in re.finditer("\n", text))]
            line = bisect_right(starts, found.start("text"))
            strings.append((line, dotted, BY_STRING if found["importer"] else PATCH))
    return FileFacts(strings, names, _imports_in_functions(source))


def _imports_in_functions(source: bytes) -> list[int]:
    """Found by indentation: what an import is in are the lines above it that start further left."""
    found = []
    lines: list[bytes] = []
    for statement in _INDENTED_IMPORT.finditer(source):
        lines = lines or source.expandtabs().split(b"\n")
        number = source.count(b"\n", 0, statement.end())
        indent = len(lines[number]) - len(lines[number].lstrip())
        for line in reversed(lines[:number]):
            text = line.lstrip()
            if not text or text.startswith(b"#") or len(line) - len(text) >= indent:
                continue
            if text.startswith((b"def ", b"async def ")):
                found.append(number + 1)
            indent = len(line) - len(text)
            if not indent or (found and found[-1] == number + 1):
                break
    return found


class Store:
    """Facts of files by the key of their content; saved entries are those of the last run."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._known: dict[str, Any] = {}
        self._used: dict[str, Any] = {}
        self._new = False
        if path is not None:
            with suppress(OSError, ValueError):
                content = json.loads(path.read_bytes())
                if content.get("version") == VERSION:
                    self._known = content["files"]

    def get(self, key: str, make: Callable[[], Any]) -> Any:
        """The plain value under ``key``; made and kept where it is not known."""
        if key in self._used:
            return self._used[key]
        if key in self._known:
            value = self._known[key]
        else:
            value = make()
            self._new = True
        if key:
            self._used[key] = value
        return value

    def save(self) -> None:
        """Write what this run used, where it is not what was there."""
        if self.path is None or not (self._new or len(self._used) != len(self._known)):
            return
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps({"version": VERSION, "files": self._used}, separators=(",", ":"))
            beside = self.path.with_name(f"{self.path.name}.{os.getpid()}")
            beside.write_text(text, encoding="utf-8")
            beside.replace(self.path)
        self._known, self._new = dict(self._used), False
