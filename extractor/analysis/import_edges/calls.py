"""What a call loads: all that the functions load which run because of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from extractor.analysis.dynamic_imports import BY_STRING, HOMES
from extractor.analysis.facts import Body
from extractor.analysis.graph import Kind
from extractor.analysis.import_edges.own_code import OwnCode
from extractor.analysis.import_edges.targets import Target, Targets
from extractor.analysis.namespaces import Context, Value

_DEEPEST = 60
_NOTHING: Mapping[Value, int] = {}


class Calls:
    """Follows calls from function to function, and remembers what each of these loads."""

    def __init__(self, targets: Targets, code: OwnCode) -> None:
        self.targets = targets
        self.code = code
        self.facts = targets.facts
        self.names = targets.names
        self.effects: dict[Value, frozenset[Target]] = {}
        # Functions that a module sets in another one's place when it is imported.
        self.replacements: dict[Value, list[Value]] = {}
        # How far up the calls at hand the last effect was cut short by a circle.
        self.cut_at = _DEEPEST

    def note_replacements(self) -> None:
        """Find the functions that run in place of others once some module is imported."""
        for name, facts in self.facts.items():
            for path, new in facts.replaced.items():
                old, function = self.names.resolve(name, path), self.names.resolve(name, new)
                if old is None or function is None or old.module in {name, function.module}:
                    continue
                if old.kind == function.kind == "def":
                    self.replacements.setdefault(old, []).append(function)

    def called(
        self, name: str, path: str, context: Context | None, running: Mapping[Value, int]
    ) -> Iterator[tuple[str, Iterable[Target]]]:
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
                yield "", [Target("", 0, Kind.STRING, False, name, value.name)]
            return
        for function in self.run_by(value):
            yield self._label(function, value), self.effect(function, running)

    def _label(self, function: Value, called: Value | None = None) -> str:
        shown = called if called is not None and called.kind == "class" else function
        return f"{shown.module}:{shown.name}"

    def _backends(self, value: Value) -> Iterator[Target]:
        for argument in self.facts[value.module].lazy[value.name]:
            for backend, external in self.targets.string_targets(value.module, argument):
                if backend:
                    yield Target(backend, 0, Kind.STRING, external, value.module)

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

    def effect(self, function: Value, running: Mapping[Value, int] = _NOTHING) -> frozenset[Target]:
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
        found: set[Target] = set()
        body = self.names.code(function.module, function.name)
        if body is not None:
            self._effect_of_body(function, body, inside, found)
        for path in self.facts[function.module].decorators.get(function.name, ()):
            for _name, targets in self.called(function.module, path, None, inside):
                found.update(targets)
        for other in self.replacements.get(function, ()):
            found.update(target.perhaps() for target in self.effect(other, inside))
        result = frozenset(found)
        if self.cut_at >= depth:
            # Whole: no circle leads to a function that is still running.
            self.effects[function] = result
        self.cut_at = min(around, self.cut_at if self.cut_at < depth else _DEEPEST)
        return result

    def _effect_of_body(
        self, function: Value, body: Body, running: Mapping[Value, int], found: set[Target]
    ) -> None:
        module = function.module
        context = self.names.context(function, body)
        found.update(t for t in self.code.direct(module, body) if t.kind is not Kind.TYPE_CHECKING)
        for path, (_line, flags) in body.calls.items():
            certain = self.code.entered(module, body, flags)
            if certain is None:
                continue
            for _name, targets in self.called(module, path, context, running):
                found.update(t if certain else t.perhaps() for t in targets)
