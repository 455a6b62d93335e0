"""Take whole statements out of a file: with what belongs to them, leaving tidy blank lines."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from extractor.rewrites.parts.source_text import SourceText


def first_line(node: ast.stmt) -> int:
    """The 1-based line where a statement starts, its decorators included."""
    decorators: Sequence[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(d.lineno for d in decorators)])


def drop_statements(
    source: SourceText, body: Sequence[ast.stmt], dropped: Iterable[ast.stmt]
) -> list[tuple[int, int, bytes]]:
    """Edits (first line, last line, new text; 1-based, inclusive) that take ``dropped`` out.

    ``body`` is the block that holds them. Comments directly above go too, and the blank lines
    before; a block that would be empty gets ``pass``.
    """
    gone = list(dropped)
    if not gone:
        return []
    lines = source.utf8.splitlines(keepends=True)
    edits = []
    for node in gone:
        first, last = first_line(node), node.end_lineno or node.lineno
        previous_end = max(
            ((n.end_lineno or 0) for n in body if (n.end_lineno or 0) < first), default=0
        )
        shared = [n for n in body if n is not node and _overlaps(n, first, last)]
        if shared:
            raise ValueError(f"line {first} holds more than one statement")
        while first - 1 > previous_end and _is_comment(lines[first - 2], lines[node.lineno - 1]):
            first -= 1
        while first - 1 > previous_end and not lines[first - 2].strip():
            first -= 1
        text = b""
        if len(gone) == len(body) and node is gone[-1] and node.col_offset:
            text = b" " * node.col_offset + b"pass" + source.newline
        edits.append((first, last, text))
    return edits


def apply_line_edits(source: SourceText, edits: Iterable[tuple[int, int, bytes]]) -> bytes:
    """The UTF-8 text with every edit made; edits do not overlap."""
    lines = source.utf8.splitlines(keepends=True)
    for first, last, text in sorted(edits, reverse=True):
        lines[first - 1 : last] = [text] if text else []
    while lines and not lines[0].strip():
        del lines[0]
    return b"".join(lines)


def _overlaps(node: ast.stmt, first: int, last: int) -> bool:
    return first_line(node) <= last and (node.end_lineno or node.lineno) >= first


def _is_comment(line: bytes, of: bytes) -> bool:
    """Whether ``line`` is a comment at the same depth as the statement on line ``of``."""
    depth = len(of) - len(of.lstrip())
    return line.lstrip().startswith(b"#") and len(line) - len(line.lstrip()) == depth
