"""The one shape of every check: a question about the result, answered with evidence."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from extractor.analysis.links import with_links_read
from extractor.outcome import CheckOutcome
from extractor.plan.load import Plan
from extractor.plan.verify_settings import VerifySettings
from extractor.source.tree import FolderTree, Tree


@dataclass(frozen=True)
class CheckResult:
    """What one check found.

    ``evidence`` are short lines for a person; ``figures`` are counts and seconds for programs;
    ``look_at`` is the first thing to look at when it did not hold; ``reason`` says why it did
    not run; ``findings`` are all places at fault, sorted.
    """

    name: str
    outcome: CheckOutcome
    evidence: tuple[str, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)
    look_at: str = ""
    reason: str = ""
    findings: tuple[str, ...] = ()

    @property
    def held(self) -> bool:
        """Whether it ran and found nothing."""
        return self.outcome is CheckOutcome.HELD

    def as_json(self) -> dict[str, Any]:
        """A plain dictionary for ``--json`` and the manifest."""
        return {
            "name": self.name,
            "outcome": self.outcome.value,
            "reason": self.reason,
            "evidence": list(self.evidence),
            "figures": dict(self.figures),
            "look_at": self.look_at,
            "findings": list(self.findings),
        }


@dataclass(frozen=True)
class Result:
    """The extracted repository on disk and what its manifest says (empty without one)."""

    root: Path
    manifest: Mapping[str, Any] = field(default_factory=dict)

    @property
    def tree(self) -> Tree:
        """The files of the work tree, dot-folders left out; links to modules read as such."""
        return with_links_read(FolderTree(self.root))

    @property
    def day(self) -> str:
        """The day of the source's revision (ISO 8601); empty without a manifest."""
        return str(self.manifest.get("source", {}).get("commit_date", ""))[:10]

    @property
    def released(self) -> bool:
        """Whether the source was a release."""
        return bool(self.manifest.get("source", {}).get("releases"))

    @classmethod
    def at(cls, root: Path) -> Result:
        """The result in ``root``, with the ``manifest.json`` that lies next to it, if any."""
        path = root.parent / "manifest.json"
        if not path.is_file():
            return cls(root)
        loaded = json.loads(path.read_text(encoding="utf-8"))
        return cls(root, loaded if isinstance(loaded, dict) else {})


@dataclass(frozen=True)
class Context:
    """What a check may use besides the result.

    ``plan`` is the plan the result was made with; ``against`` is a work tree of the source at the
    revision extracted, ``None`` when there is none; ``history`` is a git directory with its whole
    history; ``python`` an interpreter asked for;
    ``scratch`` an empty folder that is deleted after the check, ``shared`` one that outlives it,
    for what is made of the source alone; ``workers`` how many processes
    a check may keep busy; with ``first`` one finding is as good as all of them, and the check may
    end with it; ``report`` takes a line of progress; ``day`` gives the one (ISO 8601) whose
    versions suit the revision, ``""`` when nobody knows it.
    """

    plan: Plan
    settings: VerifySettings
    scratch: Path
    shared: Path
    against: Path | None = None
    history: Path | None = None
    python: Path | None = None
    workers: int = 2
    first: bool = False
    report: Callable[[str], None] = lambda line: None
    day: Callable[[], str] = lambda: ""


Check: TypeAlias = Callable[[Result, Context], CheckResult]


def verdict(
    name: str,
    findings: list[str],
    evidence: list[str],
    figures: Mapping[str, float] | None = None,
    look_at: str = "",
    *,
    compared: float = 0,
) -> CheckResult:
    """Held when something was compared and there are no findings.

    ``compared`` is the number of things that were looked at: with none, the check does not
    apply. The first finding is the first thing to look at.
    """
    found = tuple(sorted(set(findings)))
    if not found and not compared:
        return does_not_apply(name, "there is nothing to compare", evidence)
    return CheckResult(
        name=name,
        outcome=CheckOutcome.BROKEN if found else CheckOutcome.HELD,
        evidence=tuple(evidence),
        figures=dict(figures or {}),
        look_at=look_at or (found[0] if found else ""),
        findings=found,
    )


def does_not_apply(name: str, reason: str, evidence: Iterable[str] = ()) -> CheckResult:
    """What the check asks cannot be asked of this result or in this call."""
    return CheckResult(name, CheckOutcome.DOES_NOT_APPLY, tuple(evidence), reason=reason)


def cannot_run(name: str, reason: str) -> CheckResult:
    """Something that the check needs is missing here."""
    return CheckResult(name, CheckOutcome.CANNOT_RUN, reason=reason)
