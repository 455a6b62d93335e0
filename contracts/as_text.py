"""Verdicts for a person: what broke, where, by which chain, and the way out."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.verdict import Verdict


def verdict_text(verdict: Verdict) -> str:
    """One contract: its figures, the new violations and the entries no longer needed."""
    lines = [verdict.summary] if verdict.summary else []
    for violation, brought in verdict.leaders():
        place = f"{violation.path}:{violation.line}" if violation.line else violation.path
        more = f" (and {brought} more through it)" if brought else ""
        lines += ["", f"{place}{': ' if place else ''}{violation.message}{more}"]
        lines += [f"    {step}" for step in violation.chain]
        if violation.way_out:
            lines.append(f"  way out: {violation.way_out}")
    if verdict.unused:
        lines += ["", "No longer needed in the baseline, take them out:"]
        lines += [f"    {key}" for key in verdict.unused]
    return "\n".join(lines)


def report_text(verdicts: Sequence[Verdict]) -> str:
    """All contracts: a line each, then the details of those that are broken."""
    lines = []
    for verdict in verdicts:
        counts = f"{len(verdict.new)} new, {len(verdict.accepted)} known"
        if verdict.unused:
            counts += f", {len(verdict.unused)} no longer needed"
        lines.append(f"{'KEPT  ' if verdict.kept else 'BROKEN'} {verdict.name}: {counts}")
    for verdict in verdicts:
        if not verdict.kept:
            lines += ["", verdict.name, "-" * len(verdict.name), verdict_text(verdict)]
    broken = sum(not verdict.kept for verdict in verdicts)
    lines += ["", f"Contracts: {len(verdicts) - broken} kept, {broken} broken."]
    return "\n".join(lines)
