"""The report of a finished run, from its manifest, its repository and its source."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from extractor_reports import schema

from extractor.analysis.cache import Cache
from extractor.analysis.cascade import cascade
from extractor.analysis.graph import Graph
from extractor.analysis.project import Project, import_graph
from extractor.analysis.shared import find_shared
from extractor.analysis.symbols import Reach, Resolver, modules_of
from extractor.errors import SourceError, UsageError
from extractor.history.state import remembered_source
from extractor.manifest import Manifest, TroubleRecord, read_manifest
from extractor.moves import Move, SliceMove, WholeMove
from extractor.outcome import CheckOutcome
from extractor.plan.load import Plan
from extractor.plan.model import PlanData
from extractor.plan.moves import is_below, lay_out, reach_from_roots
from extractor.progress import Progress
from extractor.reporting import cascades
from extractor.reporting.contracts import describe_contracts
from extractor.reporting.database import describe_database
from extractor.reporting.history import describe_history, describe_steps
from extractor.reporting.pictures import draw
from extractor.reporting.symbols import describe_symbols
from extractor.source.repository import Source
from extractor.source.tree import GitTree, Tree, run_git
from extractor.verification.run import CHECKS, QUICK, purpose


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
    beside = _series(series, manifest) if series else None
    made = manifest.results[0]
    git_dir = output / made.path / ".git"
    cache = Cache()
    contracts, troubles = describe_contracts(output)
    origins = _origins(manifest)
    with GitTree(git_dir, made.revision) as result:
        with progress.stage("read the result"):
            graph = import_graph(result, [plan.data.target_package], cache)
            root = cascades.front_door(
                graph, cascades.factory_module(plan.data), _production(graph, plan.data.roots.tests)
            )
            after = (
                cascades.describe_cascade(graph, cascade(graph, root), lambda _: True, origins)
                if root
                else None
            )
        common = {
            "tool": schema.Tool(name=manifest.tool.name, version=manifest.tool.version),
            "title": plan.data.description or plan.data.name,
            "source": schema.Source(
                described=manifest.source.described,
                revision=manifest.source.revision,
                date=manifest.source.commit_date,
                dirty=manifest.source.dirty,
                releases=tuple(
                    f"{r.name} {r.version} ({r.date[:10]})" for r in manifest.source.releases
                ),
            ),
            "source_package": plan.data.source_package,
            "target_package": plan.data.target_package,
            "plan": manifest.plan.name,
            "plan_digest": manifest.plan.digest,
            "results": tuple(
                schema.Result(path=r.path, revision=r.revision, commits=r.commits)
                for r in manifest.results
            ),
            "counts": dict(sorted(manifest.counts.items())),
            "decisions": _decisions(manifest),
            "overlay": tuple(
                schema.OverlayFile(
                    path=o.path,
                    code_lines=o.code_lines,
                    purpose=o.purpose or purpose_of(_read(result, o.path)),
                    text=_read(result, o.path),
                )
                for o in manifest.overlay
            ),
            "checks": tuple(_checks(manifest)),
            **(_described_series(beside) if beside else {}),
            "contracts": contracts,
            "database": (
                describe_database(result, source.tree if source else None, plan.data.database)
                if plan.data.database
                else None
            ),
            "left_for_a_person": tuple(
                schema.Task(subject=t.subject, task=t.task) for t in manifest.left_for_a_person
            ),
            "remaining_words": tuple(
                schema.Word(path=w.path, line=w.line, text=w.text, reason=w.reason)
                for w in manifest.remaining_words
            ),
            "failed": _troubles(manifest.failed),
            "skipped": _troubles(manifest.skipped),
            "dropped": tuple(
                schema.Trouble(step="drop_unreached", path=d.symbol, reason=d.reason)
                for d in manifest.dropped
            ),
        }
        with progress.stage("read the history"):
            common["history"] = describe_history(
                git_dir,
                manifest.counts.get("history_source commits", 0),
                source.git_dir if source else None,
                manifest.source.revision,
                _moves(manifest),
                with_blame and source is not None,
                manifest.blame,
            )
            common["steps"] = describe_steps(git_dir, made.revision, plan.data.source_package)
        before_parts: dict[str, object] = {"cascades": schema.Cascades(after=after)}
        before: Graph | None = None
        own: frozenset[str] = frozenset()
        if source is not None:
            with progress.stage("read the source"):
                before_parts, before, own = _before(
                    source.tree, result, plan, manifest, after, cache
                )
        drawn: list[schema.Picture] = []
        if pictures:
            with progress.stage("draw the dependencies"):
                drawn = draw(graph, plan.data, before, own)
        return schema.RunReport.model_validate(
            {
                **common,
                **before_parts,
                "pictures": tuple(drawn),
                "caveats": (*_caveats(manifest, plan, graph, source, with_blame), *troubles),
            }
        )


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


def _production(graph: Graph, tests: Iterable[str]) -> list[str]:
    return [m for m in graph.modules if "tests" not in m.split(".")]


def _origins(manifest: Manifest) -> dict[str, schema.Origin]:
    """How each file of the result came there, for those that came from somewhere."""
    found: dict[str, schema.Origin] = {}
    for move in manifest.moves:
        if not move.symbols:
            found[move.target] = "moved"
        else:
            found.setdefault(move.target, "carried")
    for overlay in manifest.overlay:
        found[overlay.path] = "written"
    return found


def _moves(manifest: Manifest) -> list[Move]:
    return [
        SliceMove(m.source, m.target, frozenset(m.symbols))
        if m.symbols
        else WholeMove(m.source, m.target)
        for m in manifest.moves
    ]


def _decisions(manifest: Manifest) -> tuple[schema.Decision, ...]:
    return tuple(
        schema.Decision(
            kind=d.kind,
            subject=d.subject,
            reason=d.reason,
            outcome=d.outcome,
            stand_in=d.stand_in or "",
            touched=d.touched,
        )
        for d in manifest.decisions
    )


def _checks(manifest: Manifest) -> Iterable[schema.Check]:
    """What was seen of each promise, in the order they are asked; the others were not asked."""
    seen = {c.name: c for c in manifest.checks}
    for name in dict.fromkeys((*CHECKS, *seen)):
        promise = purpose(name) if name in CHECKS else ""
        if name in seen:
            record = seen[name]
            yield schema.Check(
                name=name, promise=promise, outcome=record.outcome, evidence=record.evidence
            )
        elif name not in QUICK:
            yield schema.Check(name=name, promise=promise, outcome="not asked")


def purpose_of(text: str) -> str:
    """The first line of a Python file's docstring, or nothing."""
    try:
        described = ast.get_docstring(ast.parse(text))
    except (SyntaxError, ValueError):
        return ""
    return described.strip().partition("\n")[0] if described else ""


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


def _described_series(found: Manifest) -> dict[str, object]:
    return {
        "series": tuple(
            schema.Patch.model_validate(record.model_dump(mode="json")) for record in found.series
        ),
        "series_checks": tuple(
            schema.Check(name=c.name, outcome=c.outcome, evidence=c.evidence) for c in found.checks
        ),
        "series_left": tuple(
            schema.Task(subject=t.subject, task=t.task) for t in found.left_for_a_person
        ),
    }


def _troubles(records: Iterable[TroubleRecord]) -> tuple[schema.Trouble, ...]:
    return tuple(
        schema.Trouble(step=r.step, path=r.path, line=r.line, reason=r.reason) for r in records
    )


def _read(tree: Tree, path: str) -> str:
    try:
        return tree.read(path).decode("utf-8", "surrogateescape")
    except KeyError:
        return ""


def _caveats(
    manifest: Manifest, plan: Plan, graph: Graph, source: Source | None, with_blame: bool
) -> Iterable[str]:
    if source is None:
        yield (
            "The source was not at hand (--source): the cascade before, the coupling, the symbols "
            "and the commits followed through renames are not in this report."
        )
    if manifest.plan.digest != plan.digest:
        yield "The plan was changed since the run: reasons here are the run's, the rest is today's."
    if manifest.source.dirty:
        yield "The checkout had uncommitted changes, which were left out."
    if manifest.source.releases:
        yield "The source is released archives: its history is one commit a release."
    if not manifest.checks:
        yield "No check was run: nothing here says that the result works."
    not_asked = [c.name for c in _checks(manifest) if c.outcome == "not asked"]
    if manifest.checks and not_asked:
        yield (
            f"{len(not_asked)} of {len(CHECKS) - len(QUICK)} checks were not asked "
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
        yield f"{unexplained} places name the old project and no rule of the plan explains them."
    at_import = [u for u in graph.unknown if not u.on_call]
    for unknown in at_import[:10]:
        yield (
            f"{graph.where(unknown.importer, unknown.line)} imports a module whose name only the "
            "run knows: it is not in the cascade after."
        )
    for unreadable in graph.unreadable:
        yield f"{unreadable.path}:{unreadable.line} is read by no parser: {unreadable.reason}"
