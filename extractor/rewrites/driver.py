"""The one way to run a rewrite: over each file, with what all of them came to as one batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from extractor.outcome import Failed, Finding, Outcome, Rewritten, Skipped
from extractor.parsing import deeply
from extractor.rewrites import Rewrite, load
from extractor.rewrites.parts.source_file import SourceFile


@dataclass(frozen=True)
class Batch:
    """What a rewrite made of several files: ``changes`` maps a path to its new bytes.

    ``findings`` and ``failures`` are pairs of a path and what is told of it.
    """

    changes: Mapping[str, bytes]
    findings: tuple[tuple[str, Finding], ...] = ()
    failures: tuple[tuple[str, str], ...] = ()


def run_on(rewrite: Rewrite | str, file: SourceFile, settings: Any) -> Outcome:
    """What ``rewrite`` makes of one file by prepared settings; too deep a file is ``Failed``."""
    found = load(rewrite) if isinstance(rewrite, str) else rewrite
    try:
        return deeply(lambda: found.run(file, settings))
    except RecursionError:
        return Failed(f"{file.path}: nested too deeply")


def run_over(rewrite: Rewrite | str, jobs: Iterable[tuple[SourceFile, Any]]) -> Batch:
    """Run ``rewrite`` on each file with its settings."""
    changes: dict[str, bytes] = {}
    findings: list[tuple[str, Finding]] = []
    failures: list[tuple[str, str]] = []
    for file, settings in jobs:
        outcome = run_on(rewrite, file, settings)
        match outcome:
            case Failed():
                failures.append((file.path, failure_text(outcome)))
            case Skipped():
                pass
            case _:
                findings.extend((file.path, finding) for finding in outcome.findings)
        if isinstance(outcome, Rewritten):
            changes[file.path] = outcome.content
    return Batch(changes, tuple(findings), tuple(failures))


def failure_text(failed: Failed) -> str:
    """The error of a file, with its line where there is one."""
    return f"{failed.error} (line {failed.line})" if failed.line else failed.error
