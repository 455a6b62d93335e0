"""Which calls of a module declare a configuration option, as the conventions know it."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from extractor.project.conventions import known


def declared_options(tree: ast.Module) -> dict[ast.Call, ast.Constant]:
    """The calls that declare an option, each with the literal that names it."""
    imports = _imports(tree)
    parts = known().values()
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            told = (part.option_of(node, imports) for part in parts)
            name = next((name for name in told if name is not None), None)
            if name is not None:
                found[node] = name
    return found


def _imports(tree: ast.Module) -> Mapping[str, str]:
    """Names of the file to the dotted names that they were imported as, wherever it does.

    What the file defines itself is empty; ``*a.b`` is there for all names of ``a.b``.
    """
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                found[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                name = alias.asname or alias.name
                found[f"*{node.module}" if name == "*" else name] = f"{node.module}.{alias.name}"
        elif isinstance(node, ast.ClassDef | ast.FunctionDef):
            found.setdefault(node.name, "")
    return found
