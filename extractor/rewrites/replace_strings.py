"""Replace string literals whose whole value is one of those given; docstrings stay.

Quotes and prefix are kept as they were.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

from extractor.outcome import Failed, Finding, Outcome, Rewritten, Unchanged
from extractor.parsing import UnreadableSource
from extractor.rewrites.parts.source_text import Edit, apply_edits, read_source


def rewrite(source: bytes, *, values: Mapping[str, str], path: str = "<source>") -> Outcome:
    """``source`` with each literal equal to a key of ``values`` changed to its value.

    A literal put together from pieces, or written with escapes, is reported and left.
    """
    if not any(old.encode() in source for old in values):
        return Unchanged()
    try:
        text = read_source(source, path)
    except UnreadableSource as error:
        return Failed(str(error), error.line)
    edits, findings = [], []
    statements = {id(n.value) for n in ast.walk(text.tree) if isinstance(n, ast.Expr)}
    for node in ast.walk(text.tree):
        if not isinstance(node, ast.Constant) or id(node) in statements:
            continue
        if not isinstance(node.value, str) or node.value not in values:
            continue
        start, end = text.start(node), text.end(node)
        literal = text.utf8[start:end]
        old = node.value.encode()
        if literal.count(old) != 1 or len(literal.strip(b"urbURB'\"")) != len(old):
            findings.append(Finding(f"{node.value!r} is put together: change it", node.lineno))
            continue
        edits.append(Edit(start, end, literal.replace(old, values[node.value].encode())))
    if not edits:
        return Unchanged(tuple(findings))
    return Rewritten(text.encode(apply_edits(text.utf8, edits)), tuple(findings))
