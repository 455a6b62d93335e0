"""Arguments and options that several verbs share, so that they mean the same everywhere.

A verb stacks the decorators it needs and receives parsed values:

    @click.command()
    @source_argument
    @output_argument
    @rev_option
    @plan_option
    @reporting_options
    def command(source, output, rev, plan, reporting): ...
"""

from __future__ import annotations

import difflib
import functools
import importlib.util
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from extractor.cli._completing import PlanName, Revision, SourceName
from extractor.errors import UsageError
from extractor.progress import Progress, progress_for
from extractor.terminal import printable

if TYPE_CHECKING:
    from extractor.execution.unit import Ending, Unit
    from extractor.source.repository import Source

_F = TypeVar("_F", bound=Callable[..., Any])


def tell(text: str, *, err: bool = False) -> None:
    """Print a result for a person; what a terminal would obey is written out."""
    click.echo(printable(text), err=err)


@dataclass(frozen=True)
class Reporting:
    """How the user wants to be told: ``progress`` goes to standard error, results to output."""

    progress: Progress
    as_json: bool

    def result(self, values: Any, text: str) -> None:
        """Print ``values`` as JSON when a program asked, else ``text`` for a person."""
        tell(json.dumps(values, indent=2, sort_keys=True) if self.as_json else text)


def _checked_revision(
    ctx: click.Context, parameter: click.Parameter, value: str | None
) -> str | None:
    # Loaded here: a verb that was given no revision may need no git at all.
    if value is not None:
        from extractor.source.repository import check_revision_name

        check_revision_name(value)
    return value


def _chosen_plan(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str:
    if value is not None:
        _refuse_folder(ctx, parameter, value)
        return value
    # Loaded here: not every verb has a plan, and reading one takes a while to import.
    from extractor.plan.load import PLANS

    known = sorted(path.parent.name for path in PLANS.glob("*/plan.toml"))
    if len(known) != 1:
        raise UsageError(f"name a plan with --plan: one of {', '.join(known) or 'none known'}")
    return known[0]


def _refuse_folder(ctx: click.Context, parameter: click.Parameter, value: str) -> None:
    """A plan's folder holds code: only the user may name one, not a file that lies about here."""
    if ctx.get_parameter_source(str(parameter.name)) != ParameterSource.DEFAULT_MAP:
        return
    from extractor.plan.load import known_plans

    if value not in known_plans():
        raise UsageError(
            f"pyproject.toml names the plan {value!r}: a folder of a plan can hold code, so "
            "name it with --plan"
        )


source_argument = click.argument("source", metavar="SOURCE", type=SourceName())
"""SOURCE as the user wrote it: ``extractor.source.opening.open_source`` reads it."""

output_argument = click.argument(
    "output", metavar="OUTPUT", type=click.Path(path_type=Path, resolve_path=False)
)
"""OUTPUT, the folder of a result, as a ``Path``."""

rev_option = click.option(
    "--rev",
    metavar="REV",
    type=Revision(),
    callback=_checked_revision,
    help="The commit of SOURCE to work on: a SHA, a branch or a tag.  [default: HEAD]",
)

plan_option = click.option(
    "--plan",
    metavar="PLAN",
    type=PlanName(),
    callback=_chosen_plan,
    help="Name of a plan, or a folder with a plan.toml.  [default: the only one known]",
)

python_option = click.option(
    "--python",
    type=click.Path(path_type=Path),
    metavar="PY",
    help="Interpreter for environments.  [default: the newest one that fits]",
)


def place_of_source(given: str | None, git_dir: Path, option: str) -> str:
    """SOURCE as given by ``option``, or where it was when the result at ``git_dir`` was made."""
    from extractor.history.state import remembered_source, require_result

    require_result(git_dir)
    spec = given or remembered_source(git_dir)
    if spec is None:
        raise UsageError(
            f"{git_dir.parent} does not record where its source is: give it with {option}"
        )
    return spec


def remember_place(git_dir: Path, source: Source, spec: str) -> None:
    """Note for the next time where ``source`` is, which ``spec`` named."""
    from extractor.history.state import remember_source

    remember_source(git_dir, str(source.location.resolve()) if source.location else spec)


def reporting_options(verb: _F) -> _F:
    """Add ``--json``, ``--quiet`` and ``--verbose``; the verb gets them as ``reporting``."""

    @click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
    @click.option("--quiet", is_flag=True, help="Show no progress; warnings are still shown.")
    @click.option(
        "--verbose", is_flag=True, help="Show the time each stage took, and the memory used."
    )
    @functools.wraps(verb)
    def wrapped(*args: Any, as_json: bool, quiet: bool, verbose: bool, **kwargs: Any) -> Any:
        if quiet and verbose:
            raise UsageError("--quiet and --verbose contradict each other: choose one")
        progress = progress_for(quiet)
        try:
            return verb(*args, reporting=Reporting(progress, as_json), **kwargs)
        finally:
            if verbose:
                _tell_costs(progress)

    return wrapped  # type: ignore[return-value]


def _tell_costs(progress: Progress) -> None:
    import resource

    for stage, seconds in sorted(progress.seconds.items(), key=lambda item: -item[1]):
        progress.note(f"{seconds:8.1f} s  {stage}")
    for who, words in ((resource.RUSAGE_SELF, "itself"), (resource.RUSAGE_CHILDREN, "in children")):
        used = resource.getrusage(who)
        seconds = used.ru_utime + used.ru_stime
        # On Linux in KiB, on macOS in bytes.
        peak = used.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
        progress.note(f"{seconds:8.1f} s of processor time {words}, at most {peak:.0f} MiB")


def executor_options(verb: _F) -> _F:
    """Add ``--jobs`` and ``--scheduler``; the verb gets what carries out units as ``executor``."""

    @click.option("--jobs", type=click.IntRange(1), metavar="N", help="Number of processes.")
    @click.option(
        "--scheduler",
        metavar="ADDRESS",
        help="Address of a Dask scheduler; its workers do the work.",
    )
    @functools.wraps(verb)
    def wrapped(*args: Any, jobs: int | None, scheduler: str | None, **kwargs: Any) -> Any:
        if jobs and scheduler:
            raise UsageError("--jobs is for this machine: leave it out with --scheduler")
        return verb(*args, executor=Executing(jobs, scheduler), **kwargs)

    return wrapped  # type: ignore[return-value]


class Executing:
    """An executor that is made when there is work: a cluster is not asked before."""

    def __init__(self, jobs: int | None, scheduler: str | None) -> None:
        self._jobs, self._scheduler = jobs, scheduler
        self.is_asked_for = bool(jobs or scheduler)

    def run(self, units: Sequence[Unit]) -> Iterator[Ending]:
        """Each unit's ending, as soon as it is there."""
        if not units:
            return iter(())
        if self._scheduler:
            from extractor.execution.cluster import Cluster

            return Cluster(self._scheduler).run(units)
        from extractor.execution.processes import Processes

        return Processes(self._jobs).run(units)


def near_miss(name: str, known: Sequence[str]) -> str:
    """What to say after "there is no ...": the names that are near, else all of them."""
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.7)
    return f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"


class ExtraGroup(click.Group):
    """A verb whose commands need an optional dependency; their ``--help`` does not."""

    def __init__(self, *args: Any, extra: str, needs: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._extra, self._needs = extra, needs

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        run = cmd.callback
        assert run is not None

        @functools.wraps(run)
        def checked(*args: Any, **kwargs: Any) -> Any:
            require_extra(self._extra, *self._needs)
            return run(*args, **kwargs)

        cmd.callback = checked
        super().add_command(cmd, name)


def require_extra(extra: str, *modules: str) -> None:
    """``UsageError`` saying what to install when an optional dependency is not there."""
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(
            f"this verb needs {', '.join(missing)}, which this installation lacks: "
            f"pip install 'extractor-toolkit[{extra}]'"
        )
