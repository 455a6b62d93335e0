"""Take statements out: their comments go along, the blank lines around them stay in style."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

from extractor.rewrites.parts.source_text import Edit, SourceText

Definition = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def suites(tree: ast.Module) -> Iterator[tuple[ast.AST, list[ast.stmt]]]:
    """Every list of statements of ``tree``, with the node it is in."""
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            body = getattr(node, name, None)
            if isinstance(body, list) and body and isinstance(body[0], ast.stmt):
                yield node, body


def remove_statements(source: SourceText, statements: Iterable[ast.stmt]) -> list[Edit]:
    """Edits that take ``statements`` out; a block that would be empty gets a ``pass``."""
    gone = set(statements)
    edits: list[Edit] = []
    for owner, body in suites(source.tree):
        if not gone.isdisjoint(body):
            edits += _remove_from(source, owner, body, gone)
    return edits


def first_line(node: ast.stmt) -> int:
    """The line a statement starts on, decorators included."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return node.lineno


def _remove_from(
    source: SourceText, owner: ast.AST, body: Sequence[ast.stmt], gone: set[ast.stmt]
) -> list[Edit]:
    kept = [node for node in body if node not in gone]
    edits: list[Edit] = []
    if not kept and not isinstance(owner, ast.Module):
        first, last = body[0], body[-1]
        return [Edit(_start(source, first), source.end(last), b"pass")]
    index = 0
    while index < len(body):
        if body[index] not in gone:
            index += 1
            continue
        stop = index
        while stop + 1 < len(body) and body[stop + 1] in gone:
            stop += 1
        edits += _remove_series(source, owner, body, index, stop)
        index = stop + 1
    return edits


def _start(source: SourceText, node: ast.stmt) -> int:
    line = first_line(node)
    if line == node.lineno:
        return source.start(node)
    start, _ = source.line_bounds(line)
    return start + node.col_offset


def _remove_series(
    source: SourceText, owner: ast.AST, body: Sequence[ast.stmt], first: int, last: int
) -> list[Edit]:
    """Take ``body[first]`` to ``body[last]`` out."""
    before = body[first - 1] if first else None
    after = body[last + 1] if last + 1 < len(body) else None
    start_line = first_line(body[first])
    end_line = body[last].end_lineno
    assert end_line is not None
    if before is not None and before.end_lineno == start_line:
        # ``a; b``: the line stays, with what else is on it.
        return [Edit(source.end(before), source.end(body[last]), b"")]
    if after is not None and first_line(after) == end_line:
        return [Edit(_start(source, body[first]), source.start(after), b"")]
    floor = before.end_lineno if before is not None and before.end_lineno else 0
    if before is None and not isinstance(owner, ast.Module):
        floor = start_line - 1
        while floor > 1 and _is_comment(source, floor):
            floor -= 1
    comment_line = _first_comment_line(source, body, first, last, floor)
    above = _count_blank(source, comment_line - 1, -1)
    below = _count_blank(source, end_line + 1, 1)
    low = source.line_starts[comment_line - 1 - above]
    high_line = end_line + below
    high = (
        source.line_starts[high_line] if high_line < len(source.line_starts) else len(source.utf8)
    )
    if low == 0:
        wanted = 0
    elif before is None and not isinstance(owner, ast.Module):
        wanted = min(above, 1)
    elif after is None and not _text_follows(source, owner, high_line):
        wanted = 0
    else:
        wanted = _blank_lines(owner, before, after, above, below)
    if high_line >= len(source.line_starts) - 1 and source.utf8[high:].strip() == b"":
        wanted = 0
    if after is None and not isinstance(owner, ast.Module):
        # What follows is outside the block: its distance is not ours to change.
        wanted = below if _is_blank(source, end_line + 1) else 0
    return [Edit(low, high, source.newline * wanted)]


def _blank_lines(
    owner: ast.AST, before: ast.stmt | None, after: ast.stmt | None, above: int, below: int
) -> int:
    top = isinstance(owner, ast.Module)
    most = 2 if top else 1
    beside_definition = isinstance(before, Definition) or isinstance(after, Definition)
    if top and beside_definition:
        return 2
    return min(max(above, below, int(beside_definition and isinstance(owner, ast.ClassDef))), most)


def _text_follows(source: SourceText, owner: ast.AST, line: int) -> bool:
    return isinstance(owner, ast.Module) and line < len(source.line_starts) - 1


def _first_comment_line(
    source: SourceText, body: Sequence[ast.stmt], first: int, last: int, floor: int
) -> int:
    """Where the comment that belongs to ``body[first]`` starts, or its own first line."""
    start = first_line(body[first])
    line = start
    while line - 1 > floor and _is_comment(source, line - 1):
        line -= 1
    if line == start or (line == 1 and start > 1):
        return start  # nothing above, or the header of the file
    follower = body[last + 1] if last + 1 < len(body) else None
    end = body[last].end_lineno
    heads_group = (
        not isinstance(body[first], Definition)
        and follower is not None
        and first_line(follower) == (end or 0) + 1
        and (_is_blank(source, line - 1) or line - 1 == 0)
    )
    return start if heads_group else line


def _line(source: SourceText, number: int) -> bytes | None:
    if not 1 <= number <= len(source.line_starts):
        return None
    start, end = source.line_bounds(number)
    if number == len(source.line_starts) and start == len(source.utf8):
        return None
    return source.utf8[start:end].strip()


def _is_comment(source: SourceText, number: int) -> bool:
    text = _line(source, number)
    return text is not None and text.startswith(b"#")


def _is_blank(source: SourceText, number: int) -> bool:
    return _line(source, number) == b""


def _count_blank(source: SourceText, number: int, step: int) -> int:
    count = 0
    while _is_blank(source, number):
        count += 1
        number += step
    return count
