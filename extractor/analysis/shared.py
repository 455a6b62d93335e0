"""What the rest of the source uses of a subsystem, and what both sides use.

Only files that can mention a wanted name are parsed: a reference to a symbol spells its name,
a reference to a module spells its last part.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from extractor.analysis.symbols import Reach, Resolver, Symbol, SymbolWalker, Use
from extractor.source.tree import Tree


@dataclass(frozen=True)
class SharedSymbol:
    """One symbol with its uses on the subsystem's side (``inside``) and on the other."""

    symbol: Symbol
    inside: tuple[Use, ...]
    outside: tuple[Use, ...]


@dataclass(frozen=True)
class Shared:
    """``both``: carried symbols that the rest uses too; ``of_subsystem``: what the rest uses of
    the subsystem's own modules. Both sorted by symbol. ``parsed`` counts the files read."""

    both: tuple[SharedSymbol, ...]
    of_subsystem: tuple[SharedSymbol, ...]
    parsed: int


def find_shared(tree: Tree, modules: Mapping[str, str], reach: Reach) -> Shared:
    """Compare the uses on both sides of ``reach``'s boundary."""
    carried = {s for s in reach.symbols if s.module not in reach.whole and s.name}
    words = {s.name for s in carried} | {m.rpartition(".")[2] for m in reach.whole}
    pattern = re.compile(rb"\b(?:%s)\b" % b"|".join(re.escape(w.encode()) for w in sorted(words)))
    walker = SymbolWalker(Resolver(tree, modules))
    outside: dict[Symbol, dict[Use, None]] = {}
    parsed = 0
    for module, path in modules.items():
        if module in reach.whole or not pattern.search(tree.read(path)):
            continue
        parsed += 1
        for symbol, use in walker.survey(module):
            inside = Symbol(use.importer, use.within) in carried
            if (symbol in carried or symbol.module in reach.whole) and not inside:
                outside.setdefault(symbol, {})[use] = None

    def found(symbol: Symbol) -> SharedSymbol:
        return SharedSymbol(
            symbol, reach.uses.get(symbol, ()), tuple(sorted(outside.get(symbol, ())))
        )

    return Shared(
        both=tuple(found(s) for s in sorted(carried) if s in outside),
        of_subsystem=tuple(found(s) for s in sorted(outside) if s.module in reach.whole),
        parsed=parsed,
    )
