"""Give string literals with exactly a given value another one.

File names and program names are strings that no import tells about.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from extractor.outcome import Failed, Outcome, Rewritten, Unchanged
from extractor.parsing import UnreadableSource
from extractor.rewrites.parts.scopes import read_names
from extractor.rewrites.parts.source_file import Review, SourceFile
from extractor.rewrites.parts.source_text import Edit, apply_edits, read_source
from extractor.rewrites.parts.strings import (
    Replacement,
    joined,
    literal_pieces,
    replace_in_pieces,
)

REVIEW = Review.READ


@dataclass(frozen=True)
class Settings:
    """``values``: old to new; ``paths``: globs of the files it is for, all by default."""

    values: Mapping[str, str] = field(default_factory=dict)
    paths: tuple[str, ...] = ("*",)


def run(file: SourceFile, settings: Settings) -> Outcome:
    """The rewrite as the registry calls it."""
    if not any(fnmatchcase(file.path, pattern) for pattern in settings.paths):
        return Unchanged()
    return rewrite(file.content, values=settings.values, path=file.path)


def rewrite(source: bytes, *, values: Mapping[str, str], path: str = "<source>") -> Outcome:
    """Replace the literals of one file whose whole value is a key of ``values``.

    Docstrings, f-strings, bytes, annotations and the names in ``__all__`` stay; quotes and
    prefixes are kept.
    """
    values = {old: new for old, new in values.items() if old != new}
    if not values:
        return Unchanged()
    try:
        text = read_source(source, path)
    except UnreadableSource as error:
        return Failed(str(error), error.line)
    names = read_names(text.tree)
    names_of = {*names.exported, *names.annotations}
    edits: list[Edit] = []
    for node, in_brackets in names.strings:
        if not isinstance(node, ast.Constant) or node in names.prose or node in names_of:
            continue
        new = values.get(node.value) if isinstance(node.value, str) else None
        if new is None:
            continue
        pieces = literal_pieces(text.utf8, text.start(node), text.end(node))
        content = joined(text.utf8, pieces)
        escaped = new
        if b"r" not in pieces[0].prefix.lower():
            escaped = new.replace("\\", "\\\\").replace("\n", "\\n")
        quote = pieces[0].quote.decode("ascii")
        escaped = escaped.replace(quote, "\\" + quote)
        replacement = Replacement(0, len(content), escaped.encode("utf-8"))
        edits += replace_in_pieces(text, pieces, [replacement], in_brackets)
    if not edits:
        return Unchanged()
    return Rewritten(text.encode(apply_edits(text.utf8, edits)))
