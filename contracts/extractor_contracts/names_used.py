"""Which dotted names a file uses through what it imports: ``from p import a; a.b`` uses p.a.b."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import NamedTuple


class NameUse(NamedTuple):
    """``dotted`` is used at ``line``; ``imported`` when that is the import statement itself."""

    line: int
    dotted: str
    imported: bool


def names_used(tree: ast.Module, module: str, is_package: bool) -> tuple[NameUse, ...]:
    """All uses, sorted; names that a function binds for itself hide those of the module."""
    found = set(_scope(tree, {}, module, is_package))
    return tuple(sorted(found))


def absolute(module: str, is_package: bool, level: int, target: str | None) -> str:
    """The absolute name of a relative import; as written where Python finds no package for it.

    The engine has the same rule, ``extractor.project.relative``. It stands here again because
    contracts are installed without the engine; a test compares the two.
    """
    if not level:
        return target or ""
    parts = module.split(".")
    kept = len(parts) - level + is_package
    if kept < 1:
        return "." * level + (target or "")
    return ".".join([*parts[:kept], *([target] if target else [])])


def _scope(
    scope: ast.AST, outer: Mapping[str, str], module: str, is_package: bool
) -> Iterator[NameUse]:
    names = dict(outer)
    nodes: list[ast.AST] = []
    inner: list[ast.AST] = []
    hidden: set[str] = set()
    imported: dict[str, str] = {}
    arguments = getattr(scope, "args", None)
    if isinstance(arguments, ast.arguments):
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every += [a for a in (arguments.vararg, arguments.kwarg) if a is not None]
        hidden.update(a.arg for a in every)
    pending = list(ast.iter_child_nodes(scope))
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            inner.append(node)
            # Decorators and defaults belong to the scope around the function.
            pending.extend(getattr(node, "decorator_list", ()))
            pending.extend(node.args.defaults)
            pending.extend(d for d in node.args.kw_defaults if d is not None)
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            hidden.add(node.id)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.partition(".")[0]
                imported[alias.asname or first] = alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom):
            base = absolute(module, is_package, node.level, node.module)
            for alias in node.names:
                imported[alias.asname or alias.name] = f"{base}.{alias.name}"
                yield NameUse(node.lineno, f"{base}.{alias.name}", True)
        nodes.append(node)
        pending.extend(ast.iter_child_nodes(node))
    for name in hidden:
        names.pop(name, None)
    names.update(imported)
    part: set[int] = set()
    # From the outside in: of a.b.c only the whole is a use.
    for node in sorted(nodes, key=_outermost_first):
        if id(node) in part:
            continue
        chain: list[str] = []
        head: ast.AST = node
        while isinstance(head, ast.Attribute):
            chain.append(head.attr)
            part.add(id(head))
            head = head.value
        if isinstance(head, ast.Name) and isinstance(head.ctx, ast.Load) and head.id in names:
            part.add(id(head))
            dotted = ".".join([names[head.id], *reversed(chain)])
            yield NameUse(getattr(node, "lineno", 0), dotted, False)
    for function in inner:
        yield from _scope(function, names, module, is_package)


def _outermost_first(node: ast.AST) -> tuple[int, int]:
    depth = 0
    inner = node
    while isinstance(inner, ast.Attribute):
        depth += 1
        inner = inner.value
    return (-depth, getattr(node, "lineno", 0))
