"""``extractor data``: carry the rows over, write down what is known, and make it again."""

from __future__ import annotations

import click

from extractor.cli._options import Reporting, plan_option, reporting_options
from extractor.plan.load import load_plan


@click.group()
def command() -> None:
    """Copy, export and replay the subsystem's data."""


@command.command()
@plan_option
@click.option("--from", "from_url", metavar="URL", required=True, help="The database to read.")
@click.option("--to", "to_url", metavar="URL", required=True, help="The database to fill.")
@click.option("--write", is_flag=True, help="Copy. Without this, only say what would be done.")
@click.option(
    "--source-is-quiet",
    "quiet_source",
    is_flag=True,
    help="Nobody writes to the source: copy even where no snapshot is possible.",
)
@reporting_options
def copy(
    plan: str, from_url: str, to_url: str, write: bool, quiet_source: bool, reporting: Reporting
) -> None:
    """Copy the rows of all tables, check them, and stamp the target.

    The target must have the tables, made by the new repository's own command, and no rows. A copy
    that was stopped goes on with the same command.
    """
    from extractor.database.comparison import settings_of
    from extractor.database.copy import copy as copy_rows

    settings = settings_of(load_plan(plan)).database
    report = copy_rows(
        from_url, to_url, settings, reporting.progress, write=write, quiet_source=quiet_source
    )
    reporting.result(report.values(), report.text())
