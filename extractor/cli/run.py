"""``extractor run``: the main job, from a source to a repository that stands on its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from extractor.cli._options import (
    Reporting,
    output_argument,
    plan_option,
    reporting_options,
    rev_option,
    source_argument,
)
from extractor.errors import ExitCode


@click.command()
@source_argument
@output_argument
@plan_option
@rev_option
@click.option(
    "--history",
    "form",
    type=click.Choice(["moved", "rewritten"]),
    default="moved",
    show_default=True,
    help="Keep old contents as they were, or rewrite their references as well.",
)
@click.option("--author", metavar="'NAME <MAIL>'", help="Author of the rewrite commits.")
@click.option(
    "--verify", is_flag=True, help="Also run the checks that need an environment of their own."
)
@click.option(
    "--python",
    type=click.Path(path_type=Path),
    metavar="PY",
    help="The interpreter for those.  [default: the newest that fits]",
)
@reporting_options
def command(
    source: str,
    output: Path,
    plan: str,
    rev: str | None,
    form: Any,
    author: str | None,
    verify: bool,
    python: Path | None,
    reporting: Reporting,
) -> int:
    """Extract a subsystem of SOURCE into the new folder OUTPUT.

    SOURCE is a git checkout, a worktree, a bare repository, or a release on the package index:
    pypi:NAME==VERSION[,VERSION...], oldest first. It is only ever read. OUTPUT gets the
    repository and manifest.json, which says what was decided, left out and not done.
    """
    from extractor.history.commits import Identity
    from extractor.manifest import manifest_bytes
    from extractor.output import check_output
    from extractor.pipeline import run, summary
    from extractor.plan.load import load_plan
    from extractor.scratch import workspace
    from extractor.source.repository import open_source

    chosen = load_plan(plan)
    check_output(output)
    identity = Identity.parse(author) if author else None
    with workspace() as scratch:
        opened = open_source(source, rev, workspace=scratch, progress=reporting.progress)
        with opened as ready:
            manifest = run(
                ready,
                chosen,
                output,
                form=form,
                author=identity,
                verify=verify,
                python=python,
                progress=reporting.progress,
            )
    if reporting.as_json:
        click.echo(manifest_bytes(manifest).decode("utf-8"), nl=False)
    else:
        click.echo(summary(manifest, output))
    return ExitCode.DONE if manifest.everything_held else ExitCode.DID_NOT_HOLD
