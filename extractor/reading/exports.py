"""``__all__`` in every spelling: what a module hands on to a star import, and to the public.

Read are assignments, with an annotation or without, sums, ``+=``, ``extend``, ``append``,
``insert`` and ``remove``, under conditions too, unpacked parts, and the ``__all__`` of other
modules. What is computed in another way makes the answer incomplete, which is said.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

EXPORTS = "__all__"
_WRAPPERS = frozenset({"list", "tuple", "sorted", "set"})
_SUITES = (ast.If, ast.Try, ast.With, ast.For, ast.While)


@dataclass
class Exports:
    """The parts of one module's ``__all__``.

    ``strings`` are its literal entries in order, ``displays`` the lists and tuples of them,
    ``calls`` the statements that add or take away one name (``append``, ``insert``,
    ``remove``). ``others`` are expressions that are other modules' lists, ``base.__all__``.
    ``line`` is the first statement's, 0 where there is no ``__all__``; ``computed`` the lines
    of what cannot be read.
    """

    line: int = 0
    strings: list[ast.Constant] = field(default_factory=list)
    displays: list[ast.List | ast.Tuple | ast.Set] = field(default_factory=list)
    calls: list[ast.Expr] = field(default_factory=list)
    removed: set[str] = field(default_factory=set)
    others: list[ast.Attribute | ast.Name] = field(default_factory=list)
    computed: list[int] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """The names that are listed by literals, each once, in order."""
        listed = dict.fromkeys(str(node.value) for node in self.strings)
        return [name for name in listed if name not in self.removed]

    @property
    def is_there(self) -> bool:
        """Whether the module has an ``__all__``."""
        return self.line > 0

    @property
    def is_complete(self) -> bool:
        """Whether ``names`` and ``others`` are all there is."""
        return not self.computed


def read_exports(tree: ast.Module) -> Exports:
    """The parts of the ``__all__`` of ``tree``."""
    found = Exports()
    for node in _statements(tree.body):
        if isinstance(node, ast.Assign):
            if any(_is_exports(target) for target in node.targets):
                _start(found, node)
                _read_value(found, node.value)
        elif isinstance(node, ast.AnnAssign) and _is_exports(node.target):
            if node.value is not None:
                _start(found, node)
                _read_value(found, node.value)
        elif isinstance(node, ast.AugAssign) and _is_exports(node.target):
            _start(found, node)
            _read_value(found, node.value)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            function = node.value.func
            if isinstance(function, ast.Attribute) and _is_exports(function.value):
                _start(found, node)
                _read_call(found, node, node.value, function.attr)
        elif isinstance(node, ast.Delete) and any(map(_is_exports, node.targets)):
            found.computed.append(node.lineno)
    return found


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Every statement that runs in the module's own scope."""
    for node in body:
        yield node
        if isinstance(node, _SUITES):
            for name in ("body", "orelse", "finalbody"):
                yield from _statements(getattr(node, name, []))
            for handler in getattr(node, "handlers", []):
                yield from _statements(handler.body)


def _is_exports(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == EXPORTS


def _start(found: Exports, node: ast.stmt) -> None:
    found.line = found.line or node.lineno


def _read_value(found: Exports, value: ast.expr) -> None:
    """Take an expression apart that is a sequence of names; sums without recursion."""
    todo = [value]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            todo += [node.right, node.left]
        elif isinstance(node, ast.List | ast.Tuple | ast.Set):
            found.displays.append(node)
            for item in node.elts:
                if isinstance(item, ast.Starred):
                    _read_value(found, item.value)
                else:
                    _read_entry(found, item)
        elif (isinstance(node, ast.Attribute) and node.attr == EXPORTS) or (
            isinstance(node, ast.Name) and node.id != EXPORTS
        ):
            found.others.append(node)
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in _WRAPPERS
            and len(node.args) <= 1
        ):
            todo += node.args
        elif not _is_exports(node):
            found.computed.append(node.lineno)


def _read_entry(found: Exports, item: ast.expr) -> None:
    if isinstance(item, ast.Constant) and isinstance(item.value, str):
        found.strings.append(item)
    else:
        found.computed.append(item.lineno)


def _read_call(found: Exports, statement: ast.Expr, call: ast.Call, method: str) -> None:
    argument = call.args[-1] if call.args else None
    if method == "extend" and argument is not None:
        _read_value(found, argument)
    elif method in ("append", "insert") and argument is not None:
        found.calls.append(statement)
        _read_entry(found, argument)
    elif method == "remove" and isinstance(argument, ast.Constant):
        found.calls.append(statement)
        found.removed.add(str(argument.value))
    elif method not in ("sort", "reverse"):
        found.computed.append(statement.lineno)
