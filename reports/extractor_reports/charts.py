"""The charts of a report as plain data, which ``charts.js`` draws; each has a table beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from extractor_reports.schema import (
    Cascade,
    CoupledClass,
    Coupling,
    CutOffer,
    History,
    Patch,
    Payment,
    RunReport,
    Step,
)
from extractor_reports.words import counted

OWN = "#c2410c"
# Told apart by people who see fewer colours, on light and dark ground (Okabe and Ito).
_OTHERS = ("#0072b2", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#7a6fd0")
_REST = "#8a8f98"
_MOST_BARS = 15
_MOST_ROWS = 30
_OWN_PART = "● the subsystem"
Chart = dict[str, Any]
_ORIGINS = {
    "moved": (OWN, "moved as a whole"),
    "carried": (_OTHERS[0], "symbols carried out of a module that stays"),
    "written": (_OTHERS[1], "written by a person"),
    "": (_REST, "made by the run"),
}
_PAID = (("loaded again if only this is undone", OWN), ("saved if only this is done", _OTHERS[0]))
_FOLLOWED = (
    ("under its current path", _OTHERS[0]),
    ("found by following renames and moved code", OWN),
)
_BLAME = (
    ("same", "the same commit", _OTHERS[1]),
    ("older", "an older one: followed further back", _OTHERS[3]),
    ("different", "another one", OWN),
    ("unpaired", "written for the result", _REST),
)
_LINES = (OWN, *_OTHERS)
_STEPS = {
    "move": "leaving the packages around the subsystem",
    "carry": "carrying symbols, or writing, instead of importing",
}


def charts(report: RunReport) -> dict[str, Chart]:
    """Chart by the id of its place in the page, as JSON values; only those with something in."""
    made: dict[str, Chart] = {}
    cascades = report.cascades
    if cascades.before:
        made["cascade-before"] = icicle(cascades.before, _by_part(cascades.before)[0])
    if cascades.after:
        made["cascade-after"] = icicle(cascades.after, _by_origin(cascades.after)[0])
    if any(p.alone or p.undone for p in cascades.payments):
        made["payments"] = bought(cascades.payments)
    if cascades.offers:
        made["offers"] = offered(cascades.offers)
    if report.coupling:
        made["coupling"] = matrix(report.coupling)
    if len(report.history.timeline) > 1:
        made["timeline"] = timeline(report.history)
    if report.history.blame:
        made["blame"] = blame(report.history)
    if report.steps:
        made["steps"] = steps(report.steps)
    if any(patch.effects for patch in report.series):
        made["series-effects"] = series(report.series)
    return made


def legends(report: RunReport) -> dict[str, list[tuple[str, str]]]:
    """What the colours of a figure mean: pairs of colour and words by the figure's id."""
    found = {}
    before, after = report.cascades.before, report.cascades.after
    if before:
        colours, words = _by_part(before)
        found["cascade-before"] = _shown(before, colours, words)
    if after:
        colours, words = _by_origin(after)
        found["cascade-after"] = _shown(after, colours, words)
    found["payments"] = [(colour, words) for words, colour in _PAID]
    history = report.history
    counts = (
        history.kept - sum(month.followed for month in history.timeline),
        sum(month.followed for month in history.timeline),
    )
    found["timeline"] = [
        (colour, f"{words}: {counted(count, 'commit')}")
        for (words, colour), count in zip(_FOLLOWED, counts, strict=True)
        if count
    ]
    found["series-effects"] = []
    for colour, module in zip(_LINES, _measured(report.series), strict=False):
        effects = [e for patch in report.series for e in patch.effects if e.module == module]
        found["series-effects"].append(
            (colour, f"{module}: {effects[0].before} → {effects[-1].after}")
        )
    sums = [(sum(getattr(b, field) for b in history.blame), words, c) for field, words, c in _BLAME]
    found["blame"] = [(c, f"{words}: {counted(n, 'line')}") for n, words, c in sums if n]
    return found


def step_words(payment: Payment) -> str:
    """The subject of a decision, or what the step does."""
    return _STEPS.get(payment.kind, payment.subject)


def part_of(module: str) -> str:
    """The first two names of a dotted one: what colours and columns go by."""
    return ".".join(module.split(".")[:2])


def _by_part(cascade: Cascade) -> tuple[dict[str, str], dict[str, str]]:
    """Colour by module, and words by colour: the largest parts of the source have their own."""
    lines: Counter[str] = Counter()
    for m in cascade.modules:
        if not m.belongs:
            lines[part_of(m.module)] += m.lines
    largest = sorted(lines, key=lambda part: (-lines[part], part))[: len(_OTHERS)]
    named = dict(zip(largest, _OTHERS, strict=False))
    colours = {
        m.module: OWN if m.belongs else named.get(part_of(m.module), _REST) for m in cascade.modules
    }
    return colours, {
        OWN: "the subsystem’s own",
        **{colour: part for part, colour in named.items()},
        _REST: "other parts",
    }


def _by_origin(cascade: Cascade) -> tuple[dict[str, str], dict[str, str]]:
    colours = {m.module: _ORIGINS[m.origin][0] for m in cascade.modules}
    return colours, dict(_ORIGINS.values())


def _shown(
    cascade: Cascade, colours: dict[str, str], words: dict[str, str]
) -> list[tuple[str, str]]:
    """Only colours that appear, with the number of modules and lines that have them."""
    modules = Counter(colours[m.module] for m in cascade.modules)
    lines: Counter[str] = Counter()
    for m in cascade.modules:
        lines[colours[m.module]] += m.lines
    return [
        (
            colour,
            f"{said}: {counted(modules[colour], 'module')}, {counted(lines[colour], 'line')}",
        )
        for colour, said in words.items()
        if modules[colour]
    ]


def ink_on(colour: str) -> str:
    """Black or white, whichever can be read better on ``colour`` (``#rrggbb``)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#ffffff" if 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 else "#000000"


def icicle(cascade: Cascade, colours: dict[str, str]) -> Chart:
    """Who loads what, by lines: a module hangs below the one that loads it first."""
    index = {m.module: i for i, m in enumerate(cascade.modules)}
    return {
        "kind": "icicle",
        "levels": _levels(cascade),
        "modules": [
            {
                "module": m.module,
                "parent": index.get(m.loaded_by, -1),
                "lines": m.lines,
                "by": f"{m.loaded_by}:{m.line}" if m.loaded_by else "",
                "colour": colours[m.module],
                "ink": ink_on(colours[m.module]),
            }
            for m in cascade.modules
        ],
    }


def _levels(cascade: Cascade) -> int:
    """How many modules hang below each other at most."""
    below: dict[str, list[str]] = {}
    for m in cascade.modules:
        below.setdefault(m.loaded_by, []).append(m.module)
    level, row = 0, below.get("", [])
    while row:
        level, row = level + 1, [m for above in row for m in below.get(above, [])]
    return level


def bought(payments: Sequence[Payment]) -> Chart:
    """How many modules each decision saves."""
    rows = [p for p in payments if p.alone or p.undone]
    rows.sort(key=lambda p: (-p.undone, -p.alone, p.subject))
    return {
        "kind": "bars",
        "unit": "module",
        "groups": _groups(_PAID),
        "rows": [{"label": step_words(p), "values": [p.undone, p.alone]} for p in rows],
    }


def offered(offers: Sequence[CutOffer]) -> Chart:
    """The single changes that would save most, in modules."""
    return {
        "kind": "bars",
        "unit": "module",
        "groups": _groups(_PAID[1:]),
        "rows": [{"label": o.what, "values": [o.modules]} for o in offers[:_MOST_BARS]],
    }


def _groups(words: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "colour": colour} for name, colour in words]


def ordered_classes(coupling: Coupling) -> list[CoupledClass]:
    """The subsystem's own classes first, then by use: rows of the matrix and of its table."""
    return sorted(
        coupling.classes,
        key=lambda c: (not c.belongs, -sum(u.places for u in c.users), c.name, c.module),
    )


def matrix(coupling: Coupling) -> Chart:
    """Which class is used by which part of the source, the subsystem's classes on top."""
    classes = ordered_classes(coupling)
    totals: Counter[str] = Counter()
    uses: list[Counter[str]] = []
    for c in classes:
        used: Counter[str] = Counter()
        for user in c.users:
            used[_OWN_PART if user.belongs else user.part] += user.places
        totals += used
        uses.append(used)
    parts = sorted(totals, key=lambda part: (part != _OWN_PART, -totals[part], part))[:30]
    names = Counter(c.name for c in classes)
    return {
        "kind": "matrix",
        "columns": [{"label": part, "own": part == _OWN_PART} for part in parts],
        "rows": [
            {
                "label": ("● " if c.belongs else "")
                + (c.name if names[c.name] == 1 else f"{c.name} ({c.module})"),
                "own": c.belongs,
                "cells": [[at, used[part]] for at, part in enumerate(parts) if used[part]],
            }
            for c, used in zip(classes, uses, strict=True)
        ],
    }


def timeline(history: History) -> Chart:
    """Kept commits by month, those found by following renames apart."""
    return {
        "kind": "months",
        "unit": "commit",
        "groups": _groups(_FOLLOWED),
        "rows": [
            {"month": m.month, "values": [m.commits - m.followed, m.followed]}
            for m in history.timeline
        ],
    }


def blame(history: History) -> Chart:
    """Lines of each file by whether blame names the commit it names in the source."""
    rows = sorted(history.blame, key=lambda b: (-(b.same + b.older + b.different), b.path))
    return {
        "kind": "stacked",
        "unit": "line",
        "groups": _groups([(name, colour) for _, name, colour in _BLAME]),
        "rows": [
            {"label": b.path, "values": [getattr(b, field) for field, *_ in _BLAME]}
            for b in rows[:_MOST_ROWS]
        ],
    }


def steps(rows: Sequence[Step]) -> Chart:
    """How many imports of the old package are left after each step."""
    points = [
        {
            "x": n,
            "y": step.old_names,
            "tip": f"{n}. {step.subject}\n{counted(step.old_names, 'import')} left",
        }
        for n, step in enumerate(rows, 1)
    ]
    return _lines([(OWN, points)], "step", "imports of the old package", 240)


def _measured(patches: Sequence[Patch]) -> list[str]:
    return list(dict.fromkeys(e.module for patch in patches for e in patch.effects))


def series(patches: Sequence[Patch]) -> Chart:
    """What importing each measured module loads before the series and after each of its commits."""
    drawn = []
    for colour, module in zip(_LINES, _measured(patches), strict=False):
        effects = [(p, e) for p in patches for e in p.effects if e.module == module]
        found = [(0, "before the series", effects[0][1].before)]
        found += [(patch.number, patch.title, effect.after) for patch, effect in effects]
        points = [
            {"x": n, "y": y, "tip": f"{n}. {title}\n{module} loads {counted(y, 'module')}"}
            for n, title, y in found
        ]
        drawn.append((colour, points))
    return _lines(drawn, "commit of the series", "modules loaded", 280)


def _lines(
    drawn: Sequence[tuple[str, list[dict[str, Any]]]], across: str, up: str, height: int
) -> Chart:
    return {
        "kind": "lines",
        "across": across,
        "up": up,
        "height": height,
        "lines": [{"colour": colour, "points": points} for colour, points in drawn],
    }
