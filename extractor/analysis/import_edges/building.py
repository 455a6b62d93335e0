"""The graph of all modules: every edge, and every place where only the run decides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from extractor.analysis.facts import Body, Facts
from extractor.analysis.graph import (
    CONDITION,
    HOOK,
    Edge,
    External,
    Graph,
    Kind,
    Unknown,
    Unreadable,
    closures,
)
from extractor.analysis.import_edges.calls import Calls
from extractor.analysis.import_edges.own_code import OwnCode
from extractor.analysis.import_edges.targets import Target, Targets
from extractor.analysis.modules import Module
from extractor.analysis.namespaces import Namespaces
from extractor.analysis.surroundings import Surroundings

# What the import system calls of a finder or a loader.
# https://docs.python.org/3/reference/import.html#the-meta-path
_PROTOCOL = ("find_spec", "exec_module", "create_module", "find_module", "load_module")
Look = Callable[[str, str], Body | None]


def build_graph(
    packages: Sequence[str],
    modules: Mapping[str, Module],
    facts: Mapping[str, Facts],
    look: Look,
    around: Surroundings | None = None,
) -> Graph:
    """The graph of ``modules``; ``look`` reads one function of one module."""
    return Builder(packages, modules, facts, look, around or Surroundings()).build()


class Builder:
    """Notes the edges out of one module after the other."""

    def __init__(
        self,
        packages: Sequence[str],
        modules: Mapping[str, Module],
        facts: Mapping[str, Facts],
        look: Look,
        around: Surroundings,
    ) -> None:
        self.packages = tuple(packages)
        self.modules = modules
        self.facts = facts
        self.targets = Targets(packages, modules, facts, Namespaces(modules, facts, look), around)
        self.code = OwnCode(self.targets)
        self.calls = Calls(self.targets, self.code)
        self.edges: set[Edge] = set()
        self.externals: set[External] = set()
        self.unknown: dict[tuple[str, int, str, bool, str, int], set[str]] = {}

    def build(self) -> Graph:
        unreadable = []
        self.calls.note_replacements()
        for name, module in self.modules.items():
            self.module(name)
            facts = self.facts.get(name)
            if facts is not None and facts.error:
                unreadable.append(
                    Unreadable(name, module.path or "", facts.error_line, facts.error)
                )
        return Graph(
            self.packages,
            self.modules,
            sorted(self.edges),
            sorted(self.externals),
            sorted(self._unknown()),
            sorted(unreadable),
            {name: facts.lines for name, facts in sorted(self.facts.items())},
        )

    def _unknown(self) -> Iterator[Unknown]:
        """What is not known, without conditions on what is loaded anyway."""
        conditions = {key[0] for key in self.unknown if key[2] == CONDITION}
        certain = closures(self.edges) if conditions else {}
        for (importer, line, function, on_call, via, at), candidates in self.unknown.items():
            open_ = candidates
            if function == CONDITION:
                sure = certain.get(importer, ())
                open_ = {c for c in candidates if c not in sure}
                if not open_:
                    continue
            yield Unknown(importer, line, function, on_call, via, at, tuple(sorted(open_)))

    def module(self, name: str) -> None:
        """Note all edges of one module."""
        parent = name.rpartition(".")[0]
        if parent:
            self.edges.add(Edge(name, parent, 0, Kind.PARENT))
        facts = self.facts.get(name)
        if facts is None:
            return
        self.named(name, facts)
        for path, (line, flags) in facts.top.calls.items():
            certain = self.code.entered(name, facts.top, flags)
            if certain is None:
                continue
            for function, targets in self.calls.called(name, path, None, {}):
                for target in targets:
                    self.add(name, target if certain else target.perhaps(), line, function)

    def named(self, name: str, facts: Facts) -> None:
        """Note what the text of ``name`` itself says."""
        for target in self.code.direct(name, facts.top):
            self.add(name, target, target.line)
        for function, body in facts.functions.items():
            for one in body.all():
                self.on_call(name, function, one)

    def on_call(self, name: str, function: str, body: Body) -> None:
        """Note what a function would load if it were called."""
        for target in self.code.direct(name, body):
            kind = Kind.TYPE_CHECKING if target.kind is Kind.TYPE_CHECKING else Kind.ON_CALL
            if target.unknown:
                self.doubt(name, target.line, target.unknown, True, "", 0, target.candidates)
            elif target.external:
                self.externals.add(External(name, target.module, target.line, kind))
            else:
                self.edges.add(Edge(name, target.module, target.line, kind, function))
                if self.of_hook(name, function):
                    self.doubt(name, target.line, HOOK, True, "", 0, (target.module,))

    def of_hook(self, name: str, function: str) -> bool:
        """Whether ``function`` is a method of a class that the import system may call."""
        cls = function.rpartition(".")[0]
        if not cls:
            return False
        return any(self.calls.names.method(name, cls, method) for method in _PROTOCOL)

    def add(self, name: str, target: Target, line: int, via: str = "") -> None:
        """Note what ``name`` loads at ``line``, perhaps by calling ``via``."""
        at = target.line if via else 0
        if target.unknown:
            self.doubt(name, line, target.unknown, False, via, at, target.candidates)
            return
        kind = target.kind
        if via and kind is not Kind.CONDITIONAL:
            kind = Kind.CALL
        if target.external:
            self.externals.add(External(target.holder, target.module, target.line, kind))
        elif target.module != name:
            self.edges.add(Edge(name, target.module, line, kind, via, at))
            if kind is Kind.CONDITIONAL:
                # Together for a call, whatever the lines in the functions that it runs.
                self.doubt(name, line, CONDITION, False, via, 0, (target.module,))

    def doubt(
        self,
        name: str,
        line: int,
        function: str,
        on_call: bool,
        via: str,
        at: int,
        candidates: Iterable[str],
    ) -> None:
        """Note a place where only the run decides."""
        key = (name, line, function, on_call, via, at)
        self.unknown.setdefault(key, set()).update(candidates)
