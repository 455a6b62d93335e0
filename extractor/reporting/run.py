"""The report of a finished run, from its manifest, its repository and its source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from extractor_reports import schema

from extractor.analysis.cache import Cache
from extractor.analysis.cascade import cascade
from extractor.analysis.graph import Graph
from extractor.analysis.links import with_links_read
from extractor.analysis.project import Project, import_graph
from extractor.analysis.resolver import Resolver, modules_of
from extractor.analysis.shared import find_shared
from extractor.analysis.symbols import Reach
from extractor.carving.renaming import historic_rewrite
from extractor.errors import SourceError, UsageError
from extractor.history.blames import compare_blame_of
from extractor.history.rewriting import RewriteBlob
from extractor.history.state import remembered_source
from extractor.manifest import BlameRecord, Manifest, read_manifest
from extractor.outcome import CheckOutcome
from extractor.pipeline import analyse
from extractor.plan.alive import tests_of_result
from extractor.plan.load import Plan
from extractor.plan.model import PlanData
from extractor.plan.moves import is_below, lay_out, reach_from_roots
from extractor.progress import Progress
from extractor.reporting import cascades, records
from extractor.reporting.contracts import describe_contracts
from extractor.reporting.database import describe_database
from extractor.reporting.history import blame_records, describe_history, describe_steps
from extractor.reporting.pictures import draw
from extractor.reporting.symbols import describe_symbols
from extractor.source.repository import Source
from extractor.source.tree import GitTree, Tree, run_git
from extractor.verification.run import CHECKS, QUICK
from extractor.wording import counted


def known_source(manifest: Manifest, output: Path, folder: Path) -> str | None:
    """Where the run's source can be had without being told.

    That is its releases, or ``folder`` where it has the revision, or the place the result in
    ``output`` noted.
    """
    if manifest.source.releases:
        releases = manifest.source.releases
        return f"pypi:{releases[0].name}=={','.join(r.version for r in releases)}"
    try:
        run_git(folder / ".git", "cat-file", "-e", f"{manifest.source.revision}^{{commit}}")
    except SourceError:
        return remembered_source(output / manifest.plan.name / ".git")
    return str(folder)


def build_run_report(
    output: Path,
    plan: Plan,
    source: Source | None,
    *,
    series: Path | None = None,
    with_blame: bool = False,
    pictures: bool = True,
    progress: Progress | None = None,
) -> schema.RunReport:
    """Everything a reviewer needs of the run in ``output``.

    Without ``source`` what only the source knows is left out, and a caveat says so.
    ``series`` is the folder that ``refactor`` wrote for the same revision. ``UsageError`` when
    ``output`` is no result, or ``plan``, ``source`` and ``series`` are not its own.
    """
    progress = progress or Progress()
    manifest = _manifest_of_run(output, plan, source)
    beside = _series(series, manifest) if series else None
    made = manifest.results[0]
    git_dir = output / made.path / ".git"
    cache = Cache()
    contracts, troubles = describe_contracts(output)
    with GitTree(git_dir, made.revision) as files:
        result = with_links_read(files)
        with progress.stage("read the result"):
            graph = import_graph(result, [plan.data.target_package], cache)
            after = _cascade_after(graph, plan.data, result, manifest)
        parts = records.recorded(manifest, plan.data, result)
        parts["contracts"] = contracts
        if beside:
            parts.update(records.series(beside))
        if plan.data.database:
            before_tree = source.tree if source else None
            parts["database"] = describe_database(result, before_tree, plan.data.database)
        with progress.stage("read the history"):
            parts["history"] = describe_history(
                git_dir,
                manifest.counts.get("history_source commits", 0),
                source.git_dir if source else None,
                records.moves(manifest),
                _blame(source, plan, git_dir.parent) if source and with_blame else manifest.blame,
            )
            parts["steps"] = describe_steps(git_dir, made.revision, plan.data.source_package)
        parts["cascades"] = schema.Cascades(after=after)
        before: Graph | None = None
        own: frozenset[str] = frozenset()
        if source is not None:
            with progress.stage("read the source"):
                found, before, own = _before(source.tree, result, plan, manifest, after, cache)
                parts.update(found)
        drawn: list[schema.Picture] = []
        if pictures:
            with progress.stage("draw the dependencies"):
                drawn = draw(graph, plan.data, before, own)
        caveats = (*_caveats(manifest, plan, graph, source, with_blame), *troubles)
        parts.update(pictures=tuple(drawn), caveats=caveats)
        return schema.RunReport.model_validate(parts)


def _manifest_of_run(output: Path, plan: Plan, source: Source | None) -> Manifest:
    """The manifest in ``output``; ``UsageError`` when that is no run of this plan and source."""
    manifest = read_manifest(output / "manifest.json")
    if manifest.plan.name != plan.data.name:
        raise UsageError(f"{output} was made by plan {manifest.plan.name!r}: name it with --plan")
    if source is not None and source.revision != manifest.source.revision:
        raise UsageError(
            f"{output} was made from {manifest.source.revision}, not from {source.revision}"
        )
    if manifest.series:
        raise UsageError(
            f"{output} is a series for the source's side: report on a run, and name "
            "it with --series"
        )
    if not manifest.results:
        raise UsageError(f"{output}/manifest.json names no repository")
    return manifest


def _cascade_after(
    graph: Graph, data: PlanData, result: Tree, manifest: Manifest
) -> schema.Cascade | None:
    """What the result's front door loads; ``None`` for a result without a module."""
    modules = modules_of(result, [data.target_package])
    of_tests = frozenset().union(*tests_of_result(data, result, modules))
    production = [module for module in graph.modules if module not in of_tests]
    root = cascades.front_door(graph, cascades.factory_module(data), production)
    if root is None:
        return None
    origins = records.origins(manifest)
    return cascades.describe_cascade(graph, cascade(graph, root), lambda _: True, origins)


def _blame(source: Source, plan: Plan, target: Path) -> tuple[BlameRecord, ...]:
    """The blame of each module as the carried history has it, beside the source's."""

    def make_rewrite(older: Mapping[str, str]) -> RewriteBlob:
        return historic_rewrite(analyse(source.tree, plan).layout)(older)

    files = compare_blame_of(source.git_dir, target, make_rewrite=make_rewrite, suffix=".py")
    return blame_records(files)


def _before(
    tree: Tree,
    result: Tree,
    plan: Plan,
    manifest: Manifest,
    after: schema.Cascade | None,
    cache: Cache,
) -> tuple[dict[str, object], Graph, frozenset[str]]:
    """What the source shows, its graph, and the subsystem's own modules in it."""
    data = plan.data
    tree = with_links_read(tree)
    modules = modules_of(tree, data.tops())
    reach = reach_from_roots(tree, modules, data)
    layout = lay_out(tree, modules, reach, data)
    project = Project(data.tops(), cache)
    graph = project.graph(tree)
    own = frozenset(m for m in reach.whole if not is_below(m, data.roots.tests))
    root = cascades.front_door(graph, cascades.factory_module(data, of_source=True), sorted(own))
    parts: dict[str, object] = {}
    if root is not None:
        loads = cascade(graph, root)
        parts["cascades"] = schema.Cascades(
            before=cascades.describe_cascade(graph, loads, own.__contains__),
            after=after,
            payments=cascades.payments(graph, root, data.decisions(), reach, own),
            offers=cascades.offers(graph, root, own & set(loads.modules)),
        )
    else:
        parts["cascades"] = schema.Cascades(after=after)
    parts["coupling"] = _coupling(project, tree, graph, reach, data)
    parts["symbols"] = describe_symbols(
        tree,
        result,
        data.target_package,
        modules,
        reach,
        layout,
        find_shared(Resolver(tree, modules), reach, project.uses(tree, graph)[0]),
        manifest,
    )
    return parts, graph, own


def _coupling(
    project: Project, tree: Tree, graph: Graph, reach: Reach, data: PlanData
) -> schema.Coupling | None:
    """The registry a decision is about, or one that a module of the subsystem lives in."""
    roots = data.roots
    outside = sorted(m for m in reach.whole if not is_below(m, (*roots.packages, *roots.tests)))
    decided = [d.subject.partition(":")[0] for d in data.decisions() if ":" in d.subject]
    for package in dict.fromkeys((*decided, *(m.rpartition(".")[0] for m in outside))):
        if package == data.source_package:
            # The package of everything is no registry, whatever is registered below it.
            continue
        try:
            found = project.coupling(tree, graph, package)
        except UsageError:
            continue
        return schema.Coupling(
            package=package,
            classes=tuple(
                schema.CoupledClass(
                    name=c.name,
                    module=c.module,
                    line=c.line,
                    belongs=c.module in reach.whole,
                    fields=tuple(schema.FieldLink(field=f, holds=t) for f, t in c.fields),
                    tables=c.tables,
                    users=_users(
                        [
                            *(use.importer for use in c.by_attribute),
                            *(edge.importer for edge in c.by_import),
                        ],
                        # Its tests count as the subsystem's too.
                        lambda m: m in reach.whole or is_below(m, roots.tests),
                    ),
                )
                for c in found.classes
            ),
        )
    return None


def _users(importers: Iterable[str], belongs: Callable[[str], bool]) -> tuple[schema.Users, ...]:
    """Places by part of the source, the subsystem's own counted apart."""
    counts = Counter((_part(importer), belongs(importer)) for importer in importers)
    return tuple(
        schema.Users(part=part, places=places, belongs=own)
        for (part, own), places in sorted(counts.items())
    )


def _part(module: str) -> str:
    return ".".join(module.split(".")[:2])


def _series(folder: Path, run: Manifest) -> Manifest:
    """The manifest of ``folder``, if that is a series for what ``run`` was made from."""
    found = read_manifest(folder / "manifest.json")
    if not found.series:
        raise UsageError(f"{folder} holds no series: `extractor refactor` writes one")
    if found.source.revision != run.source.revision:
        raise UsageError(
            f"the series in {folder} is for {found.source.revision}, "
            f"the run was made from {run.source.revision}"
        )
    return found


def _caveats(
    manifest: Manifest, plan: Plan, graph: Graph, source: Source | None, with_blame: bool
) -> Iterable[str]:
    if source is None:
        yield (
            "The source was not available (--source), so this report lacks the cascade before, "
            "the coupling, the symbols and the commits followed through renames."
        )
    if manifest.plan.digest != plan.digest:
        yield "The plan was changed since the run: reasons here are the run's, the rest is today's."
    if manifest.source.dirty:
        yield "The checkout had uncommitted changes, which were left out."
    if manifest.source.releases:
        yield "The source is a set of releases: its history has one commit per release."
    if not manifest.checks:
        yield "No check was run: nothing here shows that the result works."
    not_asked = [c.name for c in records.checks(manifest) if c.outcome == "not asked"]
    if manifest.checks and not_asked:
        yield (
            f"{len(not_asked)} of {len(CHECKS) - len(QUICK)} checks were not run "
            f"(`extractor verify` runs them): {', '.join(not_asked)}."
        )
    for outcome, told in (
        (CheckOutcome.CANNOT_RUN, "could not run"),
        (CheckOutcome.DOES_NOT_APPLY, "do not apply"),
    ):
        names = [c.name for c in manifest.checks if c.outcome is outcome]
        if names:
            yield f"Checks that {told}: {', '.join(names)}."
    if not (manifest.blame or (with_blame and source is not None)):
        yield "Blame was not compared line by line (`history check`, or --blame for this report)."
    unexplained = sum(w.reason.startswith("no rule of the plan") for w in manifest.remaining_words)
    if unexplained:
        yield (
            f"{counted(unexplained, 'place')} name the old project, and no rule of the plan "
            f"explains them."
        )
    at_import = [u for u in graph.unknown if not u.on_call]
    for unknown in at_import[:10]:
        yield (
            f"{graph.where(unknown.importer, unknown.line)} imports a module whose name is known "
            "only at run time: it is not in the cascade after."
        )
    for unreadable in graph.unreadable:
        yield f"{unreadable.path}:{unreadable.line} cannot be parsed: {unreadable.reason}"
