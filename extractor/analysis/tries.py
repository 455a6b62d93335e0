"""Whether what a ``try`` imports is certain to be there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from extractor.analysis.conditions import CONDITIONAL, DEAD, FALLBACK, IN_TRY, decided, try_of
from extractor.analysis.facts import Body, Import
from extractor.analysis.namespaces import Namespaces
from extractor.project.standard_library import (
    KNOWN_VERSIONS,
    in_every,
    is_standard_library,
    standard_library,
)

# Parts of the standard library that are younger than the module they are in.
_SINCE: Mapping[str, int] = {
    "concurrent.interpreters": 14,
    "importlib.metadata": 8,
    "importlib.resources": 7,
    "importlib.resources.abc": 11,
    "wsgiref.types": 11,
}


class Outcome(NamedTuple):
    """What is known of one ``try``.

    ``succeeds``: whether all it imports is there, ``None`` if that is open; ``doubtful``: its
    imports that may not be reached or may fail; ``open``: whether there are any such.
    """

    succeeds: bool | None
    doubtful: tuple[Import, ...]
    open: bool


class Tries:
    """Judges the ``try`` statements of files."""

    def __init__(
        self, names: Namespaces, compiled: frozenset[str], supports: tuple[int, int]
    ) -> None:
        self.names = names
        self.compiled = compiled
        self.supports = supports
        low, high = supports
        known = [v for v in KNOWN_VERSIONS if low <= _minor(v) <= high]
        self.versions = tuple(known or KNOWN_VERSIONS[-1:])
        self._known: dict[tuple[int, int], Outcome] = {}
        self._sure: dict[str, bool | None] = {}

    def of(self, name: str, body: Body, number: int) -> Outcome:
        """What is known of the ``try`` of this number in ``body``, code of ``name``."""
        key = (id(body), number)
        if key not in self._known:
            self._known[key] = Outcome(None, (), True)
            self._known[key] = self._judged(name, body, number)
        return self._known[key]

    def _judged(self, name: str, body: Body, number: int) -> Outcome:
        succeeds: bool | None = True
        doubtful = []
        tried = [e for e in body.imports if e[1] & IN_TRY and try_of(e[1]) == number]
        named = [d for d in body.dynamic if d[1] & IN_TRY and try_of(d[1]) == number]
        for entry in tried:
            if decided(entry[1], self.supports) & DEAD:
                continue
            if succeeds is not True or not self._may_be_taken(name, entry):
                doubtful.append(entry)
            there = self.there(name, entry)
            if succeeds is True or there is False:
                succeeds = there if succeeds is True else succeeds
        if not tried or named:
            # Something else may go wrong.
            succeeds = None if succeeds is True else succeeds
        return Outcome(succeeds, tuple(doubtful), succeeds is not True)

    def there(self, name: str, entry: Import) -> bool | None:
        """Whether an import of ``name`` works; ``None``: that is open."""
        base = self.names.base_of(name, entry)
        modules = self.names.modules
        if base not in modules:
            top = base.partition(".")[0]
            if top in modules:
                return None if base in self.compiled or _is_private(base) else False
            return self._outside(base, entry)
        if entry[4] is None:
            return self.sure(base)
        answers = [self.sure(base)]
        for imported, _ in entry[4]:
            full = f"{base}.{imported}"
            if imported == "*":
                continue
            if full in modules:
                answers.append(self.sure(full))
            elif self.names.lookup(base, imported) is None and not self.names.opaque(base):
                unknown = full in self.compiled or _is_private(imported) or self._starred(base)
                answers.append(None if unknown else False)
        return False if False in answers else None if None in answers else True

    def _starred(self, base: str) -> bool:
        self.names.of(base)
        return any(star not in self.names.modules for star in self.names.stars.get(base, ()))

    def _outside(self, base: str, entry: Import) -> bool | None:
        there = self.in_library(base)
        # What a module of the standard library has differs between versions.
        return None if there and entry[4] and base != "__future__" else there

    def in_library(self, name: str) -> bool | None:
        """Whether Python has a module, in every version supported or in none; else ``None``."""
        if name in _SINCE:
            low, high = self.supports
            return True if low >= _SINCE[name] else False if high < _SINCE[name] else None
        top = name.partition(".")[0]
        if top in in_every(self.versions):
            return True
        if not is_standard_library(top):
            return None
        return None if any(top in standard_library(v) for v in self.versions) else False

    def sure(self, module: str) -> bool | None:
        """Whether importing ``module`` works wherever the standard library is; else ``None``."""
        if module in self._sure:
            return self._sure[module]
        self._sure[module] = True
        facts = self.names.facts.get(module)
        answer: bool | None = True
        parent = module.rpartition(".")[0]
        if parent:
            answer = self.sure(parent)
        for entry in facts.top.imports if facts is not None and answer else ():
            flags = decided(entry[1], self.supports)
            if flags & (DEAD | CONDITIONAL | FALLBACK | IN_TRY):
                continue
            if not self._may_be_taken(module, entry):
                answer = None
                break
        self._sure[module] = answer
        return answer

    def _may_be_taken(self, module: str, entry: Import) -> bool:
        base = self.names.base_of(module, entry)
        if base in self.names.modules:
            return self.sure(base) is True and all(
                self.sure(f"{base}.{name}") is True
                for name, _ in entry[4] or ()
                if f"{base}.{name}" in self.names.modules
            )
        return self.in_library(base) is True


def _minor(version: str) -> int:
    major, _, minor = version.partition(".")
    return int(minor) if major == "3" else -1


def _is_private(dotted: str) -> bool:
    return dotted.rpartition(".")[2].startswith("_")
