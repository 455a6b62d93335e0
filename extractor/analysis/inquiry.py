"""The questions of ``extractor analyze``: one tree is read once, each adds its findings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from extractor.analysis.cache import Cache
from extractor.analysis.project import Project
from extractor.analysis.report import Analysis
from extractor.analysis.subsystem import Bounds
from extractor.analysis.symbols import Symbol
from extractor.analysis.truth import Observation
from extractor.errors import UsageError
from extractor.source.tree import Tree


class Inquiry:
    """One tree that is asked about; every question answers with an ``Analysis``.

    ``packages`` are read: those of the names ``about`` when there are none, else the largest.
    A name that no module has is a ``UsageError``, whatever the question.
    """

    def __init__(
        self,
        label: str,
        tree: Tree,
        packages: Sequence[str] = (),
        about: Iterable[str] = (),
        cache: Cache | None = None,
    ) -> None:
        tops = dict.fromkeys(name.partition(".")[0] for name in about if name)
        self.label, self.tree = label, tree
        self.project = Project(tuple(packages) or tuple(tops), cache)
        self.graph = self.project.graph(tree)

    def cascade(self, root: str | None, why: Sequence[str] = ()) -> Analysis:
        """What importing ``root`` loads, what packages cost, and by which chain ``why`` come."""
        from extractor.analysis.cascade import cascade, package_costs

        loads = cascade(self.graph, root) if root else None
        named = {*self.graph.modules, *(e.package for e in self.graph.externals)}
        if unknown := [name for name in why if name not in named]:
            raise UsageError(f"nothing imports {unknown[0]!r} in {self._packages}")
        costs = package_costs(self.graph, root)
        return Analysis(self.label, self.graph, costs=costs, cascade=loads, why=why)

    def cuts(self, root: str, budget: int | None = None, keep: Sequence[str] = ()) -> Analysis:
        """Which cuts pay for ``root``, and which reach ``budget`` modules; ``keep`` stays."""
        from extractor.analysis.cascade import cascade
        from extractor.analysis.cuts import single_cuts, smallest_cut_set

        loads = cascade(self.graph, root)
        kept = self._known(keep) if keep else around(root, self.graph.modules)
        kept &= set(loads.modules)
        chosen = None
        if budget is not None:
            chosen = smallest_cut_set(self.graph, root, budget, kept)
        cuts = single_cuts(self.graph, root, kept)
        return Analysis(self.label, self.graph, cascade=loads, cuts=cuts, cut_set=chosen)

    def bounds(self, names: Sequence[str], root: str | None, stops: Sequence[str]) -> Bounds:
        """The subsystem of the modules ``names``, else around ``root``; ``stops`` end it."""
        self._known(name.partition(":")[0] for name in stops)
        packages = self._known(names) if names else around(root or "", self.graph.modules)
        if not packages:
            raise UsageError(f"{root!r} is no module of {self._packages}")
        subjects = {Symbol.parse(text): text for text in stops}
        return Bounds(
            packages, lambda symbol: subjects.get(symbol) or subjects.get(Symbol(symbol.module))
        )

    def symbols(self, bounds: Bounds) -> Analysis:
        """What the subsystem within ``bounds`` needs, and what is used of it."""
        from extractor.analysis.subsystem import examine

        uses, _ = self.project.uses(self.tree, self.graph)
        with self.project.resolver(self.tree, self.graph) as resolver:
            found = examine(
                resolver,
                bounds.packages,
                uses,
                bounds.stops,
                owned=bounds.owned,
                tests=bounds.tests,
            )
        return Analysis(self.label, self.graph, subsystem=found)

    def registry(self, package: str, moving: Sequence[str] = ()) -> Analysis:
        """Who is coupled through ``package``, and what it takes to move classes out of it."""
        from extractor.analysis.registry import what_moving_takes

        leaving = self._known(moving)
        coupling = self.project.coupling(self.tree, self.graph, package)
        named = [c.name for c in coupling.classes if c.module in leaving]
        move = what_moving_takes(coupling, named) if leaving else None
        return Analysis(self.label, self.graph, coupling=coupling, move=move)

    def references(self, below: Sequence[str] = ()) -> Analysis:
        """Names of modules, or only of those ``below``, in strings, settings and documents."""
        self._known(below)
        found = self.project.references(self.tree, self.graph, below)
        return Analysis(self.label, self.graph, references=found)

    def to_observe(self, root: str | None, modules: Sequence[str] = ()) -> Sequence[str]:
        """The modules to import for real: those named, else all that ``root`` loads, else all."""
        if modules or root is None:
            return modules or tuple(self.graph.modules)
        from extractor.analysis.cascade import cascade

        return cascade(self.graph, root).modules

    def truth(self, observed: Sequence[Observation]) -> Analysis:
        """What imports were seen to load, beside what is foretold."""
        from extractor.analysis.truth import compare

        return Analysis(self.label, self.graph, truth=compare(self.graph, observed))

    @property
    def _packages(self) -> str:
        return ", ".join(self.graph.packages)

    def _known(self, names: Iterable[str]) -> set[str]:
        """The modules that are, or are below, ``names``."""
        found = set()
        for name in names:
            modules = below((name,), self.graph.modules)
            if not modules:
                raise UsageError(f"there is no module {name!r} in {self._packages}")
            found |= modules
        return found


def around(root: str, modules: Collection[str]) -> set[str]:
    """What the root belongs to: the package around it; itself alone where that is everything."""
    package = root.rpartition(".")[0]
    return below((package,), modules) if "." in package else {root} & set(modules)


def below(names: Sequence[str], modules: Iterable[str]) -> set[str]:
    """Those of ``modules`` that are one of ``names`` or inside one."""
    wanted = [name for name in names if name]
    return {
        module
        for module in modules
        if any(module == name or module.startswith(name + ".") for name in wanted)
    }
