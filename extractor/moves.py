"""What goes over: whole files and slices of files, by their path at the revision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from extractor.errors import UsageError


@dataclass(frozen=True)
class WholeMove:
    """A file that goes over as it is."""

    source: str
    target: str


@dataclass(frozen=True)
class SliceMove:
    """A file that goes over in part: ``symbols`` are top-level names carried from it."""

    source: str
    target: str
    symbols: frozenset[str]


Move: TypeAlias = WholeMove | SliceMove


def moves_by_target(moves: Sequence[Move]) -> dict[str, tuple[Move, ...]]:
    """The moves of each target, in the order given; ``UsageError`` when they clash."""
    found: dict[str, list[Move]] = {}
    for move in moves:
        if not move.target or move.target.startswith("/") or ".." in move.target.split("/"):
            raise UsageError(f"the target {move.target!r} is not a path inside the result")
        found.setdefault(move.target, []).append(move)
    for target, group in found.items():
        if len(group) > 1 and any(isinstance(move, WholeMove) for move in group):
            names = ", ".join(move.source for move in group)
            raise UsageError(f"{target} cannot be a whole file and something else: {names}")
        parts = target.split("/")
        for folder in ("/".join(parts[:depth]) for depth in range(1, len(parts))):
            if folder in found:
                raise UsageError(f"{folder} is a file and the folder of {target}")
            if f"{folder}.py" in found and target.endswith(".py"):
                raise UsageError(
                    f"{found[folder + '.py'][0].source} becomes {folder}.py, and {group[0].source} "
                    f"becomes {target}: the first would hide the second, so one needs another name"
                )
    return {target: tuple(group) for target, group in sorted(found.items())}
