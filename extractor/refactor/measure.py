"""What a step buys: what importing a few modules loads, and who imports the subsystem."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from extractor.analysis.cascade import Cascade, cascade
from extractor.analysis.project import Project
from extractor.plan.moves import is_below
from extractor.project.standard_library import standard_library
from extractor.source.tree import Tree
from extractor.wording import counted, verb


@dataclass(frozen=True)
class Effect:
    """What importing ``module`` loads: counts of first-party modules, ``module`` included.

    ``no_more`` are other projects that a loaded module named before and none names after; what
    comes with Python costs little and is left out.
    """

    module: str
    before: int
    after: int
    no_more: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = []
        if self.before != self.after:
            parts.append(f"loads {self.before} -> {counted(self.after, 'module')}")
        if self.no_more:
            parts.append(f"no longer names {', '.join(self.no_more)}")
        unchanged = f"loads {counted(self.after, 'module')}"
        return f"importing {self.module} {', '.join(parts) or unchanged}"

    @property
    def is_change(self) -> bool:
        """Whether there is anything to tell."""
        return self.before != self.after or bool(self.no_more)


@dataclass(frozen=True)
class Users:
    """Modules of the source outside of the subsystem that import it."""

    before: int
    after: int

    def __str__(self) -> str:
        was = f"{self.before} -> " if self.before != self.after else ""
        imports = verb(self.after, "imports", "import")
        return f"{was}{counted(self.after, 'module')} {imports} the subsystem from outside"


class Meter:
    """Measures one state of a tree after another; a file that stays is read once.

    ``inside`` are the subsystem's own packages, ``apart`` what lies below them and is not its.
    """

    def __init__(
        self,
        package: str,
        probes: Sequence[str],
        inside: Sequence[str] = (),
        apart: Sequence[str] = (),
    ) -> None:
        self.probes = tuple(probes)
        self.users = Users(0, 0)
        self._inside, self._apart = tuple(inside), tuple(apart)
        self._project = Project((package,))
        self._last: dict[str, Cascade] = {}

    def look(self, tree: Tree) -> tuple[Effect, ...]:
        """The effects since the last look; at the first there is no difference yet."""
        graph = self._project.graph(tree)
        users = {
            edge.importer
            for edge in graph.edges
            if self._is_inside(edge.imported) and not self._is_inside(edge.importer)
        }
        self.users = Users(self.users.after if self._last else len(users), len(users))
        now = {p: cascade(graph, p) for p in self.probes if p in graph.modules}
        before = {**now, **self._last}
        self._last = now
        return tuple(
            Effect(
                probe,
                len(before[probe].modules),
                len(now[probe].modules),
                tuple(
                    sorted(
                        before[probe].third_party.keys()
                        - now[probe].third_party.keys()
                        - standard_library()
                    )
                ),
            )
            for probe in now
        )

    def loaded(self, probe: str) -> tuple[str, ...]:
        """The modules importing ``probe`` loaded at the last look, sorted; none if it is gone."""
        return self._last[probe].modules if probe in self._last else ()

    def _is_inside(self, module: str) -> bool:
        return is_below(module, self._inside) and not is_below(module, self._apart)
