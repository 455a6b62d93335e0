"""Facts kept on disk under the name of the content they were read from.

A key is the blob id of a file (git's SHA-1 of its content), a table's name carries the
version of the facts: nothing ever goes stale, and the file can be deleted at any time.
A cache that cannot be opened, read or written is as good as none.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from extractor.analysis.facts import (
    FACTS_VERSION,
    Body,
    Facts,
    body_from_plain,
    facts_from_plain,
    plain_body,
    plain_facts,
)
from extractor.analysis.names import NAMES_VERSION, ModuleNames, names_from_plain, plain_names
from extractor.analysis.uses import USES_VERSION, Uses
from extractor.cache_folder import cache_folder

# Two Pythons can read one file differently, so each has its own facts.
_VERSION = "_".join(map(str, (FACTS_VERSION, USES_VERSION, NAMES_VERSION, *sys.version_info[:2])))
_AT_ONCE = 500


class Cache:
    """Facts by blob id, single functions by blob id and name, graphs by all their blobs,
    uses and names by blob id and module."""

    def __init__(self, folder: Path | None = None) -> None:
        self._database: sqlite3.Connection | None = None
        folder = folder or cache_folder()
        with suppress(OSError, sqlite3.Error):
            folder.mkdir(parents=True, exist_ok=True)
            self._database = _opened(folder / "imports.sqlite3")

    def facts(self, blobs: Iterable[str]) -> dict[str, Facts]:
        """The facts known of these blobs."""
        return {key: facts_from_plain(value) for key, value in self._read("facts", blobs).items()}

    def functions(self, keys: Iterable[str]) -> dict[str, Body | None]:
        """What is known of functions, by ``blob:qualified name``; ``None``: no such function."""
        found = self._read("functions", keys)
        return {
            key: None if value is None else body_from_plain(value) for key, value in found.items()
        }

    def graph(self, key: str) -> Any:
        """The stored form of a graph, or ``None``."""
        return self._read("graphs", [key]).get(key)

    def uses(self, keys: Iterable[str]) -> dict[str, Uses]:
        """What is known of the uses in these files."""
        return self._read("uses", keys)

    def add_uses(self, uses: Mapping[str, Uses]) -> None:
        """Keep the uses of files."""
        self._write("uses", uses)

    def names(self, keys: Iterable[str]) -> dict[str, ModuleNames]:
        """What is known of the names in these files."""
        return {key: names_from_plain(value) for key, value in self._read("names", keys).items()}

    def add_names(self, names: Mapping[str, ModuleNames]) -> None:
        """Keep the names of files."""
        self._write("names", {key: plain_names(value) for key, value in names.items()})

    def answer(self, key: str) -> Any:
        """What was answered to a question about a whole tree, or ``None``."""
        return self._read("answers", [key]).get(key)

    def add_answer(self, key: str, answer: Any) -> None:
        """Keep an answer; the key says of which contents, which question, whose code."""
        self._write("answers", {key: answer})

    def add(
        self,
        facts: Mapping[str, Facts],
        functions: Mapping[str, Body | None],
        graphs: Mapping[str, Any],
    ) -> None:
        """Keep what was found out."""
        self._write("facts", {k: plain_facts(v) for k, v in facts.items()})
        self._write(
            "functions", {k: None if v is None else plain_body(v) for k, v in functions.items()}
        )
        self._write("graphs", graphs)

    def close(self) -> None:
        """Let go of the file."""
        if self._database is not None:
            with suppress(sqlite3.Error):
                self._database.close()
            self._database = None

    def _read(self, table: str, keys: Iterable[str]) -> dict[str, Any]:
        wanted = sorted(key for key in set(keys) if key.isprintable())
        found: dict[str, Any] = {}
        if self._database is None:
            return found
        # What is broken, or nested deeper than anything of ours, is as good as not there.
        with suppress(sqlite3.Error, ValueError, TypeError, RecursionError):
            for start in range(0, len(wanted), _AT_ONCE):
                some = wanted[start : start + _AT_ONCE]
                marks = ",".join("?" * len(some))
                rows = self._database.execute(
                    f"select key, sum, value from {table}_{_VERSION} where key in ({marks})", some
                )
                for key, checksum, value in rows:
                    if checksum == _checksum(key, value):
                        found[key] = json.loads(value)
        return found

    def _write(self, table: str, values: Mapping[str, Any]) -> None:
        if self._database is None or not values:
            return
        rows = []
        for key, value in values.items():
            text = json.dumps(value, separators=(",", ":"))
            with suppress(UnicodeEncodeError):
                # Module names may hold bytes that are no text, which no database keeps.
                key.encode("utf-8")
                rows.append((key, _checksum(key, text), text))
        with suppress(sqlite3.Error), self._database:
            self._database.executemany(
                f"insert or replace into {table}_{_VERSION} values (?, ?, ?)", rows
            )


def _opened(path: Path) -> sqlite3.Connection:
    try:
        return _open(path)
    except sqlite3.DatabaseError as error:
        # Full, locked and read-only ones are left alone; what is no database (any more) goes.
        if error.sqlite_errorcode & 0xFF not in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
            raise
    path.unlink()
    return _open(path)


def _open(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=5)
    try:
        with database:
            for table in ("facts", "functions", "graphs", "uses", "names", "answers"):
                database.execute(
                    f"create table if not exists {table}_{_VERSION} "
                    "(key text primary key, sum integer, value text) without rowid"
                )
    except BaseException:
        database.close()
        raise
    return database


def _checksum(key: str, text: str) -> int:
    digest = hashlib.blake2b(f"{key}\n{text}".encode("utf-8", "surrogateescape"), digest_size=7)
    return int.from_bytes(digest.digest(), "big")
