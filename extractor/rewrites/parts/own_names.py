"""Where a module binds a name of its own: what is renamed when the definition is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TypeAlias

from extractor.rewrites.parts.source_text import Edit, SourceText

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_Node: TypeAlias = ast.expr | ast.stmt | ast.ExceptHandler


def binding_edits(source: SourceText, old: str, new: str) -> list[Edit]:
    """The edits that bind ``new`` wherever the module's own scope binds ``old``."""
    text = new.encode("utf-8")
    return [Edit(start, start + len(old.encode()), text) for start in _places(source, old)]


def _places(source: SourceText, name: str) -> Iterator[int]:
    for node in _nodes_binding(source.tree, name):
        if isinstance(node, ast.Name):
            yield source.start(node)
            continue
        word = re.compile(rb"(?<!\w)%s(?!\w)" % re.escape(name.encode()))
        start = source.start(node)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            head = re.compile(rb"(?:async[ \t]+)?(?:def|class)[ \t\\\r\n]+")
            found = head.match(source.utf8, start)
            start = found.end() if found else start
        elif isinstance(node, ast.ExceptHandler):
            start = source.utf8.rindex(name.encode(), start, source.start(node.body[0]))
        match = word.search(source.utf8, start, source.end(node))
        if match is not None:
            yield match.start()


def _nodes_binding(tree: ast.Module, name: str) -> Iterator[_Node]:
    """Definitions, assignments, handlers and ``global`` statements that bind or declare it."""
    waiting: list[tuple[ast.AST, bool]] = [(node, True) for node in tree.body]
    while waiting:
        node, is_ours = waiting.pop()
        if isinstance(node, ast.Global):
            if name in node.names:
                yield node
        elif is_ours and _binds(node, name):
            assert isinstance(node, ast.expr | ast.stmt | ast.ExceptHandler)
            yield node
        waiting += _inside(node, name, is_ours)


def _binds(node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.ExceptHandler):
        return node.name == name
    return isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load)


def _inside(node: ast.AST, name: str, is_ours: bool) -> Iterator[tuple[ast.AST, bool]]:
    """What is in ``node``, and whether it binds in the module's own scope."""
    body: list[ast.AST] = []
    if isinstance(node, _SCOPES):
        body = list(node.body) if isinstance(node.body, list) else [node.body]
    declared = _declares(body, name) if body else False
    for child in ast.iter_child_nodes(node):
        if child in body:
            yield child, declared
        elif not (isinstance(node, ast.comprehension) and child is node.target):
            yield child, is_ours


def _declares(body: list[ast.AST], name: str) -> bool:
    """Whether a function says ``global name``, in no function of its own."""
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Global) and name in node.names:
            return True
        if not isinstance(node, _SCOPES):
            waiting += ast.iter_child_nodes(node)
    return False
