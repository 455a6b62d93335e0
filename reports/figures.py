"""The pictures of a report as plotly figures; every one has a table beside it in the page."""

from __future__ import annotations

import html
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from reports.schema import (
    Cascade,
    CoupledClass,
    Coupling,
    CutOffer,
    History,
    Payment,
    RunReport,
    Step,
)

OWN = "#d9480f"
# Told apart by people who see fewer colours, on light and dark ground (Okabe and Ito).
_OTHERS = ("#0072b2", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#7a6fd0")
_REST = "#8a8f98"
_MOST_BARS = 15


def figures(report: RunReport) -> dict[str, dict[str, Any]]:
    """Figure by the id of its place in the page, as JSON values; only those with something in."""
    made: dict[str, go.Figure] = {}
    cascades = report.cascades
    colours = _colours(cascades.before, cascades.after)
    if cascades.before:
        made["cascade-before"] = icicle(cascades.before, colours)
    if cascades.after:
        made["cascade-after"] = icicle(cascades.after, colours)
    if cascades.payments or cascades.offers:
        made["payments"] = bought(cascades.payments, cascades.offers)
    if report.coupling:
        made["coupling"] = matrix(report.coupling)
    if report.history.timeline:
        made["timeline"] = timeline(report.history)
    if report.history.blame:
        made["blame"] = blame(report.history)
    if report.steps:
        made["steps"] = steps(report.steps)
    return {name: json.loads(figure.to_json()) for name, figure in made.items()}


def text(value: str) -> str:
    """A label: plotly reads a little HTML in them, which names must not be."""
    return html.escape(value, quote=False)


def part_of(module: str) -> str:
    """The first two names of a dotted one: what colours and columns go by."""
    return ".".join(module.split(".")[:2])


def _colours(*cascades: Cascade | None) -> dict[str, str]:
    lines: Counter[str] = Counter()
    for cascade in cascades:
        for m in cascade.modules if cascade else ():
            if not m.belongs:
                lines[part_of(m.module)] += m.lines
    largest = sorted(lines, key=lambda part: (-lines[part], part))[: len(_OTHERS)]
    return dict(zip(largest, _OTHERS, strict=False))


def icicle(cascade: Cascade, colours: dict[str, str]) -> go.Figure:
    """Who loads what, by lines: a module hangs below the one that loads it first."""
    modules = cascade.modules
    figure = go.Figure(
        go.Icicle(
            ids=[text(m.module) for m in modules],
            labels=[text(m.module.rpartition(".")[2]) for m in modules],
            parents=[text(m.loaded_by) for m in modules],
            values=[m.lines for m in modules],
            branchvalues="remainder",
            maxdepth=7,
            leaf={"opacity": 1},
            tiling={"orientation": "v"},
            pathbar={"visible": True, "thickness": 22},
            marker={
                "colors": [
                    OWN if m.belongs else colours.get(part_of(m.module), _REST) for m in modules
                ],
                "line": {"width": 1},
            },
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
    return _plain(figure, 430)


def bought(payments: Sequence[Payment], offers: Sequence[CutOffer]) -> go.Figure:
    """What the plan's decisions and the best other cuts each save alone, in modules."""
    bars = [(p.alone, p.subject, "decided in the plan", OWN) for p in payments if p.alone]
    bars += [(o.modules, o.what, "one cut of many possible", _OTHERS[0]) for o in offers]
    bars = sorted(bars, key=lambda b: (-b[0], b[1]))[:_MOST_BARS][::-1]
    figure = go.Figure(
        [
            go.Bar(
                name=group,
                x=[b[0] for b in bars if b[2] == group],
                y=[text(_short(b[1])) for b in bars if b[2] == group],
                orientation="h",
                marker={"color": colour},
                customdata=[text(b[1]) for b in bars if b[2] == group],
                hovertemplate="%{customdata}<br>%{x} modules<extra></extra>",
            )
            for group, colour in dict.fromkeys((b[2], b[3]) for b in bars)
        ]
    )
    figure.update_yaxes(
        categoryorder="array",
        categoryarray=[text(_short(b[1])) for b in bars],
        automargin=True,
        title=None,
    )
    figure.update_xaxes(title="modules no longer loaded, this cut alone")
    return _plain(figure, 60 + 26 * len(bars))


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
    for c in classes:
        for user in c.users:
            totals[user.part] += user.places
    parts = sorted(totals, key=lambda part: (-totals[part], part))[:30]
    cells = [[{u.part: u.places for u in c.users}.get(part, 0) for part in parts] for c in classes]
    figure = go.Figure(
        go.Heatmap(
            x=[text(part) for part in parts],
            y=[text(("● " if c.belongs else "") + c.name) for c in classes],
            z=[[min(n, 50) or None for n in row] for row in cells],
            customdata=cells,
            colorscale=[[0, "#9ecae1"], [1, "#08306b"]],
            colorbar={
                "title": {"text": "places"},
                "thickness": 10,
                "len": 160,
                "lenmode": "pixels",
                "y": 1,
                "yanchor": "top",
            },
            xgap=1,
            ygap=1,
            hoverongaps=False,
            hovertemplate="%{y} is used by %{x} in %{customdata} places<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", automargin=True, dtick=1, tickfont={"size": 10})
    figure.update_xaxes(side="top", tickangle=-60, automargin=True, tickfont={"size": 10})
    return _plain(figure, 200 + 15 * len(classes))


def timeline(history: History) -> go.Figure:
    """Kept commits by month."""
    figure = go.Figure(
        go.Bar(
            x=[month.month for month in history.timeline],
            y=[month.commits for month in history.timeline],
            marker={"color": _OTHERS[0]},
            hovertemplate="%{x}: %{y} commits<extra></extra>",
        )
    )
    figure.update_xaxes(type="date", title=None)
    figure.update_yaxes(title="commits")
    return _plain(figure, 260)


def blame(history: History) -> go.Figure:
    """Lines of each file by whether blame names the commit it names in the source."""
    rows = sorted(history.blame, key=lambda b: (-(b.same + b.older + b.different), b.path))[:30]
    rows = rows[::-1]
    figure = go.Figure(
        [
            go.Bar(
                name=name,
                orientation="h",
                y=[text(_short(b.path)) for b in rows],
                x=[getattr(b, field) for b in rows],
                marker={"color": colour},
            )
            for field, name, colour in (
                ("same", "the same commit", _OTHERS[1]),
                ("older", "an older one: its past was followed", _OTHERS[3]),
                ("different", "another one", OWN),
                ("unpaired", "written for the result", _REST),
            )
        ]
    )
    figure.update_layout(barmode="stack")
    figure.update_yaxes(automargin=True)
    figure.update_xaxes(title="lines")
    return _plain(figure, 80 + 20 * len(rows))


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
    figure.update_xaxes(title="step", dtick=1)
    figure.update_yaxes(title="imports of the old package", rangemode="tozero")
    return _plain(figure, 280)


def _short(label: str) -> str:
    return label if len(label) <= 44 else f"{label[:20]}…{label[-23:]}"


def _plain(figure: go.Figure, height: int) -> go.Figure:
    figure.update_layout(
        template="none",
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8, "autoexpand": True},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "system-ui, sans-serif", "size": 12},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        hoverlabel={"align": "left"},
        bargap=0.25,
    )
    figure.update_xaxes(automargin=True)
    figure.update_yaxes(automargin=True)
    return figure
