"""Which names not to follow: what each stop saves of what a subsystem needs, symbol by symbol.

A stop stands at a symbol, or at a module with all its names. Alone, its saving is exact: the
symbols that every way from the subsystem reaches through it. Several are found greedily.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from extractor.analysis.symbols import Reach, Symbol, Use


@dataclass(frozen=True)
class Stop:
    """Do not follow ``subject``: ``module:name``, or a module.

    ``saves`` are the symbols no longer reached, the subject's own included; ``together`` counts
    those of it and all stops before it. ``uses`` are the subsystem's uses of the subject.
    """

    subject: str
    saves: tuple[Symbol, ...]
    together: int
    uses: tuple[Use, ...]

    @property
    def modules(self) -> int:
        """How many modules the saved symbols are of."""
        return len({symbol.module for symbol in self.saves})

    @property
    def elsewhere(self) -> int:
        """How many of the saved symbols are of other modules than the subject's."""
        own = self.subject.partition(":")[0]
        return sum(symbol.module != own for symbol in self.saves)


class Needs:
    """The symbols a subsystem reaches outside of itself, as a graph."""

    def __init__(self, reach: Reach, own: Collection[str]) -> None:
        self.own = frozenset(own)
        self.uses: dict[Symbol, list[Use]] = {}
        self.ahead: dict[Symbol, set[Symbol]] = {}
        self.direct: set[Symbol] = set()
        for symbol, uses in reach.uses.items():
            self._add(symbol, uses)
        for symbol, use in reach.symbols.items():
            self._add(symbol, [use])
        for module, use in reach.whole.items():
            if module not in self.own:
                self._add(Symbol(module), [use])
        self.all = frozenset(self.reached(()))

    def _add(self, symbol: Symbol, uses: Iterable[Use]) -> None:
        if symbol.module in self.own:
            return
        for use in uses:
            if use.importer in self.own:
                self.direct.add(symbol)
                if use.line:
                    self.uses.setdefault(symbol, []).append(use)
            else:
                for user in (Symbol(use.importer, use.within), Symbol(use.importer)):
                    self.ahead.setdefault(user, set()).add(symbol)

    def reached(self, stops: Collection[str]) -> set[Symbol]:
        """What is needed when ``stops`` are not followed."""

        def stopped(symbol: Symbol) -> bool:
            return str(symbol) in stops or symbol.module in stops

        seen = {symbol for symbol in self.direct if not stopped(symbol)}
        pending = list(seen)
        while pending:
            for other in self.ahead.get(pending.pop(), ()):
                if other not in seen and not stopped(other):
                    seen.add(other)
                    pending.append(other)
        return seen

    def candidates(self) -> list[str]:
        """The symbols and modules that the subsystem names itself."""
        return sorted({str(s) for s in self.direct} | {s.module for s in self.direct})

    def users(self, subject: str) -> tuple[Use, ...]:
        found = {
            use
            for symbol, uses in self.uses.items()
            if subject in {str(symbol), symbol.module}
            for use in uses
        }
        return tuple(sorted(found))


def single_stops(needs: Needs) -> list[Stop]:
    """What not following one name of the subsystem's saves alone, the most first.

    A name behind which there is only its own module is none.
    """
    return _offers(needs, frozenset(), frozenset())


def smallest_stop_set(
    needs: Needs, worth: int, keep: Collection[str] = ()
) -> tuple[list[Stop], frozenset[Symbol]]:
    """Stops that each save at least ``worth`` symbols behind them, and what is needed after all.

    ``keep`` are subjects never to be offered.
    """
    chosen: list[Stop] = []
    subjects: frozenset[str] = frozenset()
    while True:
        offers = _offers(needs, subjects, frozenset(keep))
        if not offers or offers[0].elsewhere < worth:
            break
        subjects |= {offers[0].subject}
        left = needs.reached(subjects)
        best = offers[0]
        chosen.append(Stop(best.subject, best.saves, len(needs.all) - len(left), best.uses))
    return chosen, frozenset(needs.reached(subjects))


def _offers(needs: Needs, subjects: frozenset[str], keep: frozenset[str]) -> list[Stop]:
    now = needs.reached(subjects)
    stops: dict[str, Stop] = {}
    for subject in needs.candidates():
        if subject in keep or not any(subject in {str(s), s.module} for s in now & needs.direct):
            continue
        saves = now - needs.reached(subjects | {subject})
        stop = Stop(subject, tuple(sorted(saves)), len(saves), needs.users(subject))
        if stop.elsewhere:
            stops[subject] = stop
    # A symbol says it more precisely than its module, where it saves nearly as much.
    for subject, stop in list(stops.items()):
        module = stops.get(subject.partition(":")[0])
        if ":" in subject and module is not None:
            near = 10 * stop.elsewhere >= 9 * module.elsewhere
            stops.pop(module.subject if near else subject, None)
    return sorted(stops.values(), key=lambda s: (-s.elsewhere, -len(s.saves), s.subject))
