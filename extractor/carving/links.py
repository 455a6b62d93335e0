"""Symbolic links lead to the same files in the result as in the source."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator

from extractor.analysis.links import led_to
from extractor.carving.extraction import Extraction, Step
from extractor.plan.moves import Layout
from extractor.source.tree import SYMLINK, Tree


def lead_links(extraction: Extraction) -> None:
    """Change the carried relative links whose way has changed."""
    changes: dict[str, bytes | None] = {}
    for _source, target, place in carried_links(extraction.source, extraction.layout):
        old = extraction.files[target]
        if place:
            new = os.fsencode(posixpath.relpath(place, posixpath.dirname(target) or "."))
            if new != old and led_to(target, old) != place:
                changes[target] = new
    if changes:
        extraction.apply(
            Step(
                "lead_links",
                "Lead links to where their files are now",
                "A relative link says the way from its own folder, and both ends have moved.",
                changes,
            )
        )


def carried_links(source: Tree, layout: Layout) -> Iterator[tuple[str, str, str]]:
    """Each carried link: where it was, where it is, and where its end is, if that came along."""
    for move in layout.moves:
        if source.entry(move.source).mode == SYMLINK:
            led = led_to(move.source, source.read(move.source))
            yield move.source, move.target, _place(led, layout) if led else ""


def _place(path: str, layout: Layout) -> str:
    """Where a file or folder of the source is in the result; empty where it has no one place."""
    inside = f"{path}/"
    folders = set()
    for move in layout.moves:
        if move.source == path:
            return move.target
        if move.source.startswith(inside):
            rest = move.source[len(path) :]
            folders.add(move.target.removesuffix(rest) if move.target.endswith(rest) else "")
    folders.discard("")
    return folders.pop() if len(folders) == 1 else ""
