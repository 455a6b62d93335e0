"""The commits of a finished history as git lists them, and those among them that say nothing.

Written apart from the engine's own rule for merges on purpose: this is what checks it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from extractor.history.state import HistoryState
from extractor.history.walk import History, iterate_changes
from extractor.source.tree import run_git


@dataclass(frozen=True)
class Line:
    """The commits of ``upstream`` without superseded lines, parents first, with their parents.

    ``compared`` are those to ask git about: where a superseded line was joined, with the other
    parent alone. ``superseded`` counts the commits that only such lines reach.
    """

    parents: Mapping[str, Sequence[str]]
    trees: Mapping[str, str]
    compared: Sequence[str]
    superseded: int


def read_line(git_dir: Path, tip: str, superseded: Sequence[str]) -> Line:
    trees: dict[str, str] = {}
    parents_of: dict[str, list[str]] = {}
    listing = run_git(git_dir, "rev-list", "--topo-order", "--reverse", "--format=%H %T %P", tip)
    for line in listing.decode("ascii").splitlines():
        if not line.startswith("commit "):
            name, trees[name], *parents_of[name] = line.split()
    present: set[str] = set()
    waiting = [tip]
    while waiting:
        name = waiting.pop()
        if name not in present:
            present.add(name)
            waiting += [parent for parent in parents_of[name] if parent not in superseded]
    compared = []
    for name in parents_of:
        if name in present:
            kept = [parent for parent in parents_of[name] if parent not in superseded]
            compared.append(f"{name} {kept[0]}" if len(kept) < len(parents_of[name]) else name)
    return Line(
        parents={name: parents for name, parents in parents_of.items() if name in present},
        trees=trees,
        compared=compared,
        superseded=len(parents_of) - len(present),
    )


def noise(git_dir: Path, line: Line, history: History, state: HistoryState) -> tuple[str, ...]:
    """Commits that change nothing, and merges with a parent that nothing rests on."""
    found = [
        name
        for name, parents in line.parents.items()
        if len(parents) == 1 and line.trees[parents[0]] == line.trees[name]
    ]
    at = {name: index for index, name in enumerate(line.parents)}
    origins = state.origins()
    for name, parents in line.parents.items():
        surplus = [
            old
            for old in parents
            if any(new == old or _is_above(line, at, old, new) for new in _others(parents, old))
        ]
        source = history.index_of.get(origins.get(name, ""))
        for old in surplus:
            if source is not None and _was_so(history, source, state.new_of, old):
                continue
            if parents.count(old) > 1 or not _is_needed(git_dir, line, name, old):
                found.append(name)
                break
    return tuple(sorted(found))


def _others(parents: Sequence[str], old: str) -> list[str]:
    rest = list(parents)
    rest.remove(old)
    return rest


def _is_above(line: Line, at: Mapping[str, int], old: str, new: str) -> bool:
    seen: set[str] = set()
    waiting = [new]
    while waiting:
        name = waiting.pop()
        for parent in line.parents.get(name, ()):
            if parent == old:
                return True
            if parent not in seen and at.get(parent, -1) > at.get(old, -1):
                seen.add(parent)
                waiting.append(parent)
    return False


def _was_so(history: History, source: int, new_of: Mapping[str, str], old: str) -> bool:
    """Whether the source's own merge had that parent beside a descendant of it."""
    parents = history.parents[source]
    return any(
        history.is_ancestor(parent, other)
        for parent in parents
        if new_of.get(parent) == old
        for other in parents
        if new_of.get(other, old) != old
    )


def _is_needed(git_dir: Path, line: Line, merge: str, old: str) -> bool:
    """Whether the first-parent line, or blame's way for some file, leads through ``old``."""
    parents = line.parents[merge]
    ours = _differing(git_dir, merge, old)
    at = parents.index(old)
    if at:
        others = [_differing(git_dir, merge, parent) for parent in parents[:at]]
        return bool(set.intersection(*others) - ours)
    way = [parents[1]]
    while way[-1] != old:
        above = line.parents.get(way[-1], ())
        if not above:
            return True
        way.append(above[0])
    pairs = pairwise(way)
    return any(_differing(git_dir, new, older) - ours for new, older in pairs)


def _differing(git_dir: Path, commit: str, other: str) -> set[str]:
    changes = iterate_changes(git_dir, [f"{commit} {other}"], "--no-renames")
    return {change.path for _commit, found in changes for change in found}


def surplus_paths(git_dir: Path, line: Line, targets: set[str]) -> set[str]:
    """Paths in some tree that are no target."""
    return {
        change.path
        for _commit, changes in iterate_changes(git_dir, line.compared, "-m", "--no-renames")
        for change in changes
    } - targets
