"""Code that is called without being named: by a computed name, by a convention, by a framework.

Nothing here is sure. What may be called so is no candidate for dropping.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from extractor.analysis.keeping import keeps_what_it_decorates
from extractor.parsing import UnreadableSource, parse_ast
from extractor.source.tree import Tree

_WORD = re.compile(rb"[A-Za-z_]\w*")
# Where a name is looked up that is made at run time ...
_LOOKUPS = re.compile(rb"\b(?:getattr|hasattr|attrgetter|methodcaller|vars)\b|__dict__")
_OWN_NAMES = re.compile(rb"\b(?:globals|vars)\(\)|\bsys\.modules\[__name__\]")
# ... and where a module is.
_LOADERS = frozenset(
    {"__import__", "import_module", "iter_modules", "walk_packages", "import_object", "find_spec"}
)
_LOADS = re.compile(rb"\b(?:" + "|".join(sorted(_LOADERS)).encode() + rb")\b")
# Texts in which a dotted name is one that something will import, not prose.
_SETTINGS = (".cfg", ".conf", ".ini", ".json", ".toml", ".yaml", ".yml")
_NAMED = r"\b((?:%s)(?:\.[A-Za-z_]\w*)*(?::[A-Za-z_]\w*)?)"
# Decorators that hand a method to nobody.
_PLAIN = frozenset(
    {"abstractmethod", "cached_property", "classmethod", "contextmanager", "deleter", "getter"}
    | {"lru_cache", "cache", "override", "overload", "property", "setter", "staticmethod", "wraps"}
)
_PLAIN_BASES = frozenset(
    {"ABC", "Enum", "Exception", "Generic", "NamedTuple", "Protocol", "object"}
)


def is_special(name: str) -> bool:
    """Whether ``name`` is of the form that Python, enum or a notebook calls: ``_x_``, ``__x__``."""
    return len(name) > 2 and name.startswith("_") and name.endswith("_")


@dataclass(frozen=True)
class Method:
    """A private method of a top-level class; ``lines`` are the first and last, decorators too."""

    owner: str
    name: str
    lines: tuple[int, int]


@dataclass
class Hooks:
    """What one tree calls without naming it. See ``find_hooks``."""

    tree: Tree
    modules: Mapping[str, str]
    starts: set[str] = field(default_factory=set)
    ends: set[str] = field(default_factory=set)
    loads: dict[str, tuple[str, ...]] = field(default_factory=dict)
    look_at_themselves: set[str] = field(default_factory=set)
    in_texts: set[str] = field(default_factory=set)
    _parsed: dict[str, ast.Module | None] = field(default_factory=dict)

    def may_be_computed(self, name: str) -> bool:
        """Whether a name is made somewhere out of a piece that ``name`` begins or ends with."""
        starts = (s for s in self.starts if name.startswith(s) and name != s)
        ends = (e for e in self.ends if name.endswith(e) and name != e)
        return any(True for _ in starts) or any(True for _ in ends)

    def loaded_from(self, live: Collection[str]) -> set[str]:
        """The modules that ``live`` ones may load by a name that is made at run time."""
        prefixes = {prefix for module in live for prefix in self.loads.get(module, ())}
        return {
            module
            for module in self.modules
            if any(module.startswith(prefix) for prefix in prefixes)
        }

    def registers_itself(self, module: str, name: str) -> bool:
        """Whether defining a class is enough for its base or metaclass to know it."""
        seen: set[str] = set()
        wanted = [name]
        while wanted:
            current = wanted.pop()
            for node in self._classes.get(current, ()) if current not in seen else ():
                if _keeps_subclasses(node) or (current != name and self._looks_below):
                    return True
                wanted.extend(_last(base) for base in node.bases)
            seen.add(current)
        return False

    def keeps(self, module: str, name: str, attribute: str = "") -> bool:
        """Whether the decorator ``name`` puts what it decorates where something may find it.

        With ``attribute`` the decorator is that attribute of what ``name`` stands for.
        """
        parsed = self.parsed(module)
        return parsed is not None and keeps_what_it_decorates(parsed, name, attribute)

    @cached_property
    def _classes(self) -> dict[str, list[ast.ClassDef]]:
        found: dict[str, list[ast.ClassDef]] = {}
        for module in self.modules:
            parsed = self.parsed(module)
            for node in parsed.body if parsed is not None else ():
                if isinstance(node, ast.ClassDef):
                    found.setdefault(node.name, []).append(node)
        return found

    @cached_property
    def _looks_below(self) -> bool:
        return any(b"__subclasses__" in self.tree.read(path) for path in self.modules.values())

    @cached_property
    def _words(self) -> Counter[bytes]:
        """How often each word stands in code, strings or settings, comments left out."""
        words: Counter[bytes] = Counter()
        own = set(self.modules.values())
        for path in self.tree.paths():
            if path in own or path.endswith(_SETTINGS):
                text = re.sub(rb"(?m)^\s*#.*$", b"", self.tree.read(path))
                words.update(_WORD.findall(text))
        return words

    def unnamed_methods(self, module: str) -> Iterator[Method]:
        """Private methods whose name stands nowhere but in their own definition."""
        parsed = self.parsed(module)
        for node in parsed.body if parsed is not None else ():
            if isinstance(node, ast.ClassDef):
                yield from self._unnamed(node)

    def _unnamed(self, owner: ast.ClassDef) -> Iterator[Method]:
        for method in owner.body:
            if not isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            name = method.name
            if not name.startswith("_") or is_special(name) or name.endswith("__"):
                continue
            if self._words[name.encode()] > 1 or self.may_be_computed(name):
                continue
            # A base or a decorator of somebody else's may call it.
            if any(_last(base) not in self._classes for base in _bases(owner)):
                continue
            if all(_last(decorator) in _PLAIN for decorator in method.decorator_list):
                first = min([method.lineno, *(d.lineno for d in method.decorator_list)])
                yield Method(owner.name, name, (first, method.end_lineno or method.lineno))

    def parsed(self, module: str) -> ast.Module | None:
        """The syntax tree of a module; ``None`` where no parser accepts it."""
        if module not in self._parsed:
            try:
                self._parsed[module] = parse_ast(self.tree.read(self.modules[module]), module)[0]
            except UnreadableSource:
                self._parsed[module] = None
        return self._parsed[module]


def find_hooks(tree: Tree, modules: Mapping[str, str]) -> Hooks:
    """Read ``modules`` (dotted name to path) for names that are made at run time, and the texts."""
    hooks = Hooks(tree, modules)
    for module, path in modules.items():
        source = tree.read(path)
        if _OWN_NAMES.search(source):
            hooks.look_at_themselves.add(module)
        looks_up, loads = _LOOKUPS.search(source), _LOADS.search(source)
        parsed = hooks.parsed(module) if looks_up or loads else None
        if parsed is None:
            continue
        if looks_up:
            for start, end in _pieces(parsed):
                if _tells(start):
                    hooks.starts.add(start)
                if _tells(end):
                    hooks.ends.add(end)
        if loads:
            package = module if path.endswith("/__init__.py") else module.rpartition(".")[0]
            hooks.loads[module] = tuple(sorted(_loaded(parsed, package)))
    hooks.in_texts = set(_in_texts(tree, modules))
    return hooks


def _tells(piece: str) -> bool:
    """Whether a piece of a name is long enough to say what it belongs to."""
    return piece.isidentifier() and len(piece.strip("_")) > 1


def _pieces(parsed: ast.Module) -> Iterator[tuple[str, str]]:
    """What made-up strings begin and end with; an empty text where that is made up too."""
    for node in ast.walk(parsed):
        match node:
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                yield _text(left), _text(right)
            case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod()):
                yield re.split(r"%", text)[0], re.split(r"%(?:\(\w+\))?\w", text)[-1]
            case ast.JoinedStr(values=[first, *_] as values):
                yield _text(first), _text(values[-1])
            case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format")):
                yield text.partition("{")[0], text.rpartition("}")[2]


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return ""


def _loaded(parsed: ast.Module, package: str) -> Iterator[str]:
    """What the modules begin with that ``parsed``, inside ``package``, loads by computed names."""
    for node in ast.walk(parsed):
        if not isinstance(node, ast.Call) or _last(node.func) not in _LOADERS or not node.args:
            continue
        first = node.args[0]
        if isinstance(first, ast.Constant):
            name = str(first.value)
            yield f"{package}{name}" if name.startswith(".") else name
            continue
        # Whatever it is made of, it may be any module of the package it stands in.
        yield f"{package}."


def _in_texts(tree: Tree, modules: Mapping[str, str]) -> Iterator[str]:
    """``module`` and ``module:name`` as settings files name them, with a dot or a colon."""
    tops = {module.partition(".")[0] for module in modules}
    named = re.compile(_NAMED % "|".join(map(re.escape, sorted(tops))))
    for path in tree.paths():
        if not path.endswith(_SETTINGS):
            continue
        for dotted in named.findall(tree.read(path).decode("utf-8", "replace")):
            module, colon, name = dotted.partition(":")
            if not colon and module not in modules:
                module, _, name = module.rpartition(".")
            if module in modules and name:
                yield f"{module}:{name}"


def _keeps_subclasses(node: ast.ClassDef) -> bool:
    return any(keyword.arg == "metaclass" for keyword in node.keywords) or any(
        getattr(item, "name", "") == "__init_subclass__"
        or (isinstance(item, ast.Assign) and _last(item.targets[0]) == "__metaclass__")
        for item in node.body
    )


def _bases(owner: ast.ClassDef) -> Iterable[ast.expr]:
    return [base for base in owner.bases if _last(base) not in _PLAIN_BASES]


def _last(node: ast.expr) -> str:
    """The last part of a dotted name, a call or a subscript of one."""
    while isinstance(node, ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
