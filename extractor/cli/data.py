"""``extractor data``: carry the rows over, write down what is known, and make it again."""

from __future__ import annotations

import os
from pathlib import Path

import click

from extractor.cli._options import ExtraGroup, Reporting, plan_option, reporting_options
from extractor.database import replay as replaying
from extractor.database.service import Client
from extractor.errors import ExitCode
from extractor.plan.load import load_plan


@click.group(cls=ExtraGroup, extra="database", needs=("sqlalchemy", "pymysql", "psycopg2"))
def command() -> None:
    """Copy, export and replay the subsystem's data."""


@command.command()
@plan_option
@click.option("--from", "from_url", metavar="URL", required=True, help="The database to read.")
@click.option("--to", "to_url", metavar="URL", required=True, help="The database to fill.")
@click.option("--write", is_flag=True, help="Copy. Without this, only show what would be done.")
@click.option(
    "--source-is-quiet",
    "quiet_source",
    is_flag=True,
    help="Nothing writes to the source: copy even without a consistent snapshot.",
)
@reporting_options
def copy(
    plan: str, from_url: str, to_url: str, write: bool, quiet_source: bool, reporting: Reporting
) -> None:
    """Copy the rows of all tables, check them, and stamp the target.

    The target must have the tables, made by the new repository's own command, and no rows. The
    same command resumes an interrupted copy.
    """
    from extractor.database.comparison import settings_of
    from extractor.database.copy import copy as copy_rows

    settings = settings_of(load_plan(plan)).database
    report = copy_rows(
        from_url, to_url, settings, reporting.progress, write=write, quiet_source=quiet_source
    )
    reporting.result(report.values(), report.text())


_url = click.option("--url", required=True, metavar="URL", help="The running service.")
_token = click.option(
    "--token-variable",
    metavar="NAME",
    default="OS_TOKEN",
    show_default=True,
    help="Environment variable that holds the token to send.",
)


def _client(url: str, token_variable: str) -> Client:
    token = os.environ.get(token_variable)
    return Client(url, {"X-Auth-Token": token} if token else {})


@command.command()
@plan_option
@_url
@_token
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write.  [default: standard output]",
)
@reporting_options
def export(
    plan: str, url: str, token_variable: str, output: Path | None, reporting: Reporting
) -> None:
    """Export the state that a running service shows through its public API."""
    module = replaying.plugin(load_plan(plan).folder)
    with reporting.progress.stage("export"):
        state = replaying.open_service(_client(url, token_variable), module).export()
    if output is None:
        click.echo(replaying.text_of(state), nl=False)
        return
    replaying.write_state(output, state)
    counts = {key: len(value) for key, value in state.items() if isinstance(value, list | dict)}
    text = ", ".join(f"{count} {key.replace('_', ' ')}" for key, count in sorted(counts.items()))
    reporting.result({"file": str(output), **counts}, f"{output}: {text}")


@command.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@plan_option
@_url
@_token
@click.option("--check", is_flag=True, help="Only show the differences.")
@click.option("--prune", is_flag=True, help="Remove entries that no file describes.")
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=0.0,
    metavar="SECONDS",
    help="How long to wait for entries that other clients create.  [default: 0]",
)
@reporting_options
def replay(
    files: tuple[Path, ...],
    plan: str,
    url: str,
    token_variable: str,
    check: bool,
    prune: bool,
    wait: float,
    reporting: Reporting,
) -> int:
    """Bring a running service to the state described in FILES.

    Missing entries are created, different ones corrected, all others left alone. Exit code 1 when
    something could not be, or with --check when something differs.
    """
    module = replaying.plugin(load_plan(plan).folder)
    state = replaying.states_of(files, module)
    service = replaying.open_service(_client(url, token_variable), module)
    report = replaying.replay(
        service, state, reporting.progress, check=check, prune=prune, seconds_to_wait=wait
    )
    reporting.result(report.values(), report.text())
    return ExitCode.DONE if report.holds else ExitCode.DID_NOT_HOLD
