"""Bring comment and docstring lines that became too long back within their length."""

from __future__ import annotations

import ast
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from extractor.parsing import UnreadableSource, parse_ast
from extractor.slicing.statements import split_module

_QUOTES = ('"""', "'''")
_COMMENT = re.compile(r"\s*#[:!]? ?")
_STARTS_ANEW = re.compile(r"\s*(#[:!]?\s*)?([:*\-+.=~^>]|\d+[.)]|@|\"\"\"|'''|$)")


def wrap_prose(content: bytes, written: set[bytes], length: int = 79) -> bytes:
    """``content`` with its too long prose lines wrapped, but for the lines in ``written``.

    ``content`` is UTF-8. Overflowing words move to the next line of the same paragraph;
    lines of code, and lines of one long word, stay as they are.
    """
    raw = content.splitlines(keepends=True)
    longish = [
        index
        for index, line in enumerate(raw)
        if len(line) > length and line.rstrip(b"\r\n") not in written
    ]
    if not longish:
        return content
    lines = [line.decode("utf-8") for line in raw]
    docstrings = _docstring_lines(content, longish)
    for index in reversed(longish):
        is_comment = lines[index].lstrip().startswith("#") and index not in docstrings
        if len(lines[index].rstrip("\r\n")) > length and (is_comment or index in docstrings):
            end = docstrings.get(index)
            last = None if end is None else end - index
            lines[index:] = _push(lines[index:], is_comment, last, length)
    return "".join(lines).encode("utf-8")


def _docstring_lines(content: bytes, wanted: Sequence[int]) -> dict[int, int]:
    """The 0-based lines of docstrings, each with the last line of its docstring.

    Only the top-level statements that hold a line of ``wanted`` are looked at.
    """
    found: dict[int, int] = {}
    for first, code in _statements_with(content, wanted):
        try:
            tree, _ = parse_ast(b"# coding: utf-8\n" + code)
        except UnreadableSource:
            continue
        for node in _statements(tree):
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                assert node.end_lineno is not None
                last = first + node.end_lineno - 2
                found.update(dict.fromkeys(range(first + node.lineno - 2, last + 1), last))
    return found


def _statements_with(content: bytes, wanted: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    """The top-level statements that hold one of the ``wanted`` lines, and their first line."""
    try:
        module = split_module(content)
    except UnreadableSource:
        return
    line = module.header.count(b"\n")
    for statement in module.body:
        line += (statement.gap + statement.comment).count(b"\n")
        end = line + statement.code.count(b"\n")
        if bisect_left(wanted, line) < bisect_right(wanted, end):
            yield line, statement.code
        line = end + statement.rest.count(b"\n")


def _statements(tree: ast.Module) -> Iterator[ast.stmt]:
    """Every statement, however deep; expressions hold none."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.stmt):
            yield node
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            inner = getattr(node, name, None)
            if isinstance(inner, list):
                waiting.extend(inner)


def _push(lines: list[str], is_comment: bool, last: int | None, length: int) -> list[str]:
    """``lines`` with what overflows the first moved on, as far as it has to be."""
    done: list[str] = []
    rest = list(lines)
    while rest:
        body = rest[0].rstrip("\r\n")
        ending = rest[0][len(body) :] or "\n"
        prefix = _prefix(body, is_comment)
        at = body.rfind(" ", len(prefix) + 1, length + 1)
        if len(body) <= length or at <= len(prefix) or not body[:at].strip():
            break
        tail = body[at + 1 :].strip()
        done.append(body[:at].rstrip() + ending)
        position = len(done) - 1
        following = rest[1] if len(rest) > 1 and (last is None or position < last) else ""
        if following and _continues(body, following, is_comment):
            start = _prefix(following, is_comment)
            rest = [start + tail + " " + following[len(start) :], *rest[2:]]
        else:
            start = _next_prefix(body, prefix, is_comment)
            # The quotes of what was one line and becomes several get a line of their own.
            quotes = tail[-3:] if position == 0 == last and tail[-3:] in _QUOTES else ""
            last_line = prefix + quotes + ending if quotes else ""
            text = tail[: len(tail) - len(quotes)].rstrip()
            more = [start + text + ending] if text else []
            return [*done, *more, *([last_line] if last_line else []), *rest[1:]]
    return [*done, *rest]


def _prefix(line: str, is_comment: bool) -> str:
    if is_comment:
        match = _COMMENT.match(line)
        if match:
            return match.group()
    return line[: len(line) - len(line.lstrip())]


def _next_prefix(body: str, prefix: str, is_comment: bool) -> str:
    if is_comment or not body.lstrip().startswith((":", "- ", "* ")):
        return prefix
    return prefix + ("    " if body.lstrip().startswith(":") else "  ")


def _continues(line: str, following: str, is_comment: bool) -> bool:
    if _STARTS_ANEW.match(following.rstrip("\r\n")):
        return False
    if is_comment:
        return _prefix(line, True) == _prefix(following, True)
    return len(_prefix(following, False)) >= len(_prefix(line, False))
