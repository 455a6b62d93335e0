"""What lies where the plan takes from, and is nothing that could come along, or only half."""

from __future__ import annotations

from collections.abc import Iterator

from extractor.carving.links import carried_links
from extractor.plan.model import PlanData
from extractor.plan.moves import Layout, target_module
from extractor.project.layout import module_of
from extractor.source.tree import SUBMODULE, SYMLINK, Tree


def left_out(source: Tree, layout: Layout, data: PlanData) -> Iterator[tuple[str, str]]:
    """Submodules, and links that lead nowhere now, with what a person has to do about each."""
    taken = {move.source for move in layout.moves}
    for path in source.paths():
        entry = source.entry(path)
        is_asked = target_module(module_of(path), data.layout.modules) is not None or any(
            rule.target(path) is not None for rule in data.layout.files
        )
        if not is_asked or path in taken:
            continue
        if entry.mode == SUBMODULE:
            yield (
                path,
                f"is a submodule at {entry.blob[:12]} and was not carried over: add it to the "
                "result with git submodule add, or its files with a plan of their own",
            )
        elif entry.mode == SYMLINK and path.endswith(".py"):
            target = source.read(path).decode("utf-8", "replace")
            yield (
                path,
                f"is a link to {target} and was not carried over, for that is no module of the "
                "package: import what it names by its real name",
            )
    for path, place, end in carried_links(source, layout):
        if not end:
            target = source.read(path).decode("utf-8", "replace")
            yield (
                place,
                f"is a link to {target}, as in the source, and that is nothing of the result: "
                "make it a file, lead it elsewhere, or drop it",
            )
