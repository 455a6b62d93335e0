"""What names and paths of a module stand for: modules, functions, classes and their objects."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from extractor.analysis.conditions import DEAD, FALLBACK, TYPE_CHECKING
from extractor.analysis.constant_strings import resolved
from extractor.analysis.facts import Body, Facts, Import
from extractor.analysis.modules import Module
from extractor.project.relative import absolute

_MOST_REEXPORTS = 20
_MOST_STEPS = 12
_STEP = re.compile(r"\(\)|\.[^.()]+|^[^.()]+")

Names = dict[str, "tuple[str, str | None]"]


class Value(NamedTuple):
    """What a path stands for.

    ``kind`` is ``module``, ``def``, ``class``, ``object`` (of a class), ``super``, ``lazy`` or
    ``external``; ``name`` is qualified, with ``/`` before a function made in a function.
    ``owner`` is the class, ``module:name``, of the object a method belongs to.
    """

    kind: str
    module: str
    name: str = ""
    owner: str = ""


@dataclass
class Context:
    """The function that some code is in: its place and the names that imports bind in it."""

    place: Value
    local: Names = field(default_factory=dict)


@functools.lru_cache(maxsize=100_000)
def steps_of(path: str) -> tuple[str, ...]:
    """The head of a path and its steps."""
    return tuple(_STEP.findall(path))


class Namespaces:
    """Follows names through imports, re-exports, stars and what packages make on demand."""

    def __init__(
        self,
        modules: Mapping[str, Module],
        facts: Mapping[str, Facts],
        look: Callable[[str, str], Body | None],
    ) -> None:
        self.modules = modules
        self.facts = facts
        self.look = look
        self._names: dict[str, Names] = {}
        self.stars: dict[str, list[str]] = {}
        self._methods: dict[tuple[str, str, str], Value | None] = {}

    def base_of(self, name: str, entry: Import) -> str:
        """The module that a statement of ``name`` imports, or imports from."""
        return absolute(name, self.modules[name].is_package, entry[2], entry[3])

    def of(self, name: str) -> Names:
        """Names bound by imports: to ``(module, None)`` or to ``(module, attribute)``."""
        known = self._names.get(name)
        if known is not None:
            return known
        names: Names = {}
        self._names[name] = names
        facts = self.facts.get(name)
        if facts is not None:
            self.bind_imports(name, facts.top, names)
        return names

    def bind_imports(self, name: str, body: Body, names: Names) -> None:
        """Add what the imports of ``body`` bind to ``names``."""
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
            inner = self.of(base).get(attribute)
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
        bound = self.of(module).get(name)
        if bound is not None:
            return self._bound(module, bound, seen)
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
            return self._lazily(module, name, seen)
        full = f"{module}.{name}"
        return full if full in self.modules else None

    def _bound(
        self, module: str, bound: tuple[str, str | None], seen: frozenset[str]
    ) -> str | None:
        base, attribute = bound
        if attribute is None:
            return base if base in self.modules else f"{base}:"
        if base not in self.modules:
            return f"{base}:{attribute}"
        full = f"{base}.{attribute}"
        if base != module:
            found = self.lookup(base, attribute, seen | {module})
            if found is not None:
                return found
        return full if full in self.modules else None

    def _lazily(self, module: str, name: str, seen: frozenset[str]) -> str | None:
        for target in self.facts[module].lazy_names[name]:
            home, _, attribute = self.lazy_target(module, target).partition(":")
            if home not in self.modules:
                continue
            found = self.lookup(home, attribute or name, seen | {module})
            return found or (home if home.endswith(f".{name}") else None)
        return None

    def lazy_target(self, module: str, target: str) -> str:
        """The module, perhaps with ``:name``, that making a name of ``module`` on demand loads."""
        text, _, name = target.partition(":")
        place = absolute_name(text, module, self.modules[module].is_package)
        return f"{place}:{name}" if name else place

    def opaque(self, module: str) -> bool:
        """Whether ``module`` may have names that reading cannot tell."""
        facts = self.facts.get(module)
        return facts is None or bool(facts.error) or "__getattr__" in facts.bound

    # Paths.

    def resolve(
        self, module: str, path: str, context: Context | None = None, depth: int = 0
    ) -> Value | None:
        """What ``path`` stands for in ``module``; ``None`` where that cannot be followed."""
        if depth > _MOST_STEPS:
            return None
        head, *steps = steps_of(path)
        value: Value | None = None
        if context is not None and head == "self":
            owner = context.place.owner
            value = Value("object", *_split(owner)) if owner else None
        elif context is not None and head.startswith("<"):
            value = self._made_in(context, head[1:-1])
        elif context is not None and head in context.local:
            value = self._imported(context.local[head], depth)
        else:
            value = self.at(self.lookup(module, head), depth)
            if value is None and steps:
                value = None
        for step in steps:
            if value is None:
                return None
            value = self._step(value, step, context, depth + 1)
        return value

    def _made_in(self, context: Context, name: str) -> Value | None:
        """A function made in the function of ``context``, or in one around that."""
        place = context.place
        around = place.name
        while around:
            body = self.code(place.module, around)
            if body is not None and name in body.inner:
                return Value("def", place.module, f"{around}/{name}", place.owner)
            around = around.rpartition("/")[0]
        return None

    def _imported(self, bound: tuple[str, str | None], depth: int) -> Value | None:
        base, attribute = bound
        if attribute is None:
            return self.at(base if base in self.modules else f"{base}:", depth)
        if base not in self.modules:
            return Value("external", base, attribute)
        full = f"{base}.{attribute}"
        place = self.lookup(base, attribute) or (full if full in self.modules else None)
        return self.at(place, depth)

    def at(self, place: str | None, depth: int = 0) -> Value | None:
        """The value at a place as ``lookup`` gives it."""
        if place is None:
            return None
        home, colon, name = place.partition(":")
        if not colon:
            return Value("module", home) if home in self.modules else None
        if home not in self.facts:
            return Value("external", home, name)
        facts = self.facts[home]
        kind = facts.bound.get(name)
        if kind in {"def", "class"}:
            return Value(kind, home, name)
        if name in facts.lazy:
            return Value("lazy", home, name)
        path = facts.values.get(name)
        return self.resolve(home, path, None, depth + 1) if path else None

    def _step(self, value: Value, step: str, context: Context | None, depth: int) -> Value | None:
        if step == "()":
            if value.kind == "class":
                return Value("object", value.module, value.name)
            function = value
            if value.kind == "object":
                found = self.method(value.module, value.name, "__call__")
                if found is None:
                    return None
                function = found
            return self.result(function, depth) if function.kind == "def" else None
        name = step[1:]
        if value.kind == "module":
            return self.at(self.lookup(value.module, name), depth)
        if value.kind == "external":
            dotted = f"{value.module}.{value.name}" if value.name else value.module
            return Value("external", dotted, name)
        if value.kind in {"class", "object"}:
            if name == "__class__":
                return Value("class", value.module, value.name)
            if name == "<super>":
                return self._super(value, context)
            return self.method(value.module, value.name, name)
        if value.kind == "super":
            return self._of_bases(value.module, value.name, name, value.owner, frozenset())
        return value if value.kind == "lazy" else None

    def _super(self, value: Value, context: Context | None) -> Value | None:
        if context is None:
            return None
        cls = context.place.name.partition("/")[0].rpartition(".")[0]
        owner = f"{value.module}:{value.name}"
        return Value("super", context.place.module, cls, owner) if cls else None

    def result(self, function: Value, depth: int = 0) -> Value | None:
        """What a call of ``function`` gives, where some ``return`` of it says so."""
        if depth > _MOST_STEPS:
            return None
        body = self.code(function.module, function.name)
        if body is None:
            return None
        context = self.context(function, body)
        for path in body.returns:
            found = self.resolve(function.module, path, context, depth + 1)
            if found is not None:
                return found
        return None

    def context(self, function: Value, body: Body) -> Context:
        """What the code of ``function`` sees besides its module's names."""
        local: Names = {}
        around = function.name
        bodies = [body]
        while "/" in around:
            around = around.rpartition("/")[0]
            outer = self.code(function.module, around)
            if outer is not None:
                bodies.append(outer)
        for one in reversed(bodies):
            if one.imports:
                self.bind_imports(function.module, one, local)
        return Context(function, local)

    def method(self, module: str, cls: str, name: str) -> Value | None:
        """A method of a class, its own or of the first base that has it."""
        key = (module, cls, name)
        if key not in self._methods:
            self._methods[key] = None
            self._methods[key] = self._in_class(module, cls, name, f"{module}:{cls}", frozenset())
        return self._methods[key]

    def _in_class(
        self, module: str, cls: str, name: str, owner: str, seen: frozenset[str]
    ) -> Value | None:
        place = f"{module}:{cls}"
        if place in seen or module not in self.facts:
            return None
        qualified = f"{cls}.{name}"
        if self.code(module, qualified) is not None:
            return Value("def", module, qualified, owner)
        path = self.facts[module].values.get(qualified)
        if path:
            return self.resolve(module, path, None, _MOST_STEPS - 3)
        return self._of_bases(module, cls, name, owner, seen | {place})

    def _of_bases(
        self, module: str, cls: str, name: str, owner: str, seen: frozenset[str]
    ) -> Value | None:
        for base in self.bases(module, cls):
            found = self._in_class(base.module, base.name, name, owner, seen)
            if found is not None:
                return found
        return None

    def bases(self, module: str, cls: str) -> Iterator[Value]:
        """The first-party bases of a class."""
        facts = self.facts.get(module)
        for path in facts.bases.get(cls, ()) if facts is not None else ():
            found = self.resolve(module, path)
            if found is not None and found.kind == "class":
                yield found

    def metaclass(self, module: str, cls: str, seen: frozenset[str] = frozenset()) -> Value | None:
        """The metaclass of a class, its own or that of a base."""
        place = f"{module}:{cls}"
        if place in seen or module not in self.facts:
            return None
        path = self.facts[module].metaclasses.get(cls)
        if path:
            found = self.resolve(module, path)
            return found if found is not None and found.kind == "class" else None
        for base in self.bases(module, cls):
            found = self.metaclass(base.module, base.name, seen | {place})
            if found is not None:
                return found
        return None

    def code(self, module: str, qualified: str) -> Body | None:
        """The code of exactly this function or method, read now if it was not before."""
        outer, *inner = qualified.split("/")
        facts = self.facts.get(module)
        if facts is None or facts.error:
            return None
        body = facts.functions.get(outer)
        if body is None and facts.bound.get(outer.partition(".")[0]) in {"def", "class"}:
            body = self.look(module, outer) if facts.bound.get(outer) != "class" else None
        for name in inner:
            body = body.inner.get(name) if body is not None else None
        return body


def absolute_name(text: str, module: str, is_package: bool) -> str:
    """The module that a string such as ``.a@p`` or ``{__name__}.a`` of ``module`` names."""
    text = resolved(text, module, is_package)
    if not text.startswith("."):
        return text
    package = module if is_package else module.rpartition(".")[0]
    relative, _, anchor = text.partition("@")
    level = len(relative) - len(relative.lstrip("."))
    parts = (anchor or package).split(".")
    parts = parts[: len(parts) - level + 1]
    return ".".join([*parts, relative.lstrip(".")]).rstrip(".")


def _split(owner: str) -> Sequence[str]:
    module, _, name = owner.partition(":")
    return module, name
