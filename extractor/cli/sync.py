"""``extractor sync``: bring a result up to date with its source."""

from __future__ import annotations

from pathlib import Path

import click

from extractor.cli._options import (
    Reporting,
    output_argument,
    place_of_source,
    plan_option,
    remember_place,
    reporting_options,
    rev_option,
)
from extractor.errors import ExitCode, NothingToDo


@click.command()
@output_argument
@click.option(
    "--from",
    "source",
    metavar="SOURCE",
    help="The source repository.  [default: its last known place]",
)
@rev_option
@plan_option
@click.option("--author", metavar="'NAME <MAIL>'", help="Author of the commits made.")
@reporting_options
def command(
    output: Path,
    source: str | None,
    rev: str | None,
    plan: str,
    author: str | None,
    reporting: Reporting,
) -> int:
    """Append to OUTPUT what SOURCE did up to --rev since OUTPUT was made.

    The branch upstream only goes forward. Commits made on top of the extraction stay; when
    they conflict, the files are named and the branch is left as it is.
    """
    from extractor.history.commits import Identity
    from extractor.locks import only_one
    from extractor.plan.load import load_plan
    from extractor.scratch import workspace
    from extractor.source.opening import open_source
    from extractor.sync import summary, sync

    chosen = load_plan(plan)
    git_dir = output / chosen.data.name / ".git"
    place = place_of_source(source, git_dir, "--from")
    identity = Identity.parse(author) if author else None
    with only_one(output, note=reporting.progress.warn), workspace() as scratch:
        opened = open_source(place, rev, workspace=scratch, progress=reporting.progress)
        with opened as ready:
            try:
                done = sync(ready, chosen, output, author=identity, progress=reporting.progress)
            except NothingToDo:
                remember_place(git_dir, ready, place)
                raise
            remember_place(git_dir, ready, place)
    reporting.result(done.record(), summary(done))
    return ExitCode.DID_NOT_HOLD if done.joined.conflicts else ExitCode.DONE
