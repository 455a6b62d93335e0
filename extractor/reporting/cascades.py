"""What the subsystem's front door loads, before and after, and what each decision buys."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping

from extractor_reports import schema

from extractor.analysis.cascade import Cascade, cascade
from extractor.analysis.cuts import single_cuts
from extractor.analysis.graph import Edge, Graph, Kind
from extractor.analysis.report_text import cut_text
from extractor.analysis.symbols import Reach
from extractor.plan.model import Decision, PlanData
from extractor.plan.moves import is_below
from extractor.project.standard_library import is_standard_library

_OFFERS = 25


def front_door(graph: Graph, named: str, candidates: Iterable[str]) -> str | None:
    """The module to import: the one ``named``, else the candidate that loads most."""
    if named in graph.modules:
        return named
    present = [module for module in candidates if module in graph.modules]
    if not present:
        return None
    return min(present, key=lambda module: (-len(cascade(graph, module).modules), module))


def factory_module(data: PlanData, *, of_source: bool = False) -> str:
    """The module of the service's factory that the plan's checks call; empty for none."""
    serve = data.verify.source.serve if of_source else data.verify.serve
    return serve.factory.partition(":")[0]


def describe_cascade(
    graph: Graph,
    loads: Cascade,
    belongs: Callable[[str], bool],
    origins: Mapping[str, schema.Origin] | None = None,
) -> schema.Cascade:
    """The cascade as a report holds it, each module with the import that loads it first.

    ``origins``: how each path came into the result.
    """
    modules = []
    for module in loads.modules:
        edge = loads.blame.get(module)
        modules.append(
            schema.LoadedModule(
                module=module,
                path=graph.modules[module].path or "",
                lines=graph.lines.get(module, 0),
                loaded_by=edge.importer if edge else "",
                line=edge.line if edge else 0,
                how=edge.kind.value if edge else "",
                belongs=belongs(module),
                origin=(origins or {}).get(graph.modules[module].path or "", ""),
            )
        )
    return schema.Cascade(
        root=loads.root,
        lines=loads.lines,
        modules=tuple(modules),
        third_party=tuple(
            schema.ThirdParty(package=name, users=len(users), first=users[0])
            for name, users in loads.third_party.items()
            if not is_standard_library(name)
        ),
    )


def payments(
    graph: Graph, root: str, decisions: Iterable[Decision], reach: Reach, own: Collection[str]
) -> tuple[schema.Payment, ...]:
    """What each decision buys, then moving ``own`` away, then carrying instead of importing."""
    leaving = [e for e in graph.edges if e.importer in own and e.imported not in own and e.loads]
    steps: list[tuple[str, str, frozenset[Edge]]] = []
    for decision in decisions:
        importers = {use.importer for use in reach.stopped.get(decision.subject, ())}
        cut = frozenset(e for e in graph.edges if _is_cut(e, decision.subject, importers))
        steps.append(("decision", decision.subject, cut))
    decided = frozenset[Edge]().union(*(cut for *_, cut in steps))
    parents = frozenset(e for e in leaving if e.kind is Kind.PARENT)
    steps += [("move", "", parents), ("carry", "", frozenset(leaving) - decided - parents)]
    full = _loaded(graph, root, frozenset())
    final = _loaded(graph, root, frozenset[Edge]().union(*(cut for *_, cut in steps)))
    gone: frozenset[Edge] = frozenset()
    found = []
    for index, (kind, subject, cut) in enumerate(steps):
        gone |= cut
        others = frozenset[Edge]().union(*(c for i, (*_, c) in enumerate(steps) if i != index))
        saved = full - _loaded(graph, root, cut)
        back = _loaded(graph, root, others) - final
        found.append(
            schema.Payment.model_validate(
                {
                    "kind": kind,
                    "subject": subject,
                    "alone": len(saved),
                    "alone_lines": sum(graph.lines.get(module, 0) for module in saved),
                    "together": len(_loaded(graph, root, gone)),
                    "undone": len(back),
                    "undone_lines": sum(graph.lines.get(module, 0) for module in back),
                }
            )
        )
    return tuple(found)


def offers(graph: Graph, root: str, keep: Collection[str]) -> tuple[schema.CutOffer, ...]:
    """The single cuts that would save most, for comparison with what was decided."""
    return tuple(
        schema.CutOffer(
            what=cut_text(graph, cut),
            place=graph.where(cut.statements[0].importer, cut.statements[0].line),
            modules=len(cut.saves),
            lines=cut.lines,
        )
        for cut in single_cuts(graph, root, keep)[:_OFFERS]
    )


def _is_cut(edge: Edge, subject: str, importers: Collection[str]) -> bool:
    module, _, name = subject.partition(":")
    if name and edge.via == subject:
        return True
    if edge.importer not in importers or edge.kind is Kind.PARENT:
        return False
    return is_below(edge.imported, [f"{module}.{name}" if name else module]) or (
        bool(name) and edge.imported == module and not edge.via
    )


def _loaded(graph: Graph, root: str, without: Collection[Edge]) -> set[str]:
    seen = {root}
    queue = deque([root])
    while queue:
        for edge in graph.imports_of(queue.popleft()):
            if edge.loads and edge.imported not in seen and edge not in without:
                seen.add(edge.imported)
                queue.append(edge.imported)
    return seen
