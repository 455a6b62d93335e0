"""``extractor history``: what a result's history would be, and whether it is complete."""

from __future__ import annotations

from pathlib import Path

import click

from extractor.cli._options import (
    Reporting,
    place_of_source,
    plan_option,
    reporting_options,
    rev_option,
    source_argument,
)
from extractor.errors import ExitCode

_UPSTREAM = "upstream"


@click.group()
def command() -> None:
    """Inspect the history that a result carries or would carry."""


@command.command()
@source_argument
@plan_option
@rev_option
@reporting_options
def preview(source: str, plan: str, rev: str | None, reporting: Reporting) -> int:
    """Show which part of SOURCE's history a run would carry.

    For each file of the result it lists the names it had, the commits that renamed it, and how
    many commits and authors changed it; then the paths outside the plan that contribute
    history. Nothing is written.
    """
    from extractor.history.preview import preview_history, summary
    from extractor.history.providers import Following
    from extractor.pipeline import analyse
    from extractor.plan.load import load_plan
    from extractor.scratch import workspace
    from extractor.source.opening import open_source

    with workspace() as scratch:
        opened = open_source(source, rev, workspace=scratch, progress=reporting.progress)
        with opened as ready, reporting.progress.stage("history"):
            chosen = load_plan(plan)
            layout = analyse(ready.tree, chosen).layout
            how = Following(not_from=tuple(chosen.data.history.not_from))
            told = preview_history(ready.git_dir, ready.revision, layout.moves, how)
    reporting.result(told.record(), summary(told))
    return ExitCode.DONE


@command.command()
@click.argument(
    "result", metavar="RESULT", type=click.Path(path_type=Path, file_okay=False, exists=True)
)
@click.option(
    "--against",
    metavar="SOURCE",
    help="Its source: a checkout or a bare repository with full history.   "
    "[default: its last known place]",
)
@click.option(
    "--branch",
    metavar="BRANCH",
    default=_UPSTREAM,
    show_default=True,
    help="The branch of RESULT whose blame is compared.",
)
@plan_option
@reporting_options
def check(result: Path, against: str | None, branch: str, plan: str, reporting: Reporting) -> int:
    """Compare RESULT (OUTPUT/<name>) with its source, line by line and commit by commit.

    Blame must name the same commit for 99 % of the lines. No commit may be empty, no path
    foreign, no ancestor lost, no import dangling; the tip must be exactly the mapped subset. In
    a rewritten history (needs PLAN) no version may name a moved module by an old path, and each
    version must still parse. The outcome is added to the manifest beside RESULT, where
    `extractor report` finds it.
    """
    from extractor.carving.renaming import historic_rewrite
    from extractor.history.check import check_history, summary
    from extractor.history.last_tests import with_last_tests
    from extractor.history.state import read_state
    from extractor.manifest import record_checks
    from extractor.pipeline import analyse
    from extractor.plan.load import load_plan
    from extractor.reporting.history import history_records
    from extractor.scratch import workspace
    from extractor.source.opening import open_source
    from extractor.verification.check import Result

    state = read_state(result / ".git")
    place = place_of_source(against, result / ".git", "--against")
    rules = load_plan(plan)
    # Where tests are an ancestor's, the state names a commit that only the run had.
    manifest = Result.at(result).manifest.get("source", {})
    asked = manifest.get("revision") if manifest.get("tests_from") else None
    with workspace() as scratch:
        opened = open_source(
            place, asked or state.source_revision, workspace=scratch, progress=reporting.progress
        )
        with (
            opened as there,
            with_last_tests(there, rules.data) as completed,
            reporting.progress.stage("check"),
        ):
            source = completed.source
            make_rewrite = None
            if state.form == "rewritten":
                make_rewrite = historic_rewrite(analyse(source.tree, rules).layout)
            checked = check_history(
                source.git_dir, result, branch=branch, make_rewrite=make_rewrite
            )
    if branch == _UPSTREAM:
        record_checks(result, *history_records(checked))
    reporting.result(checked.record(), summary(checked))
    return ExitCode.DID_NOT_HOLD if checked.problems else ExitCode.DONE
