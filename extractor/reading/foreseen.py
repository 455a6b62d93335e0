"""Imports whose failing is foreseen: tried with a way out, or meant for some machines only."""

from __future__ import annotations

import ast

_CAUGHT = frozenset({"Exception", "ImportError", "ModuleNotFoundError"})
# What a test of the machine or the interpreter asks for.
_ASKED = frozenset(
    {
        "os.name",
        "platform.python_implementation",
        "platform.system",
        "sys.implementation",
        "sys.platform",
        "sys.version_info",
    }
)


def foreseen(tree: ast.AST) -> set[int]:
    """Identities of nodes below a ``try`` that catches failing imports, or below such a test."""
    found: set[int] = set()
    for node in ast.walk(tree):
        statements: list[ast.AST] = []
        if isinstance(node, ast.Try) and any(_catches_import(h) for h in node.handlers):
            statements = [*node.body, *node.handlers]
        elif isinstance(node, ast.If) and _asks_for_machine(node.test):
            statements = [*node.body, *node.orelse]
        for statement in statements:
            found.update(id(inner) for inner in ast.walk(statement))
    return found


def _catches_import(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or getattr(kind, "id", "") in _CAUGHT for kind in kinds)


def _asks_for_machine(test: ast.expr) -> bool:
    asked = (
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(test)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    )
    return not _ASKED.isdisjoint(asked)
