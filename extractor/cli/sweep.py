"""``extractor sweep``: one plan over many revisions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from extractor.cli._options import (
    Reporting,
    executor_options,
    output_argument,
    plan_option,
    python_option,
    reporting_options,
    source_argument,
)
from extractor.errors import ExitCode, NothingToDo, UsageError

if TYPE_CHECKING:
    from extractor.execution.unit import Executor
    from extractor.progress import Progress
    from extractor.sweep.points import Line, Point


@click.command()
@source_argument
@output_argument
@plan_option
@click.option(
    "--releases",
    metavar="SPEC",
    help="Releases of SOURCE (pypi:NAME): versions, patterns and ranges, as in 17.0.*,>=18,<19.",
)
@click.option("--revisions", metavar="A..B", help="Commits of SOURCE, along first parents.")
@click.option("--every", type=int, metavar="N", help="Take every Nth commit of --revisions.")
@click.option(
    "--sample",
    type=int,
    metavar="N",
    help="Take N commits of --revisions, spread evenly over time.",
)
@click.option("--seed", type=int, metavar="S", help="Seed of the sample.  [default: 0]")
@click.option(
    "--bisect/--no-bisect",
    default=True,
    show_default=True,
    help="Find the commits between which the outcome changes.",
)
@click.option(
    "--checks",
    type=click.Choice(["none", "quick", "all"]),
    default="quick",
    show_default=True,
    help='Which checks to run at each revision; "all" builds environments.',
)
@python_option
@click.option("--keep", is_flag=True, help="Keep each result in OUTPUT/results.")
@click.option("--only-new", is_flag=True, help="Skip revisions that an earlier sweep has seen.")
@click.option(
    "--shard", metavar="I/N", help="Do only part I of N: run one part on each of N machines."
)
@click.option(
    "--merge",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="The sweep.json of another machine's part; repeat it for each.",
)
@executor_options
@reporting_options
def command(
    source: str,
    output: Path,
    plan: str,
    releases: str | None,
    revisions: str | None,
    every: int | None,
    sample: int | None,
    seed: int | None,
    bisect: bool,
    checks: str,
    python: Path | None,
    keep: bool,
    only_new: bool,
    shard: str | None,
    merge: tuple[Path, ...],
    executor: Executor,
    reporting: Reporting,
) -> int:
    """Run a plan over many revisions of SOURCE and say where it holds.

    SOURCE is a repository with --revisions and --every or --sample, or pypi:NAME with
    --releases. OUTPUT is a folder; it gets sweep.md, sweep.json and the outcome of each
    revision, so that the same command resumes an interrupted sweep. The exit code is 1 if a
    revision that held in the last sweep no longer does; in a first sweep, if any does not hold.
    """
    from extractor.sweep.points import shard as part_of
    from extractor.sweep.points import without
    from extractor.sweep.record import State
    from extractor.sweep.sweeping import Job, Sweeper
    from extractor.sweep.table import as_markdown

    points, line = _points(source, releases, revisions, every, sample, seed, reporting.progress)
    if shard:
        points = part_of(points, shard)
    job = Job(plan, checks, str(python) if python else None, keep)
    sweeper = Sweeper(output, job, executor, reporting.progress)
    sweeper.merge(merge)
    before = sweeper.previous()
    known = before.observations if only_new and before else []
    points = without(points, {seen.identity for seen in known})
    if not points:
        raise NothingToDo(f"{output} has all of these revisions already")
    # A part of the points says nothing of what lies between them.
    made = sweeper.sweep(source, points, line if bisect and not shard else None, known)
    reporting.result(made.model_dump(mode="json"), as_markdown(made))
    bad = made.lost if before else [s for s in made.observations if s.state != State.HELD]
    return ExitCode.DID_NOT_HOLD if bad else ExitCode.DONE


def _points(
    source: str,
    releases: str | None,
    revisions: str | None,
    every: int | None,
    sample: int | None,
    seed: int | None,
    progress: Progress,
) -> tuple[list[Point], Line | None]:
    from extractor.sweep.points import parse_span, release_points

    if (releases is None) == (revisions is None):
        raise UsageError("choose revisions with --releases or --revisions A..B")
    if releases is not None:
        from extractor.source.package_index import list_versions

        prefix, _, project = source.partition(":")
        if prefix != "pypi" or not project or "=" in project:
            raise UsageError("--releases goes with a SOURCE like pypi:NAME, without a version")
        return release_points(project, releases, list_versions), None
    if (every is None) == (sample is None):
        raise UsageError("--revisions goes with either --every N or --sample N")
    line = _line(source, *parse_span(revisions or ""), progress)
    if every is not None:
        return line.every(every), line
    return line.sample(sample or 0, seed or 0), line


def _line(source: str, first: str, last: str, progress: Progress) -> Line:
    from extractor.scratch import workspace
    from extractor.source.opening import open_source
    from extractor.sweep.points import Line

    with (
        workspace() as scratch,
        open_source(source, last, workspace=scratch, progress=progress) as ready,
    ):
        return Line(source, ready.git_dir, first, ready.revision)
