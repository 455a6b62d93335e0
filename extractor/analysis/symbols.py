"""The symbols of a source, and what a subsystem reaches of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


class Symbol(NamedTuple):
    """A top-level name of a module; ``name`` is empty for the module itself."""

    module: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.module}:{self.name}" if self.name else self.module

    @classmethod
    def parse(cls, text: str) -> Symbol:
        """From ``module:name`` or ``module``."""
        module, _, name = text.partition(":")
        return cls(module, name)


class Use(NamedTuple):
    """Where a symbol is used: the module, the 1-based line, the symbol whose statement it is."""

    importer: str
    line: int
    within: str = ""


@dataclass(frozen=True)
class Reach:
    """The answer: everything live, and what was met on the way.

    ``symbols``: live first-party symbols of modules that are not wholly live, with the use
    that reached each first. ``whole``: modules that are live as a whole, with the reason.
    ``bare``: modules used as objects; ``named``: modules named in strings.
    ``spelled``: every ``module:name`` as written at some use, with what it really is.
    ``stopped``: uses of each stop. ``external``: third-party dotted names, with uses.
    ``unknown``: references that resolve to nothing. ``failed``: unreadable modules.
    """

    symbols: Mapping[Symbol, Use]
    whole: Mapping[str, Use]
    spelled: Mapping[Symbol, Symbol]
    bare: Mapping[str, tuple[Use, ...]]
    named: Mapping[str, tuple[Use, ...]]
    stopped: Mapping[str, tuple[Use, ...]]
    uses: Mapping[Symbol, tuple[Use, ...]]
    external: Mapping[str, tuple[Use, ...]]
    unknown: Mapping[Symbol, tuple[Use, ...]]
    failed: Mapping[str, str]
    live_units: Mapping[str, frozenset[int]]

    def chain(self, symbol: Symbol) -> list[tuple[Symbol, Use]]:
        """How ``symbol`` was reached, last hop first."""
        hops: list[tuple[Symbol, Use]] = []
        seen: set[Symbol] = set()
        while symbol in self.symbols and symbol not in seen:
            seen.add(symbol)
            use = self.symbols[symbol]
            hops.append((symbol, use))
            symbol = Symbol(use.importer, use.within)
        return hops
