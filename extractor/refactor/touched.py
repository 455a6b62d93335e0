"""Which test modules a commit concerns: by what they import and name, before it and after.

Pure: graphs and texts in, names of modules out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from extractor.analysis.graph import Graph, Kind
from extractor.plan.moves import is_below

_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
# A parent package is loaded, and a function called, without being named.
_NOT_SAID = frozenset({Kind.PARENT, Kind.CALL})


@dataclass(frozen=True)
class TestModules:
    """The test modules of one tree; ``names`` are the modules each imports or names."""

    # It is no test, whatever pytest thinks of its name.
    __test__ = False

    names: Mapping[str, frozenset[str]]

    def below(self, packages: Collection[str]) -> frozenset[str]:
        """Those in ``packages`` (or that are among them)."""
        return frozenset(name for name in self.names if is_below(name, packages))

    def concerned(self, modules: Collection[str]) -> frozenset[str]:
        """Those that are among ``modules``, import one of them or name it."""
        wanted = frozenset(modules)
        return frozenset(
            name for name, named in self.names.items() if name in wanted or named & wanted
        )


def find_test_modules(
    graph: Graph, texts: Mapping[str, str], packages: Collection[str]
) -> TestModules:
    """The modules ``test*`` below ``packages``; ``texts`` maps each to its text."""
    return TestModules(
        {name: frozenset(_named(graph, name, texts[name])) for name in tests_in(graph, packages)}
    )


def tests_in(graph: Graph, packages: Collection[str]) -> list[str]:
    """Names of the modules that unittest would discover below ``packages``, sorted."""
    return sorted(
        name
        for name, module in graph.modules.items()
        if module.path is not None
        and not module.is_package
        and name.rpartition(".")[2].startswith("test")
        and is_below(name, packages)
    )


def modules_of_paths(paths: Iterable[str]) -> frozenset[str]:
    """The modules whose files are among ``paths``."""
    return frozenset(
        path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        for path in paths
        if path.endswith(".py")
    )


# Private functions


def _named(graph: Graph, name: str, text: str) -> set[str]:
    said = {edge.imported for edge in graph.imports_of(name) if edge.kind not in _NOT_SAID}
    for dotted in set(_DOTTED.findall(text)):
        # Of a class or a function too, it is the module that is named; what begins like the
        # package alone may be anything.
        while "." in dotted and dotted not in graph.modules:
            dotted = dotted.rpartition(".")[0]
        if "." in dotted:
            said.add(dotted)
    return said
