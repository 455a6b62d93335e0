"""The definitions of a module: top-level names and methods, and the statements of each."""

from __future__ import annotations

import ast


def definitions(tree: ast.Module) -> dict[str, list[ast.stmt]]:
    """Top-level names, and methods as ``Class.method``, each with the statements that bind it.

    The implementations registered with a ``singledispatch`` function are statements of its own.
    """
    found: dict[str, list[ast.stmt]] = {}
    owners = registrations(tree)

    def collect(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            if node in owners:
                found.setdefault(owners[node], []).append(node)
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                found.setdefault(prefix + node.name, []).append(node)
            elif isinstance(node, ast.ClassDef):
                found.setdefault(prefix + node.name, []).append(node)
                collect(node.body, f"{prefix}{node.name}.")
            elif isinstance(node, ast.Assign):
                for target in node.targets:
                    for name in _bound(target):
                        found.setdefault(prefix + name, []).append(node)
            elif isinstance(node, (ast.AnnAssign, ast.AugAssign)):
                if isinstance(node.target, ast.Name):
                    found.setdefault(prefix + node.target.id, []).append(node)
            elif isinstance(node, (ast.If, ast.Try, ast.TryStar, ast.With, ast.For, ast.While)):
                for name in ("body", "orelse", "finalbody"):
                    collect(getattr(node, name, []), prefix)
                for handler in getattr(node, "handlers", []):
                    collect(handler.body, prefix)

    collect(tree.body, "")
    return found


def registrations(tree: ast.Module) -> dict[ast.stmt, str]:
    """Top-level functions registered with a ``singledispatch`` function, and the name of that."""
    generic = {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and any(_last_name(decorator) == "singledispatch" for decorator in node.decorator_list)
    }
    found: dict[ast.stmt, str] = {}
    for node in tree.body if generic else ():
        for decorator in getattr(node, "decorator_list", []):
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if isinstance(called, ast.Attribute) and called.attr == "register":
                owner = _last_name(called.value)
                if isinstance(called.value, ast.Name) and owner in generic:
                    found[node] = owner
    return found


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _bound(target: ast.expr) -> list[str]:
    if isinstance(target, ast.Name):
        return [target.id]
    if isinstance(target, (ast.Tuple, ast.List)):
        return [name for element in target.elts for name in _bound(element)]
    if isinstance(target, ast.Starred):
        return _bound(target.value)
    return [""]  # an attribute or an item: the statement does more than bind names
