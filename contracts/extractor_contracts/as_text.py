"""Verdicts for a person: what broke, where, by which chain, and the way out."""

from __future__ import annotations

from collections.abc import Sequence

from extractor_contracts.verdict import Unread, Verdict


def verdict_text(verdict: Verdict, baseline: str = "the baseline") -> str:
    """One contract: its figures, the new violations and the entries no longer needed."""
    lines = [verdict.summary] if verdict.summary else []
    for violation, brought in verdict.leaders():
        place = f"{violation.path}:{violation.line}" if violation.line else violation.path
        more = f" (and {brought} more through it)" if brought else ""
        lines += ["", f"{place}{': ' if place else ''}{violation.message}{more}"]
        lines += [f"    {step}" for step in violation.chain]
        if violation.way_out:
            lines.append(f"  fix: {violation.way_out}")
    if verdict.unused:
        lines += ["", f"No longer needed in {baseline}, remove them:"]
        lines += [f"    {key}" for key in verdict.unused]
    return "\n".join(lines)


def report_text(
    verdicts: Sequence[Verdict],
    unreadable: Sequence[Unread] = (),
    baseline: str = "the baseline",
    update: str = "",
) -> str:
    """All contracts: a line each, then the details of those that are broken.

    ``baseline`` is the file of known violations, ``update`` the command that rewrites it.
    """
    lines = []
    for verdict in verdicts:
        counts = f"{len(verdict.new)} new, {len(verdict.accepted)} known"
        if verdict.unused:
            counts += f", {len(verdict.unused)} no longer needed"
        lines.append(f"{'KEPT  ' if verdict.kept else 'BROKEN'} {verdict.name}: {counts}")
        # How far there is to go; of a broken one it is said below.
        if verdict.kept and verdict.accepted and verdict.measured:
            lines.append(f"       {verdict.summary}")
    for verdict in verdicts:
        if not verdict.kept:
            heading = f"{verdict.name} [{verdict.contract}]"
            lines += ["", heading, "-" * len(heading), verdict_text(verdict, baseline)]
    if unreadable:
        lines += ["", "These cannot be parsed, so their imports are unknown:"]
        lines += [f"    {path}:{line}: {reason}" for path, line, reason in unreadable]
    broken = sum(not verdict.kept for verdict in verdicts)
    lines += ["", f"Contracts: {len(verdicts) - broken} kept, {broken} broken."]
    if update and any(verdict.unused for verdict in verdicts):
        lines.append(f"To remove what is no longer needed: {update}")
    if update and any(verdict.new for verdict in verdicts):
        lines.append(f"To accept the new ones, give the reason: {update} --reason WHY")
    return "\n".join(lines)
