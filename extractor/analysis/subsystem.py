"""A subsystem's two sides, by symbol: what it needs, what the rest uses of it, what both use."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from extractor.analysis.belonging import Test, find_owned, find_tests
from extractor.analysis.resolver import Resolver
from extractor.analysis.shared import Shared, SharedSymbol, find_shared
from extractor.analysis.stops import Needs, Stop, single_stops, smallest_stop_set
from extractor.analysis.symbol_walker import SymbolWalker
from extractor.analysis.symbols import Reach, Symbol, Use
from extractor.analysis.uses import Uses

# A stop that saves fewer symbols than this behind it is not worth a decision.
WORTH = 10


@dataclass(frozen=True)
class Bounds:
    """Where a subsystem ends: its modules, and a ``Symbol`` not followed gives what stops it.

    ``owned`` and ``tests`` are modules that go with it; found where they are not given.
    """

    packages: Collection[str]
    stops: Callable[[Symbol], str | None] | None = None
    owned: Collection[str] | None = None
    tests: Collection[str] | None = None


@dataclass(frozen=True)
class Subsystem:
    """The answer, for the modules ``own`` of which ``owned`` lie outside of its packages.

    ``reach``: what they need of the rest, from them alone. ``lines``: how many lines of each
    module are needed. ``stops``: what not following one name would save, alone; ``stop_set``:
    several together, after which ``left`` are needed. ``shared``: uses on both sides, those of
    ``tests`` that belong to the subsystem left out.
    """

    own: tuple[str, ...]
    owned: tuple[str, ...]
    reach: Reach
    lines: Mapping[str, int]
    stops: tuple[Stop, ...]
    stop_set: tuple[Stop, ...]
    left: tuple[Symbol, ...]
    shared: Shared
    tests: tuple[Test, ...]

    def needs(self) -> dict[Symbol, Use]:
        """The symbols of other modules that are reached, each with what reached it first."""
        return {s: use for s, use in self.reach.symbols.items() if s.module not in self.own}

    def re_exports(self) -> dict[Symbol, Symbol]:
        """Names of first-party modules that are really those of other projects."""
        external = self.reach.external
        return {
            spelled: real
            for spelled, real in self.reach.spelled.items()
            if spelled != real and f"{real.module}.{real.name}" in external
        }


def examine(
    resolver: Resolver,
    packages: Collection[str],
    uses: Mapping[str, Uses],
    stops: Callable[[Symbol], str | None] | None = None,
    *,
    owned: Collection[str] | None = None,
    tests: Collection[str] | None = None,
) -> Subsystem:
    """Look at the modules ``packages`` from both sides; ``uses`` are by module.

    ``owned`` and ``tests`` are modules that go with them; found where they are not given.
    """
    base = frozenset(packages) - frozenset(tests or ())
    if owned is None:
        reach = _reach(resolver, base, stops)
        owned = find_owned(base, {symbol.module for symbol in reach.symbols}, uses)
    own = base | frozenset(owned)
    reach = _reach(resolver, own, stops)
    needs = Needs(reach, own)
    chosen, left = smallest_stop_set(needs, WORTH)
    # What is common is told from what is left after the stops: all before is half the project.
    found = find_tests(own, {symbol.module for symbol in left}, uses)
    belonging = {t.module for t in found if t.belongs} if tests is None else set(tests)
    rest = {module: keys for module, keys in uses.items() if module not in belonging}
    return Subsystem(
        own=tuple(sorted(own)),
        owned=tuple(sorted(owned)),
        reach=reach,
        lines=_lines(resolver, reach, own),
        stops=tuple(single_stops(needs)),
        stop_set=tuple(chosen),
        left=tuple(sorted(left)),
        shared=find_shared(resolver, reach, rest),
        tests=found,
    )


def _reach(
    resolver: Resolver, own: Collection[str], stops: Callable[[Symbol], str | None] | None
) -> Reach:
    walker = SymbolWalker(resolver, stops)
    for module in sorted(own):
        walker.add_whole(module, Use(module, 0))
    return walker.run()


def _lines(resolver: Resolver, reach: Reach, own: Collection[str]) -> dict[str, int]:
    lines: dict[str, int] = {}
    for module, live in reach.live_units.items():
        table = resolver.names(module)
        if module not in own and table is not None:
            units = [table.units[index] for index in live]
            lines[module] = sum(u.last_line - u.first_line + 1 for u in units)
    return lines


def by_file(found: SharedSymbol) -> dict[str, list[int]]:
    """The lines outside of the subsystem that use a symbol, by module."""
    lines: dict[str, list[int]] = {}
    for use in found.outside:
        lines.setdefault(use.importer, []).append(use.line)
    return dict(sorted(lines.items(), key=lambda pair: (-len(pair[1]), pair[0])))
