"""The import graph of a package: which module loads which, at which line, and why.

Built from the facts of every file (``extractor.analysis.scan``). An import of ``a.b.c``
loads ``a`` and ``a.b`` too: a module's edge to its parent package says so. A call at
module level runs the function it names: what that imports is loaded, and the edge says
through which function.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from extractor.analysis.modules import Module


class Kind(enum.StrEnum):
    """How an import comes to be.

    ``CONDITIONAL`` hangs on what only the run decides, so it is ``Unknown`` too; like ``ON_CALL``
    and ``TYPE_CHECKING`` it is not counted as loaded.
    """

    IMPORT = "import"
    CONDITIONAL = "conditional"
    PARENT = "parent package"
    STRING = "string"
    CALL = "call"
    ON_CALL = "on call"
    TYPE_CHECKING = "type checking"


_NOT_LOADED = frozenset({Kind.CONDITIONAL, Kind.ON_CALL, Kind.TYPE_CHECKING})


class Edge(NamedTuple):
    """``importer`` names ``imported`` at ``line`` (1-based, 0 for a parent package).

    For ``Kind.CALL``, ``via`` is the function called as ``module:name`` and ``via_line``
    the line of the import in the file of that function. For ``Kind.ON_CALL`` ``via`` is
    the function of the importer that holds the import.
    """

    importer: str
    imported: str
    line: int
    kind: Kind
    via: str = ""
    via_line: int = 0

    @property
    def loads(self) -> bool:
        return self.kind not in _NOT_LOADED


class External(NamedTuple):
    """A module that is not first-party: named by ``importer`` at ``line``."""

    importer: str
    imported: str
    line: int
    kind: Kind

    @property
    def package(self) -> str:
        return self.imported.partition(".")[0]


class Unknown(NamedTuple):
    """A place where only the run decides what is imported.

    ``importer`` runs into it at ``line``, by way of a call of ``via`` where that is not
    empty (the import itself is at ``via_line`` of its file). ``function`` is what imports by a
    name that is not known, ``CONDITION`` for an import that a condition decides, such as the
    platform or an optional library, or ``HOOK``. ``candidates`` are the modules it may load,
    where they are known: those of the entry points of a namespace, those behind the condition
    or in the hook.
    """

    importer: str
    line: int
    function: str
    on_call: bool
    via: str = ""
    via_line: int = 0
    candidates: tuple[str, ...] = ()


CONDITION = "condition"
# A method of an import hook, which any import may run.
HOOK = "import hook"
# A module of the project's own that is not there, or is compiled: what it imports is not known.
NO_SOURCE = "no Python source"


class Unreadable(NamedTuple):
    """A file that no parser we have accepts; what it imports is not known."""

    module: str
    path: str
    line: int
    reason: str


@dataclass(frozen=True)
class Graph:
    """Modules and edges of one revision; everything sorted."""

    packages: tuple[str, ...]
    modules: Mapping[str, Module]
    edges: Sequence[Edge]
    externals: Sequence[External]
    unknown: Sequence[Unknown]
    unreadable: Sequence[Unreadable]
    # Lines of each module's file, as an editor counts them.
    lines: Mapping[str, int]
    _from: dict[str, list[Edge]] = field(default_factory=dict, compare=False, repr=False)
    _to: dict[str, list[Edge]] = field(default_factory=dict, compare=False, repr=False)

    def imports_of(self, importer: str) -> Sequence[Edge]:
        """Edges out of ``importer``, by line."""
        if not self._from:
            for edge in self.edges:
                self._from.setdefault(edge.importer, []).append(edge)
        return self._from.get(importer, ())

    def importers_of(self, imported: str) -> Sequence[Edge]:
        """Edges into ``imported``, by importer and line."""
        if not self._to:
            for edge in self.edges:
                self._to.setdefault(edge.imported, []).append(edge)
        return self._to.get(imported, ())

    def where(self, importer: str, line: int) -> str:
        """``path:line`` for people."""
        module = self.modules[importer]
        return f"{module.path or importer}:{line}" if line else (module.path or importer)


def reachable(
    roots: Iterable[str], out: Callable[[str], Iterable[str]], without: frozenset[str] = frozenset()
) -> set[str]:
    """Everything reached from ``roots`` without passing ``without``."""
    pending = [root for root in roots if root not in without]
    seen = set(pending)
    while pending:
        for other in out(pending.pop()):
            if other not in seen and other not in without:
                seen.add(other)
                pending.append(other)
    return seen


def closures(edges: Iterable[Edge]) -> dict[str, Members]:
    """For each importer all that it is certain to load, itself included."""
    out: dict[str, list[str]] = {}
    number: dict[str, int] = {}
    for edge in edges:
        for name in (edge.importer, edge.imported):
            number.setdefault(name, len(number))
        if edge.loads:
            out.setdefault(edge.importer, []).append(edge.imported)
    members: dict[str, int] = {}
    for circle in _circles(list(number), out):
        bits = 0
        for name in circle:
            bits |= 1 << number[name]
            for other in out.get(name, ()):
                bits |= members.get(other, 0)
        for name in circle:
            members[name] = bits
    return {name: Members(bits, number) for name, bits in members.items()}


class Members:
    """A set of modules as the bits of one number: of thousands of modules each has one."""

    def __init__(self, bits: int, number: Mapping[str, int]) -> None:
        self._bits, self._number = bits, number

    def __contains__(self, name: str) -> bool:
        return name in self._number and bool(self._bits >> self._number[name] & 1)


def _circles(names: Sequence[str], out: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """Strongly connected components, each after those it leads to (Tarjan, without recursion)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    waiting: set[str] = set()
    work: list[tuple[str, Iterator[str]]] = []

    def enter(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        waiting.add(name)
        work.append((name, iter(out.get(name, ()))))

    for root in names:
        if root not in index:
            enter(root)
        while work:
            name, others = work[-1]
            other = next((o for o in others if o not in index or o in waiting), None)
            if other is not None and other not in index:
                enter(other)
            elif other is not None:
                low[name] = min(low[name], index[other])
            else:
                work.pop()
                if work:
                    above = work[-1][0]
                    low[above] = min(low[above], low[name])
                if low[name] == index[name]:
                    circle = [stack.pop()]
                    while circle[-1] != name:
                        circle.append(stack.pop())
                    waiting.difference_update(circle)
                    yield circle
