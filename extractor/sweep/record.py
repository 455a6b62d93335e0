"""``sweep.json``: what was seen at each revision, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from extractor.errors import ExitCode, UsageError


class State(StrEnum):
    """How a plan fares at a revision."""

    HELD = "held"
    BROKEN = "did not hold"
    STOPPED = "stopped"
    NOTHING = "nothing to do"
    UNKNOWN = "not known"


_STATES = {
    ExitCode.DONE: State.HELD,
    ExitCode.DID_NOT_HOLD: State.BROKEN,
    ExitCode.NOTHING_TO_DO: State.NOTHING,
}


class Observation(BaseModel):
    """One revision under the plan. ``key`` names revision, plan, tool and checks together."""

    model_config = ConfigDict(extra="forbid")

    key: str
    name: str
    identity: str
    position: int
    date: str = ""
    exit_code: int
    message: str = ""
    revision: str = ""
    checks: dict[str, str] = Field(default_factory=dict)
    decisions: dict[str, str] = Field(default_factory=dict)
    overlay_lines: int = 0
    counts: dict[str, int] = Field(default_factory=dict)
    failed: list[str] = Field(default_factory=list)
    questions: list[str] = Field(default_factory=list)
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    @property
    def state(self) -> State:
        """What the exit code means here; a unit that nobody could carry out is not known."""
        if self.exit_code == ExitCode.BUG:
            return State.UNKNOWN
        return _STATES.get(ExitCode(self.exit_code), State.STOPPED)

    @property
    def applied(self) -> tuple[str, ...]:
        """The decisions that this revision needed, sorted."""
        return tuple(sorted(d for d, outcome in self.decisions.items() if outcome == "applied"))

    @property
    def reason(self) -> str:
        """Why it did not hold, in one line; empty when it did."""
        broken = [name for name, outcome in self.checks.items() if outcome in _BAD_OUTCOMES]
        return next(iter([self.message, *self.failed]), "") or ", ".join(broken)


_BAD_OUTCOMES = frozenset({"did not hold", "broken"})


class Boundary(BaseModel):
    """Two neighbours that fare differently; nothing lies between them unless ``gap`` says so."""

    model_config = ConfigDict(extra="forbid")

    before: str
    after: str
    was: State
    is_now: State
    gap: int = Field(description="Revisions between the two that were not looked at.")


class Sweep(BaseModel):
    """The whole file; observations are in the order of the revisions."""

    model_config = ConfigDict(extra="forbid", title="sweep.json")

    schema_version: Literal[1] = 1
    plan: str
    plan_digest: str
    source: str
    observations: list[Observation] = Field(default_factory=list)
    boundaries: list[Boundary] = Field(default_factory=list)
    lost: list[str] = Field(
        default_factory=list, description="Held in the sweep before, and does not any more."
    )

    @property
    def unused_decisions(self) -> tuple[str, ...]:
        """Decisions of the plan that no revision needed, sorted."""
        named = {d for seen in self.observations for d in seen.decisions}
        return tuple(sorted(named.difference(*(seen.applied for seen in self.observations))))


def in_order(observations: Iterable[Observation]) -> list[Observation]:
    """Oldest first; of two about one revision the later given counts."""
    known = {seen.identity: seen for seen in observations}
    return sorted(known.values(), key=lambda seen: (seen.position, seen.identity))


def boundaries(observations: Sequence[Observation]) -> list[Boundary]:
    """Where neighbours of ``observations``, which are in order, fare differently."""
    return [
        Boundary(
            before=earlier.name,
            after=later.name,
            was=earlier.state,
            is_now=later.state,
            gap=later.position - earlier.position - 1,
        )
        for earlier, later in pairwise(observations)
        if earlier.state != later.state
    ]


def lost_since(before: Sweep | None, now: Sequence[Observation]) -> list[str]:
    """Names of revisions that held in ``before`` and do not any more."""
    held = (
        {seen.identity for seen in before.observations if seen.state == State.HELD}
        if before
        else set()
    )
    return [seen.name for seen in now if seen.identity in held and seen.state != State.HELD]


def read_sweep(path: Path) -> Sweep:
    """The sweep at ``path``; ``UsageError`` when it is none."""
    try:
        return Sweep.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise UsageError(
            f"{path} is not a sweep.json of extractor: {where}: {first['msg']}"
        ) from None


def write_sweep(path: Path, sweep: Sweep) -> None:
    """Write ``sweep`` to ``path``, replacing what is there in one step."""
    draft = path.with_name(f".{path.name}.unfinished")
    draft.write_text(sweep.model_dump_json(indent=1) + "\n", encoding="utf-8")
    draft.replace(path)
