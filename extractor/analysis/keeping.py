"""Decorators that keep what they decorate: to find it later, or to call it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import TypeGuard

from extractor.project.standard_library import is_standard_library


def keeps_what_it_decorates(parsed: ast.Module, name: str, attribute: str = "") -> bool:
    """Whether the decorator ``name``, or its ``attribute``, puts its function where it is found."""
    pure = set(_pure_imports(parsed))
    for node in _top_level(parsed.body):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(t, ast.Name | ast.Attribute) and _last(t) == name for t in targets):
            # A method of an object that is made here: whose it is only a run would tell.
            return isinstance(getattr(node, "value", None), ast.Call)
        if getattr(node, "name", "") == name and _of_definition(node, attribute, pure):
            return True
    return False


def _of_definition(node: ast.stmt, attribute: str, pure: set[str]) -> bool:
    if not attribute:
        return _hands_on(node, pure)
    if not isinstance(node, ast.ClassDef):
        # Only what another decorator made of a function has attributes: a register, a command.
        return True
    methods = [item for item in node.body if getattr(item, "name", "") == attribute]
    return not methods or any(_hands_on(method, pure) for method in methods)


def _top_level(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run on import, those under conditions too."""
    for node in body:
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for part in ("body", "orelse", "finalbody"):
                yield from _top_level(getattr(node, part, ()))
            for handler in getattr(node, "handlers", ()):
                yield from _top_level(handler.body)


def _pure_imports(parsed: ast.Module) -> Iterator[str]:
    """Names of the file that stand for the standard library and what is in it."""
    for node in ast.walk(parsed):
        if isinstance(node, ast.Import):
            found = (alias for alias in node.names if is_standard_library(alias.name))
            yield from (alias.asname or alias.name.partition(".")[0] for alias in found)
        elif isinstance(node, ast.ImportFrom) and _is_pure(node):
            yield from (alias.asname or alias.name for alias in node.names)


def _is_pure(node: ast.ImportFrom) -> bool:
    return not node.level and is_standard_library(node.module or "")


def _hands_on(decorator: ast.stmt, pure: set[str]) -> bool:
    """Whether a parameter is stored in something, or handed to what may store it."""
    nodes = list(ast.walk(decorator))
    given = {node.arg for node in nodes if isinstance(node, ast.arg)}
    for node in nodes:
        handed: list[ast.expr] = []
        if _stores(node):
            handed = [node.value]
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            handed = _arguments(node.value)
        elif isinstance(node, ast.Call) and _is_of_an_object(node.func, given | pure):
            handed = _arguments(node)
        if any(isinstance(one, ast.Name) and one.id in given for one in _parts(handed)):
            return True
    return False


def _stores(node: ast.AST) -> TypeGuard[ast.Assign | ast.AugAssign]:
    if isinstance(node, ast.Assign):
        return isinstance(node.targets[0], ast.Subscript | ast.Attribute)
    return isinstance(node, ast.AugAssign)


def _arguments(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _is_of_an_object(function: ast.expr, others: set[str]) -> bool:
    """Whether a method is called of something that is none of ``others``."""
    root = function
    while isinstance(root, ast.Attribute | ast.Subscript):
        root = root.value
    return (
        isinstance(function, ast.Attribute) and isinstance(root, ast.Name) and root.id not in others
    )


def _parts(values: Iterable[ast.expr]) -> Iterator[ast.expr]:
    """The values, and those in the tuples, lists and tables among them."""
    for value in values:
        yield value
        yield from _parts(getattr(value, "elts", ()))
        if isinstance(value, ast.Dict):
            yield from _parts(value.values)
            yield from _parts(key for key in value.keys if key is not None)


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
