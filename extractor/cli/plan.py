"""``extractor plan``: draft a plan; what a plan means at one revision, before a run."""

from __future__ import annotations

from pathlib import Path

import click

from extractor.cli._options import (
    Reporting,
    plan_option,
    reporting_options,
    rev_option,
    source_argument,
)
from extractor.errors import ExitCode, UsageError
from extractor.scratch import workspace


@click.command()
@source_argument
@click.option(
    "--root",
    "roots",
    multiple=True,
    metavar="PACKAGE",
    help="With --into: a package or module to extract; may be repeated.",
)
@click.option("--into", metavar="NAME", help="Draft a plan for a new package of this name.")
@click.option(
    "--write",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="With --into: folder for the draft.  [default: ./NAME-plan]",
)
@plan_option
@rev_option
@reporting_options
def command(
    source: str,
    roots: tuple[str, ...],
    into: str | None,
    write: Path | None,
    plan: str,
    rev: str | None,
    reporting: Reporting,
) -> int:
    """Show what a plan would extract from SOURCE, and what it leaves undecided.

    With --root and --into it drafts a first plan from the analysis, writes it to a new folder,
    and shows it. Nothing else is written. The exit code is 1 when something that the subsystem
    needs has no place in the result.
    """
    from extractor.pipeline import analyse, draft
    from extractor.plan.describe import as_json, as_text
    from extractor.plan.load import load_plan
    from extractor.source.opening import open_source

    if bool(roots) != bool(into):
        raise UsageError("a draft needs both --root and --into")
    with workspace() as scratch:
        opened = open_source(
            source,
            rev,
            workspace=Path(scratch),
            progress=reporting.progress,
            need_history=False,
        )
        with opened as ready, reporting.progress.stage("analyse"):
            if into:
                drafted = draft(ready.tree, roots, into, write or Path(f"{into}-plan"))
                plan = str(drafted.folder)
            # With a slash: a plan of that name may come with us.
            chosen = load_plan(f"{plan}/" if into else plan)
            analysis = analyse(ready.tree, chosen)
    layout, reach = analysis.layout, analysis.reach
    facts = as_json(chosen.data, reach, layout)
    text = as_text(chosen.data, reach, layout)
    if into:
        facts["draft"] = plan
        facts["would_not_hold"] = list(drafted.broken)
        text += f"\n\nThe draft is {plan}/plan.toml, and runs as it is"
        if drafted.broken:
            text += ", but its checks would not all hold:\n  " + "\n  ".join(drafted.broken)
            text += "\nIts questions say what cures it. To run it"
        text += ":"
        text += f"\n  extractor run {source} OUTPUT --plan {plan}"
    reporting.result(facts, text)
    return ExitCode.DID_NOT_HOLD if layout.undecided else ExitCode.DONE
