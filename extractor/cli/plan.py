"""``extractor plan``: what a plan means at one revision, before anything is made."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from extractor.cli._options import (
    Reporting,
    plan_option,
    reporting_options,
    rev_option,
    source_argument,
)
from extractor.errors import ExitCode


@click.command()
@source_argument
@plan_option
@rev_option
@reporting_options
def command(source: str, plan: str, rev: str | None, reporting: Reporting) -> int:
    """Show what PLAN would carry out of SOURCE, and what it leaves undecided.

    Nothing is written. Exits with 1 when something is reached that has no place.
    """
    from extractor.pipeline import analyse
    from extractor.plan.describe import as_json, as_text
    from extractor.plan.load import load_plan
    from extractor.source.repository import open_source

    chosen = load_plan(plan)
    with tempfile.TemporaryDirectory(prefix="extractor-") as scratch:
        opened = open_source(
            source,
            rev,
            workspace=Path(scratch),
            progress=reporting.progress,
            need_history=False,
        )
        with opened as ready, reporting.progress.stage("analyse"):
            analysis = analyse(ready.tree, chosen)
    layout, reach = analysis.layout, analysis.reach
    reporting.result(as_json(chosen.data, reach, layout), as_text(chosen.data, reach, layout))
    return ExitCode.DID_NOT_HOLD if layout.undecided else ExitCode.DONE
