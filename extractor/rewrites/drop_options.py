"""Remove the declarations of named configuration options from the lists they stand in.

Only elements of a list or tuple literal are removed; the list stays, empty if need be.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from extractor.outcome import Failed, Finding, Outcome, Rewritten, Unchanged
from extractor.parsing import UnreadableSource
from extractor.project.options import declared_options
from extractor.rewrites.parts.source_file import Review, SourceFile
from extractor.rewrites.parts.source_text import (
    Edit,
    SourceText,
    apply_edits,
    edited_slice,
    read_source,
)

REVIEW = Review.READ
_END = re.compile(rb"\s*,?\s*(#.*)?")  # what may follow an element on its last line


@dataclass(frozen=True)
class Settings:
    """``names``: the options that go, by the names they are declared with."""

    names: frozenset[str] = field(default_factory=frozenset)


def run(file: SourceFile, settings: Settings) -> Outcome:
    """The rewrite as the registry calls it."""
    return rewrite(file.content, names=settings.names, path=file.path)


def rewrite(source: bytes, *, names: Collection[str], path: str = "<source>") -> Outcome:
    """``source`` without the options called ``names``; one declared alone is a finding."""
    if not any(name.encode() in source for name in names):
        return Unchanged()
    try:
        text = read_source(source, path)
    except UnreadableSource as error:
        return Failed(str(error), error.line)
    named = {call for call, name in declared_options(text.tree).items() if name.value in names}
    edits: list[Edit] = []
    listed: set[ast.expr] = set()
    for node in ast.walk(text.tree):
        if not isinstance(node, ast.List | ast.Tuple):
            continue
        listed.update(node.elts)
        gone = [element in named for element in node.elts]
        if not any(gone):
            continue
        if all(gone):
            start, end = text.start(node), text.end(node)
            edits.append(Edit(start, end, text.utf8[start : start + 1] + text.utf8[end - 1 : end]))
            continue
        edits += _without(text, node, gone)
    findings = tuple(
        Finding(f"option {name.value!r} is declared by itself: remove it by hand", name.lineno)
        for call, name in declared_options(text.tree).items()
        if call in named and call not in listed
    )
    if not edits:
        return Unchanged(findings)
    return Rewritten(text.encode(apply_edits(text.utf8, edits)), findings)


def _without(text: SourceText, node: ast.List | ast.Tuple, gone: Sequence[bool]) -> list[Edit]:
    """Edits that take the elements out that are ``gone``; at least one is not."""
    edits: list[Edit] = []
    for index, element in enumerate(node.elts):
        if not gone[index]:
            continue
        lines = _own_lines(text, node, index)
        if lines is not None:
            edits.append(Edit(*lines, b""))
        elif all(gone[index:]):
            edits.append(Edit(text.end(node.elts[index - 1]), text.end(element), b""))
        else:
            edits.append(Edit(text.start(element), text.start(node.elts[index + 1]), b""))
    kept = [element for element, is_gone in zip(node.elts, gone, strict=True) if not is_gone]
    if isinstance(node, ast.Tuple) and len(kept) == 1:
        end = text.end(kept[0])
        rest = edited_slice(text.utf8, edits, end, text.end(node))
        if "," not in re.sub(r"#.*", "", rest):
            edits.append(Edit(end, end, b","))
    return edits


def _own_lines(text: SourceText, node: ast.List | ast.Tuple, index: int) -> tuple[int, int] | None:
    """The lines of an element that has them for itself, with the comments above; else ``None``."""
    element = node.elts[index]
    floor = text.line_of(text.end(node.elts[index - 1]) if index else text.start(node))
    first = element.lineno
    start, _ = text.line_bounds(first)
    _, stop = text.line_bounds(element.end_lineno or first)
    after = text.utf8[text.end(element) : stop]
    if text.utf8[start : text.start(element)].strip() or not _END.fullmatch(after):
        return None
    while first - 1 > floor and text.utf8[slice(*text.line_bounds(first - 1))].lstrip()[:1] == b"#":
        first -= 1
    return text.line_starts[first - 1], stop + len(text.newline)
