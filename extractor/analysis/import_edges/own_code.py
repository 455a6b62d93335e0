"""What a body of code loads by itself, and whether it does so for certain."""

from __future__ import annotations

from collections.abc import Iterator

from extractor.analysis.conditions import (
    CONDITIONAL,
    DEAD,
    FALLBACK,
    IN_TRY,
    TYPE_CHECKING,
    decided,
    try_of,
)
from extractor.analysis.dynamic_imports import ENTRY_POINTS
from extractor.analysis.facts import Body, Import
from extractor.analysis.graph import Kind
from extractor.analysis.import_edges.targets import Target, Targets
from extractor.analysis.tries import Tries


class OwnCode:
    """Reads the imports of one body at a time, with the conditions that they stand under."""

    def __init__(self, targets: Targets) -> None:
        self.targets = targets
        self.modules = targets.modules
        self.around = targets.around
        self.tries = Tries(targets.names, self.around.compiled, self.around.supports)

    def entered(self, name: str, body: Body, flags: int) -> bool | None:
        """Whether code with these flags runs; ``None``: it does not, false: perhaps."""
        flags = decided(flags, self.around.supports)
        if flags & (DEAD | TYPE_CHECKING):
            return None
        certain = not flags & CONDITIONAL
        if flags & (FALLBACK | IN_TRY) and try_of(flags):
            outcome = self.tries.of(name, body, try_of(flags))
            if flags & FALLBACK:
                if outcome.succeeds is True:
                    return None
                return certain and outcome.succeeds is False
        return certain

    def direct(self, name: str, body: Body) -> Iterator[Target]:
        """What the import statements and import strings of ``body`` load."""
        for entry in body.imports:
            kind = self._kind(name, body, entry[1], entry)
            if kind is None:
                continue
            for target in self.targets.import_targets(name, entry):
                yield target._replace(kind=kind) if kind is not Kind.IMPORT else target
        for line, flags, function, argument in body.dynamic:
            kind = self._kind(name, body, flags)
            if kind is None:
                continue
            kind = Kind.STRING if kind is Kind.IMPORT else kind
            if argument is None:
                yield Target("", line, kind, False, name, function)
            elif argument.startswith(ENTRY_POINTS):
                yield from self._of_entry_points(name, line, kind, function, argument)
            else:
                for module, external in self.targets.string_targets(name, argument):
                    if module:
                        yield Target(module, line, kind, external, name)
                    else:
                        yield Target("", line, kind, False, name, function)

    def _kind(self, name: str, body: Body, flags: int, entry: Import | None = None) -> Kind | None:
        """How an import with these flags loads; ``None``: it never runs."""
        if not flags:
            return Kind.IMPORT
        flags = decided(flags, self.around.supports)
        if flags & DEAD:
            return None
        if flags & TYPE_CHECKING:
            return Kind.TYPE_CHECKING
        entered = self.entered(name, body, flags)
        if entered is None:
            return None
        if entered and flags & IN_TRY and not flags & FALLBACK:
            outcome = self.tries.of(name, body, try_of(flags))
            entered = entry not in outcome.doubtful if entry else not outcome.open
        return Kind.IMPORT if entered else Kind.CONDITIONAL

    def _of_entry_points(
        self, name: str, line: int, kind: Kind, function: str, argument: str
    ) -> Iterator[Target]:
        namespace, _, wanted = argument[len(ENTRY_POINTS) :].rpartition("|")
        points = [p for p in self.around.entry_points if p.group == namespace]
        modules = sorted({p.module for p in points if p.module in self.modules})
        if not wanted and modules:
            yield Target("", line, kind, False, name, function, tuple(modules))
        for point in points:
            if wanted in {"*", point.name} and point.module in self.modules:
                yield Target(point.module, line, kind, False, name)
        if wanted == "*" and not points:
            # Other projects may add to it.
            yield Target("", line, kind, False, name, function)
