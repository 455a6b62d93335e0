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
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

VERSION = 4

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


class _Answers:
    """Keys of contents by what one question about them was answered; ``used`` in this run."""

    def __init__(self) -> None:
        self.yes: set[str] = set()
        self.no: set[str] = set()
        self.used: set[str] = set()


class Store:
    """What was found out about files, by a key of their content and by question.

    Saved entries are those of the last run, in one file that is read at once.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._known: dict[str, dict[str, Any]] = {}
        self._used: dict[str, dict[str, Any]] = {}
        self._answers: dict[str, _Answers] = {}
        self._new = False
        # A pipe or a device in its place would be read for ever.
        if path is not None and path.is_file():
            # What is nested deeper than anything of ours is as good as not there.
            with suppress(OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
                self._load(json.loads(path.read_bytes()))

    @property
    def empty(self) -> bool:
        """Whether nothing is known yet."""
        return not (self._known or self._used or self._answers)

    def found(self) -> dict[str, dict[str, Any]]:
        """Facts by content and question, for the store of another process to ``take``."""
        return self._used

    def take(self, found: Mapping[str, Mapping[str, Any]]) -> None:
        """Add what another store ``found``; it counts as used once somebody asks for it."""
        for key, values in found.items():
            self._known.setdefault(key, {}).update(values)
        self._new = True

    def tell(self, question: str, keys: Iterable[str], answers: Iterable[int]) -> None:
        """Add the answers to a question of ``where``, one for each of ``keys``."""
        known = self._answers.setdefault(question, _Answers())
        for key, answer in zip(keys, answers, strict=True):
            if key:
                (known.yes if answer else known.no).add(key)
        self._new = True

    def unasked(
        self, question: str, names: Sequence[str], keys: Mapping[str, str]
    ) -> Sequence[str]:
        """Those of ``names`` whose answer to ``question`` is not known."""
        known = self._answers.get(question)
        if known is None:
            return names
        return [n for n in names if keys[n] not in known.yes and keys[n] not in known.no]

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
        self,
        question: str,
        names: Sequence[str],
        keys: Mapping[str, str],
        answer: Callable[[str], bool],
    ) -> list[str]:
        """Those of ``names`` that ``answer`` says yes to, asked once for each of their ``keys``."""
        known = self._answers.get(question)
        if known is None:
            known = self._answers[question] = _Answers()
        here = set(map(keys.__getitem__, names))
        known.used |= here
        # Nothing is known of a content without a key, and nothing is kept of it.
        new = here - known.yes - known.no
        nameless = set()
        for name in names if new else ():
            key = keys[name]
            if not key:
                if answer(name):
                    nameless.add(name)
            elif key in new:
                new.discard(key)
                (known.yes if answer(name) else known.no).add(key)
                self._new = True
        yes = known.yes
        return [name for name in names if keys[name] in yes or name in nameless]

    def save(self) -> None:
        """Write what this run used, where it is not what was there."""
        if self.path is None or not self._new:
            return
        asked = {question: known for question, known in self._answers.items() if known.used}
        keys = sorted(
            {*self._used, *(key for known in asked.values() for key in known.used)} - {""}
        )
        content = {
            "version": VERSION,
            "keys": keys,
            "files": [self._used.get(key, 0) for key in keys],
            "asked": {
                question: "".join(
                    "-" if key not in known.used else "y" if key in known.yes else "n"
                    for key in keys
                )
                for question, known in sorted(asked.items())
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
        answers = {}
        for question, values in content["asked"].items():
            answers[question] = _Answers()
            answers[question].yes = {k for k, v in zip(keys, values, strict=True) if v == "y"}
            answers[question].no = {k for k, v in zip(keys, values, strict=True) if v == "n"}
        self._known, self._answers = known, answers
