"""Where each file and symbol of the result was before: the providers of a target.

A target's content at any old commit comes from its *providers*, newest first: the file
that moves, the file it was renamed or copied from, the file before that. A provider is
used only for what the newer ones do not have at that commit, so one list serves every
branch of the history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from extractor.history.moves import Move, SliceMove
from extractor.history.walk import Change, History, iterate_renames
from extractor.source.tree import SUBMODULE, SYMLINK

# Git calls it a copy from 50 % on; two short files with one licence reach that by chance.
COPY_SIMILARITY = 75
EMPTY_BLOB = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"


@dataclass(frozen=True)
class Provider:
    """A path that held the target's content; ``symbols`` is None for the whole file."""

    path: str
    symbols: frozenset[str] | None = None


@dataclass(frozen=True)
class Followed:
    """A step back in a target's past, for the report: at ``commit``, from ``old_path``."""

    commit: str
    path: str
    old_path: str
    kind: str
    similarity: int


@dataclass(frozen=True)
class Lineages:
    """The providers of each target, and the steps that led to them."""

    providers: Mapping[str, tuple[Provider, ...]]
    followed: tuple[Followed, ...]

    def paths(self) -> list[str]:
        """Every path that ever provided something, sorted."""
        return sorted({p.path for group in self.providers.values() for p in group})


def follow(
    git_dir: Path,
    targets: Mapping[str, Sequence[Move]],
    history: History,
    findings: list[str],
) -> Lineages:
    """Follow every move back through renames and copies to its first line."""
    providers: dict[str, list[Provider]] = {
        target: [_first_provider(move) for move in group] for target, group in targets.items()
    }
    known: dict[str, list[Change]] = {}

    def births(path: str) -> list[str]:
        # What a merge adds compared with its first parent alone, another parent had.
        return [history.names[i] for i in history.births(path) if len(history.parents[i]) < 2]

    followed: dict[tuple[str, str], list[Followed]] = {}
    fresh = {(target, p) for target, group in providers.items() for p in group}
    while fresh:
        wanted = {p.path for _target, p in fresh}
        unread = {c for path in wanted for c in births(path)} - known.keys()
        for commit, changes in iterate_renames(git_dir, sorted(unread), findings):
            known.setdefault(commit, []).extend(changes)
        for commit in unread:
            known.setdefault(commit, [])
        found: set[tuple[str, Provider]] = set()
        for target, provider in sorted(fresh, key=lambda pair: (pair[0], pair[1].path)):
            for commit in births(provider.path):
                for change in known[commit]:
                    if change.path != provider.path or not _is_its_past(change):
                        continue
                    older = Provider(change.old_path, provider.symbols)
                    if older not in providers[target]:
                        providers[target].append(older)
                        found.add((target, older))
                    step = Followed(
                        commit, change.path, change.old_path, change.status, change.similarity
                    )
                    followed.setdefault((commit, change.path), []).append(step)
        fresh = found
    steps = sorted(
        {step for group in followed.values() for step in group},
        key=lambda step: (step.path, step.commit, step.old_path),
    )
    return Lineages({t: tuple(group) for t, group in sorted(providers.items())}, tuple(steps))


def _first_provider(move: Move) -> Provider:
    return Provider(move.source, move.symbols if isinstance(move, SliceMove) else None)


def _is_its_past(change: Change) -> bool:
    if change.status not in "RC" or change.mode in (SUBMODULE, SYMLINK):
        return False
    if change.blob == EMPTY_BLOB or change.old_blob == EMPTY_BLOB:
        return False
    return change.status == "R" or change.similarity >= COPY_SIMILARITY
