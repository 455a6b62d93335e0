"""The versions of files that are carried in part, read and sliced once each."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from extractor.errors import MissingObject
from extractor.parsing import UnreadableSource
from extractor.slicing.needs import bound_names
from extractor.slicing.slices import bare_definitions, slice_past
from extractor.slicing.statements import Statements, split_module
from extractor.source.objects import ObjectReader, stream_objects


@dataclass(frozen=True)
class Sliced:
    """What one version has of a slice; ``bound`` are those of its symbols it binds."""

    content: bytes
    bound: frozenset[str]


NOTHING = Sliced(b"", frozenset())


class Slices:
    """Slices by blob and symbols. ``unreadable`` maps blobs that have no shape to the reason.

    ``lacking`` are versions of other files that could not be looked into.

    A slice with ``header`` has at least the file's header, where none of its symbols is; one
    without has the symbols' definitions alone.
    """

    def __init__(self, git_dir: Path, reader: ObjectReader) -> None:
        self._git_dir = git_dir
        self._reader = reader
        self._sliced: dict[tuple[str, frozenset[str], bool], Sliced] = {}
        self._same: dict[Sliced, Sliced] = {}
        self.unreadable: dict[str, str] = {}
        self.lacking: set[str] = set()

    def read_ahead(self, wanted: Iterable[tuple[str, frozenset[str]]], header: bool) -> None:
        """Slice many (blob, symbols) while the next ones are being read."""
        missing: dict[str, set[frozenset[str]]] = {}
        for blob, symbols in wanted:
            if (blob, symbols, header) not in self._sliced:
                missing.setdefault(blob, set()).add(symbols)
        if missing:
            for blob, content in stream_objects(self._git_dir, missing):
                for symbols in missing[blob]:
                    self._remember(blob, content, symbols, header)

    def of(self, blob: str, symbols: frozenset[str], header: bool) -> Sliced:
        """The slice of one version; empty, and noted, when it has no lexical shape."""
        found = self._sliced.get((blob, symbols, header))
        return found or self._remember(blob, self._reader.read(blob), symbols, header)

    def definitions(self, blob: str) -> dict[str, bytes]:
        """The code of each top-level name that an assignment, function or class binds.

        None for a version that the clone lacks: it is noted, for nothing is seen to come from it.
        """
        try:
            content = self._reader.read(blob)
        except MissingObject:
            self.lacking.add(blob)
            return {}
        return _definitions(content)

    def _remember(self, blob: str, content: bytes, symbols: frozenset[str], header: bool) -> Sliced:
        sliced = NOTHING
        # Most versions are older than the symbols: no need to look at their shape.
        if header or any(name.encode("utf-8") in content for name in symbols):
            try:
                sliced = Sliced(*(slice_past if header else bare_definitions)(content, symbols))
            except UnreadableSource as error:
                self.unreadable[blob] = str(error)
        # Nearly all versions give the same few slices.
        sliced = self._same.setdefault(sliced, sliced)
        self._sliced[blob, symbols, header] = sliced
        return sliced


@functools.lru_cache(maxsize=256)
def _definitions(content: bytes) -> dict[str, bytes]:
    try:
        module: Statements = split_module(content)
    except UnreadableSource:
        return {}
    found = {}
    for name, indexes in bound_names(module).items():
        code = b"".join(module.body[index].code for index in indexes)
        if not code.lstrip().startswith((b"import ", b"from ")):
            found[name] = code
    return found
