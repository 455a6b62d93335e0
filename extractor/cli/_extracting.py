"""What ``run`` and ``extract`` have in common: their options and the way through."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from extractor.cli._options import (
    Reporting,
    output_argument,
    plan_option,
    remember_place,
    reporting_options,
    rev_option,
    source_argument,
    tell,
)
from extractor.errors import ExitCode
from extractor.terminal import in_json

if TYPE_CHECKING:
    from extractor.pipeline import Checks

_F = TypeVar("_F", bound=Callable[..., Any])


def extraction_options(verb: _F) -> _F:
    """SOURCE, OUTPUT, ``--plan``, ``--rev``, ``--history``, ``--author`` and reporting."""
    decorated: Any = reporting_options(verb)
    for option in (
        click.option("--author", metavar="'NAME <MAIL>'", help="Author of the rewrite commits."),
        click.option(
            "--history",
            "form",
            type=click.Choice(["moved", "rewritten"]),
            default="moved",
            show_default=True,
            help="Keep old contents as they were, or rewrite their references as well.",
        ),
        rev_option,
        plan_option,
        output_argument,
        source_argument,
    ):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]


def extract(
    source: str,
    output: Path,
    plan: str,
    rev: str | None,
    form: Any,
    author: str | None,
    reporting: Reporting,
    *,
    checks: Checks,
    python: Path | None = None,
) -> int:
    """Do the job with ``checks`` ("none", "quick" or "all") and report it; an exit code."""
    from extractor.history.commits import Identity
    from extractor.manifest import manifest_bytes
    from extractor.output import check_output
    from extractor.pipeline import run
    from extractor.plan.load import load_plan
    from extractor.recording import summary
    from extractor.scratch import workspace
    from extractor.source.opening import open_source

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
                checks=checks,
                python=python,
                progress=reporting.progress,
            )
            remember_place(output / chosen.data.name / ".git", ready, source)
    if reporting.as_json:
        click.echo(in_json(manifest_bytes(manifest).decode("utf-8")), nl=False)
    else:
        tell(summary(manifest, output))
        # What neither the manifest nor the result tells: the place of a plan of one's own.
        own = [] if plan == manifest.plan.name else ["--plan", plan]
        tell(f"  as a page: {shlex.join(['extractor', 'report', str(output), *own])}")
    return ExitCode.DONE if manifest.everything_held else ExitCode.DID_NOT_HOLD
