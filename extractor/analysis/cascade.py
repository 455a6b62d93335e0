"""What importing a module loads, and which chain of imports is to blame for each."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from extractor.analysis.graph import Edge, Graph, Kind, reachable
from extractor.errors import UsageError


@dataclass(frozen=True)
class Cascade:
    """What importing ``root`` loads.

    ``modules`` are first-party, ``root`` and its parent packages included; ``lines`` is
    the length of their files together; ``third_party`` maps each top-level package that
    these modules name to the modules that name it. ``on_call`` are modules that would come
    with a call of something loaded, and are not loaded by the import; ``type_checking`` are
    modules that are named for type checkers and not even come with a call.
    """

    root: str
    modules: tuple[str, ...]
    lines: int
    third_party: dict[str, tuple[str, ...]]
    on_call: tuple[str, ...]
    type_checking: tuple[str, ...]
    # For each module but the root: the edge that loads it first, for chains.
    blame: dict[str, Edge]

    def chain(self, module: str) -> tuple[Edge, ...]:
        """The shortest way from the root to ``module``; empty for the root itself."""
        edges: list[Edge] = []
        while module != self.root:
            edge = self.blame[module]
            edges.append(edge)
            module = edge.importer
        return tuple(reversed(edges))


@dataclass(frozen=True)
class PackageCost:
    """What one package's ``__init__`` costs everyone who imports anything below it.

    ``loads`` counts the modules importing the package loads, ``own`` those that it brings
    by itself, beyond its parents'; ``passers_by`` are importers that wanted something
    below it and nothing of it; ``on_path`` says whether the root loads it.
    """

    package: str
    loads: int
    own: int
    own_modules: tuple[str, ...]
    statements: int
    passers_by: tuple[str, ...]
    on_path: bool


def cascade(graph: Graph, root: str) -> Cascade:
    """What importing ``root`` loads; ``UsageError`` when the graph has no such module."""
    if root not in graph.modules:
        raise UsageError(f"no module {root!r} in {', '.join(graph.packages)}")
    blame: dict[str, Edge] = {}
    seen = {root}
    queue = deque([root])
    while queue:
        for edge in graph.imports_of(queue.popleft()):
            if edge.loads and edge.imported not in seen:
                seen.add(edge.imported)
                blame[edge.imported] = edge
                queue.append(edge.imported)
    third_party: dict[str, set[str]] = {}
    for external in graph.externals:
        if external.importer in seen and external.kind not in {Kind.ON_CALL, Kind.TYPE_CHECKING}:
            third_party.setdefault(external.package, set()).add(external.importer)

    def apart(kind: Kind) -> set[str]:
        edges = (edge for module in seen for edge in graph.imports_of(module))
        return {e.imported for e in edges if e.kind is kind} - seen

    on_call = apart(Kind.ON_CALL)
    return Cascade(
        root=root,
        modules=tuple(sorted(seen)),
        lines=sum(graph.lines.get(module, 0) for module in seen),
        third_party={name: tuple(sorted(users)) for name, users in sorted(third_party.items())},
        on_call=tuple(sorted(on_call)),
        type_checking=tuple(sorted(apart(Kind.TYPE_CHECKING) - on_call)),
        blame=blame,
    )


def loaded(graph: Graph, root: str) -> frozenset[str]:
    """The modules importing ``root`` loads, without anything else about them."""
    return frozenset(
        reachable([root], lambda m: (e.imported for e in graph.imports_of(m) if e.loads))
    )


def package_costs(graph: Graph, root: str | None = None) -> list[PackageCost]:
    """Every package whose ``__init__`` loads anything, the most expensive first."""
    on_path = loaded(graph, root) if root else frozenset()
    known: dict[str, frozenset[str]] = {}

    def loads(name: str) -> frozenset[str]:
        if name not in known:
            known[name] = loaded(graph, name)
        return known[name]

    costs = []
    for module in graph.modules.values():
        if not module.is_package:
            continue
        own_edges = [e for e in graph.imports_of(module.name) if e.loads and e.line]
        if not own_edges:
            continue
        parent = module.name.rpartition(".")[0]
        above = loads(parent) if parent else frozenset()
        own = loads(module.name) - above - {module.name}
        costs.append(
            PackageCost(
                package=module.name,
                loads=len(loads(module.name)),
                own=len(own),
                own_modules=tuple(sorted(own)),
                statements=len({edge.line for edge in own_edges}),
                passers_by=_passers_by(graph, module.name),
                on_path=module.name in on_path,
            )
        )
    return sorted(costs, key=lambda cost: (-cost.own, -cost.loads, cost.package))


def _passers_by(graph: Graph, package: str) -> tuple[str, ...]:
    """Modules outside ``package`` that load something below it and never ask for itself."""
    below = package + "."
    wanted_below = {
        edge.importer
        for module in graph.modules
        if module.startswith(below)
        for edge in graph.importers_of(module)
        if edge.loads
    }
    wanted_itself = {edge.importer for edge in graph.importers_of(package) if edge.line}
    outside = {m for m in wanted_below - wanted_itself if m != package and not m.startswith(below)}
    return tuple(sorted(outside))
