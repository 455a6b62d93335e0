"""What a change under review does to the cut between a subsystem and the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from extractor_reports import schema

from extractor import __version__
from extractor.analysis.cache import Cache
from extractor.analysis.cascade import Cascade, cascade
from extractor.analysis.facts import Facts
from extractor.analysis.graph import Edge, Graph, Kind
from extractor.analysis.names import Imported, ModuleNames, Unit
from extractor.analysis.project import Project
from extractor.analysis.resolver import Resolver, modules_of
from extractor.analysis.scan import scan
from extractor.analysis.symbol_walker import SymbolWalker
from extractor.analysis.symbols import Symbol, Use
from extractor.plan.load import Plan
from extractor.plan.model import PlanData
from extractor.plan.moves import is_below
from extractor.project.relative import absolute
from extractor.reporting.cascades import factory_module, front_door
from extractor.source.repository import Source
from extractor.source.tree import GitTree

if TYPE_CHECKING:
    from extractor_contracts.configuration import Configuration

_NAMES = (Kind.IMPORT, Kind.CONDITIONAL, Kind.STRING, Kind.ON_CALL, Kind.TYPE_CHECKING)
_Key = tuple[str, str, bool]


class _Known:
    """What both revisions share: most files are the same, and no file need be read twice."""

    def __init__(self, cache: Cache) -> None:
        self.cache = cache
        self.whole: dict[tuple[str, str], ModuleNames | None] = {}
        self.outlines: dict[tuple[str, str], ModuleNames | None] = {}


class _Names(Resolver):
    """Reads in full what is surveyed; of other modules it knows what they import and define."""

    def __init__(self, tree: GitTree, modules: Mapping[str, str], known: _Known) -> None:
        super().__init__(tree, modules)
        self._entries = tree
        self._shared = known
        self.surveyed = ""

    def names(self, module: str) -> ModuleNames | None:
        path = self.modules.get(module)
        if path is None:
            return None
        key = (module, self._entries.entry(path).blob)
        if key in self._shared.whole:
            return self._shared.whole[key]
        if module == self.surveyed:
            self._shared.whole[key] = super().names(module)
            return self._shared.whole[key]
        if key not in self._shared.outlines:
            found = self._shared.cache.facts([key[1]]) or {key[1]: scan(self.tree.read(path), path)}
            self._shared.outlines[key] = outline(
                found[key[1]], module, path.endswith("/__init__.py")
            )
        return self._shared.outlines[key]


def outline(facts: Facts, module: str, is_package: bool) -> ModuleNames | None:
    """What a module binds at its top level, without what its statements refer to.

    ``None`` when it could not be read.
    """
    if facts.error:
        return None
    units: list[Unit] = []
    stars: list[str] = []
    binders: dict[str, tuple[int, ...]] = {}

    def bind(kind: str, line: int, imports: tuple[tuple[str, Imported], ...], *names: str) -> None:
        for name in names:
            binders[name] = (*binders.get(name, ()), len(units))
        units.append(Unit(kind, names, (), line, line, (), imports))

    for line, _flags, level, target, names, alias in facts.top.imports:
        base = absolute(module, is_package, level, target)
        if names is None:
            top = base.partition(".")[0]
            bound = {alias or top: Imported(base if alias else top)}
        else:
            stars += [base for name, _ in names if name == "*"]
            bound = {as_ or name: Imported(base, name) for name, as_ in names if name != "*"}
        bind("import", line, tuple(bound.items()), *bound)
    for name, kind in facts.bound.items():
        bind(kind, 0, (), name)
    exported = None if facts.exported is None else tuple(facts.exported)
    return ModuleNames(module, is_package, tuple(units), binders, tuple(stars), exported)


class _Side:
    """One revision: its graph and which of its modules are the subsystem's."""

    def __init__(self, tree: GitTree, data: PlanData, project: Project, known: _Known) -> None:
        self.tree = tree
        self.data = data
        self.graph: Graph = project.graph(tree)
        self.resolver = _Names(tree, modules_of(tree, data.tops()), known)
        self.walker = SymbolWalker(self.resolver)
        self.own = frozenset(m for m in self.graph.modules if self.belongs(m))

    def belongs(self, module: str) -> bool:
        """By the plan alone: its packages and tests, and files that go over whole."""
        roots = self.data.roots
        return is_below(
            module, [*roots.packages, *roots.tests, *self.data.layout.whole]
        ) and not is_below(module, roots.exclude)

    def crossings(self) -> dict[_Key, Edge]:
        found: dict[_Key, Edge] = {}
        for edge in self.graph.edges:
            if edge.kind in _NAMES and (edge.importer in self.own) != (edge.imported in self.own):
                found.setdefault((edge.importer, edge.imported, edge.loads), edge)
        return found

    def crossing(self, edge: Edge) -> schema.Crossing:
        return schema.Crossing(
            path=self.graph.modules[edge.importer].path or edge.importer,
            line=edge.line,
            importer=edge.importer,
            imported=edge.imported,
            inward=edge.imported in self.own,
            at_import=edge.loads,
        )

    def content(self, module: str) -> bytes:
        path = self.graph.modules[module].path
        return self.tree.read(path) if path else b""

    def used_across(self, module: str) -> Iterator[tuple[Symbol, Use]]:
        """Names that ``module`` uses of the other side."""
        mine = module in self.own
        self.resolver.surveyed = module
        for symbol, use in self.walker.survey(module):
            if (symbol.module in self.own) != mine and symbol.name:
                yield symbol, use

    def front(self) -> list[str]:
        """The subsystem's own modules without its tests, the front door first."""
        own = sorted(m for m in self.own if not is_below(m, self.data.roots.tests))
        door = front_door(self.graph, factory_module(self.data, of_source=True), own)
        return [door, *(m for m in own if m != door)] if door else own


def build_change_report(
    before: Source, after: Source, plan: Plan, contracts: Configuration | None = None
) -> schema.ChangeReport:
    """Compare the cut at two revisions of one source, as ``plan`` draws it.

    With ``contracts`` also which violations of them came and went.
    """
    cache = Cache()
    project = Project(plan.data.tops(), cache)
    shared = _Known(cache)
    old = _Side(before.tree, plan.data, project, shared)
    new = _Side(after.tree, plan.data, project, shared)
    changed = sorted(
        path
        for path in {*before.tree.paths(), *after.tree.paths()}
        if path.endswith(".py") and _blob(before.tree, path) != _blob(after.tree, path)
    )
    was, now = old.crossings(), new.crossings()
    known = {u.path for u in old.graph.unreadable}
    return schema.ChangeReport(
        tool=schema.Tool(name="extractor", version=__version__),
        title=plan.data.description or plan.data.name,
        before=_described(before),
        after=_described(after),
        plan=plan.data.name,
        files=len(changed),
        added=_sorted(new.crossing(now[key]) for key in now.keys() - was.keys()),
        removed=_sorted(old.crossing(was[key]) for key in was.keys() - now.keys()),
        cascades=tuple(_cascades(old, new)),
        borders=tuple(_borders(old, new, changed)),
        violations=tuple(_violations(old, new, contracts)) if contracts else (),
        caveats=tuple(
            f"{u.path}:{u.line} cannot be parsed: {u.reason}"
            for u in new.graph.unreadable
            if u.path not in known
        ),
    )


def _described(source: Source) -> schema.Source:
    from extractor.manifest import source_record

    record = source_record(source)
    return schema.Source(
        described=record.described, revision=record.revision, date=record.commit_date
    )


def _blob(tree: GitTree, path: str) -> str:
    try:
        return tree.entry(path).blob
    except KeyError:
        return ""


def _sorted(found: Iterable[schema.Crossing]) -> tuple[schema.Crossing, ...]:
    return tuple(sorted(found, key=lambda c: (c.path, c.line, c.imported, c.at_import)))


def _cascades(old: _Side, new: _Side) -> Iterator[schema.CascadeChange]:
    """The front door when it changed, else the module whose cascade changed most."""
    loads_before = {(e.importer, e.imported) for e in old.graph.edges if e.loads}
    if loads_before == {(e.importer, e.imported) for e in new.graph.edges if e.loads}:
        return
    differing: list[tuple[int, str, Cascade, Cascade]] = []
    for index, root in enumerate(new.front()):
        if root not in old.graph.modules:
            continue
        was, now = cascade(old.graph, root), cascade(new.graph, root)
        if was.modules != now.modules:
            differing.append((len(now.modules) - len(was.modules), root, was, now))
        if index == 0 and differing:
            break
    if not differing:
        return
    _, root, was, now = max(differing, key=lambda d: (d[0], len(d[1])))
    yield schema.CascadeChange(
        root=root,
        before=len(was.modules),
        after=len(now.modules),
        before_lines=was.lines,
        after_lines=now.lines,
        gained=tuple(
            schema.NewlyLoaded(
                module=module,
                lines=new.graph.lines.get(module, 0),
                through=_through(new.graph, now, module, loads_before),
                belongs=module in new.own,
            )
            for module in sorted(set(now.modules) - set(was.modules))
        ),
        lost=tuple(sorted(set(was.modules) - set(now.modules))),
    )


def _through(graph: Graph, loads: Cascade, module: str, known: set[tuple[str, str]]) -> str:
    """The first import on the way to ``module`` that was not there before."""
    for edge in loads.chain(module):
        if (edge.importer, edge.imported) not in known:
            return graph.where(edge.importer, edge.line)
    return ""


def _borders(old: _Side, new: _Side, changed: Iterable[str]) -> Iterator[schema.Border]:
    """Symbols used across the cut by changed files that the same files did not use before."""
    paths = set(changed)
    for name, module in new.graph.modules.items():
        if module.path not in paths or not _crosses(new, name):
            continue
        before: set[Symbol] = set()
        if name in old.graph.modules and _crosses(old, name):
            before = {symbol for symbol, _ in old.used_across(name)}
        seen: set[Symbol] = set()
        for symbol, use in sorted(new.used_across(name), key=lambda pair: (pair[1], pair[0])):
            if symbol not in before and symbol not in seen:
                seen.add(symbol)
                yield schema.Border(
                    symbol=str(symbol),
                    path=module.path or "",
                    line=use.line,
                    inward=symbol.module in new.own,
                    new=not _was_used(old, symbol),
                )


def _violations(old: _Side, new: _Side, contracts: Configuration) -> Iterator[schema.Violation]:
    """What was violated before is the baseline of what is violated now."""
    # Loaded here: most changes are reported on without contracts.
    from extractor_contracts.run import run

    from extractor.contracting.world import store_for, world_of

    store = store_for(new.tree, contracts.path)
    was = {
        verdict.contract: {v.key: v for v in verdict.new}
        for verdict in run(contracts, world_of(old.tree, contracts.packages, store), {})
    }
    known = {name: dict.fromkeys(found, "before the change") for name, found in was.items()}
    verdicts = run(contracts, world_of(new.tree, contracts.packages, store), known)
    store.save()
    for verdict in verdicts:
        for found, behind in verdict.leaders():
            more = f" ({behind} more through it)" if behind else ""
            yield schema.Violation(
                contract=verdict.name,
                path=found.path,
                line=found.line,
                message=found.message + more,
                broken=True,
            )
        for key in verdict.unused:
            gone = was[verdict.contract][key]
            yield schema.Violation(
                contract=verdict.name,
                path=gone.path,
                line=gone.line,
                message=gone.message,
                broken=False,
            )


def _crosses(side: _Side, module: str) -> bool:
    """Only a module that imports from the other side can use a name of it."""
    mine = module in side.own
    return any((e.imported in side.own) != mine for e in side.graph.imports_of(module) if e.line)


def _was_used(old: _Side, symbol: Symbol) -> bool:
    if symbol.module not in old.graph.modules:
        return False
    mine = symbol.module in old.own
    users = {e.importer for e in old.graph.importers_of(symbol.module) if e.line}
    return any(
        symbol == used
        for module in sorted(users)
        # Who imports the module itself must spell the name.
        if (module in old.own) != mine and symbol.name.encode() in old.content(module)
        for used, _ in old.used_across(module)
    )
