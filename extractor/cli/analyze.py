"""``extractor analyze``: what imports cost, and which cut pays, one question a command."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from extractor.cli._options import Reporting, reporting_options, rev_option, source_argument
from extractor.errors import ExitCode, UsageError
from extractor.files import replace_file
from extractor.scratch import workspace

if TYPE_CHECKING:
    from extractor.analysis.inquiry import Inquiry
    from extractor.analysis.report import Analysis
    from extractor.analysis.subsystem import Bounds
    from extractor.source.tree import Tree

_TOGETHER = "together"


class Questions(click.Group):
    """Without the name of a question the first word is SOURCE, and the cascade is asked for."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        first = args[0] if args else "--help"
        if first not in self.commands and first not in ("-h", "--help"):
            near = difflib.get_close_matches(first, self.commands, n=1)
            if near and not first.startswith("-") and not Path(first).exists():
                ctx.fail(f"there is no question {first!r}: did you mean {near[0]}?")
            args = [_TOGETHER, *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in self.commands if name != _TOGETHER]


@dataclass(frozen=True)
class Ask:
    """The source of one call, ready to be asked about."""

    label: str
    tree: Tree
    packages: tuple[str, ...]
    cached: bool

    def about(self, *names: str | None, plan: str | None = None) -> Inquiry:
        """The packages of ``names``, or those of ``plan``, where none were given."""
        from extractor.analysis.cache import Cache
        from extractor.analysis.inquiry import Inquiry

        packages = self.packages
        if plan is not None and not packages:
            packages = _plan(plan).tops()
        known = [name for name in names if name]
        return Inquiry(self.label, self.tree, packages, known, Cache() if self.cached else None)


@click.group(cls=Questions)
def command() -> None:
    """Show what importing modules of SOURCE loads, and which cut pays.

    Nothing of SOURCE is run, except by truth. Without a question, `extractor analyze SOURCE
    [OPTION]...` answers with the cascade.
    """


def question(answer: Callable[..., Analysis]) -> click.Command:
    """A command of ``answer``, which gets the source as an ``Ask`` and gives what it found."""

    @source_argument
    @rev_option
    @click.option(
        "--package",
        multiple=True,
        help="A package to read.  [default: that of the modules named, or the largest]",
    )
    @click.option("--no-cache", is_flag=True, help="Do not use the cache.")
    @reporting_options
    @functools.wraps(answer)
    def run(
        source: str,
        rev: str | None,
        package: tuple[str, ...],
        no_cache: bool,
        reporting: Reporting,
        **given: Any,
    ) -> int:
        from extractor.analysis.report import as_json
        from extractor.analysis.report_text import as_text
        from extractor.source.opening import open_tree

        with workspace() as folder:
            opened = open_tree(source, rev, Path(folder), reporting.progress)
            with opened as (label, tree):
                found = answer(Ask(label, tree, package, not no_cache), **given)
        reporting.result(as_json(found), as_text(found))
        return ExitCode.DONE if found.holds else ExitCode.DID_NOT_HOLD

    return command.command(answer.__name__)(run)


_root = click.option("--root", metavar="MODULE", help="The module whose import is asked about.")
_keep = click.option(
    "--keep",
    multiple=True,
    metavar="MODULE",
    help="A module that must stay loaded, with all modules below it; may be repeated.  "
    "[default: the root's package, or the root alone if that package is everything]",
)
_budget = click.option(
    "--budget",
    type=click.IntRange(1),
    metavar="N",
    help="Find cuts after which importing the root loads at most N modules.",
)
_why = click.option(
    "--why",
    multiple=True,
    metavar="MODULE",
    help="Show why the root loads it, and which importers pay for it; may be repeated.",
)
_stop = click.option(
    "--stop",
    multiple=True,
    metavar="SYMBOL",
    help="Do not follow this 'module:name', or module; may be repeated.",
)
_plan_option = click.option("--plan", metavar="PLAN", help="The roots and decisions of this plan.")
_moving = click.option(
    "--moving", multiple=True, metavar="MODULE", help="Its classes are to leave; may be repeated."
)


def _observing(answer: Callable[..., Analysis]) -> Callable[..., Analysis]:
    """The options of what is compared with real imports."""
    for option in (
        click.option("--jobs", type=click.IntRange(1), default=1, help="Processes for --observe."),
        click.option(
            "--module",
            multiple=True,
            help="With --observe: a module to import.  [default: all that the root loads, or all]",
        ),
        click.option(
            "--keep-observed",
            type=click.Path(path_type=Path, dir_okay=False),
            metavar="TABLE",
            help="With --observe: write the observations to this file.",
        ),
        click.option(
            "--observed",
            type=click.Path(path_type=Path, exists=True, dir_okay=False),
            metavar="TABLE",
            help="Compare with imports observed earlier, as written by --keep-observed.",
        ),
        click.option(
            "--observe",
            type=click.Path(path_type=Path),
            metavar="PYTHON",
            help="Really import the modules with this interpreter, and compare.",
        ),
    ):
        answer = option(answer)
    return answer


@question
@_root
@_why
def cascade(ask: Ask, root: str | None, why: tuple[str, ...]) -> Analysis:
    """Say what importing the root loads and why, and what each package's __init__ costs."""
    return ask.about(root).cascade(root, why)


@question
@click.option("--root", metavar="MODULE", required=True, help="The module that is to load less.")
@_budget
@_keep
def cuts(ask: Ask, root: str, budget: int | None, keep: tuple[str, ...]) -> Analysis:
    """Say which statements to cut so that importing the root loads less."""
    return ask.about(root).cuts(root, budget, keep)


@question
@click.option(
    "--subsystem",
    multiple=True,
    metavar="MODULE",
    help="A module of the subsystem, with all below it; may be repeated.  "
    "[default: the package of the root]",
)
@_root
@_plan_option
@_stop
def symbols(
    ask: Ask,
    subsystem: tuple[str, ...],
    root: str | None,
    plan: str | None,
    stop: tuple[str, ...],
) -> Analysis:
    """Show by symbol what a subsystem needs of the rest, what the rest uses, and what both use.

    The subsystem is named by --subsystem, --root or --plan.
    """
    if not (subsystem or root or plan):
        raise UsageError("name the subsystem: by --subsystem, --root or --plan")
    if plan and (subsystem or root or stop):
        raise UsageError("--plan says all: give no --subsystem, --root or --stop with it")
    inquiry = ask.about(*subsystem, root, plan=plan)
    return inquiry.symbols(_bounds(inquiry, subsystem, root, stop, plan))


@question
@click.argument("registry", metavar="REGISTRY")
@_moving
def registry(ask: Ask, registry: str, moving: tuple[str, ...]) -> Analysis:
    """Say who is coupled through the package REGISTRY, whose classes register themselves."""
    return ask.about(registry).registry(registry, moving)


@question
@click.option(
    "--below",
    multiple=True,
    metavar="MODULE",
    help="Only names of this module and what is below it; may be repeated.  [default: all]",
)
def references(ask: Ask, below: tuple[str, ...]) -> Analysis:
    """List names of modules in strings, settings and documents."""
    return ask.about(*below).references(below)


@question
@_root
@_observing
def truth(ask: Ask, root: str | None, **observing: Any) -> Analysis:
    """Compare what is foretold with real imports, seen now (--observe) or before (--observed).

    Exit code 1 where a module was loaded that is neither foretold nor behind a place listed as
    unknown, or where too many are foretold.
    """
    if not (observing["observe"] or observing["observed"]):
        raise UsageError("name a Python by --observe, or a table by --observed")
    _check_observing(observing)
    inquiry = ask.about(root, *observing["module"])
    return _truth(inquiry, root, **observing)


def together(
    ask: Ask,
    root: str | None,
    why: tuple[str, ...],
    budget: int | None,
    keep: tuple[str, ...],
    moving: tuple[str, ...],
    plan: str | None,
    stop: tuple[str, ...],
    **given: Any,
) -> Analysis:
    """Answer with the cascade and the cuts of SOURCE, and with what the options ask besides."""
    symbols, registry, references = (
        given.pop(name) for name in ("symbols", "registry", "references")
    )
    for is_given, needed, sentence in (
        (budget is not None, root, "--budget needs --root"),
        (moving, registry or symbols, "--moving needs --registry or --symbols"),
        (stop or plan, symbols, "--stop and --plan need --symbols"),
        (symbols, root or keep or moving or plan, "--symbols needs --root, --keep or --plan"),
    ):
        if is_given and not needed:
            raise UsageError(sentence)
    _check_observing(given)
    inquiry = ask.about(root, plan=plan)
    found = inquiry.cascade(root, why)
    if root:
        found = found.with_(inquiry.cuts(root, budget, keep))
    if registry:
        found = found.with_(inquiry.registry(registry, moving))
    if symbols:
        bounds = _bounds(inquiry, (*keep, *moving), root, stop, plan)
        found = found.with_(inquiry.symbols(bounds))
    if references:
        found = found.with_(inquiry.references(keep))
    if given["observe"] or given["observed"]:
        found = found.with_(_truth(inquiry, root, **given))
    return found


for _option in (
    _root,
    _why,
    _budget,
    _keep,
    _moving,
    _plan_option,
    _stop,
    click.option("--symbols", is_flag=True, help="Also symbol by symbol."),
    click.option("--registry", metavar="PACKAGE", help="A package whose classes register."),
    click.option("--references", is_flag=True, help="Also names in strings and documents."),
    _observing,
):
    together = _option(together)
question(together)


def _check_observing(given: Mapping[str, Any]) -> None:
    if (given["keep_observed"] or given["module"]) and not given["observe"]:
        raise UsageError("--keep-observed and --module need --observe")


def _bounds(
    inquiry: Inquiry,
    names: tuple[str, ...],
    root: str | None,
    stop: tuple[str, ...],
    plan: str | None,
) -> Bounds:
    if plan is None:
        return inquiry.bounds(names, root, stop)
    from extractor.plan.bounds import bounds_of_plan

    modules = {m.name: m.path for m in inquiry.graph.modules.values() if m.path}
    return bounds_of_plan(inquiry.tree, modules, _plan(plan))


def _plan(plan: str) -> Any:
    # Loaded here: what models a plan takes as long to load as a small project to read.
    from extractor.plan.load import load_plan

    return load_plan(plan).data


def _truth(
    inquiry: Inquiry,
    root: str | None,
    observe: Path | None,
    observed: Path | None,
    keep_observed: Path | None,
    module: tuple[str, ...],
    jobs: int,
) -> Analysis:
    from extractor.analysis.truth import dump_observations, load_observations

    if observe is None:
        assert observed is not None
        return inquiry.truth(load_observations(observed.read_text(encoding="utf-8")))
    from extractor.verification.laboratory.observe import observe as import_them

    names = inquiry.to_observe(root, module)
    seen = import_them(inquiry.tree, inquiry.graph.modules, observe, names, jobs)
    found = inquiry.truth(seen)
    if keep_observed is not None:
        assert found.truth is not None
        replace_file(keep_observed, dump_observations(seen, found.truth.chosen).encode("utf-8"))
    return found
