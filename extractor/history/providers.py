"""What a target's content came from, as it was found by following its past."""

from __future__ import annotations

import fnmatch
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from extractor.errors import UsageError
from extractor.history.walk import ABSENT, Change, History
from extractor.moves import Move

Key: TypeAlias = tuple[str, str]
Depth: TypeAlias = Literal["paths", "renames", "symbols"]


@dataclass(frozen=True)
class Following:
    """How far the past is followed.

    ``depth`` "paths" takes files under their present path alone, "renames" also what they were
    renamed and copied from, "symbols" everything. It ends before a name that a pattern of
    ``not_from`` matches.
    """

    depth: Depth = "symbols"
    not_from: tuple[str, ...] = ()

    def refuses(self, path: str) -> bool:
        """Whether nothing is carried from a file of that name."""
        return any(fnmatch.fnmatchcase(path, pattern) for pattern in self.not_from)

    def require_apart(self, moves: Sequence[Move]) -> None:
        """``UsageError`` when a file is to be carried and refused."""
        for path in sorted({move.source for move in moves}):
            for pattern in self.not_from:
                if fnmatch.fnmatchcase(path, pattern):
                    raise UsageError(
                        f"history.not_from: {pattern!r} refuses the past of {path}, which the plan "
                        "carries: leave the file out, or name older names only"
                    )


@dataclass(frozen=True)
class Provider:
    """A path that held the target's content; ``symbols`` is None for the whole file.

    ``is_main`` tells the file itself, under this or an older name, from one that only some
    symbols came from: of such a one nothing is taken where it has none of them. ``renamed``
    are pairs of an old name and the one that took its place: where the new one is, the old
    one is somebody else. ``life`` tells which of the files that had the path it is, as ``Lives``
    names them; an empty one is every file of the path whose life no provider names.
    """

    path: str
    symbols: frozenset[str] | None = None
    is_main: bool = True
    renamed: frozenset[tuple[str, str]] = frozenset()
    life: str = ""

    @property
    def key(self) -> Key:
        """What the provider is known by among the files of a commit."""
        return self.path, self.life


@dataclass(frozen=True)
class Followed:
    """A step back in a target's past, for the report.

    ``kind`` is "rename", "copy" or "symbol"; ``similarity`` is in percent.
    """

    commit: str
    path: str
    old_path: str
    kind: str
    similarity: int
    symbols: tuple[str, ...] = ()

    def told(self) -> str:
        """The step as a person reads it."""
        what = f"{', '.join(self.symbols)} of " if self.symbols else ""
        return f"{what}{self.old_path}, {self.way()}"

    def way(self) -> str:
        """What the commit did with the old path."""
        verb = {"rename": "renamed", "copy": "copied", "symbol": "moved"}[self.kind]
        return f"{verb} to {self.path} by {self.commit[:12]}, {self.similarity} % alike"


@dataclass(frozen=True)
class Lineages:
    """The providers of each target, and the steps that led to them.

    ``refused`` are steps that the plan forbids. ``steps`` has those taken for each target, where
    it was followed just now. ``lives`` has, for the paths of which a provider names a life,
    the life before and after each commit (index) that changes them. ``since`` are the commits
    before which a path has nothing.
    """

    providers: Mapping[str, tuple[Provider, ...]]
    followed: tuple[Followed, ...]
    lives: Mapping[str, Mapping[int, tuple[str, str]]] = field(default_factory=dict)
    since: Mapping[str, int] = field(default_factory=dict)
    steps: Mapping[str, tuple[Followed, ...]] = field(default_factory=dict)
    refused: tuple[Followed, ...] = ()

    def changes(self, history: History, path: str) -> Iterator[tuple[int, Key, Change | None]]:
        """What each commit (index) makes of files of the path; ``None`` takes one out."""
        lives = self.lives.get(path, {})
        since = self.since.get(path, 0)
        for index, change in history.changes(path):
            before, after = lives.get(index, ("", ""))
            if before != after:
                yield index, (path, before), None
            is_there = change.blob != ABSENT and index >= since
            yield index, (path, after), change if is_there else None

    def older_paths(self, current: Iterable[str], taken: Collection[str]) -> dict[str, str]:
        """The paths that files of ``current`` had before renames, each with the current one.

        Left out are those that are ``taken`` by another file now, or two of these had.
        """
        before: dict[str, set[str]] = {}
        for step in self.followed:
            if step.kind == "rename":
                before.setdefault(step.path, set()).add(step.old_path)
        found: dict[str, set[str]] = {}
        for path in current:
            seen: set[str] = set()
            waiting = [path]
            while waiting:
                for old in before.get(waiting.pop(), set()) - seen:
                    seen.add(old)
                    waiting.append(old)
                    found.setdefault(old, set()).add(path)
        return {
            old: next(iter(new))
            for old, new in sorted(found.items())
            if len(new) == 1 and old not in taken
        }

    def keys(self) -> dict[str, set[str]]:
        """The lives that are told apart of every path that ever provided something."""
        found: dict[str, set[str]] = {}
        for group in self.providers.values():
            for provider in group:
                found.setdefault(provider.path, set()).add(provider.life)
        return found

    def paths(self) -> list[str]:
        """Every path that ever provided something, sorted."""
        return sorted({p.path for group in self.providers.values() for p in group})
