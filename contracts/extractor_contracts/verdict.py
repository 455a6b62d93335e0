"""Violations of a contract, and what the baseline says about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class ContractMistake(ValueError):
    """A contract cannot be asked: it names what is not there, or its options do not fit."""


class Unread(NamedTuple):
    """A file that no parser accepts, so that nobody knows what it imports; ``line`` may be 0."""

    path: str
    line: int
    reason: str


@dataclass(frozen=True, order=True)
class Violation:
    """One thing a contract forbids, at ``path:line``; ``path`` is empty where no file is to blame.

    ``key`` names it in a baseline: no line numbers, so that it survives unrelated edits.
    ``chain`` are the steps that lead there, each as a line for a person; ``behind`` are keys
    of other violations that bring this one: when one of them is new, it is the one to show.
    """

    key: str
    path: str
    line: int
    message: str
    chain: tuple[str, ...] = ()
    way_out: str = ""
    behind: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """All violations of one contract as found, before any baseline; ``summary``: the figures.

    ``measured``: they are held against a limit, and worth saying where a baseline accepts them.
    """

    violations: tuple[Violation, ...]
    summary: str = ""
    measured: bool = False


@dataclass(frozen=True)
class Verdict:
    """What is to be said about one contract.

    ``accepted`` are violations that the baseline names, with its reasons; ``unused`` are
    entries of the baseline that nothing violates any more, which is a failure too.
    """

    contract: str
    name: str
    type: str
    summary: str
    new: tuple[Violation, ...]
    accepted: tuple[tuple[Violation, str], ...]
    unused: tuple[str, ...]
    measured: bool = False

    @property
    def kept(self) -> bool:
        return not self.new and not self.unused

    def leaders(self) -> tuple[tuple[Violation, int], ...]:
        """New violations that no other new one brings, each with how many it brings itself."""
        new = {violation.key for violation in self.new}
        brought: dict[str, int] = {}
        leading = []
        for violation in self.new:
            first = next((key for key in violation.behind if key in new), None)
            if first is None:
                leading.append(violation)
            else:
                brought[first] = brought.get(first, 0) + 1
        return tuple((violation, brought.get(violation.key, 0)) for violation in leading)


def judge(
    contract: str, name: str, type_: str, finding: Finding, accepted: Mapping[str, str]
) -> Verdict:
    """Compare what was found with the baseline's entries (key to reason) of this contract."""
    violations = _first_of_each(finding.violations)
    known = {violation.key for violation in violations}
    return Verdict(
        contract=contract,
        name=name,
        type=type_,
        summary=finding.summary,
        new=tuple(v for v in violations if v.key not in accepted),
        accepted=tuple((v, accepted[v.key]) for v in violations if v.key in accepted),
        unused=tuple(sorted(key for key in accepted if key not in known)),
        measured=finding.measured,
    )


def _first_of_each(violations: Sequence[Violation]) -> list[Violation]:
    """One violation a key, the first in the file: a baseline cannot tell them apart."""
    found: dict[str, Violation] = {}
    for violation in sorted(violations, key=lambda v: (v.key, v.path, v.line)):
        found.setdefault(violation.key, violation)
    return sorted(found.values(), key=lambda v: (v.path, v.line, v.key))
