"""``extractor prove``: after every commit of a series everything ends as before the series."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from extractor.cli._options import (
    Executing,
    Reporting,
    executor_options,
    plan_option,
    python_option,
    reporting_options,
)
from extractor.errors import ExitCode

if TYPE_CHECKING:
    from extractor.refactor.prove import Part


@click.command()
@click.argument(
    "output", metavar="OUTPUT", type=click.Path(path_type=Path, file_okay=False, exists=True)
)
@plan_option
@click.option(
    "--commits", default="", metavar="A..B", help="Only these steps of the series.  [default: all]"
)
@click.option(
    "--only",
    type=click.Choice(["suites", "touched", "style"]),
    multiple=True,
    help="The subsystem's own tests, the tests that a commit affects, or the linter; may be "
    "repeated.  [default: all]",
)
@click.option(
    "--below",
    multiple=True,
    metavar="MODULE",
    help="Of the tests that a commit affects, only those below MODULE; may be repeated.",
)
@click.option(
    "--result",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="FOLDER",
    help="The extracted result: tests of the phase 'removed' run against it.",
)
@python_option
@click.option(
    "--workers",
    type=click.IntRange(1),
    default=2,
    show_default=True,
    help="Number of test processes.",
)
@executor_options
@reporting_options
def command(
    output: Path,
    plan: str,
    commits: str,
    only: tuple[Part, ...],
    below: tuple[str, ...],
    result: Path | None,
    python: Path | None,
    workers: int,
    executor: Executing,
    reporting: Reporting,
) -> int:
    """Test every commit of the series in OUTPUT, which `extractor refactor` has made.

    Each test must have the outcome it has before the series, and the linter must report nothing
    new. Outcomes are added to OUTPUT/manifest.json after every commit; tests that have run are
    not run again. This runs the source's tests and code in the plan's folder: name only what
    you trust.
    """
    from extractor.plan.load import load_plan
    from extractor.refactor.prove import PARTS, prove, summary
    from extractor.scratch import workspace

    loaded = load_plan(plan)
    with workspace() as scratch:
        manifest = prove(
            output,
            loaded,
            commits=commits,
            parts=[part for part in PARTS if not only or part in only],
            below=below,
            result=result,
            python=python,
            workers=workers,
            scratch=scratch,
            progress=reporting.progress,
            executor=executor if executor.is_asked_for else None,
        )
    series = [record.model_dump(mode="json") for record in manifest.series if record.revision]
    reporting.result(series, summary(manifest))
    held = all(p.outcome == "held" for record in manifest.series for p in record.proofs)
    return ExitCode.DONE if held else ExitCode.DID_NOT_HOLD
