"""Remove the declarations of named configuration options from the lists they stand in.

Only elements of a list or tuple literal are removed; the list stays, empty if need be.
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from dataclasses import dataclass, field

from extractor.analysis.unread_options import declared_option
from extractor.outcome import Failed, Finding, Outcome, Rewritten, Unchanged
from extractor.parsing import UnreadableSource
from extractor.rewrites.parts.source_file import Review, SourceFile
from extractor.rewrites.parts.source_text import Edit, apply_edits, read_source

REVIEW = Review.READ


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
    edits: list[Edit] = []
    listed: set[int] = set()
    for node in ast.walk(text.tree):
        if not isinstance(node, ast.List | ast.Tuple):
            continue
        listed.update(id(element) for element in node.elts)
        gone = [_is_named(element, names) for element in node.elts]
        if not any(gone):
            continue
        if all(gone):
            start, end = text.start(node), text.end(node)
            edits.append(Edit(start, end, text.utf8[start : start + 1] + text.utf8[end - 1 : end]))
            continue
        for index, element in enumerate(node.elts):
            if not gone[index]:
                continue
            if not all(gone[index:]):
                follower = node.elts[index + 1]
                edits.append(Edit(text.start(element), text.start(follower), b""))
            else:
                before = node.elts[index - 1]
                edits.append(Edit(text.end(before), text.end(element), b""))
    findings = tuple(
        Finding(f"option {name.value!r} is declared alone: remove it by hand", name.lineno)
        for node in ast.walk(text.tree)
        if (name := declared_option(node)) and name.value in names and id(node) not in listed
    )
    if not edits:
        return Unchanged(findings)
    return Rewritten(text.encode(apply_edits(text.utf8, edits)), findings)


def _is_named(node: ast.expr, names: Collection[str]) -> bool:
    name = declared_option(node)
    return name is not None and name.value in names
