"""A sweep as Markdown: a line a revision, the boundaries, and what each decision is for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from extractor.sweep.record import Observation, State, Sweep
from extractor.wording import counted

_HEAD = ("revision", "date", "outcome", "tests", "decisions", "overlay", "open", "s", "why")


def as_markdown(sweep: Sweep) -> str:
    """The whole page."""
    parts = [
        f"# {sweep.plan} over {sweep.source}",
        in_short(sweep),
        _table(_HEAD, (_row(seen) for seen in sweep.observations)),
    ]
    if sweep.boundaries:
        parts += ["## Where it changes", _changes(sweep)]
    parts += ["## Decisions", _decisions(sweep)]
    return "\n\n".join(part for part in parts if part) + "\n"


def in_short(sweep: Sweep) -> str:
    """One line that counts, and one for what held before and does not any more."""
    count = Counter(seen.state for seen in sweep.observations)
    told = [f"{count[state]} {state}" for state in State if count[state]]
    lines = [f"{counted(len(sweep.observations), 'revision')}: {', '.join(told)}."]
    if sweep.lost:
        lines.append(f"Held in the last sweep and no longer does: {', '.join(sweep.lost)}.")
    return "\n".join(lines)


def _row(seen: Observation) -> tuple[str, ...]:
    tests = seen.counts.get("tests")
    return (
        seen.name,
        seen.date,
        str(seen.state),
        "" if tests is None else str(tests),
        str(len(seen.applied)) if seen.decisions else "",
        str(seen.overlay_lines) if seen.decisions else "",
        str(len(seen.questions)) if seen.decisions else "",
        f"{seen.seconds:.0f}",
        seen.reason,
    )


def _changes(sweep: Sweep) -> str:
    return "\n".join(
        f"* `{b.before}` {b.was}, `{b.after}` {b.is_now}"
        + (f" ({counted(b.gap, 'revision')} between them were not looked at)" if b.gap else "")
        for b in sweep.boundaries
    )


def _decisions(sweep: Sweep) -> str:
    needed: dict[str, list[str]] = {}
    for seen in sweep.observations:
        for decision in seen.applied:
            needed.setdefault(decision, []).append(seen.name)
    total = sum(bool(seen.decisions) for seen in sweep.observations)
    rows = [
        (f"`{decision}`", f"{len(names)} of {total}", names[0], names[-1])
        for decision, names in sorted(needed.items())
    ]
    lines = [_table(("decision", "applied", "first", "last"), rows)] if rows else []
    if sweep.unused_decisions:
        unused = ", ".join(f"`{d}`" for d in sweep.unused_decisions)
        lines.append(f"No revision needed {unused}.")
    return "\n\n".join(lines) or "No revision got as far as a decision."


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
