"""``extractor refactor``: patches that decouple the subsystem from its source."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from extractor.cli._options import (
    Reporting,
    output_argument,
    plan_option,
    reporting_options,
    rev_option,
    source_argument,
    tell,
)
from extractor.errors import ExitCode
from extractor.terminal import in_json

if TYPE_CHECKING:
    from extractor.plan.series import Phase


@click.command()
@source_argument
@output_argument
@rev_option
@plan_option
@click.option(
    "--until",
    type=click.Choice(["decoupled", "removed"]),
    default="decoupled",
    show_default=True,
    help="Stop when the subsystem needs nothing from the rest, or when it has left; "
    "a plan whose series has no step for it is refused.",
)
@click.option("--author", metavar="'NAME <MAIL>'", help="Author of the commits.")
@reporting_options
def command(
    source: str,
    output: Path,
    rev: str | None,
    plan: str,
    until: Phase,
    author: str | None,
    reporting: Reporting,
) -> int:
    """Write patches that decouple a subsystem from SOURCE into the new folder OUTPUT.

    OUTPUT holds a clone of SOURCE with a branch of small commits, and the same commits as
    patches. Steps that SOURCE has done already are skipped and listed.
    """
    from extractor.history.commits import Identity
    from extractor.manifest import manifest_bytes
    from extractor.output import check_output
    from extractor.plan.load import load_plan
    from extractor.plan.series import load_series
    from extractor.refactor.run import refactor, summary
    from extractor.scratch import workspace
    from extractor.source.opening import open_source

    chosen = load_plan(plan)
    series = load_series(chosen)
    check_output(output)
    identity = Identity.parse(author) if author else None
    with workspace() as scratch:
        opened = open_source(source, rev, workspace=scratch, progress=reporting.progress)
        with opened as ready:
            manifest = refactor(
                ready,
                chosen,
                series,
                output,
                until=until,
                author=identity,
                progress=reporting.progress,
            )
    if reporting.as_json:
        click.echo(in_json(manifest_bytes(manifest).decode("utf-8")), nl=False)
    else:
        tell(summary(manifest, output))
    return ExitCode.DONE if manifest.everything_held else ExitCode.DID_NOT_HOLD
