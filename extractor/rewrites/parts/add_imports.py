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
from extractor.rewrites.parts.joined_imports import grouped, taken_in, write_groups
from extractor.rewrites.parts.removal import Definition
from extractor.rewrites.parts.source_text import Edit, SourceText, edited_slice


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
        return [first_import_edit(source, _by_rank(source, entries, first_party))]
    changed, rest = taken_in(source, runs[0], entries)
    new = write_groups(source, grouped(source, rest))
    current = {node: first_import(node) for node in runs[0]}
    render = partial(edited_slice, source.utf8, ())
    return [place_imports(source, runs[0], changed, current, render, first_party, new)]


def _by_rank(source: SourceText, entries: Sequence[Import], first_party: frozenset[str]) -> str:
    ranks: dict[int, list[Sequence[Import]]] = {}
    for group in grouped(source, entries):
        ranks.setdefault(rank_of(group[0].module, first_party), []).append(group)
    return "\n".join(
        "".join(
            f"{write_imports(group, 0, source.style)}\n"
            for group in sorted(ranks[rank], key=lambda group: sort_key(group[0]))
        )
        for rank in sorted(ranks)
    )
