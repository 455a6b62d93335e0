"""Importing one module may load only so much."""

from __future__ import annotations

from extractor_contracts.base import RatchetedContract, invalid, number, text, texts
from extractor_contracts.selection import any_covers
from extractor_contracts.verdict import Finding, Violation
from extractor_contracts.words import counted
from extractor_contracts.world import CALL, IMPORT, PARENT, Import, World, chain_to


class CascadeBudget(RatchetedContract):
    """Importing ``module`` loads at most so many of the project's modules, and never some.

    Configuration options:

    - module:        The module that is imported.
    - at_most:       How many modules that may load, itself and its parents included. (Optional.)
    - inits_at_most: How many of them the ``__init__`` of the packages above it may bring.
                     (Optional.)
    - never:         Module expressions that must not be loaded at all, the project's own or
                     other top-level packages (``eventlet``). (Optional.)
    - own:           Module expressions that count, but are no violations by themselves, nor
                     are the packages above them: the subsystem may grow modules. (Optional.)

    One of at_most, inits_at_most and never is needed. Over budget, each module loaded is a
    violation: a baseline lists them, and what is not in it is shown with its chain.
    """

    type_name = "cascade_budget"

    module: str = text()
    at_most: int | None = number()
    inits_at_most: int | None = number()
    never: list[str] = texts([])
    own: list[str] = texts([])

    def validate(self) -> None:
        if self.at_most is None and self.inits_at_most is None and not self.never:
            raise invalid(at_most="Give at_most, inits_at_most or never.")

    def find(self, world: World) -> Finding:
        root = self.module
        if root not in world.modules:
            return Finding(
                (Violation(f"no module {root}", "", 0, f"there is no module {root}"),),
                f"there is no module {root}",
            )
        first = world.loaded_by(root, self.dynamic)
        found: list[Violation] = []
        summary = [f"importing {root} loads {counted(len(first), 'module')}"]
        if self.at_most is not None:
            summary[0] += f", {self.at_most} are allowed"
            if len(first) > self.at_most:
                found += self._each(world, first, "loads", set(first))
        if self.inits_at_most is not None:
            by_inits = self._by_inits(world, root)
            summary.append(
                f"the packages above it bring {len(by_inits)}, {self.inits_at_most} are allowed"
            )
            if len(by_inits) > self.inits_at_most:
                found += self._each(world, by_inits, "init loads", set(by_inits))
        never = self.never
        forbidden = {m for m in first if m != root and any_covers(never, m)}
        found += self._each(world, first, "never", forbidden)
        found += self._outside(world, first, never)
        return Finding(tuple(found), "; ".join(summary), measured=True)

    def _by_inits(self, world: World, root: str) -> dict[str, Import | None]:
        parent = root.rpartition(".")[0]
        return world.loaded_by(parent, self.dynamic) if parent in world.modules else {}

    def _each(
        self, world: World, first: dict[str, Import | None], verb: str, wanted: set[str]
    ) -> list[Violation]:
        violations = []
        own = {self.module, *(module for module in first if any_covers(self.own, module))}
        # The packages above a module come with any import of it.
        above = {module[:end] for module in own for end in _dots(module)}
        for module in wanted:
            edge = first[module]
            if edge is None or module in own or (edge.how == PARENT and module in above):
                continue
            chain = chain_to(first, module)
            violations.append(
                Violation(
                    key=f"{verb} {module}",
                    path=world.path(edge.importer),
                    line=edge.line,
                    message=f"importing {self.module} loads {module}",
                    chain=steps(world, chain),
                    way_out=self.way_out or way_out_of(chain),
                    behind=tuple(f"{verb} {e.imported}" for e in chain[:-1]),
                )
            )
        return violations

    def _outside(
        self, world: World, first: dict[str, Import | None], never: list[str]
    ) -> list[Violation]:
        violations = []
        for module in first:
            for edge in world.outside_of(module):
                if not edge.loads or not any_covers(never, edge.imported):
                    continue
                top = edge.imported.partition(".")[0]
                # Of a function that is called it is the function's module that imports.
                importer = edge.importer if edge.importer in first else module
                chain = (*chain_to(first, importer), edge)
                violations.append(
                    Violation(
                        key=f"never {edge.importer} -> {top}",
                        path=world.path(edge.importer),
                        line=edge.line,
                        message=f"importing {self.module} loads {top}",
                        chain=steps(world, chain),
                        way_out=self.way_out or way_out_of(chain),
                    )
                )
        return violations


def _dots(module: str) -> list[int]:
    return [index for index, character in enumerate(module) if character == "."]


def steps(world: World, chain: tuple[Import, ...]) -> tuple[str, ...]:
    """A chain of imports, a line each."""
    lines = []
    for edge in chain:
        path = world.path(edge.importer)
        if edge.how == PARENT:
            lines.append(f"{path}: {edge.importer} lies in {edge.imported}")
        else:
            how = f"{edge.how} of {edge.via}" if edge.via else edge.how
            how = "" if how == IMPORT else f" ({how})"
            lines.append(f"{path}:{edge.line}: {edge.importer} -> {edge.imported}{how}")
    return tuple(lines)


def way_out_of(chain: tuple[Import, ...]) -> str:
    """What to do about the last import of a chain."""
    last = chain[-1]
    if last.how == PARENT:
        return (
            f"move what {last.importer} is needed for out of {last.imported}, or empty its __init__"
        )
    if last.how == CALL:
        return f"do not call {last.via or 'it'} at import time: that loads {last.imported}"
    return f"import {last.imported} in the function that needs it"
