"""Two sides of a project, and the one direction in which imports may go."""

from __future__ import annotations

from collections.abc import Iterator

from extractor_contracts.base import RatchetedContract, invalid, texts
from extractor_contracts.selection import any_covers, closeness
from extractor_contracts.strings import mentions
from extractor_contracts.verdict import Finding, Violation
from extractor_contracts.words import counted
from extractor_contracts.world import TYPE_CHECKING, World


class OneWay(RatchetedContract):
    """``upper`` may import ``lower``; ``lower`` may import of ``upper`` only what is named.

    Configuration options:

    - upper, lower: Module expressions of the two sides. A module that both cover belongs to
                    the side that names it more closely.
    - shared:       Module expressions that either side may import. (Optional.)
    - symbols:      ``module: name, name``: of this module of the upper side only these names
                    may be used. (Optional.)
    - allowed: ``importer, importer -> imported, imported``: module expressions of single
               imports that are meant to be, for a reason to be given beside them. (Optional.)
    - instead:      ``module -> replacement``: what a violation tells to use. (Optional.)

    Imports in functions count, those for type checkers do not.
    """

    type_name = "one_way"

    upper: list[str] = texts()
    lower: list[str] = texts()
    shared: list[str] = texts([])
    symbols: list[str] = texts([])
    allowed: list[str] = texts([])
    instead: list[str] = texts([])

    def validate(self) -> None:
        for text in self.symbols:
            if ":" not in text:
                raise invalid(symbols=f"{text!r}: write 'module: name, name'.")
        for text in self.allowed:
            if "->" not in text:
                raise invalid(allowed=f"{text!r}: write 'importer -> imported'.")
        for text in self.instead:
            if "->" not in text:
                raise invalid(instead=f"{text!r}: write 'module -> replacement'.")

    def find(self, world: World) -> Finding:
        side = {module: self._side(module) for module in world.modules}
        lower = [module for module, value in side.items() if value == "lower"]
        upper = [module for module, value in side.items() if value == "upper"]
        wanted = [module for module in upper if not any_covers(self.shared, module)]
        found = [
            Violation(f"no module in {name}", "", 0, f"no module is in {name}: misspelled?")
            for name, modules in (("upper", upper), ("lower", lower))
            if not modules
        ]
        symbols = self._symbols()
        allowed = self._allowed()
        seen = set()
        said = set()
        for edge in world.importing(wanted, lower):
            if edge.how == TYPE_CHECKING or (not self.dynamic and world.by_string(edge)):
                continue
            if _is_among(allowed, edge.importer, edge.imported):
                continue
            if edge.imported in symbols:
                if (edge.importer, edge.imported) not in seen:
                    seen.add((edge.importer, edge.imported))
                    found += self._names(world, edge.importer, edge.imported, edge.line, symbols)
                continue
            said.add((edge.importer, edge.line, edge.imported))
            found.append(self._violation(world, edge.importer, edge.imported, "", edge.line))
        for mention in mentions(world, wanted, lower) if self.dynamic else ():
            if mention.name and mention.name in symbols.get(mention.module, ()):
                continue
            if _is_among(allowed, mention.importer, mention.module):
                continue
            importer, module, line = mention.importer, mention.module, mention.line
            # A string that is an import has been counted as one.
            if (importer, line, module) in said:
                continue
            found.append(self._violation(world, importer, module, mention.name, line))
        return Finding(
            tuple(found), f"{counted(len(lower), 'module')} must not import {len(upper)}"
        )

    def _side(self, module: str) -> str:
        # Kept: the same modules come again with every state that is checked.
        known: dict[str, str] = self.__dict__.setdefault("_sides", {})
        if module not in known:
            upper = closeness(self.upper, module)
            lower = closeness(self.lower, module)
            side = "upper" if upper > lower else "lower"
            known[module] = side if upper or lower else ""
        return known[module]

    def _symbols(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for text in self.symbols:
            module, _, names = text.partition(":")
            found.setdefault(module.strip(), set()).update(n.strip() for n in names.split(","))
        return found

    def _allowed(self) -> list[tuple[list[str], list[str]]]:
        sides = (text.split("->", 1) for text in self.allowed)
        return [(_listed(importers), _listed(imported)) for importers, imported in sides]

    def _names(
        self, world: World, importer: str, imported: str, line: int, symbols: dict[str, set[str]]
    ) -> Iterator[Violation]:
        """Names of ``imported`` that ``importer`` uses beyond those allowed."""
        used: dict[str, int] = {}
        for use in world.uses(importer):
            module, name = world.split(use.dotted)
            if module == imported and not (use.imported and not name):
                used.setdefault(name, use.line)
        # Imported and not used, or used in a way that cannot be read: the whole module.
        for name, at in (used or {"": line}).items():
            if name not in symbols[imported]:
                yield self._violation(world, importer, imported, name, at)

    def _violation(
        self, world: World, importer: str, imported: str, name: str, line: int
    ) -> Violation:
        what = f"{imported}:{name}" if name else imported
        return Violation(
            key=f"{importer} -> {what}",
            path=world.path(importer),
            line=line,
            message=f"{importer} may not use {what}" if name else f"{importer} imports {what}",
            way_out=self._way_out(imported, name),
        )

    def _way_out(self, imported: str, name: str) -> str:
        for text in self.instead:
            module, _, replacement = (part.strip() for part in text.partition("->"))
            if any_covers([module], imported):
                return f"use {replacement}{'.' + name if name else ''}"
        return self.way_out or "reverse the dependency, or move what both need"


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def _is_among(allowed: list[tuple[list[str], list[str]]], importer: str, imported: str) -> bool:
    return any(
        any_covers(importers, importer) and any_covers(modules, imported)
        for importers, modules in allowed
    )
