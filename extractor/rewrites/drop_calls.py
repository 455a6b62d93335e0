"""Remove statements that only call a given symbol, such as ``objects.register_all()``.

The comment directly above goes with the call; an import that served only it is left for
``remove_unused_imports``.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence

from extractor.analysis.names import Imported, absolute, attribute_chain
from extractor.outcome import Failed, Outcome, Rewritten, Unchanged
from extractor.parsing import UnreadableSource
from extractor.rewrites.parts.source_text import read_source
from extractor.rewrites.parts.statements import apply_line_edits, drop_statements


def rewrite(
    source: bytes,
    *,
    module: str,
    is_package: bool,
    calls: Collection[str],
    path: str = "<source>",
) -> Outcome:
    """``source`` without the statements that call one of ``calls`` (``module:symbol``).

    ``module`` is the dotted name under which the text was written.
    """
    if not any(call.partition(":")[2].encode() in source for call in calls):
        return Unchanged()
    try:
        text = read_source(source, path)
    except UnreadableSource as error:
        return Failed(str(error), error.line)
    imported = dict(_imports(text.tree, module, is_package))
    wanted = {call.replace(":", ".") for call in calls}
    edits = []
    try:
        for block in _blocks(text.tree):
            gone = [node for node in block if _called(node, imported) in wanted]
            edits += drop_statements(text, block, gone)
    except ValueError as error:
        return Failed(f"{path}: {error}")
    if not edits:
        return Unchanged()
    return Rewritten(text.encode(apply_line_edits(text, edits)))


def _imports(tree: ast.Module, module: str, is_package: bool) -> Iterator[tuple[str, Imported]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.asname or alias.name.split(".")[0]
                yield name, Imported(alias.name if alias.asname else name)
        elif isinstance(node, ast.ImportFrom):
            source = absolute(module, is_package, node.level, node.module)
            for alias in node.names:
                yield alias.asname or alias.name, Imported(source, alias.name)


def _blocks(tree: ast.Module) -> Iterator[Sequence[ast.stmt]]:
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                yield block


def _called(node: ast.stmt, imported: dict[str, Imported]) -> str:
    """The dotted name that an expression statement calls; empty when it is something else."""
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        return ""
    chain = attribute_chain(node.value.func)
    base = imported.get(chain[0]) if chain else None
    if base is None:
        return ""
    start = [base.module, base.name] if base.name else [base.module]
    return ".".join([*start, *chain[1:]])
