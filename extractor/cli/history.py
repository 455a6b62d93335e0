"""``extractor history``: what can be shown of the history a result carries."""

from __future__ import annotations

from pathlib import Path

import click

from extractor.cli._options import Reporting, place_of_source, plan_option, reporting_options
from extractor.errors import ExitCode

_UPSTREAM = "upstream"


@click.group()
def command() -> None:
    """Look into the history that a result carries."""


@command.command()
@click.argument(
    "result", metavar="RESULT", type=click.Path(path_type=Path, file_okay=False, exists=True)
)
@click.option(
    "--against",
    metavar="SOURCE",
    help="The source it was made of: a checkout or a bare repository with full history.  "
    "[default: where it was then]",
)
@click.option(
    "--branch",
    metavar="BRANCH",
    default=_UPSTREAM,
    show_default=True,
    help="Compare blame at this branch of RESULT.",
)
@plan_option
@reporting_options
def check(result: Path, against: str | None, branch: str, plan: str, reporting: Reporting) -> int:
    """Compare RESULT (OUTPUT/<name>) with its source, line by line and commit by commit.

    Blame must name the same commit for 99 % of the lines; no commit may change nothing, no
    path be foreign, no ancestor lost, no import dangle; the tip must be exactly the mapped
    subset. Where the history was rewritten, with PLAN, no version may name a moved module by an
    old path, and each must still be readable. What was seen is noted in the manifest beside
    RESULT, where `extractor report` finds it.
    """
    from extractor.carving.renaming import historic_rewrite
    from extractor.history.check import check_history, summary
    from extractor.history.state import read_state
    from extractor.manifest import record_checks
    from extractor.pipeline import analyse
    from extractor.plan.load import load_plan
    from extractor.reporting.history import history_records
    from extractor.scratch import workspace
    from extractor.source.opening import open_source

    state = read_state(result / ".git")
    place = place_of_source(against, result / ".git", "--against")
    with workspace() as scratch:
        opened = open_source(
            place, state.source_revision, workspace=scratch, progress=reporting.progress
        )
        with opened as source, reporting.progress.stage("check"):
            make_rewrite = None
            if state.form == "rewritten":
                make_rewrite = historic_rewrite(analyse(source.tree, load_plan(plan)).layout)
            checked = check_history(
                source.git_dir, result, branch=branch, make_rewrite=make_rewrite
            )
    if branch == _UPSTREAM:
        record_checks(result, *history_records(checked))
    reporting.result(checked.record(), summary(checked))
    return ExitCode.DID_NOT_HOLD if checked.problems else ExitCode.DONE
