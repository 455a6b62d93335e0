"""Migrations of both sides leave the same tables on every server, and the models fit them."""

from __future__ import annotations

from extractor.errors import SourceError
from extractor.progress import Progress
from extractor.verification import labs
from extractor.verification.check import CheckResult, Context, Result, does_not_apply, verdict

NEEDS = "source"


def check(result: Result, context: Context) -> CheckResult:
    """What ``extractor schema compare`` finds on all servers that are here."""
    if context.against is None:
        return does_not_apply("schema", "no source to compare with (--against)")
    if context.plan.data.database is None:
        return does_not_apply("schema", "the plan has no [database]")
    labs.require_drivers("schemas are read")
    from extractor.database import comparison

    places = []
    for place in labs.places(result, context):
        root = context.scratch / f"{place.name}-drivers"
        made = labs.with_drivers(place.environment, root, context)
        places.append(comparison.Place(place.tree, str(made.python)))
    # For one finding, one server will do.
    engines = ("sqlite",) if context.first else ()
    settings = comparison.settings_of(context.plan)
    try:
        report = comparison.compare_sides(settings, places[0], places[1], engines, Progress())
    except SourceError as error:
        return verdict("schema", [str(error)], [])
    findings = [
        f"{one.engine}: {what}{difference}"
        for one in report.engines
        for what, differences in (("", one.differences), ("models: ", one.models))
        for difference in differences
    ]
    tried = ", ".join(f"{one.engine}: {one.tables} tables" for one in report.engines)
    missing = f"; NOT TESTED, not installed here: {', '.join(report.missing)}"
    evidence = [f"compared on {tried}{missing if report.missing else ''}"]
    known = sorted({str(d) for one in report.engines for d in one.expected})
    evidence += [f"known exception of the models: {text}" for text in known]
    figures = {one.engine: one.tables for one in report.engines}
    return verdict("schema", findings, evidence, figures, compared=sum(figures.values()))
