"""New imports of one module in one statement, where the project writes them so."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence

from extractor.rewrites.parts.import_statements import (
    Import,
    first_import,
    in_brackets,
    write_imports,
)
from extractor.rewrites.parts.scopes import ImportStatement
from extractor.rewrites.parts.source_text import SourceText


def joins_imports(source: SourceText) -> bool:
    """Whether names of one module share a statement: unless the file shows that they do not."""
    if not source.style.together:
        return False
    modules: list[tuple[int, str | None]] = []
    for node in source.tree.body:
        if isinstance(node, ast.ImportFrom):
            if len(node.names) > 1:
                return True
            if node.names[0].asname is None:
                modules.append((node.level, node.module))
    return len(modules) == len(set(modules))


def grouped(source: SourceText, entries: Sequence[Import]) -> list[list[Import]]:
    """``entries`` as they share statements, in the order of the first of each."""
    if not joins_imports(source):
        return [[entry] for entry in entries]
    groups: dict[tuple[str, str], list[Import]] = {}
    for entry in entries:
        alone = entry.loads if entry.name in (None, "*") else ""
        groups.setdefault((entry.module, f"{alone} {entry.local}" if alone else ""), []).append(
            entry
        )
    return [sorted(group, key=_name) for group in groups.values()]


def taken_in(
    source: SourceText,
    run: Sequence[ImportStatement],
    entries: Sequence[Import],
    untouchable: Collection[ImportStatement] = (),
) -> tuple[dict[ImportStatement, list[tuple[Import, str]]], list[Import]]:
    """Statements of ``run`` that take ``entries`` in, for ``place_imports``, and the rest.

    Only those without a comment or a layout of their own do.
    """
    rest = list(entries)
    changed: dict[ImportStatement, list[tuple[Import, str]]] = {}
    if not joins_imports(source):
        return changed, rest
    for node in run:
        module = first_import(node).module
        more = [e for e in rest if e.module == module and e.name not in (None, "*")]
        if not more or not isinstance(node, ast.ImportFrom) or node in untouchable:
            continue
        text = _with(source, node, module, more)
        if text is not None:
            newline = source.newline.decode()
            changed[node] = [(first_import(node), f"{text}\n".replace("\n", newline))]
            rest = [entry for entry in rest if entry not in more]
    return changed, rest


def write_groups(
    source: SourceText, groups: Sequence[Sequence[Import]]
) -> list[tuple[Import, str]]:
    """Each group as a statement with its line end, beside the first name it binds."""
    newline = source.newline.decode()
    return [
        (group[0], f"{write_imports(group, 0, source.style)}\n".replace("\n", newline))
        for group in groups
    ]


def _with(
    source: SourceText, node: ast.ImportFrom, module: str, more: Sequence[Import]
) -> str | None:
    """``node`` with ``more`` among its names; none where its layout is its own."""
    if any(alias.name == "*" for alias in node.names):
        return None
    old = [Import(module, alias.name, alias.asname or alias.name) for alias in node.names]
    names = [*old, *more]
    if sorted(old, key=_name) == old:
        names.sort(key=_name)
    start, _ = source.line_bounds(node.lineno)
    stop = source.line_bounds(node.end_lineno or node.lineno)[1]
    text = source.utf8[start:stop].decode("utf-8").replace("\r\n", "\n").rstrip("\n")
    if text == ast.unparse(node):
        return write_imports(names, 0, source.style)
    if text == in_brackets(module, [_spelled(entry) for entry in old]):
        return in_brackets(module, [_spelled(entry) for entry in names])
    return None


def _name(entry: Import) -> str:
    return entry.name or ""


def _spelled(entry: Import) -> str:
    return f"{entry.name} as {entry.asname}" if entry.asname else str(entry.name)
