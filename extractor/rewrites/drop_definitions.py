"""Remove named top-level definitions, and methods named ``Class.method``.

Decorators, the comments directly above and the blank lines before go with a definition.
"""

from __future__ import annotations

import ast
from collections.abc import Collection

from extractor.outcome import Failed, Outcome, Rewritten, Unchanged
from extractor.parsing import UnreadableSource
from extractor.rewrites.parts.source_text import read_source
from extractor.rewrites.parts.statements import apply_line_edits, drop_statements


def rewrite(source: bytes, *, names: Collection[str], path: str = "<source>") -> Outcome:
    """``source`` without the definitions called ``names``; all bindings of a name go."""
    try:
        text = read_source(source, path)
    except UnreadableSource as error:
        return Failed(str(error), error.line)
    gone = [
        node for node in text.tree.body if _binds_only(node, names)
    ]
    try:
        edits = drop_statements(text, text.tree.body, gone)
        for node in text.tree.body:
            if isinstance(node, ast.ClassDef) and node not in gone:
                methods = [
                    m
                    for m in node.body
                    if isinstance(m, ast.FunctionDef | ast.AsyncFunctionDef)
                    and f"{node.name}.{m.name}" in names
                ]
                edits += drop_statements(text, node.body, methods)
    except ValueError as error:
        return Failed(f"{path}: {error}")
    if not edits:
        return Unchanged()
    return Rewritten(text.encode(apply_line_edits(text, edits)))


def _binds_only(node: ast.stmt, names: Collection[str]) -> bool:
    """Whether every name that ``node`` binds is among ``names``."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return node.name in names
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign):
        targets = [node.target]
    bound = [n for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)]
    plain = all(isinstance(t, ast.Name | ast.Tuple | ast.List) for t in targets)
    return bool(bound) and plain and all(n.id in names for n in bound)
