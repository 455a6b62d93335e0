"""The pictures of a report as plotly figures; every one has a table beside it in the page."""

from __future__ import annotations

import html
import json
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

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
_MOST_LEVELS = 7
_OWN_PART = "● the subsystem"
_ORIGINS = {
    "moved": (OWN, "moved as a whole"),
    "carried": (_OTHERS[0], "symbols carried out of a module that stays"),
    "written": (_OTHERS[1], "written by a person"),
    "": (_REST, "made by the run"),
}
_PAID = (("come back if only this is undone", OWN), ("spared if only this is done", _OTHERS[0]))
_FOLLOWED = (
    ("on a path of today", _OTHERS[0]),
    ("found by following renames and moved code", OWN),
)
_BLAME = (
    ("same", "the same commit", _OTHERS[1]),
    ("older", "an older one: its past was followed", _OTHERS[3]),
    ("different", "another one", OWN),
    ("unpaired", "written for the result", _REST),
)
_LINES = (OWN, *_OTHERS)
_STEPS = {
    "move": "leaving the packages around the subsystem",
    "carry": "carrying symbols, or writing, instead of importing",
}


def figures(report: RunReport) -> dict[str, dict[str, Any]]:
    """Figure by the id of its place in the page, as JSON values; only those with something in."""
    made: dict[str, go.Figure] = {}
    cascades = report.cascades
    if cascades.before:
        made["cascade-before"] = icicle(cascades.before, _by_part(cascades.before))
    if cascades.after:
        made["cascade-after"] = icicle(cascades.after, _by_origin(cascades.after))
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
    return {name: json.loads(figure.to_json()) for name, figure in made.items()}


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


def text(value: str) -> str:
    """A label: plotly reads a little HTML in them, which names must not be."""
    return html.escape(value, quote=False)


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


def icicle(cascade: Cascade, coloured: tuple[dict[str, str], dict[str, str]]) -> go.Figure:
    """Who loads what, by lines: a module hangs below the one that loads it first."""
    modules = cascade.modules
    colours = [coloured[0][m.module] for m in modules]
    inks = [ink_on(colour) for colour in colours]
    figure = go.Figure(
        go.Icicle(
            ids=[text(m.module) for m in modules],
            labels=[text(m.module.rpartition(".")[2]) for m in modules],
            parents=[text(m.loaded_by) for m in modules],
            values=[m.lines for m in modules],
            branchvalues="remainder",
            maxdepth=_MOST_LEVELS,
            leaf={"opacity": 1},
            tiling={"orientation": "v"},
            pathbar={"visible": True, "thickness": 22},
            textposition="top left",
            insidetextfont={"color": inks},
            # The root's, for plotly.
            outsidetextfont={"color": inks},
            marker={"colors": colours, "line": {"width": 1}},
            customdata=[
                [
                    text(m.module),
                    f"{m.lines:,}",
                    text(f"{m.loaded_by}:{m.line}" if m.loaded_by else "the root"),
                ]
                for m in modules
            ],
            hovertemplate="%{customdata[0]}<br>%{customdata[1]} lines of its own, "
            "%{value:,} with what it loads first<br>loaded by %{customdata[2]}<extra></extra>",
            sort=True,
        )
    )
    # A label that does not fit at this size is not shown: the pointer tells it.
    figure.update_layout(uniformtext={"minsize": 9, "mode": "hide"})
    return _plain(figure, 24 + 58 * min(_MOST_LEVELS, _levels(cascade)))


def _levels(cascade: Cascade) -> int:
    """How many modules hang below each other at most."""
    below: dict[str, list[str]] = {}
    for m in cascade.modules:
        below.setdefault(m.loaded_by, []).append(m.module)
    level, row = 0, below.get("", [])
    while row:
        level, row = level + 1, [m for above in row for m in below.get(above, [])]
    return level


def bought(payments: Sequence[Payment]) -> go.Figure:
    """What each step of the cut pays, in modules."""
    rows = [p for p in payments if p.alone or p.undone]
    rows.sort(key=lambda p: (-p.undone, -p.alone, p.subject))
    return _bars(
        [step_words(p) for p in rows],
        [
            (*_PAID[0], [p.undone for p in rows]),
            (*_PAID[1], [p.alone for p in rows]),
        ],
        "modules",
    )


def offered(offers: Sequence[CutOffer]) -> go.Figure:
    """The single cuts that would save most, in modules."""
    rows = offers[:_MOST_BARS]
    return _bars(
        [o.what for o in rows],
        [(*_PAID[1], [o.modules for o in rows])],
        "modules",
    )


def _bars(
    labels: Sequence[str], groups: Sequence[tuple[str, str, Sequence[int]]], unit: str
) -> go.Figure:
    """Bars with their labels above them: those are long, and a phone is narrow."""
    count = len(labels)
    places = list(range(count))
    figure = go.Figure(
        [
            go.Bar(
                name=name,
                x=values,
                y=places,
                orientation="h",
                marker={"color": colour},
                width=0.36 / len(groups),
                offset=0.02 + 0.36 * index / len(groups),
                customdata=[text(label) for label in labels],
                text=[str(value or "") for value in values],
                textposition="outside",
                cliponaxis=False,
                hovertemplate=f"%{{customdata}}<br>%{{x}} {unit} {name}<extra></extra>",
            )
            for index, (name, colour, values) in enumerate(groups)
        ]
    )
    figure.update_layout(
        annotations=[
            {
                "x": 0,
                "y": place - 0.22,
                "text": text(_short(label, 110)),
                "showarrow": False,
                "xanchor": "left",
                "yanchor": "middle",
                "font": {"size": 11},
            }
            for place, label in enumerate(labels)
        ]
    )
    most = max((max(values) for *_, values in groups), default=1)
    figure.update_yaxes(visible=False, range=[count - 0.4, -0.5])
    figure.update_xaxes(title=unit, range=[0, most * 1.12 or 1], fixedrange=True)
    return _plain(figure, 90 + (30 + 16 * len(groups)) * count)


def ordered_classes(coupling: Coupling) -> list[CoupledClass]:
    """The subsystem's own classes first, then by use: rows of the matrix and of its table."""
    return sorted(
        coupling.classes,
        key=lambda c: (not c.belongs, -sum(u.places for u in c.users), c.name, c.module),
    )


def matrix(coupling: Coupling) -> go.Figure:
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
    cells = [[used[part] for part in parts] for used in uses]
    names = Counter(c.name for c in classes)
    labels = [c.name if names[c.name] == 1 else f"{c.name} ({c.module})" for c in classes]
    ticks = [n for n in (1, 3, 10, 30, 100, 300, 1000) if n <= max(map(max, cells), default=1)]
    figure = go.Figure(
        go.Heatmap(
            x=[_marked(part) if part == _OWN_PART else text(part) for part in parts],
            y=[
                _marked(f"● {label}") if c.belongs else text(label)
                for c, label in zip(classes, labels, strict=True)
            ],
            z=[[math.log10(n) if n else None for n in row] for row in cells],
            zmin=0,
            customdata=cells,
            colorscale=[[0, "#9ecae1"], [1, "#08306b"]],
            colorbar={
                "title": {"text": "places"},
                "thickness": 10,
                "len": 160,
                "lenmode": "pixels",
                "y": 1,
                "yanchor": "top",
                "tickvals": [math.log10(n) for n in ticks],
                "ticktext": [str(n) for n in ticks],
            },
            xgap=1,
            ygap=1,
            hoverongaps=False,
            hovertemplate="%{y} is used by %{x} in %{customdata} places<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", automargin=True, dtick=1, tickfont={"size": 10})
    figure.update_xaxes(side="top", tickangle=-60, automargin=True, tickfont={"size": 10}, dtick=1)
    return _plain(figure, 200 + 15 * len(classes))


def _marked(label: str) -> str:
    """A label in the subsystem's colour; the page puts in the one of its theme."""
    return f'<span style="color:{OWN}">{text(label)}</span>'


def timeline(history: History) -> go.Figure:
    """Kept commits by month, those found by following renames apart."""
    months = [month.month for month in history.timeline]
    figure = go.Figure(
        [
            go.Bar(
                name=name,
                x=months,
                y=values,
                marker={"color": colour},
                hovertemplate=f"%{{x|%B %Y}}: %{{y}} commits {name}<extra></extra>",
            )
            for (name, colour), values in zip(
                _FOLLOWED,
                (
                    [month.commits - month.followed for month in history.timeline],
                    [month.followed for month in history.timeline],
                ),
                strict=True,
            )
        ]
    )
    figure.update_layout(barmode="stack")
    figure.update_xaxes(type="date", title=None)
    figure.update_yaxes(title="commits a month")
    return _plain(figure, 280)


def blame(history: History) -> go.Figure:
    """Lines of each file by whether blame names the commit it names in the source."""
    rows = sorted(history.blame, key=lambda b: (-(b.same + b.older + b.different), b.path))[:30]
    rows = rows[::-1]
    places = list(range(len(rows)))
    figure = go.Figure(
        [
            go.Bar(
                name=name,
                orientation="h",
                y=places,
                x=[getattr(b, field) for b in rows],
                marker={"color": colour},
                customdata=[text(b.path) for b in rows],
                hovertemplate=f"%{{customdata}}<br>%{{x:,}} lines: {name}<extra></extra>",
            )
            for field, name, colour in _BLAME
        ]
    )
    figure.update_layout(barmode="stack")
    figure.update_yaxes(
        automargin=True, tickvals=places, ticktext=[text(_tail(b.path)) for b in rows]
    )
    figure.update_xaxes(title="lines")
    return _plain(figure, 110 + 20 * len(rows))


def steps(rows: Sequence[Step]) -> go.Figure:
    """How many imports of the old package are left after each step."""
    figure = go.Figure(
        go.Scatter(
            x=list(range(1, len(rows) + 1)),
            y=[step.old_names for step in rows],
            mode="lines+markers",
            line={"shape": "hv", "color": OWN},
            customdata=[text(step.subject) for step in rows],
            hovertemplate="%{x}. %{customdata}<br>%{y} imports left<extra></extra>",
        )
    )
    figure.update_xaxes(title="step", tick0=1, dtick=max(1, len(rows) // 8))
    figure.update_yaxes(title="imports of the old package", rangemode="tozero")
    return _plain(figure, 280)


def _measured(patches: Sequence[Patch]) -> list[str]:
    return list(dict.fromkeys(e.module for patch in patches for e in patch.effects))


def series(patches: Sequence[Patch]) -> go.Figure:
    """What importing each measured module loads before the series and after each of its commits."""
    figure = go.Figure()
    for colour, module in zip(_LINES, _measured(patches), strict=False):
        effects = [(p, e) for p in patches for e in p.effects if e.module == module]
        figure.add_trace(
            go.Scatter(
                name=text(module),
                x=[0, *(patch.number for patch, _ in effects)],
                y=[effects[0][1].before, *(effect.after for _, effect in effects)],
                mode="lines+markers",
                line={"shape": "hv", "color": colour},
                customdata=[
                    [title, text(module)]
                    for title in ("before the series", *(text(p.title) for p, _ in effects))
                ],
                hovertemplate="%{x}. %{customdata[0]}<br>%{customdata[1]} loads %{y} modules"
                "<extra></extra>",
            )
        )
    last = max(patch.number for patch in patches)
    figure.update_xaxes(
        title="commit of the series", tick0=0, dtick=max(1, last // 8), range=[-0.3, last + 0.3]
    )
    figure.update_yaxes(title="modules loaded", rangemode="tozero")
    return _plain(figure, 320)


def _short(label: str, most: int) -> str:
    return label if len(label) <= most else f"{label[: most // 2]}…{label[-most // 2 + 1 :]}"


def _tail(path: str, most: int = 26) -> str:
    return path if len(path) <= most else f"…{path[1 - most :]}"


def _plain(figure: go.Figure, height: int) -> go.Figure:
    figure.update_layout(
        template="none",
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8, "autoexpand": True},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "system-ui, sans-serif", "size": 12},
        # What colours mean stands in the page, where it wraps and is read out.
        showlegend=False,
        hoverlabel={"align": "left"},
        bargap=0.25,
    )
    figure.update_xaxes(automargin=True)
    figure.update_yaxes(automargin=True)
    return figure
