"""A report as Markdown: of a run in full, of a change short enough for a review comment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from extractor_reports.schema import (
    Border,
    ChangeReport,
    Crossing,
    Proof,
    Report,
    RunReport,
    Violation,
)
from extractor_reports.words import counted

_MOST_LINES = 60
_MOST_AUTHORS = 20
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+\-!|~@&$^:])")


def render_markdown(report: Report, link: str = "") -> str:
    """The text, ending in a newline; ``link`` is the address of the whole report."""
    if isinstance(report, RunReport):
        return "\n".join(_run(report)) + "\n"
    return "\n".join(_change(report, link)) + "\n"


def prose(value: str) -> str:
    """Text on one line in which no character is markup or calls somebody."""
    return _SPECIAL.sub(r"\\\1", " ".join(value.split()))


def code(value: str) -> str:
    """A code span of exactly this text, fit for a cell of a table."""
    value = " ".join(value.split()) or " "
    longest = max((len(run) for run in re.findall("`+", value)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if value[0] == "`" or value[-1] == "`" else ""
    return f"{fence}{pad}{value}{pad}{fence}".replace("|", "\\|")


def _encoded(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode())


def _run(report: RunReport) -> Iterable[str]:
    """The same order as the page: in short, is it proven, what to review, what moved, how."""
    yield f"# {prose(report.title)}, taken out of its repository"
    yield ""
    yield from _in_short(report)
    asked = [c for c in report.checks if c.outcome != "not asked"]
    yield from _table(
        "Is it proven?",
        ("promise", "outcome", "evidence"),
        (
            (
                f"{prose(c.promise)} {code(c.name)}" if c.promise else prose(c.name),
                prose(c.outcome),
                prose("; ".join(c.evidence[:2])[:300]),
            )
            for c in asked
        ),
    )
    yield from _section("Limits of this report", (prose(c) for c in report.caveats))
    yield from _to_review(report)
    yield from _what_moved(report)
    yield from _series(report)
    yield from _table(
        "Contracts",
        ("rule", "about", "known violations"),
        ((prose(c.name), code(c.package), str(len(c.known))) for c in report.contracts),
    )
    yield from _table(
        "Authors",
        ("author", "commits", "first", "last"),
        (
            (prose(a.name), str(a.commits), a.first, a.last)
            for a in report.history.authors[:_MOST_AUTHORS]
        ),
    )
    others = len(report.history.authors) - _MOST_AUTHORS
    if others > 0:
        yield from ("", f"and {counted(others, 'more author')}: the page has them all.")


def _to_review(report: RunReport) -> Iterable[str]:
    """What failed, what is left, and what a person decided and wrote."""
    yield from _section("Failed", (f"{code(t.path)}: {prose(t.reason)}" for t in report.failed))
    yield from _section(
        "Left for a person",
        (f"{code(t.subject)}: {prose(t.task)}" for t in report.left_for_a_person),
    )
    bought = {p.subject: p for p in report.cascades.payments}
    yield from _table(
        "Decisions",
        ("subject", "replaced by", "reason", "modules loaded again without it"),
        (
            (
                code(d.subject),
                code(d.stand_in) if d.stand_in else "",
                prose(d.reason),
                f"{bought[d.subject].undone:,}" if d.subject in bought else "",
            )
            for d in report.decisions
        ),
    )
    yield from _table(
        "Written by a person",
        ("file", "lines of code", "what for"),
        ((code(o.path), str(o.code_lines), prose(o.purpose)) for o in report.overlay),
    )


def _what_moved(report: RunReport) -> Iterable[str]:
    yield from _table(
        "Symbols",
        ("symbol", "fate", "is now", "used by the rest"),
        (
            (code(s.symbol), s.fate, code(s.target) if s.target else "", str(len(s.used_by) or ""))
            for s in report.symbols
            if s.fate != "left"
        ),
    )
    if report.database:
        yield from _table(
            "Database",
            ("table", "columns", "model"),
            (
                (code(t.name), str(t.columns or ""), code(f"{t.path}:{t.line}") if t.path else "")
                for t in report.database.tables
            ),
        )
    yield from _section(
        "Cycles of imports",
        (
            f"{prose(p.title)}: {code(' ⇄ '.join(cycle))}"
            for p in report.pictures
            for cycle in p.cycles
        ),
    )
    yield from _table(
        "Steps on top of the history",
        ("step", "files", "added", "removed", "old imports left"),
        (
            (prose(s.subject), str(s.files), str(s.added), str(s.removed), str(s.old_names))
            for s in report.steps
        ),
    )


def _series(report: RunReport) -> Iterable[str]:
    proven = any(p.proofs for p in report.series)
    yield from _table(
        "Patch series for the source's side",
        (
            *("#", "commit", "outcome", "files", "modules loaded, where that changes"),
            *(["seen after it"] if proven else []),
        ),
        (
            (
                str(p.number),
                prose(p.title),
                prose(p.status),
                str(len(p.paths)),
                "; ".join(
                    f"{code(e.module)} {e.before} → {e.after}"
                    for e in p.effects
                    if e.before != e.after
                ),
                *(["; ".join(map(_seen, p.proofs))] if proven else []),
            )
            for p in report.series
        ),
    )
    yield from _section(
        "What the series leaves for a person",
        (f"{code(t.subject)}: {prose(t.task)}" for t in report.series_left),
    )


def _in_short(report: RunReport) -> Iterable[str]:
    before, after = report.cascades.before, report.cascades.after
    package = f" out of {code(report.source_package)}" if report.source_package else ""
    yield f"* **Asked:** {prose(report.title)}{package}, from " + (
        f"{prose(report.source.described)} of {report.source.date[:10]}, by plan "
        f"{code(report.plan)}"
    )
    loads = ""
    if before and after:
        loads = (
            f"importing it loads {len(after.modules)} modules, {after.lines:,} lines, where "
            + (f"{code(before.root)} loaded {len(before.modules)}, {before.lines:,}; ")
        )
    yield f"* **Came out:** {loads}{counted(report.history.kept, 'commit')} of history, " + (
        f"{counted(len(report.steps), 'step')} on top"
    )
    broken = [c.name for c in report.checks if c.outcome == "did not hold"]
    held = sum(c.outcome == "held" for c in report.checks)
    asked = sum(c.outcome not in {"does not apply", "not asked"} for c in report.checks)
    if broken:
        proven = f"{counted(len(broken), 'check')} did not hold: {prose(', '.join(broken))}"
    elif held:
        proven = f"{held} of {asked} checks asked held"
    else:
        proven = "not verified, no check was run"
    unasked = sum(c.outcome == "not asked" for c in report.checks)
    yield f"* **Proven:** {proven}" + (f"; {unasked} not asked" if held and unasked else "")
    left = len(report.left_for_a_person)
    yield f"* **To review:** {counted(len(report.decisions), 'decision')}, " + (
        f"{counted(sum(o.code_lines for o in report.overlay), 'line')} written by a person, "
        f"{counted(left, 'thing') if left else 'nothing'} left for a person"
    )


def _section(title: str, items: Iterable[str]) -> Iterable[str]:
    lines = [f"* {item}" for item in items]
    if lines:
        yield from ("", f"## {title}", "", *lines)


def _seen(proof: Proof) -> str:
    """What was seen after one commit: ``touched 17,099 tests, held``."""
    count = "none"
    if proof.tests or proof.modules:
        count = counted(proof.tests, "test") if proof.tests else counted(proof.modules, "file")
    narrowed = ", in part" if proof.below else ""
    return f"{prose(proof.part)} {count}{narrowed}, {prose(proof.outcome)}"


def _table(title: str, heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterable[str]:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    if lines:
        yield from ("", f"## {title}", "", f"| {' | '.join(heads)} |")
        yield f"|{'---|' * len(heads)}"
        yield from lines


def _change(report: ChangeReport, link: str) -> Iterable[str]:
    """The worst first, at most sixty lines; what is cut off is counted and linked."""
    if report.nothing_to_say:
        yield f"{prose(report.title)}: this change does not touch the boundary."
        return
    lines = [f"### {prose(report.title)}: what this change does to the boundary"]
    if report.cascades:
        lines.append("")
    for c in report.cascades:
        delta = c.after - c.before
        words = f"{counted(abs(delta), 'module')} {'more' if delta > 0 else 'fewer'}"
        # Growth of its own is no new knot.
        is_knot = any(not g.belongs for g in c.gained)
        words = f"**{words}**" if is_knot or not c.gained else f"{words}, all its own"
        through = sorted({g.through for g in c.gained if g.through})
        lines.append(
            f"* {code(c.root)} now loads {words} ({c.before} → {c.after}, "
            f"{c.after_lines - c.before_lines:+,} lines)"
            + (f", through {', '.join(code(t) for t in through[:3])}" if through else "")
        )
        for words, names in (
            ("newly loaded, from the rest", [g.module for g in c.gained if not g.belongs]),
            ("newly loaded, its own", [g.module for g in c.gained if g.belongs]),
            ("no longer loaded", c.lost),
        ):
            if names:
                lines.append(f"  * {words}: {_some(names, 5)}")
    lines += _violations("Contracts broken", [v for v in report.violations if v.broken])
    lines += _crossings("Imports across the boundary added", report.added)
    if report.borders:
        lines += ["", f"**Names newly used across the boundary: {_names(report.borders)}**", ""]
        ordered = sorted(
            report.borders, key=lambda b: (_is_test(b.path), not b.new, b.symbol, b.path, b.line)
        )
        for symbol in dict.fromkeys(b.symbol for b in ordered):
            found = [b for b in ordered if b.symbol == symbol]
            who = "the rest uses" if found[0].inward else "the subsystem uses"
            lines.append(
                f"* {who} {code(symbol)} at {_some(f'{b.path}:{b.line}' for b in found)}"
                + (": new across the boundary" if found[0].new else "")
            )
    lines += _crossings("Imports across the boundary removed", report.removed)
    lines += _violations("Contracts fixed", [v for v in report.violations if not v.broken])
    if report.caveats:
        lines += ["", *(f"* {prose(c)}" for c in report.caveats)]
    if len(lines) > _MOST_LINES:
        left = len(lines) - _MOST_LINES + 2
        whole = "the whole report"
        if link:
            address = re.sub(r"[<>\s]", _encoded, link)
            whole = f"[{whole}](<{address}>)"
        lines = [*lines[: _MOST_LINES - 2], "", f"and {left} lines more: see {whole}."]
    yield from lines


def _violations(title: str, found: Sequence[Violation]) -> Iterable[str]:
    if found:
        yield from ("", f"**{title}: {len(found)}**", "")
        for v in found:
            yield f"* {prose(v.contract)}: {code(f'{v.path}:{v.line}')} {prose(v.message)}"


def _crossings(title: str, rows: Sequence[Crossing]) -> Iterable[str]:
    """One line for each module imported, with the places; what runs at import comes first."""
    if not rows:
        return
    yield from ("", f"**{title}: {len(rows)}**", "")
    ordered = sorted(
        rows,
        key=lambda r: (_is_test(r.path), not r.at_import, r.inward, r.imported, r.path, r.line),
    )
    groups: dict[tuple[bool, bool, bool, str], list[str]] = {}
    for r in ordered:
        key = (_is_test(r.path), r.at_import, r.inward, r.imported)
        groups.setdefault(key, []).append(f"{r.path}:{r.line}")
    for (_, at_import, inward, imported), places in groups.items():
        who = "the rest imports" if inward else "the subsystem imports"
        when = "" if at_import else " (on call)"
        yield f"* {who} {code(imported)}{when} at {_some(places)}"


def _names(borders: Sequence[Border]) -> int:
    return len({b.symbol for b in borders})


def _some(names: Iterable[str], most: int = 3) -> str:
    found = list(names)
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(code(name) for name in found[:most]) + more


def _is_test(path: str) -> bool:
    return "tests" in path.split("/")
