"""A report as one HTML file that needs nothing else: no network, no other file."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from itertools import groupby
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from extractor_reports.charts import charts, legends, ordered_classes, step_words
from extractor_reports.schema import Cascades, ChangeReport, Fate, Report, RunReport
from extractor_reports.words import counted

_PARTS = re.compile(r"(?<=[./])(?=[^./])|(?<=:)(?=[^:\d])|(?<=[^\W_]_)(?=[^\W_])")
_TICKS = re.compile(r"`+([^`]+)`+")
_OUTCOMES = {"did not hold": 0, "cannot run": 1, "held": 2, "does not apply": 3, "not asked": 4}
_FATES: tuple[Fate, ...] = ("replaced", "cut", "shared", "carried", "moved", "dropped", "left")


def render_html(report: Report) -> str:
    """The page; the same report gives the same page with the same libraries."""
    environment = Environment(
        loader=PackageLoader("extractor_reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["thousands"] = lambda number: f"{number:,}"
    environment.filters["counted"] = counted
    environment.filters["breakable"] = breakable
    environment.filters["headed"] = headed
    environment.filters["ticked"] = ticked
    environment.filters["picture"] = _picture
    drawn = charts(report) if isinstance(report, RunReport) else {}
    style = _file(environment, "style.css")
    scripts = [_file(environment, "page.js")]
    if drawn:
        scripts.insert(0, _file(environment, "charts.js"))
    template = "run.html.j2" if isinstance(report, RunReport) else "change.html.j2"
    return environment.get_template(template).render(
        report=report,
        figures=drawn,
        style=Markup(style),
        # The text between the tags must not end them.
        scripts=[Markup(re.sub(r"</(?=script)", r"<\\/", s)) for s in scripts],
        policy=_policy(re.sub(r"</(?=script)", r"<\\/", s) for s in scripts),
        **_extra(report),
    )


def _extra(report: Report) -> dict[str, Any]:
    if isinstance(report, ChangeReport):
        return {}
    fates = Counter(s.fate for s in report.symbols)
    return {
        "legends": legends(report),
        "step_words": step_words,
        "fate_words": [
            *([("-left", f"all but those left ({len(report.symbols) - fates['left']})")]),
            *((fate, f"{fate} ({fates[fate]})") for fate in _FATES if fates[fate]),
        ],
        # What a person decided first, what nothing happened to last.
        "ordered_symbols": sorted(report.symbols, key=lambda s: _FATES.index(s.fate)),
        "ordered_classes": ordered_classes(report.coupling) if report.coupling else (),
        "words": [
            (reason, list(words))
            for reason, words in groupby(
                sorted(report.remaining_words, key=lambda w: (w.reason, w.path, w.line)),
                key=lambda w: w.reason,
            )
        ],
        "broken": [c for c in report.checks if c.outcome == "did not hold"],
        "held": [c for c in report.checks if c.outcome == "held"],
        "not_run": [c for c in report.checks if c.outcome == "cannot run"],
        "not_asked": [c.name for c in report.checks if c.outcome == "not asked"],
        # Those that apply: held, broken and not run add up to it.
        "applicable": sum(c.outcome != "does not apply" for c in report.checks),
        "tests_seen": _tests_seen(report),
        # The worst first, what nobody asked last.
        "ordered_checks": sorted(
            report.checks, key=lambda c: _OUTCOMES.get(c.outcome, len(_OUTCOMES))
        ),
        "gone_packages": _gone(report.cascades),
        "applied": sum(d.outcome == "applied" for d in report.decisions),
    }


def _tests_seen(report: RunReport) -> str:
    """Whether "all" its tests were run, only "unit" tests, or "none"."""
    ran = {c.name for c in report.checks if c.outcome in {"held", "did not hold"}}
    if ran & {"tests", "test_parity", "test_orders"}:
        return "all"
    return "unit" if "unit_tests" in ran else "none"


def _gone(cascades: Cascades) -> list[str]:
    """Packages from elsewhere that are named before and not after."""
    if not (cascades.before and cascades.after):
        return []
    kept = {t.package for t in cascades.after.third_party}
    return [t.package for t in cascades.before.third_party if t.package not in kept]


def breakable(name: str) -> Markup:
    """A name that may be broken between its parts, and not inside one."""
    return Markup("<wbr>").join(escape(part) for part in _PARTS.split(name))


def ticked(sentence: str) -> Markup:
    """A sentence in which what stands between backticks is code."""
    pieces = _TICKS.split(sentence)
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if index % 2 else escape(piece)
        for index, piece in enumerate(pieces)
    )


def headed(text: str) -> tuple[str, str]:
    """The comment a file begins with, a licence as a rule, and the rest of it."""
    lines = text.splitlines(keepends=True)
    count = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return "".join(lines[:count]), "".join(lines[count:]).lstrip("\n")


def _policy(scripts: Any) -> str:
    """Only our own scripts run, and nothing is fetched from anywhere."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'"
        for s in scripts
    )
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _file(environment: Environment, name: str) -> str:
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]


def _picture(svg: str) -> str:
    """An SVG as the address of an image: as an image it can neither run nor load anything."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode("utf-8")).decode("ascii")
