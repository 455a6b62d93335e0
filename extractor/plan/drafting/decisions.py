"""``[[cut]]`` and ``[[replace]]``: where the subsystem ends, and what stands there instead."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

import tomlkit
from tomlkit.items import AoT

from extractor.analysis.cascade import loaded
from extractor.analysis.cuts import single_cuts
from extractor.analysis.graph import Graph
from extractor.analysis.stops import Stop
from extractor.analysis.subsystem import WORTH, Subsystem
from extractor.parsing import UnreadableSource, parse_ast
from extractor.plan.drafting.state import Draft
from extractor.plan.questions import Choice, Costs, decision
from extractor.source.tree import Tree
from extractor.wording import counted


def decisions(
    draft: Draft, tree: Tree, found: Subsystem, stops: Iterable[Stop], along: list[str]
) -> tuple[AoT, AoT]:
    """Calls to drop, and names to put something in the place of."""
    cuts, replaces = tomlkit.aot(), tomlkit.aot()
    modules = {m.name: m.path for m in draft.graph.modules.values() if m.path is not None}
    costs = Costs(tree, modules)
    for subject, count, place in _calls(draft, found):
        table = tomlkit.table()
        table.add("subject", subject)
        table.add(
            "reason",
            f"Suggested: not calling it saves {counted(count, 'module')}; called at {place}.",
        )
        cuts.append(table)
        draft.ask(
            subject,
            f"is called at {place}: is any of its effects needed?",
            "the call is dropped",
            draft.follow("cut"),
            _written(draft, subject, "cut"),
            cost=f"{counted(count, 'module')} are loaded by the call",
            weight=count,
        )
    for stop in stops:
        place = draft.where(stop.uses[0])
        if len(stop.uses) > 1:
            place += f" and in {len(stop.uses) - 1} more lines"
        saved = f"{counted(len(stop.saves), 'symbol')} of {counted(stop.modules, 'module')}"
        cost, lines = costs.of_stop(stop, along), costs.lines(stop.saves)
        table = tomlkit.table()
        table.add("subject", stop.subject)
        if ":" in stop.subject and _only_called(tree, modules, stop):
            table.add("reason", f"Suggested: behind it are {saved}; called at {place}.")
            cuts.append(table)
            draft.ask(
                stop.subject,
                f"is called at {place}: is any of its effects needed?",
                "the call is dropped",
                draft.follow("cut"),
                _written(draft, stop.subject, "cut"),
                cost=f"behind it are {cost}",
                weight=lines,
            )
            continue
        with_ = draft.stand_in(stop.subject)
        table.add("with", with_)
        table.add("reason", f"Suggested: behind it are {saved}; used at {place}.")
        replaces.append(table)
        path = with_.partition(":")[0].replace(".", "/")
        reason = "It stays in a library that both sides use."
        library = Choice(
            f"keep {draft.top} as a library: take its [[replace]] away, uncomment, and name the "
            f"distribution of {draft.top} under [packaging.distributions]",
            decision("replace", stop.subject, reason, stop.subject),
        )
        choices = [draft.follow("replace"), library]
        if ":" in stop.subject:
            reason = "Nothing of what it does is wanted here."
            what = "drop what calls it: take its [[replace]] away, and uncomment"
            choices.append(Choice(what, decision("cut", stop.subject, reason)))
        draft.ask(
            stop.subject,
            f"is used at {place}: who should own what is behind it?",
            f"it is not followed; {with_} takes its place: write it in overlay/{path}.py",
            *choices,
            cost=f"behind it are {cost}",
            weight=lines,
        )
    return cuts, replaces


def _written(draft: Draft, subject: str, kind: str) -> Choice:
    """To write what stands in the place of a subject."""
    with_ = draft.stand_in(subject)
    path = with_.partition(":")[0].replace(".", "/")
    reason = "The subsystem has one of its own."
    return Choice(
        f"write {with_} in overlay/{path}.py: take its [[{kind}]] away, and uncomment",
        decision("replace", subject, reason, with_),
    )


def _calls(draft: Draft, found: Subsystem) -> Iterable[tuple[str, int, str]]:
    """Functions that the subsystem calls on import and that load much: subject, modules, place."""
    own = [m for m in found.own if m in draft.graph.modules]
    best: dict[str, tuple[int, str]] = {}
    door = max(own, key=lambda m: (_loads(draft.graph, m), m))
    for cut in single_cuts(draft.graph, door, own):
        first = cut.statements[0]
        if first.via and first.importer in own and len(cut.saves) >= WORTH:
            place = draft.graph.where(first.importer, first.line)
            best.setdefault(first.via, (len(cut.saves), place))
    return [(subject, saved, place) for subject, (saved, place) in sorted(best.items())]


def _loads(graph: Graph, module: str) -> int:
    return len(loaded(graph, module))


def _only_called(tree: Tree, modules: Mapping[str, str], stop: Stop) -> bool:
    """Whether every use of the subject is a statement that calls it and drops the value."""
    name = stop.subject.partition(":")[2]
    for use in stop.uses:
        try:
            parsed, _ = parse_ast(tree.read(modules[use.importer]))
        except UnreadableSource:
            return False
        statements = [
            node
            for node in ast.walk(parsed)
            if isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Call)
            and node.lineno <= use.line <= (node.end_lineno or node.lineno)
        ]
        ends = [
            getattr(s.value.func, "attr", getattr(s.value.func, "id", ""))
            for s in statements
            if isinstance(s.value, ast.Call)
        ]
        if name not in ends:
            return False
    return bool(stop.uses)
