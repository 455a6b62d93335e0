"""What one rewrite did to one file, and what one check came to: exactly one of four results."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Literal, TypeAlias

# What a decision of the plan did this time.
DecisionOutcome: TypeAlias = Literal["applied", "already done", "matched nothing"]


@dataclass(frozen=True)
class Finding:
    """Something a person should look at; ``line`` is 1-based, 0 for the whole file."""

    message: str
    line: int = 0


@dataclass(frozen=True)
class Rewritten:
    """The file changed; ``content`` is the new text as bytes."""

    content: bytes
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Unchanged:
    """Nothing in the file is this rewrite's business."""

    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Skipped:
    """The file was left alone on purpose, for ``reason``."""

    reason: str


@dataclass(frozen=True)
class Failed:
    """The file could not be read or rewritten; it is reported, never silently kept."""

    error: str
    line: int = 0


Outcome: TypeAlias = Rewritten | Unchanged | Skipped | Failed


class CheckOutcome(enum.StrEnum):
    """What a check came to; the values are the words of the manifest."""

    HELD = "held"
    BROKEN = "did not hold"
    CANNOT_RUN = "cannot run"
    DOES_NOT_APPLY = "does not apply"

    @property
    def ran(self) -> bool:
        """Whether something was compared."""
        return self in {CheckOutcome.HELD, CheckOutcome.BROKEN}
