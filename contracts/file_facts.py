"""What the text of one file says, read without parsing and kept from run to run.

A store is one JSON file; entries are found by a key of the content, so nothing goes stale.
It can be deleted at any time, and one that cannot be read or written is as good as none.
"""

from __future__ import annotations

import json
import os
import re
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

VERSION = 3

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

# A string and those that follow it without an operator are one string. The patterns begin with
# a plain word, which is what makes the search fast; what stands before it is looked at then.
_STRING = r"(?P<text>['\"][A-Za-z_][\w.:]*['\"](?:\s*\\?\s*['\"][\w.:]*['\"])*)"
_CALLS = {
    word: (re.compile(rf"{call}\(\s*{_STRING}", re.ASCII), kind)
    for word, call, kind in (
        ("patch", r"patch(?:\.dict|\.multiple)?", PATCH),
        ("MonkeyPatch", "MonkeyPatch", PATCH),
        *((name, name, BY_STRING) for name in IMPORTERS),
    )
}
_INDENTED_IMPORT = re.compile(rb"^[ \t]+(?:import|from)\b", re.M)


def names_in_calls(source: bytes) -> list[tuple[int, str, str]]:
    """(line, dotted name, kind) of modules named in strings that calls import or patch."""
    strings: list[tuple[int, str, str]] = []
    words = [word for word in _CALLS if word.encode() in source]
    if not words:
        return strings
    text = source.decode("utf-8", "replace")
    starts: list[int] = []
    for pattern, kind in map(_CALLS.__getitem__, words):
        for found in pattern.finditer(text):
            before = text[found.start() - 1 : found.start()]
            dotted = "".join(re.findall(r"[\w.:]+", found["text"])).replace(":", ".").strip(".")
            if "." not in dotted or before == "_" or before.isalnum():
                continue
            starts = starts or [0, *(m.end() for m in re.finditer("\n", text))]
            strings.append((bisect_right(starts, found.start("text")), dotted, kind))
    return sorted(strings)


def imports_in_functions(source: bytes) -> list[int]:
    """Lines of import statements that run only when something is called.

    Found by indentation: what an import is in are the lines above it that start further left.
    """
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


def stat_key(path: str) -> str:
    """A name for the file at ``path`` that changes with it, made without reading it.

    Empty for a file so new that it could change again and its times stay: such a one is not
    to be kept. Ask for the key first and read then.
    """
    now = time.time_ns()
    try:
        status = os.stat(path)  # noqa: PTH116 - thousands of files
    except OSError:
        return ""
    changed = status.st_ctime_ns
    # File systems that count in whole seconds, or two of them, show it.
    coarse = changed % 10_000_000 == 0
    if now - changed < (2_100_000_000 if coarse else 50_000_000):
        return ""
    return f"{path} {status.st_mtime_ns} {changed} {status.st_size} {status.st_ino}"


class Store:
    """What was found out about files, by a key of their content and by question.

    Saved entries are those of the last run, in one file that is read at once.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._known: dict[str, dict[str, Any]] = {}
        self._used: dict[str, dict[str, Any]] = {}
        # By question: yes or no by key.
        self._answers: dict[str, dict[str, bool]] = {}
        self._asked: dict[str, dict[str, bool]] = {}
        self._new = False
        if path is not None:
            with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
                self._load(json.loads(path.read_bytes()))

    def get(self, key: str, question: str, make: Callable[[], Any]) -> Any:
        """The plain value under ``key`` and ``question``; made and kept where it is not known."""
        if not key:
            return make()
        used = self._used.setdefault(key, {})
        if question in used:
            return used[question]
        known = self._known.get(key)
        if known is not None and question in known:
            value = known[question]
        else:
            value = make()
            self._new = True
        used[question] = value
        return value

    def where(
        self, question: str, keyed: Iterable[tuple[str, str]], answer: Callable[[str], bool]
    ) -> list[str]:
        """Names of the (name, key) pairs that ``answer`` says yes to, asked once a key."""
        known = self._answers.setdefault(question, {})
        asked = self._asked.setdefault(question, {})
        found = []
        for name, key in keyed:
            value = known.get(key)
            if value is None:
                value = answer(name)
                if key:
                    known[key] = value
                    self._new = True
            if key:
                asked[key] = value
            if value:
                found.append(name)
        return found

    def save(self) -> None:
        """Write what this run used, where it is not what was there."""
        if self.path is None or not self._new:
            return
        keys = list(dict.fromkeys([*self._used, *(k for a in self._asked.values() for k in a)]))
        content = {
            "version": VERSION,
            "keys": keys,
            "files": [self._used.get(key, 0) for key in keys],
            "asked": {
                question: "".join("-" if (v := answers.get(k)) is None else "ny"[v] for k in keys)
                for question, answers in self._asked.items()
            },
        }
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            beside = self.path.with_name(f"{self.path.name}.{os.getpid()}")
            beside.write_text(json.dumps(content, separators=(",", ":")), encoding="utf-8")
            beside.replace(self.path)
        self._new = False

    def _load(self, content: Any) -> None:
        if content["version"] != VERSION:
            return
        keys = content["keys"]
        known = {k: facts for k, facts in zip(keys, content["files"], strict=True) if facts}
        answers = {
            question: {k: v == "y" for k, v in zip(keys, values, strict=True) if v != "-"}
            for question, values in content["asked"].items()
        }
        self._known, self._answers = known, answers
