"""A unit of work, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Unit:
    """A call that can be made anywhere.

    ``key`` names all that its value depends on (a file name's characters only), so that a value
    that is kept under it need never be worked out again. ``call`` is ``module:function``;
    ``arguments`` and what the function returns are JSON values.
    """

    key: str
    title: str
    call: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Ending:
    """What became of a unit: its ``value``, or the ``error`` after ``tries`` of them.

    ``seconds`` is wall time, that of the last try; 0 for a value that was kept.
    """

    unit: Unit
    value: Any = None
    error: str = ""
    tries: int = 1
    seconds: float = 0.0


class Executor(Protocol):
    """Carries out units; they end in any order."""

    def run(self, units: Sequence[Unit]) -> Iterator[Ending]:
        """Each unit's ending, as soon as it is there. A unit that fails stops no other."""
