"""From the facts of every file to the edges between modules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from extractor.analysis.conditions import (
    CONDITIONAL,
    DEAD,
    FALLBACK,
    IN_TRY,
    TYPE_CHECKING,
    decided,
    try_of,
)
from extractor.analysis.dynamic_imports import BY_STRING, ENTRY_POINTS, HOMES
from extractor.analysis.facts import Body, Facts, Import
from extractor.analysis.graph import (
    CONDITION,
    NO_SOURCE,
    Edge,
    External,
    Graph,
    Kind,
    Unknown,
    Unreadable,
    closures,
)
from extractor.analysis.lazy_names import ANY_NAME
from extractor.analysis.modules import Module
from extractor.analysis.namespaces import Context, Namespaces, Value, absolute_name
from extractor.analysis.surroundings import Surroundings
from extractor.analysis.tries import Tries

Look = Callable[[str, str], Body | None]
_DEEPEST = 60
_NOTHING: Mapping[Value, int] = {}


def build_graph(
    packages: Sequence[str],
    modules: Mapping[str, Module],
    facts: Mapping[str, Facts],
    look: Look,
    around: Surroundings | None = None,
) -> Graph:
    """The graph of ``modules``; ``look`` reads one function of one module."""
    return _Builder(packages, modules, facts, look, around or Surroundings()).build()


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
        look: Look,
        around: Surroundings | None = None,
    ) -> None:
        self._builder = _Builder(packages, modules, facts, look, around or Surroundings())

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

    def statements_of(self, name: str) -> Iterator[tuple[str, int, bool]]:
        """What the import statements of ``name`` name, whether or not they ever run.

        Each the module, the line, and whether it is for type checkers only.
        """
        facts = self._builder.facts.get(name)
        if facts is None:
            return
        for body in (facts.top, *facts.functions.values()):
            for one in body.all():
                for entry in one.imports:
                    for_types = bool(entry[1] & TYPE_CHECKING)
                    for module in self._builder.spelled_out(name, entry):
                        yield module, entry[0], for_types

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

    def perhaps(self) -> _Target:
        """The same under a condition."""
        if self.kind in {Kind.TYPE_CHECKING, Kind.CONDITIONAL}:
            return self
        return self._replace(kind=Kind.CONDITIONAL)


class _Builder:
    def __init__(
        self,
        packages: Sequence[str],
        modules: Mapping[str, Module],
        facts: Mapping[str, Facts],
        look: Look,
        around: Surroundings,
    ) -> None:
        self.packages = tuple(packages)
        self.tops = {package.partition(".")[0] for package in packages}
        self.modules = modules
        self.facts = facts
        self.around = around
        self.names = Namespaces(modules, facts, look)
        self.tries = Tries(self.names, around.compiled, around.supports)
        self.edges: set[Edge] = set()
        self.externals: set[External] = set()
        self.unknown: dict[tuple[str, int, str, bool, str, int], set[str]] = {}
        self.effects: dict[Value, frozenset[_Target]] = {}
        # How far up the calls at hand the last effect was cut short by a circle.
        self.cut_at = _DEEPEST
        self.below: dict[str, list[str]] = {}

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
            sorted(self._unknown()),
            sorted(unreadable),
            {name: facts.lines for name, facts in sorted(self.facts.items())},
        )

    def _unknown(self) -> Iterator[Unknown]:
        """What is not known, without conditions on what is loaded anyway."""
        conditions = {key[0] for key in self.unknown if key[2] == CONDITION}
        certain = closures(self.edges) if conditions else {}
        for (importer, line, function, on_call, via, at), candidates in self.unknown.items():
            open_ = candidates
            if function == CONDITION:
                sure = certain.get(importer, ())
                open_ = {c for c in candidates if c not in sure}
                if not open_:
                    continue
            yield Unknown(importer, line, function, on_call, via, at, tuple(sorted(open_)))

    def module(self, name: str) -> None:
        """Note all edges of one module."""
        parent = name.rpartition(".")[0]
        if parent:
            self.edges.add(Edge(name, parent, 0, Kind.PARENT))
        facts = self.facts.get(name)
        if facts is None:
            return
        self.named(name, facts)
        for path, (line, flags) in facts.top.calls.items():
            certain = self.entered(name, facts.top, flags)
            if certain is None:
                continue
            for function, targets in self.called(name, path, None, {}):
                for target in targets:
                    self.add(name, target if certain else target.perhaps(), line, function)

    # What a module's own code loads.

    def named(self, name: str, facts: Facts) -> None:
        """Note what the text of ``name`` itself says."""
        for target in self.direct(name, facts.top):
            self.add(name, target, target.line)
        for function, body in facts.functions.items():
            for one in body.all():
                self.on_call(name, function, one)

    def on_call(self, name: str, function: str, body: Body) -> None:
        """Note what a function would load if it were called."""
        for target in self.direct(name, body):
            kind = Kind.TYPE_CHECKING if target.kind is Kind.TYPE_CHECKING else Kind.ON_CALL
            if target.unknown:
                self.doubt(name, target.line, target.unknown, True, "", 0, target.candidates)
            elif target.external:
                self.externals.add(External(name, target.module, target.line, kind))
            else:
                self.edges.add(Edge(name, target.module, target.line, kind, function))

    def add(self, name: str, target: _Target, line: int, via: str = "") -> None:
        """Note what ``name`` loads at ``line``, perhaps by calling ``via``."""
        at = target.line if via else 0
        if target.unknown:
            self.doubt(name, line, target.unknown, False, via, at, target.candidates)
            return
        kind = target.kind
        if via and kind is not Kind.CONDITIONAL:
            kind = Kind.CALL
        if target.external:
            self.externals.add(External(target.holder, target.module, target.line, kind))
        elif target.module != name:
            self.edges.add(Edge(name, target.module, line, kind, via, at))
            if kind is Kind.CONDITIONAL:
                # Together for a call, whatever the lines in the functions that it runs.
                self.doubt(name, line, CONDITION, False, via, 0, (target.module,))

    def doubt(
        self,
        name: str,
        line: int,
        function: str,
        on_call: bool,
        via: str,
        at: int,
        candidates: Iterable[str],
    ) -> None:
        """Note a place where only the run decides."""
        key = (name, line, function, on_call, via, at)
        self.unknown.setdefault(key, set()).update(candidates)

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

    def direct(self, name: str, body: Body) -> Iterator[_Target]:
        """What the import statements and import strings of ``body`` load."""
        for entry in body.imports:
            kind = self._kind(name, body, entry[1], entry)
            if kind is None:
                continue
            for target in self.import_targets(name, entry):
                yield target._replace(kind=kind) if kind is not Kind.IMPORT else target
        for line, flags, function, argument in body.dynamic:
            kind = self._kind(name, body, flags)
            if kind is None:
                continue
            kind = Kind.STRING if kind is Kind.IMPORT else kind
            if argument is None:
                yield _Target("", line, kind, False, name, function)
            elif argument.startswith(ENTRY_POINTS):
                yield from self._of_entry_points(name, line, kind, function, argument)
            else:
                for module, external in self.string_targets(name, argument):
                    if module:
                        yield _Target(module, line, kind, external, name)
                    else:
                        yield _Target("", line, kind, False, name, function)

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
    ) -> Iterator[_Target]:
        namespace, _, wanted = argument[len(ENTRY_POINTS) :].rpartition("|")
        points = [p for p in self.around.entry_points if p.group == namespace]
        modules = sorted({p.module for p in points if p.module in self.modules})
        if not wanted and modules:
            yield _Target("", line, kind, False, name, function, tuple(modules))
        for point in points:
            if wanted in {"*", point.name} and point.module in self.modules:
                yield _Target(point.module, line, kind, False, name)
        if wanted == "*" and not points:
            # Other projects may add to it.
            yield _Target("", line, kind, False, name, function)

    def import_targets(self, name: str, entry: Import) -> Iterator[_Target]:
        """What one statement loads."""
        base = self.names.base_of(name, entry)
        names, line = entry[4], entry[0]

        def target(module: str, external: bool = False) -> _Target:
            return _Target(module, line, Kind.IMPORT, external, name)

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
    ) -> Iterator[_Target]:
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
                yield _Target("", line, Kind.IMPORT, False, base, "__getattr__")
                continue
            place, _, attribute = self.names.lazy_target(base, text).partition(":")
            for module, external in self._known(place):
                if module:
                    yield _Target(module, line, Kind.IMPORT, external, name)
                else:
                    yield _Target("", line, Kind.IMPORT, False, base, "__getattr__")
            if attribute and self.is_submodule(base, place, attribute):
                yield _Target(f"{place}.{attribute}", line, Kind.IMPORT, False, name)
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

    # Calls: what a function loads when it runs.

    def called(
        self, name: str, path: str, context: Context | None, running: Mapping[Value, int]
    ) -> Iterator[tuple[str, Iterable[_Target]]]:
        """What a call of ``path`` in ``name`` loads, with the function as ``module:name``."""
        head, new, _ = path.rpartition(".<new>")
        if new:
            cls = Value("class", name, head)
            for function in self.making(cls):
                yield self._label(function), self.effect(function, running)
            return
        value = self.names.resolve(name, path, context)
        if value is None:
            return
        if value.kind == "lazy":
            # Reading any attribute of it is what loads.
            if path.partition(".")[2]:
                yield f"{value.module}:{value.name}", self._backends(value)
            return
        if value.kind == "external":
            if value.name in BY_STRING and value.name in HOMES.get(value.module, ()):
                yield "", [_Target("", 0, Kind.STRING, False, name, value.name)]
            return
        for function in self.run_by(value):
            yield self._label(function, value), self.effect(function, running)

    def _label(self, function: Value, called: Value | None = None) -> str:
        shown = called if called is not None and called.kind == "class" else function
        return f"{shown.module}:{shown.name}"

    def _backends(self, value: Value) -> Iterator[_Target]:
        for argument in self.facts[value.module].lazy[value.name]:
            for backend, external in self.string_targets(value.module, argument):
                if backend:
                    yield _Target(backend, 0, Kind.STRING, external, value.module)

    def run_by(self, value: Value) -> Iterator[Value]:
        """The functions that a call of ``value`` runs."""
        if value.kind == "def":
            yield value
        elif value.kind == "class":
            for name in ("__new__", "__init__"):
                found = self.names.method(value.module, value.name, name)
                if found is not None and found.kind == "def":
                    yield found
        elif value.kind == "object":
            found = self.names.method(value.module, value.name, "__call__")
            if found is not None and found.kind == "def":
                yield found

    def making(self, cls: Value) -> Iterator[Value]:
        """The functions that making a class runs: its metaclass's, and its bases' hook."""
        meta = self.names.metaclass(cls.module, cls.name)
        if meta is not None:
            for name in ("__prepare__", "__new__", "__init__"):
                found = self.names.method(meta.module, meta.name, name)
                if found is not None and found.kind == "def":
                    yield found
        owner = f"{cls.module}:{cls.name}"
        for base in self.names.bases(cls.module, cls.name):
            found = self.names.method(base.module, base.name, "__init_subclass__")
            if found is not None and found.kind == "def":
                yield found._replace(owner=owner)
                return

    def effect(
        self, function: Value, running: Mapping[Value, int] = _NOTHING
    ) -> frozenset[_Target]:
        """All that calling ``function`` loads, through whatever it calls in turn."""
        known = self.effects.get(function)
        if known is not None:
            return known
        depth = len(running)
        if function in running or depth >= _DEEPEST:
            self.cut_at = min(self.cut_at, running.get(function, 0))
            return frozenset()
        around, self.cut_at = self.cut_at, _DEEPEST
        inside = {**running, function: depth}
        found: set[_Target] = set()
        body = self.names.code(function.module, function.name)
        if body is not None:
            self._effect_of_body(function, body, inside, found)
        for path in self.facts[function.module].decorators.get(function.name, ()):
            for _name, targets in self.called(function.module, path, None, inside):
                found.update(targets)
        result = frozenset(found)
        if self.cut_at >= depth:
            # Whole: no circle leads to a function that is still running.
            self.effects[function] = result
        self.cut_at = min(around, self.cut_at if self.cut_at < depth else _DEEPEST)
        return result

    def _effect_of_body(
        self, function: Value, body: Body, running: Mapping[Value, int], found: set[_Target]
    ) -> None:
        module = function.module
        context = self.names.context(function, body)
        found.update(t for t in self.direct(module, body) if t.kind is not Kind.TYPE_CHECKING)
        for path, (_line, flags) in body.calls.items():
            certain = self.entered(module, body, flags)
            if certain is None:
                continue
            for _name, targets in self.called(module, path, context, running):
                found.update(t if certain else t.perhaps() for t in targets)
