"""The one shape of every check: a question about the result, answered with evidence."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from extractor.plan.load import Plan
from extractor.source.tree import FolderTree, Tree
from extractor.verification.settings import VerifySettings


@dataclass(frozen=True)
class CheckResult:
    """What one check found.

    ``evidence`` are short lines for a person; ``figures`` are counts and seconds for programs;
    ``look_at`` is the first thing to look at when it did not hold; ``skipped`` says why it did
    not run (then ``held`` says nothing); ``findings`` are all places at fault, sorted.
    """

    name: str
    held: bool
    evidence: tuple[str, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)
    look_at: str = ""
    skipped: str = ""
    findings: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """A plain dictionary for ``--json`` and the manifest."""
        return {
            "name": self.name,
            "held": self.held,
            "skipped": self.skipped,
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
        """The files of the work tree, dot-folders left out."""
        return FolderTree(self.root)

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
    end with it; ``report`` takes a line of progress.
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


Check: TypeAlias = Callable[[Result, Context], CheckResult]


def verdict(
    name: str,
    findings: list[str],
    evidence: list[str],
    figures: Mapping[str, float] | None = None,
    look_at: str = "",
) -> CheckResult:
    """Held when there are no findings; the first finding is the first thing to look at."""
    found = tuple(sorted(set(findings)))
    return CheckResult(
        name=name,
        held=not found,
        evidence=tuple(evidence),
        figures=dict(figures or {}),
        look_at=look_at or (found[0] if found else ""),
        findings=found,
    )
