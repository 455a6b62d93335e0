"""The import graph of a package: which module loads which, at which line, and why.

Built from the facts of every file (``extractor.analysis.scan``). An import of ``a.b.c``
loads ``a`` and ``a.b`` too: a module's edge to its parent package says so. A call at
module level runs the function it names: what that imports is loaded, and the edge says
through which function.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from extractor.analysis.modules import Module
from extractor.analysis.scan import (
    CONDITIONAL,
    DEAD,
    ENTRY_POINTS,
    FALLBACK,
    IN_TRY,
    TYPE_CHECKING,
    Body,
    Facts,
    Import,
)
from extractor.project.declared import EntryPoint
from extractor.project.standard_library import is_standard_library

_MOST_REEXPORTS = 20


class Kind(enum.StrEnum):
    """How an import comes to be; all but ``ON_CALL`` and ``TYPE_CHECKING`` load."""

    IMPORT = "import"
    CONDITIONAL = "conditional"
    PARENT = "parent package"
    STRING = "string"
    CALL = "call"
    ON_CALL = "on call"
    TYPE_CHECKING = "type checking"


class Edge(NamedTuple):
    """``importer`` names ``imported`` at ``line`` (1-based, 0 for a parent package).

    For ``Kind.CALL``, ``via`` is the function called as ``module:name`` and ``via_line``
    the line of the import in the file of that function. For ``Kind.ON_CALL`` ``via`` is
    the function of the importer that holds the import.
    """

    importer: str
    imported: str
    line: int
    kind: Kind
    via: str = ""
    via_line: int = 0

    @property
    def loads(self) -> bool:
        return self.kind is not Kind.ON_CALL and self.kind is not Kind.TYPE_CHECKING


class External(NamedTuple):
    """A module that is not first-party: named by ``importer`` at ``line``."""

    importer: str
    imported: str
    line: int
    kind: Kind

    @property
    def package(self) -> str:
        return self.imported.partition(".")[0]


class Unknown(NamedTuple):
    """A place that imports, but whose module's name is only known at run time.

    ``importer`` runs into it at ``line``, by way of a call of ``via`` where that is not
    empty (the import itself is at ``via_line`` of its file). ``candidates`` are the modules
    that the entry points of the namespace it loads from allow.
    """

    importer: str
    line: int
    function: str
    on_call: bool
    via: str = ""
    via_line: int = 0
    candidates: tuple[str, ...] = ()


class Unreadable(NamedTuple):
    """A file that no parser we have accepts; what it imports is not known."""

    module: str
    path: str
    line: int
    reason: str


@dataclass(frozen=True)
class Graph:
    """Modules and edges of one revision; everything sorted."""

    packages: tuple[str, ...]
    modules: Mapping[str, Module]
    edges: Sequence[Edge]
    externals: Sequence[External]
    unknown: Sequence[Unknown]
    unreadable: Sequence[Unreadable]
    # Lines of each module's file, as an editor counts them.
    lines: Mapping[str, int]
    _from: dict[str, list[Edge]] = field(default_factory=dict, compare=False, repr=False)
    _to: dict[str, list[Edge]] = field(default_factory=dict, compare=False, repr=False)

    def imports_of(self, importer: str) -> Sequence[Edge]:
        """Edges out of ``importer``, by line."""
        if not self._from:
            for edge in self.edges:
                self._from.setdefault(edge.importer, []).append(edge)
        return self._from.get(importer, ())

    def importers_of(self, imported: str) -> Sequence[Edge]:
        """Edges into ``imported``, by importer and line."""
        if not self._to:
            for edge in self.edges:
                self._to.setdefault(edge.imported, []).append(edge)
        return self._to.get(imported, ())

    def where(self, importer: str, line: int) -> str:
        """``path:line`` for people."""
        module = self.modules[importer]
        return f"{module.path or importer}:{line}" if line else (module.path or importer)


def build_graph(
    packages: Sequence[str],
    modules: Mapping[str, Module],
    facts: Mapping[str, Facts],
    look: Callable[[str, str], Body | None],
    entry_points: Sequence[EntryPoint] = (),
) -> Graph:
    """The graph of ``modules``; ``look`` reads one function of one module."""
    return _Builder(packages, modules, facts, look, entry_points).build()


class GraphReader:
    """The edges of single modules, each worked out when it is asked for.

    Of every module it says what ``build_graph`` says; ``facts`` may read a file only when
    it is looked up, so that a question about few modules costs the reading of few.
    """

    def __init__(
        self,
        packages: Sequence[str],
        modules: Mapping[str, Module],
        facts: Mapping[str, Facts],
        look: Callable[[str, str], Body | None],
        entry_points: Sequence[EntryPoint] = (),
    ) -> None:
        self._builder = _Builder(packages, modules, facts, look, entry_points)

    def imports_of(self, name: str) -> tuple[list[Edge], list[External]]:
        """Edges out of ``name``, and what its code and the functions it calls load of others.

        An ``External`` of a function called has the module of that function as importer.
        """
        builder = self._taken_up()
        builder.module(name)
        return sorted(builder.edges), sorted(builder.externals)

    def named_by(self, name: str) -> tuple[list[Edge], list[External]]:
        """Of these only what ``name`` says itself: no parent package, no function called."""
        builder = self._taken_up()
        if name in builder.facts:
            builder.named(name, builder.facts[name])
        return sorted(builder.edges), sorted(builder.externals)

    def _taken_up(self) -> _Builder:
        self._builder.edges, self._builder.externals = set(), set()
        return self._builder


class _Target(NamedTuple):
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


class _Builder:
    def __init__(
        self,
        packages: Sequence[str],
        modules: Mapping[str, Module],
        facts: Mapping[str, Facts],
        look: Callable[[str, str], Body | None],
        entry_points: Sequence[EntryPoint],
    ) -> None:
        self.packages = tuple(packages)
        self.tops = {package.partition(".")[0] for package in packages}
        self.modules = modules
        self.facts = facts
        self.look = look
        self.entry_points = entry_points
        self.edges: set[Edge] = set()
        self.externals: set[External] = set()
        self.unknown: set[Unknown] = set()
        self.namespaces: dict[str, dict[str, tuple[str, str | None]]] = {}
        self.stars: dict[str, list[str]] = {}
        self.effects: dict[tuple[str, str], frozenset[_Target]] = {}

    def build(self) -> Graph:
        unreadable = []
        for name, module in self.modules.items():
            self.module(name)
            facts = self.facts.get(name)
            if facts is not None and facts.error:
                unreadable.append(
                    Unreadable(name, module.path or "", facts.error_line, facts.error)
                )
        return Graph(
            self.packages,
            self.modules,
            sorted(self.edges),
            sorted(self.externals),
            sorted(self.unknown),
            sorted(unreadable),
            {name: facts.lines for name, facts in sorted(self.facts.items())},
        )

    def module(self, name: str) -> None:
        """Note all edges of one module."""
        parent = name.rpartition(".")[0]
        if parent:
            self.edges.add(Edge(name, parent, 0, Kind.PARENT))
        facts = self.facts.get(name)
        if facts is None:
            return
        self.named(name, facts)
        for dotted, line in facts.top.calls.items():
            for function, targets in self.called(name, dotted, {}):
                for target in targets:
                    self.add(name, target, line, function)

    # What a module's own code loads.

    def named(self, name: str, facts: Facts) -> None:
        for target in self.direct(name, facts.top):
            self.add(name, target, target.line)
        for function, body in facts.functions.items():
            self.on_call(name, function, body)

    def on_call(self, name: str, function: str, body: Body) -> None:
        for target in self.direct(name, body):
            kind = Kind.TYPE_CHECKING if target.kind is Kind.TYPE_CHECKING else Kind.ON_CALL
            if target.unknown:
                self.unknown.add(
                    Unknown(name, target.line, target.unknown, True, candidates=target.candidates)
                )
            elif target.external:
                self.externals.add(External(name, target.module, target.line, kind))
            else:
                self.edges.add(Edge(name, target.module, target.line, kind, function))

    def add(self, name: str, target: _Target, line: int, via: str = "") -> None:
        """Note what ``name`` loads at ``line``, perhaps by calling ``via``."""
        at = target.line if via else 0
        if target.unknown:
            self.unknown.add(Unknown(name, line, target.unknown, False, via, at, target.candidates))
        elif target.external:
            kind = Kind.CALL if via else target.kind
            self.externals.add(External(target.holder, target.module, target.line, kind))
        elif target.module != name:
            kind = Kind.CALL if via else target.kind
            self.edges.add(Edge(name, target.module, line, kind, via, at))

    def called(
        self,
        name: str,
        dotted: str,
        local: Mapping[str, tuple[str, str | None]],
        running: frozenset[tuple[str, str]] = frozenset(),
    ) -> Iterator[tuple[str, Iterable[_Target]]]:
        """What a call of ``dotted`` in ``name`` loads, with the function as ``module:name``."""
        place = self.resolve_call(name, dotted, local)
        if place is None or place in running:
            return
        module, qualified = place
        head, _, attribute = qualified.partition(".")
        lazy = self.facts[module].lazy.get(head) if module in self.facts else None
        if lazy is not None and attribute:
            # Reading any attribute of it is what loads.
            targets = []
            for argument in lazy:
                backend, external = self.string_target(module, argument)
                if backend:
                    targets.append(_Target(backend, 0, Kind.STRING, external, module))
            yield f"{module}:{head}", targets
            return
        yield f"{module}:{qualified}", self.effect(place, running)

    def direct(self, name: str, body: Body) -> Iterator[_Target]:
        """What the import statements and import strings of ``body`` load."""
        all_first_party = self.tried(name, body)
        for entry in body.imports:
            flags = entry[1]
            if flags & DEAD or (flags & FALLBACK and all_first_party):
                continue
            kind = _kind_of(flags)
            for module, external in self.import_targets(name, entry):
                unknown = "" if module else "__getattr__"
                yield _Target(module, entry[0], kind, external, name, unknown)
        for line, flags, function, argument in body.dynamic:
            if flags & DEAD or (flags & FALLBACK and all_first_party):
                continue
            kind = Kind.TYPE_CHECKING if flags & TYPE_CHECKING else Kind.STRING
            if argument is None:
                yield _Target("", line, kind, False, name, function)
            elif argument.startswith(ENTRY_POINTS):
                namespace, _, wanted = argument[len(ENTRY_POINTS) :].rpartition("|")
                points = [p for p in self.entry_points if p.group == namespace]
                modules = sorted({p.module for p in points if p.module in self.modules})
                if not wanted and modules:
                    yield _Target("", line, kind, False, name, function, tuple(modules))
                for point in points:
                    if wanted in {"*", point.name} and point.module in self.modules:
                        yield _Target(point.module, line, kind, False, name)
            else:
                module, external = self.string_target(name, argument)
                if module:
                    yield _Target(module, line, kind, external, name)

    def tried(self, name: str, body: Body) -> bool:
        """Whether every import tried before a fallback is certain to succeed."""
        tried = [entry for entry in body.imports if entry[1] & IN_TRY]
        if not tried:
            return False
        for entry in tried:
            base = self.base_of(name, entry)
            if base not in self.modules and not is_standard_library(base.partition(".")[0]):
                return False
            if entry[4] is not None and base in self.modules:
                for imported, _ in entry[4]:
                    if imported == "*" or f"{base}.{imported}" in self.modules:
                        continue
                    if self.lookup(base, imported) is None and not self.opaque(base):
                        return False
        return True

    def base_of(self, name: str, entry: Import) -> str:
        level, module = entry[2], entry[3]
        if not level:
            return module
        parts = name.split(".")
        drop = level - 1 if self.modules[name].is_package else level
        parts = parts[: len(parts) - drop] if drop else parts
        return ".".join([*parts, module] if module else parts)

    def import_targets(self, name: str, entry: Import) -> Iterator[tuple[str, bool]]:
        """Modules that one statement loads, with whether they are others'; ``""``: not known."""
        base = self.base_of(name, entry)
        names = entry[4]
        if base.partition(".")[0] not in self.tops:
            yield base, True
            return
        if base not in self.modules:
            known = self.nearest(base)
            if known:
                yield known, False
            elif not self.own(base):
                yield base, True
            return
        if not names:
            yield base, False
            return
        # A submodule brings its package anyway: only an attribute is a wish for the package.
        wants_base = False
        for imported, _alias in names:
            if imported == "*":
                wants_base = True
                for public in self.facts[base].exported or () if base in self.facts else ():
                    if self.is_submodule(name, base, public):
                        yield f"{base}.{public}", False
            elif self.is_submodule(name, base, imported):
                yield f"{base}.{imported}", False
            else:
                wants_base = True
                lazy = self.facts[base].lazy_names.get(imported) if base in self.facts else None
                if lazy and imported not in self.namespace(base):
                    yield self.nearest(f"{base}.{lazy}"), False
                elif (
                    base in self.facts
                    and self.facts[base].bound.get("__getattr__") == "def"
                    and self.lookup(base, imported) is None
                ):
                    for target in self.effect((base, "__getattr__")):
                        yield target.module, target.external
        if wants_base:
            yield base, False

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
        bound = self.namespace(base).get(imported)
        return bound is None or self.names_module(bound) == full

    def string_target(self, name: str, argument: str) -> tuple[str, bool]:
        """The module an import by string loads, and whether it is somebody else's."""
        module = self.modules[name]
        package = name if module.is_package else name.rpartition(".")[0]
        argument = argument.replace("{__name__}", name).replace("{__package__}", package)
        if argument.startswith("."):
            relative, _, anchor = argument.partition("@")
            level = len(relative) - len(relative.lstrip("."))
            parts = (anchor or package).split(".")
            parts = parts[: len(parts) - level + 1]
            argument = ".".join([*parts, relative.lstrip(".")]).rstrip(".")
        if argument.partition(".")[0] not in self.tops:
            return argument, True
        return self.nearest(argument), False

    # Names: what a name of a module stands for.

    def namespace(self, name: str) -> dict[str, tuple[str, str | None]]:
        """Names bound by imports: to ``(module, None)`` or to ``(module, attribute)``."""
        known = self.namespaces.get(name)
        if known is not None:
            return known
        names: dict[str, tuple[str, str | None]] = {}
        self.namespaces[name] = names
        facts = self.facts.get(name)
        if facts is not None:
            self.bind_imports(name, facts.top, names)
        return names

    def bind_imports(self, name: str, body: Body, names: dict[str, tuple[str, str | None]]) -> None:
        for entry in body.imports:
            if entry[1] & (DEAD | TYPE_CHECKING):
                continue
            base = self.base_of(name, entry)
            imported = entry[4]
            if imported is None:
                if entry[5]:
                    names[entry[5]] = (base, None)
                else:
                    names[base.partition(".")[0]] = (base.partition(".")[0], None)
                continue
            for attribute, alias in imported:
                if attribute == "*":
                    self.stars.setdefault(name, []).append(base)
                    continue
                if entry[1] & FALLBACK and (alias or attribute) in names:
                    continue
                names[alias or attribute] = (base, attribute)

    def names_module(self, bound: tuple[str, str | None]) -> str | None:
        """The module that a bound name is, followed through re-exports."""
        for _ in range(_MOST_REEXPORTS):
            base, attribute = bound
            if attribute is None:
                return base
            if base not in self.modules:
                return None
            facts = self.facts.get(base)
            inner = self.namespace(base).get(attribute)
            if facts is not None and attribute in facts.bound:
                return None
            if inner is None or inner == bound:
                full = f"{base}.{attribute}"
                return full if full in self.modules else None
            bound = inner
        return None

    def lookup(self, module: str, name: str, seen: frozenset[str] = frozenset()) -> str | None:
        """What ``name`` is in ``module``: ``module:name`` of its home, a module, or ``None``."""
        if module not in self.facts or module in seen or len(seen) > _MOST_REEXPORTS:
            return None
        facts = self.facts[module]
        if name in facts.bound:
            return f"{module}:{name}"
        bound = self.namespace(module).get(name)
        if bound is not None:
            base, attribute = bound
            if attribute is None:
                return base if base in self.modules else f"{base}:"
            if base == module:
                full = f"{module}.{attribute}"
                return full if full in self.modules else None
            if base not in self.modules:
                return f"{base}:{attribute}"
            found = self.lookup(base, attribute, seen | {module})
            if found is not None:
                return found
            full = f"{base}.{attribute}"
            return full if full in self.modules else None
        for base in self.stars.get(module, ()):
            exported = self.facts[base].exported if base in self.facts else None
            if exported is not None and name not in exported:
                continue
            if exported is None and name.startswith("_"):
                continue
            found = self.lookup(base, name, seen | {module})
            if found is not None:
                return found
        if name in facts.lazy_names:
            return self.lookup(f"{module}.{facts.lazy_names[name]}", name, seen | {module})
        full = f"{module}.{name}"
        return full if full in self.modules else None

    def opaque(self, module: str) -> bool:
        """Whether ``module`` may have names that reading cannot tell."""
        facts = self.facts.get(module)
        return facts is None or bool(facts.error) or "__getattr__" in facts.bound

    # Calls: what a function loads when it runs.

    def resolve_call(
        self, name: str, dotted: str, local: Mapping[str, tuple[str, str | None]] | None = None
    ) -> tuple[str, str] | None:
        """The first-party function that ``dotted`` calls, as module and qualified name."""
        parts = dotted.split(".")
        if local and parts[0] in local:
            base, attribute = local[parts[0]]
            place = base if attribute is None else self.attribute_of(base, attribute)
        else:
            place = self.lookup(name, parts[0])
        rest = parts[1:]
        while place is not None and ":" not in place and rest:
            step = rest.pop(0)
            if place not in self.modules:
                return None
            found = self.lookup(place, step)
            place = found
        if place is None or ":" not in place:
            return None
        home, _, attribute = place.partition(":")
        if home not in self.modules or not attribute:
            return None
        return home, ".".join([attribute, *rest])

    def attribute_of(self, base: str, attribute: str) -> str | None:
        if base not in self.modules:
            return None
        found = self.lookup(base, attribute)
        if found is not None:
            return found
        full = f"{base}.{attribute}"
        return full if full in self.modules else None

    def effect(
        self, function: tuple[str, str], running: frozenset[tuple[str, str]] = frozenset()
    ) -> frozenset[_Target]:
        """All that calling ``function`` loads, through whatever it calls in turn."""
        known = self.effects.get(function)
        if known is not None:
            return known
        if function in running or len(running) > 40:
            return frozenset()
        module, qualified = function
        body = self.body_of(module, qualified)
        found: set[_Target] = set()
        if body is not None:
            local: dict[str, tuple[str, str | None]] = {}
            self.bind_imports(module, body, local)
            found.update(t for t in self.direct(module, body) if t.kind is not Kind.TYPE_CHECKING)
            for dotted in body.calls:
                for _name, targets in self.called(module, dotted, local, running | {function}):
                    found.update(targets)
        result = frozenset(found)
        if not running:
            self.effects[function] = result
        return result

    def body_of(self, module: str, qualified: str) -> Body | None:
        """The code of a function; of a class, that of the ``__init__`` it runs."""
        facts = self.facts.get(module)
        if facts is None or facts.error:
            return None
        head = qualified.partition(".")[0]
        kind = facts.bound.get(head)
        if kind is None or kind == "name":
            return None
        body = self.code(module, qualified)
        if body is None and kind == "class":
            method = qualified.partition(".")[2] or "__init__"
            return self.inherited(module, head, method, frozenset())
        return body

    def code(self, module: str, qualified: str) -> Body | None:
        """The code of exactly this function or method, read now if it was not before."""
        body = self.facts[module].functions.get(qualified)
        if body is None and self.facts[module].bound.get(qualified) != "class":
            body = self.look(module, qualified)
        return body

    def inherited(self, module: str, name: str, method: str, seen: frozenset[str]) -> Body | None:
        """The code of a method of a class, or of the first base that has it."""
        place = f"{module}:{name}"
        if place in seen or module not in self.facts:
            return None
        body = self.code(module, f"{name}.{method}")
        if body is not None:
            return body
        for base in self.facts[module].bases.get(name, ()):
            home = self.resolve_call(module, base)
            if home is not None and "." not in home[1]:
                found = self.inherited(home[0], home[1], method, seen | {place})
                if found is not None:
                    return found
        return None


def _kind_of(flags: int) -> Kind:
    if flags & TYPE_CHECKING:
        return Kind.TYPE_CHECKING
    if flags & (CONDITIONAL | FALLBACK):
        return Kind.CONDITIONAL
    return Kind.IMPORT


def reachable(
    roots: Iterable[str], out: Callable[[str], Iterable[str]], without: frozenset[str] = frozenset()
) -> set[str]:
    """Everything reached from ``roots`` without passing ``without``."""
    pending = [root for root in roots if root not in without]
    seen = set(pending)
    while pending:
        for other in out(pending.pop()):
            if other not in seen and other not in without:
                seen.add(other)
                pending.append(other)
    return seen


__all__ = [
    "Edge",
    "External",
    "Graph",
    "Kind",
    "Unknown",
    "Unreadable",
    "build_graph",
    "reachable",
]
