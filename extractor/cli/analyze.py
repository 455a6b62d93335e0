"""``extractor analyze``: what imports cost, and which cut pays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from extractor.analysis.cache import Cache
from extractor.analysis.cascade import cascade, package_costs
from extractor.analysis.cuts import single_cuts, smallest_cut_set
from extractor.analysis.graph import Graph
from extractor.analysis.project import Project
from extractor.analysis.registry import what_moving_takes
from extractor.analysis.report import Analysis, as_json
from extractor.analysis.report_text import as_text
from extractor.analysis.subsystem import Subsystem, examine
from extractor.analysis.symbols import Symbol
from extractor.analysis.truth import compare, dump_observations, load_observations
from extractor.cli._options import Reporting, reporting_options, rev_option, source_argument
from extractor.errors import ExitCode, UsageError
from extractor.files import replace_file
from extractor.scratch import workspace
from extractor.source.opening import open_source
from extractor.source.tree import FolderTree, Tree
from extractor.verification.observe import observe


@click.command("analyze")
@source_argument
@rev_option
@click.option(
    "--package",
    multiple=True,
    help="A package to read.  [default: that of the root, or the largest]",
)
@click.option("--root", metavar="MODULE", help="The module whose import is to become cheap.")
@click.option(
    "--budget",
    type=click.IntRange(1),
    metavar="N",
    help="Modules that importing the root may load.",
)
@click.option(
    "--keep",
    multiple=True,
    metavar="MODULE",
    help="A module, with all below it, that no cut may lose; may be repeated.  "
    "[default: the package of the root; the root where that is the whole]",
)
@click.option(
    "--why",
    multiple=True,
    metavar="MODULE",
    help="Say by which chain the root loads it, and who pays for a package; may be repeated.",
)
@click.option("--registry", metavar="PACKAGE", help="A package whose classes register themselves.")
@click.option(
    "--moving", multiple=True, metavar="MODULE", help="With --registry: its classes are to leave."
)
@click.option(
    "--symbols",
    is_flag=True,
    help="Also symbol by symbol: what the subsystem (--keep and --moving) needs of the rest, "
    "what is used of it, what both use.",
)
@click.option(
    "--stop",
    multiple=True,
    metavar="SYMBOL",
    help="With --symbols: do not follow this 'module:name', or module; may be repeated.",
)
@click.option(
    "--plan", metavar="PLAN", help="With --symbols: the roots and decisions of this plan."
)
@click.option("--references", is_flag=True, help="Also names in strings, settings and documents.")
@click.option(
    "--observe",
    "python",
    type=click.Path(path_type=Path),
    metavar="PYTHON",
    help="Import the modules for real in this interpreter, and compare.",
)
@click.option(
    "--observed",
    "observed_table",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="TABLE",
    help="Compare with imports observed before, a table as --keep-observed writes it.",
)
@click.option(
    "--keep-observed",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="TABLE",
    help="With --observe: write what was seen to this file.",
)
@click.option(
    "--module", multiple=True, help="With --observe: a module to import.  [default: all loaded]"
)
@click.option("--jobs", type=click.IntRange(1), default=1, help="Processes for --observe.")
@click.option("--no-cache", is_flag=True, help="Neither read nor write the cache.")
@reporting_options
def command(
    source: str,
    rev: str | None,
    package: tuple[str, ...],
    root: str | None,
    budget: int | None,
    keep: tuple[str, ...],
    why: tuple[str, ...],
    registry: str | None,
    moving: tuple[str, ...],
    symbols: bool,
    stop: tuple[str, ...],
    plan: str | None,
    references: bool,
    python: Path | None,
    observed_table: Path | None,
    keep_observed: Path | None,
    module: tuple[str, ...],
    jobs: int,
    no_cache: bool,
    reporting: Reporting,
) -> int:
    """Say what importing modules of SOURCE loads, and which cut pays."""
    for given, needed, sentence in (
        (budget is not None, root, "--budget wants --root"),
        (moving, registry or symbols, "--moving wants --registry or --symbols"),
        (stop or plan, symbols, "--stop and --plan want --symbols"),
        (keep_observed or module, python, "--keep-observed and --module want --observe"),
        (symbols, root or keep or moving or plan, "--symbols wants --root, --keep or --plan"),
    ):
        if given and not needed:
            raise UsageError(sentence)
    with workspace() as folder, opened(source, rev, folder, reporting) as (label, tree):
        if plan and not package:
            from extractor.plan.load import load_plan

            package = load_plan(plan).data.tops()
        elif root and not package:
            package = (root.partition(".")[0],)
        project = Project(package, None if no_cache else Cache())
        graph = project.graph(tree)
        loads = cascade(graph, root) if root else None
        named = {*graph.modules, *(e.package for e in graph.externals)}
        if unknown := [name for name in why if name not in named]:
            raise UsageError(f"nothing imports {unknown[0]!r} in {', '.join(graph.packages)}")
        _require_known((*keep, *moving, *(name.partition(":")[0] for name in stop)), graph)
        kept = _below(keep, graph.modules) if keep else _around(root or "", graph.modules)
        in_root = kept & set(loads.modules) if loads else set()
        coupling = project.coupling(tree, graph, registry) if registry else None
        leaving = _below(moving, graph.modules)
        observed = None
        if python is not None:
            names = module or (loads.modules if loads else tuple(graph.modules))
            seen = observe(tree, graph.modules, python, names, jobs)
            observed = compare(graph, seen)
            if keep_observed is not None:
                table = dump_observations(seen, observed.chosen)
                replace_file(keep_observed, table.encode("utf-8"))
        elif observed_table is not None:
            table = observed_table.read_text(encoding="utf-8")
            observed = compare(graph, load_observations(table))
        analysis = Analysis(
            source=label,
            graph=graph,
            costs=package_costs(graph, root),
            cascade=loads,
            cuts=single_cuts(graph, root, in_root) if root else (),
            cut_set=smallest_cut_set(graph, root, budget, in_root)
            if root and budget is not None
            else None,
            coupling=coupling,
            move=what_moving_takes(
                coupling, (c.name for c in coupling.classes if c.module in leaving)
            )
            if coupling and leaving
            else None,
            subsystem=_subsystem(tree, graph, project, kept | leaving, stop, plan)
            if symbols
            else None,
            references=project.references(tree, graph, keep) if references else None,
            truth=observed,
            why=why,
        )
    reporting.result(as_json(analysis), as_text(analysis))
    return ExitCode.DID_NOT_HOLD if observed and not observed.holds else ExitCode.DONE


@contextmanager
def opened(
    source: str, rev: str | None, scratch: Path, reporting: Reporting
) -> Iterator[tuple[str, Tree]]:
    """What to call the source, and its tree: a plain folder that is in no repository as it is."""
    folder = Path(source)
    here = folder.absolute()
    in_git = any((place / ".git").exists() for place in (here, *here.parents))
    bare = (folder / "HEAD").is_file() and (folder / "objects").is_dir()
    if folder.is_dir() and rev is None and not in_git and not bare:
        yield folder.resolve().name, FolderTree(folder)
        return
    found = open_source(
        source, rev, workspace=Path(scratch), progress=reporting.progress, need_history=False
    )
    with found as of_git:
        yield of_git.label, of_git.tree


def _subsystem(
    tree: Tree,
    graph: Graph,
    project: Project,
    packages: set[str],
    stop: tuple[str, ...],
    plan: str | None,
) -> Subsystem:
    uses, _ = project.uses(tree, graph)
    with project.resolver(tree, graph) as resolver:
        if plan is None:
            if not packages:
                raise UsageError("--keep and --moving name no module of this source")
            stops = {Symbol.parse(text): text for text in stop}
            return examine(
                resolver, packages, uses, lambda s: stops.get(s) or stops.get(Symbol(s.module))
            )
        # Loaded here: what models a plan takes as long to load as a small project to read.
        from extractor.plan.load import load_plan
        from extractor.plan.moves import Stops, is_below, reach_from_roots

        data = load_plan(plan).data
        reach = reach_from_roots(tree, resolver.modules, data)
        own = [m for m in reach.whole if not is_below(m, data.roots.tests)]
        tests = [m for m in reach.whole if is_below(m, data.roots.tests)]
        return examine(resolver, own, uses, Stops(data), owned=(), tests=tests)


def _around(root: str, modules: Iterable[str]) -> set[str]:
    """What the root belongs to: the package around it; itself alone where that is everything."""
    package = root.rpartition(".")[0]
    return _below((package,), modules) if "." in package else {root} & set(modules)


def _require_known(names: Iterable[str], graph: Graph) -> None:
    """``UsageError`` for a name that no module has, and none is below."""
    for name in names:
        if not _below((name,), graph.modules):
            raise UsageError(f"there is no module {name!r} in {', '.join(graph.packages)}")


def _below(names: tuple[str, ...], modules: Iterable[str]) -> set[str]:
    wanted = [name for name in names if name]
    return {
        module
        for module in modules
        if any(module == name or module.startswith(name + ".") for name in wanted)
    }
