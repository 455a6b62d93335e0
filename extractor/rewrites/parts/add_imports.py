"""Put new import statements into a file, in the places its style gives them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from extractor.rewrites.parts.import_blocks import (
    first_import_edit,
    is_future,
    place_imports,
    rank_of,
    runs_of_imports,
)
from extractor.rewrites.parts.import_statements import (
    Import,
    first_import,
    sort_key,
    write_imports,
)
from extractor.rewrites.parts.removal import Definition
from extractor.rewrites.parts.source_text import Edit, SourceText, Style, edited_slice


def add_imports(
    source: SourceText, entries: Sequence[Import], first_party: frozenset[str] = frozenset()
) -> list[Edit]:
    """Edits that import ``entries``: among the first imports, or where the first would stand.

    ``first_party`` are the top-level packages whose imports make the last group.
    """
    if not entries:
        return []
    first = next((n.lineno for n in source.tree.body if isinstance(n, Definition)), None)
    runs = [
        run
        for run in runs_of_imports(source)
        if not is_future(run[-1]) and (first is None or run[0].lineno < first)
    ]
    if not runs:
        return [first_import_edit(source, _as_groups(entries, first_party, source.style))]
    newline = source.newline.decode()
    new = [(e, f"{write_imports([e], 0, source.style)}\n".replace("\n", newline)) for e in entries]
    current = {node: first_import(node) for node in runs[0]}
    render = partial(edited_slice, source.utf8, ())
    return [place_imports(source, runs[0], {}, current, render, first_party, new)]


def _as_groups(entries: Sequence[Import], first_party: frozenset[str], style: Style) -> str:
    groups: dict[int, list[Import]] = {}
    for entry in entries:
        groups.setdefault(rank_of(entry.module, first_party), []).append(entry)
    return "\n".join(
        "".join(
            f"{write_imports([entry], 0, style)}\n" for entry in sorted(groups[rank], key=sort_key)
        )
        for rank in sorted(groups)
    )
