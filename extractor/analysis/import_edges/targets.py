"""Which modules an import statement or an import by string loads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from extractor.analysis.facts import Facts, Import
from extractor.analysis.graph import NO_SOURCE, Kind
from extractor.analysis.lazy_names.hooks import ANY_NAME
from extractor.analysis.modules import Module
from extractor.analysis.namespaces import Namespaces, absolute_name
from extractor.analysis.surroundings import Surroundings


class Target(NamedTuple):
    """A module that some code loads, with the line of the import that says so."""

    module: str
    line: int
    kind: Kind
    external: bool
    # Module of the line, where it is not the importer itself.
    holder: str
    # The importing function, where it cannot be known which module it loads.
    unknown: str = ""
    candidates: tuple[str, ...] = ()

    def perhaps(self) -> Target:
        """The same under a condition."""
        if self.kind in {Kind.TYPE_CHECKING, Kind.CONDITIONAL}:
            return self
        return self._replace(kind=Kind.CONDITIONAL)


class Targets:
    """Knows the modules there are, and what importing a name of one loads."""

    def __init__(
        self,
        packages: Sequence[str],
        modules: Mapping[str, Module],
        facts: Mapping[str, Facts],
        names: Namespaces,
        around: Surroundings,
    ) -> None:
        self.packages = tuple(packages)
        self.tops = {package.partition(".")[0] for package in packages}
        self.modules = modules
        self.facts = facts
        self.names = names
        self.around = around
        self.below: dict[str, list[str]] = {}

    def import_targets(self, name: str, entry: Import) -> Iterator[Target]:
        """What one statement loads."""
        base = self.names.base_of(name, entry)
        names, line = entry[4], entry[0]

        def target(module: str, external: bool = False) -> Target:
            return Target(module, line, Kind.IMPORT, external, name)

        if base.partition(".")[0] not in self.tops:
            yield target(base, True)
            return
        if base not in self.modules:
            known = self.nearest(base)
            if known:
                yield target(known)
            if self.own(base):
                yield target("")._replace(unknown=NO_SOURCE)
            elif not known:
                yield target(base, True)
            return
        if not names:
            yield target(base)
            return
        # A submodule brings its package anyway: only an attribute is a wish for the package.
        wants_base = False
        wanted = [n for n, _ in names if n != "*"]
        if len(wanted) < len(names):
            wants_base = True
            wanted += self.exported(base)
            if self.names_unknown(base):
                yield target("")._replace(unknown="__getattr__")
        for imported in wanted:
            if self.is_submodule(name, base, imported):
                yield target(f"{base}.{imported}")
            else:
                wants_base = True
                if f"{base}.{imported}" in self.around.compiled:
                    yield target("")._replace(unknown=NO_SOURCE)
            yield from self.made_on_demand(name, line, base, imported)
        if wants_base:
            yield target(base)

    def spelled_out(self, name: str, entry: Import) -> Iterator[str]:
        """The modules that a statement names: with each name, where that is a module."""
        base = self.names.base_of(name, entry)
        if entry[4] is None:
            yield base
            return
        for imported, _ in entry[4]:
            full = f"{base}.{imported}"
            yield full if full in self.modules else base

    def exported(self, base: str) -> Sequence[str]:
        """What a star takes of ``base`` that may be more than its own names."""
        facts = self.facts.get(base)
        return (facts.exported or ()) if facts is not None else ()

    def names_unknown(self, base: str) -> bool:
        """Whether a star takes names that ``base`` makes on demand, nobody knows which."""
        facts = self.facts.get(base)
        return (
            facts is not None
            and facts.exported is None
            and "__all__" in facts.bound
            and "__getattr__" in facts.bound
        )

    def made_on_demand(
        self, name: str, line: int, base: str, imported: str, seen: frozenset[str] = frozenset()
    ) -> Iterator[Target]:
        """What taking a name of a package loads that makes it when it is asked for."""
        facts = self.facts.get(base)
        if facts is None or base in seen or base == name:
            return
        if imported in facts.bound:
            return
        bound = self.names.of(base).get(imported)
        if bound is not None:
            # Handed on: what is behind it was loaded with the package.
            return
        for text in self._lazily(base, facts, imported):
            if text.startswith("?"):
                yield Target("", line, Kind.IMPORT, False, base, "__getattr__")
                continue
            place, _, attribute = self.names.lazy_target(base, text).partition(":")
            for module, external in self._known(place):
                if module:
                    yield Target(module, line, Kind.IMPORT, external, name)
                else:
                    yield Target("", line, Kind.IMPORT, False, base, "__getattr__")
            if attribute and self.is_submodule(base, place, attribute):
                yield Target(f"{place}.{attribute}", line, Kind.IMPORT, False, name)
            if attribute and place in self.modules:
                yield from self.made_on_demand(name, line, place, attribute, seen | {base})

    def _lazily(self, base: str, facts: Facts, imported: str) -> Sequence[str]:
        stub = self.around.stubs.get(base)
        if facts.lazy_stub and stub is not None:
            for _line, _flags, level, module, names, _alias in stub.top.imports:
                for original, alias in names or ():
                    if (alias or original) == imported:
                        return [f"{'.' * level}{module}:{original}"]
        if imported in facts.lazy_names:
            return facts.lazy_names[imported]
        if ANY_NAME in facts.lazy_names and self.names.lookup(base, imported) is None:
            return facts.lazy_names[ANY_NAME]
        if facts.lazy_line and self.names.lookup(base, imported) is None:
            return [f"?{facts.lazy_line}"]
        hook = self.names.lookup(base, "__getattr__")
        made = facts.bound.get("__getattr__") == "name"
        handed_on = hook is not None and not hook.startswith(f"{base}:")
        if (made or handed_on) and not facts.lazy_names:
            return ["?0"] if self.names.lookup(base, imported) is None else ()
        return ()

    def _known(self, place: str) -> Iterator[tuple[str, bool]]:
        if place.partition(".")[0] not in self.tops:
            yield place, True
        else:
            yield self.nearest(place), False

    def own(self, name: str) -> bool:
        return any(name == p or name.startswith(p + ".") for p in self.packages)

    def nearest(self, name: str) -> str:
        """The longest known module that ``name`` begins with: loading fails after it."""
        while name and name not in self.modules:
            name = name.rpartition(".")[0]
        return name

    def is_submodule(self, importer: str, base: str, imported: str) -> bool:
        """Whether ``from base import imported`` loads the submodule of that name.

        Not when the package binds the name to something else: an attribute comes first.
        """
        full = f"{base}.{imported}"
        if full not in self.modules:
            return False
        if base == importer or base not in self.facts:
            return True
        facts = self.facts[base]
        if imported in facts.bound:
            return False
        bound = self.names.of(base).get(imported)
        return bound is None or self.names.names_module(bound) == full

    def string_targets(self, name: str, argument: str) -> Iterator[tuple[str, bool]]:
        """Modules an import by string loads, with whether they are somebody else's."""
        place = absolute_name(argument, name, self.modules[name].is_package)
        if "*" in place:
            package, _, rest = place.partition(".*")
            for module in self.submodules(package):
                deep = "." in module[len(package) + 1 :]
                if (not deep or rest.startswith("*")) and (
                    not rest.endswith("/") or self.modules[module].is_package
                ):
                    yield module, False
            return
        yield from self._known(place)

    def submodules(self, package: str) -> list[str]:
        """All modules below a package."""
        if package not in self.below:
            inside = package + "."
            self.below[package] = [m for m in self.modules if m.startswith(inside)]
        return self.below[package]
