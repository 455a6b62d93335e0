"""What the rest of the source uses of a subsystem, and what both sides use.

Every use of every file is known beforehand (``uses.py``). Which of them can mean a wanted name is
told from import statements; only those are resolved, since that takes parsing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from extractor.analysis.resolver import Resolver
from extractor.analysis.symbol_walker import SymbolWalker
from extractor.analysis.symbols import Reach, Symbol, Use
from extractor.analysis.uses import Uses


@dataclass(frozen=True)
class SharedSymbol:
    """One symbol with its uses on the subsystem's side (``inside``) and on the other.

    A line that uses a symbol several times counts once.
    """

    symbol: Symbol
    inside: tuple[Use, ...]
    outside: tuple[Use, ...]


@dataclass(frozen=True)
class Shared:
    """``both``: carried symbols that the rest uses too; ``of_subsystem``: what the rest uses of
    the subsystem's own modules. Both sorted by symbol."""

    both: tuple[SharedSymbol, ...]
    of_subsystem: tuple[SharedSymbol, ...]


def find_shared(resolver: Resolver, reach: Reach, uses: Mapping[str, Uses]) -> Shared:
    """Compare the uses on both sides of ``reach``'s boundary; ``uses`` are by module."""
    carried = {s for s in reach.symbols if s.module not in reach.whole and s.name}
    parts = {s.module for s in carried}
    walker = SymbolWalker(resolver)
    leads = _Leads(resolver.modules.keys(), carried, reach.whole.keys(), uses)
    meant: dict[str, Symbol | None] = {}
    outside: dict[Symbol, dict[Use, None]] = {}

    def note(symbol: Symbol | None, use: Use) -> None:
        if symbol is None or Symbol(use.importer, use.within) in carried:
            return
        if symbol in carried or symbol.module in reach.whole:
            outside.setdefault(symbol, {})[use] = None

    for module, found in uses.items():
        if module in reach.whole:
            continue
        if module in parts:
            # What of it is carried is inside: here it counts which statement uses the name.
            for symbol, use in walker.survey(module):
                note(symbol, use)
            continue
        for key, lines in found.items():
            if not lines:
                continue
            if key not in meant:
                meant[key] = walker.lookup(key) if leads.wanted(key) else None
            if meant[key] is not None:
                for line in lines:
                    note(meant[key], Use(module, line))

    def shared(symbol: Symbol) -> SharedSymbol:
        return SharedSymbol(
            symbol, reach.uses.get(symbol, ()), tuple(sorted(outside.get(symbol, ())))
        )

    return Shared(
        both=tuple(shared(s) for s in sorted(carried) if s in outside),
        of_subsystem=tuple(shared(s) for s in sorted(outside) if s.module in reach.whole),
    )


class _Leads:
    """Whether a use may mean something wanted, told from import statements alone."""

    def __init__(
        self,
        modules: Collection[str],
        carried: Collection[Symbol],
        whole: Collection[str],
        uses: Mapping[str, Uses],
    ) -> None:
        self.modules = modules
        self.carried = carried
        self.whole = whole
        self.imports: dict[str, dict[str, list[str]]] = {}
        for module, found in uses.items():
            for key, lines in found.items():
                if not lines:
                    name, _, target = key.partition("=")
                    self.imports.setdefault(module, {}).setdefault(name, []).append(target)

    def wanted(self, key: str) -> bool:
        module, colon, rest = key.lstrip("*").partition(":")
        if colon:
            return self.leads(module, tuple(rest.split(".")) if rest else (), set())
        top, *others = key.split(".")
        return self.leads(top, tuple(others), set())

    def leads(self, module: str, chain: tuple[str, ...], seen: set[tuple[str, ...]]) -> bool:
        if module in self.whole:
            return True
        if not chain or (module, *chain) in seen:
            return False
        seen.add((module, *chain))
        name, rest = chain[0], chain[1:]
        if Symbol(module, name) in self.carried:
            return True
        for imported in (name, "*"):
            for target in self.imports.get(module, {}).get(imported, ()):
                source, _, attribute = target.partition(":")
                ahead = chain if imported == "*" else (attribute, *rest) if attribute else rest
                if self.leads(source, ahead, seen):
                    return True
        below = f"{module}.{name}"
        return below in self.modules and self.leads(below, rest, seen)
