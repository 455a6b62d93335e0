"""Which import to cut: what each cut saves alone, and a small set that meets a budget.

A cut removes one statement (an import or a call that imports), or silences one package's
``__init__``. The saving of one cut is exact: the modules that every way from the root
reaches through it, read off the dominator tree (Cooper, Harvey and Kennedy, "A Simple,
Fast Dominance Algorithm"). Sets are found greedily, so "smallest" means smallest found.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from extractor.analysis.cascade import loaded
from extractor.analysis.graph import Graph, Kind
from extractor.analysis.modules import ancestors


class Statement(NamedTuple):
    """One line of ``importer`` that loads ``imported``; ``via`` is the function it calls."""

    importer: str
    line: int
    imported: tuple[str, ...]
    via: str = ""


@dataclass(frozen=True)
class Cut:
    """Statements to remove together: one decision.

    ``silences`` names the package whose whole ``__init__`` is meant, ``frees`` the module
    that the statements together let go of; both empty for a single statement. ``saves``
    are the modules no longer loaded when only this is cut, ``lines`` their length.
    """

    statements: tuple[Statement, ...]
    silences: str
    frees: str
    saves: tuple[str, ...]
    lines: int


@dataclass(frozen=True)
class CutSet:
    """Cuts that together bring ``root`` from ``before`` to ``after`` modules.

    ``together`` says for each cut, in order, how many modules fewer there are once it and
    all before it are made. ``met`` is false when the budget was not reached.
    """

    root: str
    budget: int
    before: int
    after: int
    cuts: tuple[Cut, ...]
    together: tuple[int, ...]
    met: bool


def single_cuts(graph: Graph, root: str, keep: Collection[str] = ()) -> list[Cut]:
    """Every statement and ``__init__`` whose removal alone saves something, best first.

    ``keep`` are modules that must stay loaded: a cut that loses one is not offered.
    """
    return _Loading(graph, root).singles(frozenset(keep), frozenset())


def smallest_cut_set(graph: Graph, root: str, budget: int, keep: Collection[str] = ()) -> CutSet:
    """The smallest set of cuts found after which ``root`` loads at most ``budget`` modules."""
    loading = _Loading(graph, root)
    kept = frozenset(keep)
    chosen: list[Cut] = []
    removed: frozenset[Statement] = frozenset()
    while len(loading.reached(removed)) > budget:
        best = loading.best(kept, removed)
        if best is None:
            break
        chosen.append(best)
        removed |= frozenset(best.statements)
    # What an early cut bought may have been bought again by a later one.
    for cut in sorted(chosen, key=lambda c: len(c.saves)):
        others = [c for c in chosen if c is not cut]
        rest = frozenset(s for c in others for s in c.statements)
        if len(loading.reached(rest)) <= max(budget, len(loading.reached(removed))):
            chosen, removed = others, rest
    return loading.described(budget, chosen)


_Node = str | tuple[str] | Statement


class _Loading:
    """The part of the graph that a root loads, with a node for each statement."""

    def __init__(self, graph: Graph, root: str) -> None:
        self.graph = graph
        self.root = root
        self.before = sorted(loaded(graph, root))
        inside = set(self.before)
        self.statements: dict[str, list[Statement]] = {}
        self.parents: dict[str, str] = {}
        for module in self.before:
            by_line: dict[tuple[int, str], list[str]] = {}
            for edge in graph.imports_of(module):
                if not edge.loads or edge.imported not in inside:
                    continue
                if edge.kind is Kind.PARENT:
                    self.parents[module] = edge.imported
                else:
                    by_line.setdefault((edge.line, edge.via), []).append(edge.imported)
            self.statements[module] = [
                Statement(module, line, tuple(sorted(set(imported))), via)
                for (line, via), imported in sorted(by_line.items())
            ]
        self.loaders: dict[str, list[Statement]] = {}
        for module in self.before:
            for statement in self.statements[module]:
                targets = {up for name in statement.imported for up in (name, *ancestors(name))}
                for target in targets:
                    self.loaders.setdefault(target, []).append(statement)

    def reached(self, removed: Collection[Statement]) -> set[str]:
        pending = [self.root]
        seen = {self.root}
        while pending:
            module = pending.pop()
            found = [i for s in self.statements[module] if s not in removed for i in s.imported]
            if module in self.parents:
                found.append(self.parents[module])
            for other in found:
                if other not in seen:
                    seen.add(other)
                    pending.append(other)
        return seen

    def lines(self, modules: Collection[str]) -> int:
        return sum(self.graph.lines.get(module, 0) for module in modules)

    def cut(
        self,
        statements: Sequence[Statement],
        saves: Collection[str],
        silences: str = "",
        frees: str = "",
    ) -> Cut:
        return Cut(tuple(statements), silences, frees, tuple(sorted(saves)), self.lines(saves))

    def singles(self, keep: frozenset[str], removed: frozenset[Statement]) -> list[Cut]:
        """Cuts of one statement or one ``__init__``, by what they save on top of ``removed``."""
        nodes, children = self.dominators(removed)
        saved: list[set[str]] = [set() for _ in nodes]
        # Children come after their dominator: going backwards, each is complete when read.
        for index in range(len(nodes) - 1, -1, -1):
            node = nodes[index]
            if isinstance(node, str):
                saved[index].add(node)
            for child in children[index]:
                saved[index] |= saved[child]
        cuts = []
        for index, node in enumerate(nodes):
            if isinstance(node, str) or not saved[index] or saved[index] & keep:
                continue
            if isinstance(node, Statement):
                cuts.append(self.cut([node], saved[index]))
            else:
                module = node[0]
                live = [s for s in self.statements[module] if s not in removed]
                # What the root itself does is what was asked for.
                if module != self.root and len(live) > 1 and self.graph.modules[module].is_package:
                    cuts.append(self.cut(live, saved[index], silences=module))
        return sorted(cuts, key=_order)

    def best(self, keep: frozenset[str], removed: frozenset[Statement]) -> Cut | None:
        """The cut that saves most, on top of ``removed``, for each statement it takes."""
        now = self.reached(removed)
        singles = self.singles(keep, removed)
        chosen = singles[0] if singles else None
        most = float(len(chosen.saves)) if chosen else 0.0
        for target in sorted(now - keep - {self.root}):
            group = self.users(target, now, removed)
            # No group saves more than what is left besides the modules to keep.
            if len(group) < 2 or len(now) / len(group) <= most:
                continue
            saves = now - self.reached(removed | frozenset(group))
            if len(saves) / len(group) > most and not saves & keep:
                chosen, most = self.cut(group, saves, frees=target), len(saves) / len(group)
        return chosen

    def users(self, target: str, now: set[str], removed: frozenset[Statement]) -> list[Statement]:
        """Statements outside ``target`` that load it or anything below it."""
        below = target + "."
        return [
            statement
            for statement in self.loaders.get(target, ())
            if statement.importer in now
            and statement.importer != target
            and not statement.importer.startswith(below)
            and statement not in removed
        ]

    def dominators(self, removed: frozenset[Statement]) -> tuple[list[_Node], list[list[int]]]:
        """Nodes in reverse postorder with, for each, those it immediately dominates.

        A module's own doing is a node of its own, ``(module,)``: a child loads its parent
        package even when nothing else of it runs.
        """
        number: dict[_Node, int] = {}
        postorder: list[_Node] = []
        stack: list[tuple[_Node, list[_Node]]] = [(self.root, self.successors(self.root, removed))]
        number[self.root] = -1
        while stack:
            node, ahead = stack[-1]
            while ahead:
                following = ahead.pop()
                if following not in number:
                    number[following] = -1
                    stack.append((following, self.successors(following, removed)))
                    break
            else:
                stack.pop()
                postorder.append(node)
        nodes = postorder[::-1]
        for index, node in enumerate(nodes):
            number[node] = index
        before: list[list[int]] = [[] for _ in nodes]
        for index, node in enumerate(nodes):
            for following in self.successors(node, removed):
                before[number[following]].append(index)
        dominator = [-1] * len(nodes)
        dominator[0] = 0
        changed = True
        while changed:
            changed = False
            for index in range(1, len(nodes)):
                new = -1
                for other in before[index]:
                    if dominator[other] < 0:
                        continue
                    if new < 0:
                        new = other
                        continue
                    while other != new:
                        while other > new:
                            other = dominator[other]
                        while new > other:
                            new = dominator[new]
                if dominator[index] != new:
                    dominator[index] = new
                    changed = True
        children: list[list[int]] = [[] for _ in nodes]
        for index in range(1, len(nodes)):
            children[dominator[index]].append(index)
        return nodes, children

    def successors(self, node: _Node, removed: frozenset[Statement]) -> list[_Node]:
        if isinstance(node, str):
            above = self.parents.get(node)
            return [(node,)] if above is None else [(node,), above]
        if isinstance(node, Statement):
            return list(node.imported)
        return [s for s in self.statements[node[0]] if s not in removed]

    def described(self, budget: int, chosen: Sequence[Cut]) -> CutSet:
        """The chosen cuts, the one that saves most first, with what each adds."""
        removed: frozenset[Statement] = frozenset()
        left = list(chosen)
        ordered: list[Cut] = []
        together: list[int] = []
        now = len(self.before)
        while left:
            sizes = [len(self.reached(removed | frozenset(cut.statements))) for cut in left]
            size = min(sizes)
            cut = left.pop(sizes.index(size))
            removed |= frozenset(cut.statements)
            saves = set(self.before) - self.reached(cut.statements)
            ordered.append(self.cut(cut.statements, saves, cut.silences, cut.frees))
            together.append(len(self.before) - size)
            now = size
        return CutSet(
            root=self.root,
            budget=budget,
            before=len(self.before),
            after=now,
            cuts=tuple(ordered),
            together=tuple(together),
            met=now <= budget,
        )


def _order(cut: Cut) -> tuple[object, ...]:
    first = cut.statements[0]
    return (-len(cut.saves), -cut.lines, len(cut.statements), first.importer, first.line)
