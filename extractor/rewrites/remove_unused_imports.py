"""Remove top-level imports whose name nothing in the file uses any more.

Left alone: packages' ``__init__`` (imports there are re-exports), names in ``__all__``,
``__future__``, star imports, lines marked ``noqa``, and conditional imports.
"""

from __future__ import annotations

import ast
from collections.abc import Collection

import libcst

from extractor.outcome import Failed, Outcome, Rewritten, Unchanged
from extractor.parsing import UnreadableSource
from extractor.rewrites.parts.source_text import read_source
from extractor.rewrites.parts.statements import apply_line_edits


def rewrite(
    source: bytes, *, path: str = "<source>", names: Collection[str] | None = None
) -> Outcome:
    """``source`` without unused imports; with ``names`` only of those local names."""
    if path.endswith("__init__.py"):
        return Unchanged()
    try:
        text = read_source(source, path)
    except UnreadableSource as error:
        return Failed(str(error), error.line)
    used = _used(text.tree)
    lines = text.utf8.splitlines(keepends=True)
    edits: list[tuple[int, int, bytes]] = []
    for node in text.tree.body:
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        first, last = node.lineno, node.end_lineno or node.lineno
        if getattr(node, "module", "") == "__future__" or node.names[0].name == "*":
            continue
        statement = b"".join(lines[first - 1 : last])
        if b"noqa" in statement or b";" in statement:
            continue
        keep = [_local(alias) in used or not _considered(alias, names) for alias in node.names]
        if all(keep):
            continue
        edits.append((first, last, _without(node, statement, keep)))
    if not edits:
        return Unchanged()
    return Rewritten(text.encode(apply_line_edits(text, edits)))


def _considered(alias: ast.alias, names: Collection[str] | None) -> bool:
    return names is None or _local(alias) in names


def _local(alias: ast.alias) -> str:
    return alias.asname or alias.name.split(".")[0]


def _used(tree: ast.Module) -> set[str]:
    """Every name the file loads, and what ``__all__`` lists."""
    used = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AugAssign) and "__all__" in ast.unparse(node):
            used |= {
                c.value
                for c in ast.walk(node.value)
                if isinstance(c, ast.Constant) and isinstance(c.value, str)
            }
    return used


def _without(node: ast.Import | ast.ImportFrom, statement: bytes, keep: list[bool]) -> bytes:
    """The statement with only the kept names; nothing when none is."""
    if not any(keep):
        return b""

    module = libcst.parse_module(statement.decode("utf-8"))
    line = libcst.ensure_type(module.body[0], libcst.SimpleStatementLine)
    small = line.body[0]
    assert isinstance(small, libcst.Import | libcst.ImportFrom)
    assert not isinstance(small.names, libcst.ImportStar)
    kept = [alias for alias, stays in zip(small.names, keep, strict=True) if stays]
    kept[-1] = kept[-1].with_changes(comma=libcst.MaybeSentinel.DEFAULT)
    return module.with_changes(
        body=[line.with_changes(body=[small.with_changes(names=kept)])]
    ).bytes
