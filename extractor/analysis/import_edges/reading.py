"""The edges of single modules, for questions about few of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from extractor.analysis.conditions import TYPE_CHECKING
from extractor.analysis.facts import Facts
from extractor.analysis.graph import Edge, External
from extractor.analysis.import_edges.building import Builder, Look
from extractor.analysis.modules import Module
from extractor.analysis.surroundings import Surroundings


class GraphReader:
    """The edges of single modules, each worked out when it is asked for.

    Of every module it says what ``build_graph`` says, but for functions that another module sets
    in the place of one that is called: for these every file would be read. ``facts`` may read a
    file only when it is looked up, so that a question about few modules costs the reading of few.
    """

    def __init__(
        self,
        packages: Sequence[str],
        modules: Mapping[str, Module],
        facts: Mapping[str, Facts],
        look: Look,
        around: Surroundings | None = None,
    ) -> None:
        self._builder = Builder(packages, modules, facts, look, around or Surroundings())

    def imports_of(self, name: str) -> tuple[list[Edge], list[External]]:
        """Edges out of ``name``, and what its code and the functions it calls load of others.

        An ``External`` of a function called has the module of that function as importer.
        """
        builder = self._taken_up()
        builder.module(name)
        return sorted(builder.edges), sorted(builder.externals)

    def named_by(self, name: str) -> tuple[list[Edge], list[External]]:
        """Of these only what ``name`` says itself: no parent package, no function called."""
        builder = self._taken_up()
        if name in builder.facts:
            builder.named(name, builder.facts[name])
        return sorted(builder.edges), sorted(builder.externals)

    def statements_of(self, name: str) -> Iterator[tuple[str, int, bool]]:
        """What the import statements of ``name`` name, whether or not they ever run.

        Each the module, the line, and whether it is for type checkers only.
        """
        facts = self._builder.facts.get(name)
        if facts is None:
            return
        for body in (facts.top, *facts.functions.values()):
            for one in body.all():
                for entry in one.imports:
                    for_types = bool(entry[1] & TYPE_CHECKING)
                    for module in self._builder.targets.spelled_out(name, entry):
                        yield module, entry[0], for_types

    def _taken_up(self) -> Builder:
        self._builder.edges, self._builder.externals = set(), set()
        return self._builder
