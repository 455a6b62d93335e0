"""The steps of one extraction, in the order in which they become commits."""

from __future__ import annotations

from collections.abc import Mapping

from extractor.carving.circles import break_circles
from extractor.carving.decisions import add_overlay, drop_cut_calls, replace
from extractor.carving.extraction import Extraction
from extractor.carving.links import lead_links
from extractor.carving.package import package_result
from extractor.carving.renaming import rename
from extractor.carving.texts import (
    mark_packages,
    rename_strings,
    rewrite_texts,
    write_migration,
)
from extractor.carving.unreached import drop_unreached
from extractor.parsing import UnreadableSource, parse_ast


def rewrite_all(extraction: Extraction) -> None:
    """Every step, in the order in which they become commits."""
    drop_cut_calls(extraction)
    rename(
        extraction,
        extraction.layout.moved,
        "Move modules to the new package",
        "The modules of the subsystem and of its tests live under a package of their own; every "
        "reference to them follows: imports, attribute chains and names in strings.",
        as_written=True,
    )
    lead_links(extraction)
    rename(
        extraction,
        extraction.layout.carried,
        "Take carried symbols from their new modules",
        "Symbols that the subsystem shared with the old package came along in modules of their "
        "own; re-exported ones come from where they are defined.",
    )
    for decision, names in extraction.layout.replaced:
        replace(extraction, decision, names)
    add_overlay(extraction)
    rewrite_texts(extraction)
    rename_strings(extraction)
    mark_packages(extraction)
    drop_unreached(extraction)
    break_circles(extraction)
    write_migration(extraction)
    mark_packages(extraction)
    package_result(extraction)


def readable(files: Mapping[str, bytes]) -> dict[str, str]:
    """Result files that cannot be parsed, with the error."""
    broken = {}
    for path, content in sorted(files.items()):
        if path.endswith(".py"):
            try:
                parse_ast(content, path)
            except UnreadableSource as error:
                broken[path] = str(error)
    return broken
