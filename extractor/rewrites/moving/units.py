"""What each top-level statement of a module binds, reads, changes in place and rebinds.

Names are resolved by scopes: parameters and local names of the same spelling are no uses.
A use is read *now*, when the module is imported, *late*, when a function is called, or it is
*typed*: only a type that nobody evaluates names it, or a doctest.
"""

from __future__ import annotations

import ast
import enum
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from extractor.reading.quoted import names_in_doctest, names_in_type_comments
from extractor.rewrites.parts.definitions import registrations
from extractor.rewrites.parts.removal import first_line
from extractor.rewrites.parts.scopes import Names, Use, read_names
from extractor.rewrites.parts.source_text import SourceText
from extractor.slicing.statements import Statements, split_module

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_OWN_SCOPE = (*_FUNCTIONS, ast.ClassDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_COMPOUND = (ast.If, ast.Try, ast.TryStar, ast.With)


class When(enum.Enum):
    """When a use of a name is looked up."""

    NOW = "now"
    LATE = "late"
    TYPED = "typed"


@dataclass(eq=False)
class Unit:
    """One top-level statement, or several that share a line.

    ``binds`` are module-level names, ``uses`` what it reads of them, by name; ``hidden`` are
    names that only type comments, doctests and types in odd strings have. ``changes`` are
    names whose objects it changes in place when it runs (``X.append(..)``, ``X.y = ..``);
    ``rebinds`` names that its functions bind anew by ``global``, and where. ``registers`` are
    the ``singledispatch`` functions it is registered with, ``decorators`` the objects whose
    methods decorate it.
    """

    index: int
    nodes: list[ast.stmt]
    binds: set[str] = field(default_factory=set)
    uses: dict[str, list[tuple[Use, When]]] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    changes: set[str] = field(default_factory=set)
    rebinds: dict[str, int] = field(default_factory=dict)
    registers: set[str] = field(default_factory=set)
    decorators: set[str] = field(default_factory=set)

    @property
    def line(self) -> int:
        """The first line."""
        return first_line(self.nodes[0])

    @property
    def is_import(self) -> bool:
        """Whether it is import statements and nothing else."""
        return all(isinstance(node, ast.Import | ast.ImportFrom) for node in self.nodes)

    @property
    def is_guard(self) -> bool:
        """Whether it only chooses imports, and sets constants beside them."""
        return all(map(_is_guard, self.nodes))

    def reads(self, *when: When) -> set[str]:
        """The names it reads, at the times ``when`` or at any."""
        wanted = when or tuple(When)
        found = {n for n, uses in self.uses.items() if any(time in wanted for _, time in uses)}
        return found | self.hidden if When.TYPED in wanted else found


@dataclass(eq=False)
class Units:
    """A module, statement by statement."""

    text: SourceText
    split: Statements
    names: Names
    body: list[Unit]

    def binders(self, name: str) -> list[Unit]:
        """The statements that bind ``name``."""
        return [unit for unit in self.body if name in unit.binds]

    @property
    def bound(self) -> set[str]:
        """Every name that the module binds at its top level."""
        return {name for unit in self.body for name in unit.binds}

    def unit_at(self, line: int) -> Unit:
        """The statement that ``line`` is in."""
        return self.body[bisect_right(self.lines, line) - 1]

    @cached_property
    def lines(self) -> list[int]:
        """The first line of each statement."""
        return [unit.line for unit in self.body]


def read_units(text: SourceText, module: str = "", is_package: bool = False) -> Units:
    """The statements of ``text``; raises ``UnreadableSource`` when it cannot be cut."""
    split = split_module(text.stand_ins.source if not text.bom else text.utf8)
    names = read_names(text.tree, module, is_package)
    body: list[Unit] = []
    line = split.header.count(b"\n") + 1
    nodes = list(text.tree.body)
    for index, part in enumerate(split.body):
        line += (part.gap + part.comment).count(b"\n")
        end = line + part.code.count(b"\n") + (not part.code.endswith(b"\n"))
        inside = [node for node in nodes if line <= first_line(node) < end]
        body.append(Unit(index, inside))
        nodes = nodes[len(inside) :]
        line += (part.code + part.rest).count(b"\n")
    assert not nodes, "every statement is in a part"
    found = Units(text, split, names, [unit for unit in body if unit.nodes])
    _fill(found)
    return found


def _fill(units: Units) -> None:
    lazy = any(
        isinstance(node, ast.ImportFrom)
        and node.module == "__future__"
        and any(alias.name == "annotations" for alias in node.names)
        for node in units.text.tree.body
    )
    times = _times(units.text.tree, lazy)
    owners = registrations(units.text.tree)
    for unit in units.body:
        for node in unit.nodes:
            unit.binds |= set(_bound(node))
            unit.changes |= set(_changed(node))
            unit.rebinds |= _rebound(node)
            if node in owners:
                unit.registers.add(owners[node])
            unit.decorators |= set(_decorators(node))
        code = units.split.body[unit.index].code
        unit.hidden |= names_in_type_comments(code)
        for prose in _docstrings(unit.nodes) if b">>>" in code else ():
            unit.hidden |= names_in_doctest(prose)
    everything = {**units.names.scopes[0].uses}
    for name, uses in units.names.free.items():
        everything[name] = [*everything.get(name, []), *uses]
    for name, uses in everything.items():
        for use in uses:
            unit = units.unit_at(use.name.lineno)
            time = times.get(id(use.name), When.TYPED)
            unit.uses.setdefault(name, []).append((use, time))
    for unit in units.body:
        unit.hidden |= units.names.typed & _quoted(unit.nodes)


def module_level(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All nodes that run in the module's own scope."""
    todo = list(body)
    while todo:
        node = todo.pop(0)
        yield node
        if not isinstance(node, (*_OWN_SCOPE, *_COMPREHENSIONS)):
            todo[:0] = ast.iter_child_nodes(node)


def _bound(node: ast.stmt) -> Iterator[str]:
    for inner in module_level([node]):
        if isinstance(inner, (*_FUNCTIONS, ast.ClassDef)):
            yield inner.name
        elif isinstance(inner, ast.Import | ast.ImportFrom):
            for alias in inner.names:
                if alias.name != "*":
                    plain = isinstance(inner, ast.Import) and not alias.asname
                    yield alias.name.partition(".")[0] if plain else alias.asname or alias.name
        elif isinstance(inner, ast.Name) and not isinstance(inner.ctx, ast.Load):
            yield inner.id
        elif isinstance(inner, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and inner.name:
            yield inner.name
        elif isinstance(inner, ast.MatchMapping) and inner.rest:
            yield inner.rest


def _changed(node: ast.stmt) -> Iterator[str]:
    """Names whose objects a statement changes in place when the module is imported."""
    for inner in module_level([node]):
        targets: Sequence[ast.expr] = ()
        if isinstance(inner, ast.AugAssign | ast.AnnAssign):
            targets = [inner.target]
        elif isinstance(inner, ast.Delete | ast.Assign):
            targets = [t for t in inner.targets if isinstance(t, ast.Attribute | ast.Subscript)]
        elif isinstance(inner, ast.Expr) and isinstance(inner.value, ast.Call):
            targets = [inner.value.func] if isinstance(inner.value.func, ast.Attribute) else []
        for target in targets:
            root = target
            while isinstance(root, ast.Attribute | ast.Subscript):
                root = root.value
            if isinstance(root, ast.Name) and (
                root is not target or isinstance(inner, ast.AugAssign)
            ):
                yield root.id


def _decorators(node: ast.stmt) -> Iterator[str]:
    for decorator in getattr(node, "decorator_list", []):
        root = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(root, ast.Attribute):
            while isinstance(root, ast.Attribute):
                root = root.value
            if isinstance(root, ast.Name):
                yield root.id


def _rebound(node: ast.AST) -> dict[str, int]:
    """The names that functions of ``node`` bind in the module, and the lines."""
    found: dict[str, int] = {}
    for function in ast.walk(node):
        if not isinstance(function, (*_FUNCTIONS, ast.ClassDef)):
            continue
        declared = {n for g in ast.walk(function) if isinstance(g, ast.Global) for n in g.names}
        if not declared:
            continue
        for name, line in bindings_in(function):
            if name in declared:
                found.setdefault(name, line)
    return found


def bindings_in(function: ast.AST) -> Iterator[tuple[str, int]]:
    """Every name that something inside ``function`` binds, and the line."""
    for inner in ast.walk(function):
        if inner is function:
            continue
        if isinstance(inner, ast.Name) and not isinstance(inner.ctx, ast.Load):
            yield inner.id, inner.lineno
        elif isinstance(inner, (*_FUNCTIONS, ast.ClassDef)):
            yield inner.name, inner.lineno
        elif isinstance(inner, ast.Import | ast.ImportFrom):
            for alias in inner.names:
                yield (alias.asname or alias.name).partition(".")[0], inner.lineno


def _times(tree: ast.Module, lazy: bool) -> dict[int, When]:
    """When each name of the tree is looked up; with ``lazy`` annotations are not evaluated."""
    found: dict[int, When] = {}
    todo: list[tuple[ast.AST, When]] = [(node, When.NOW) for node in tree.body]
    while todo:
        node, when = todo.pop()
        if isinstance(node, ast.Name):
            found[id(node)] = when
            continue
        annotations = _annotations(node)
        of_types = When.TYPED if lazy or (when is When.LATE and annotations) else when
        todo += [(child, of_types) for child in annotations]
        body = node.body if isinstance(node, (*_FUNCTIONS, ast.Lambda)) else []
        inner = body if isinstance(body, list) else [body]
        todo += [(child, When.LATE) for child in inner]
        skipped = {id(child) for child in [*annotations, *inner]}
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.arguments):
                defaults = [*child.defaults, *filter(None, child.kw_defaults)]
                todo += [(default, when) for default in defaults]
            elif id(child) not in skipped:
                todo.append((child, when))
    return found


def _annotations(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, _FUNCTIONS):
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every += [extra for extra in (arguments.vararg, arguments.kwarg) if extra]
        found = [argument.annotation for argument in every if argument.annotation]
        return found + ([node.returns] if node.returns else [])
    return [node.annotation] if isinstance(node, ast.AnnAssign) else []


def _docstrings(nodes: Iterable[ast.stmt]) -> Iterator[str]:
    for node in nodes:
        for inner in ast.walk(node):
            value = inner.value if isinstance(inner, ast.Expr) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value.value


def _quoted(nodes: Iterable[ast.stmt]) -> set[str]:
    """Identifiers in the strings of ``nodes``."""
    found: set[str] = set()
    for node in nodes:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                words = "".join(c if c.isalnum() or c == "_" else " " for c in inner.value)
                found.update(words.split())
    return found


def _is_guard(node: ast.stmt) -> bool:
    if not isinstance(node, _COMPOUND):
        return False
    return any(
        isinstance(inner, ast.Import | ast.ImportFrom) for inner in module_level([node])
    ) and all(map(_is_of_guard, _suites(node)))


def _suites(node: ast.stmt) -> list[ast.stmt]:
    found: list[ast.stmt] = []
    for name in ("body", "orelse", "finalbody"):
        found += getattr(node, name, [])
    for handler in getattr(node, "handlers", []):
        found += handler.body
    return found


def _is_of_guard(node: ast.stmt) -> bool:
    if isinstance(node, _COMPOUND):
        return all(map(_is_of_guard, _suites(node)))
    if isinstance(node, ast.Assign):
        return isinstance(node.value, ast.Constant) and all(
            isinstance(target, ast.Name) for target in node.targets
        )
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_text or isinstance(node, ast.Import | ast.ImportFrom | ast.Pass | ast.Raise)


def going_units(units: Units, names: Collection[str]) -> set[Unit]:
    """The statements that go when ``names`` do: what binds them, and what changes them in place.

    A statement that changes one in place stays where it needs, when it runs, a name that
    stays; so do those after it that change the same name.
    """
    going = {unit for unit in units.body if unit.binds & set(names) and not unit.is_import}
    going |= {unit for unit in units.body if unit.registers & set(names)}
    ours = {
        name for unit in units.body if not (unit.is_import or unit.is_guard) for name in unit.binds
    }
    stopped: set[str] = set()
    for unit in units.body:
        changed = unit.changes & set(names)
        if unit in going or not changed:
            continue
        needs = unit.reads(When.NOW) & ours
        if unit.binds <= set(names) and needs <= set(names) and not changed & stopped:
            going.add(unit)
        else:
            stopped |= changed
    return going
