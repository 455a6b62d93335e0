"""What one rewrite did to one file: exactly one of four results, all picklable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


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
