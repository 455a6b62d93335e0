"""Cut a module into its top-level statements by its lexical shape alone, and join them again."""

from __future__ import annotations

import functools
import io
import itertools
import re
import tokenize
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from extractor.parsing import UnreadableSource

_BOM = b"\xef\xbb\xbf"
_START = re.compile(rb"\n(?=\f*[^\s#)\]}])")
TOKEN = re.compile(
    rb"\"\"\"(?:\\.|[^\\])*?\"\"\"|'''(?:\\.|[^\\])*?'''|(?P<open>\"\"\"|''')"
    rb"|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|(?P<stray>[\"'])"
    rb"|\#[^\n]*|(?P<up>[(\[{])|(?P<down>[)\]}])|\\\r?\n"
    rb"|(?P<end>\n(?=\f*[^\s#)\]}]))|\\",
    re.DOTALL,
)
_CLAUSE = re.compile(rb"\f*(?:else|elif|except|finally)\b")
IMPORT = re.compile(rb"\f*(?:import|from)\b")
FUTURE = re.compile(rb"\f*from\s+__future__\b")
STRING = re.compile(rb"\f*[bBrRuU]{0,2}[\"']")
_LEGAL = re.compile(rb"licen[cs]e|copyright", re.IGNORECASE)


@dataclass(frozen=True)
class Statement:
    """One top-level statement: ``gap`` blank lines, ``comment`` lines attached, ``code``.

    ``rest`` is what stands between the code and the next statement's gap: comments that
    belong to nobody. A slice leaves it out.
    """

    gap: bytes
    comment: bytes
    code: bytes
    rest: bytes = b""


@dataclass(frozen=True)
class Statements:
    """A module cut at its top level; ``header`` is every comment before the first statement."""

    header: bytes
    body: tuple[Statement, ...]
    encoding: str = "utf-8"


def join_statements(module: Statements, kept: Collection[int]) -> bytes:
    """The header and the statements at the indexes ``kept``, with the widest gap between."""
    out = [module.header]
    gap = b""
    for index, statement in enumerate(module.body):
        gap = max(gap, statement.gap, key=len)
        if index in kept:
            if len(out) > 1 or module.header:
                out.append(gap)
            out += [statement.comment, statement.code]
            gap = b""
    return b"".join(out)


def split_module(source: bytes) -> Statements:
    """Cut ``source`` at its top level; ``UnreadableSource`` when a string or bracket is open."""
    encoding = _encoding(source)
    starts = _statement_starts(source)
    if not starts:
        return Statements(source, (), encoding)
    is_docstring = STRING.match(source, starts[0]) is not None
    header, gap, comment = _split_head(source[: starts[0]], is_docstring)
    body: list[Statement] = []
    for start, end in zip(starts, [*starts[1:], len(source)], strict=True):
        code, rest, next_gap, next_comment = _split_tail(source[start:end])
        body.append(Statement(gap, comment, code, rest))
        gap, comment = next_gap, next_comment
    return Statements(header, tuple(body), encoding)


def _statement_starts(source: bytes) -> list[int]:
    """Offsets where a top-level statement begins."""
    first = _first_start(source)
    if first is None:
        return []
    cuts = [first, *(cut.end() for cut in _START.finditer(source, first)), len(source)]
    starts: list[int] = []
    joins_next = False
    end = 0
    for cut, next_cut in itertools.pairwise(cuts):
        if cut < end:
            continue
        piece = _piece(source[cut:next_cut])
        if not (starts and (joins_next or piece.is_clause)):
            starts.append(cut)
        joins_next = piece.is_decorator
        end = next_cut if piece.is_closed else _closing(source, cut)
    return starts


def _first_start(source: bytes) -> int | None:
    offset = len(_BOM) if source.startswith(_BOM) else 0
    if re.match(rb"\f*[^\s#)\]}]", source[offset : offset + 80]):
        return offset
    found = _START.search(source, offset)
    if found:
        return found.end()
    stray = re.search(rb"^[ \t]*[^\s#]", source[offset:], re.MULTILINE)
    if stray:
        raise UnreadableSource("no statement begins in the first column", 1)
    return None


@dataclass(frozen=True)
class _Piece:
    """What can be determined of a statement's lines without knowing where it ends."""

    is_closed: bool
    is_decorator: bool
    is_clause: bool


@functools.lru_cache(maxsize=1 << 14)
def _piece(lines: bytes) -> _Piece:
    return _Piece(
        _is_closed(lines), lines.lstrip(b"\f")[:1] == b"@", _CLAUSE.match(lines) is not None
    )


def _is_closed(piece: bytes) -> bool:
    """Whether no string, bracket or line join is open at the end of ``piece``."""
    depth = 0
    last = b""
    for token in TOKEN.finditer(piece):
        kind = token.lastgroup
        if kind in ("open", "stray"):
            return False
        if kind == "up":
            depth += 1
        elif kind == "down":
            depth -= 1
        last = token[0]
    return depth == 0 and not (last.startswith(b"\\") and piece.endswith(last))


def _closing(source: bytes, start: int) -> int:
    """Where the statement that begins at ``start`` really ends."""
    depth = 0
    for token in TOKEN.finditer(source, start):
        kind = token.lastgroup
        if kind == "open" or kind == "stray":
            line = source.count(b"\n", 0, token.start()) + 1
            raise UnreadableSource("a string is not closed", line)
        if kind == "up":
            depth += 1
        elif kind == "down":
            depth -= 1
            if depth < 0:
                line = source.count(b"\n", 0, token.start()) + 1
                raise UnreadableSource("a bracket closes that was not opened", line)
        elif kind == "end" and depth == 0:
            return token.end()
    if depth:
        line = source.count(b"\n", 0, start) + 1
        raise UnreadableSource("a bracket is not closed", line)
    return len(source)


def _split_head(head: bytes, is_docstring_next: bool) -> tuple[bytes, bytes, bytes]:
    """Header, gap and attached comment out of all that comes before the first statement."""
    lines = head.splitlines(keepends=True)
    at = _attached(lines, 0)
    comment = lines[at:]
    gap_from = at
    while gap_from and not lines[gap_from - 1].strip():
        gap_from -= 1
    header = lines[:gap_from]
    if not header or is_docstring_next or any(map(_LEGAL.search, comment)):
        # The file's own comment, however close the code follows.
        if comment:
            return head, b"", b""
        return b"".join(header), b"".join(lines[gap_from:]), b""
    return b"".join(header), b"".join(lines[gap_from:at]), b"".join(comment)


@functools.lru_cache(maxsize=1 << 14)
def _split_tail(piece: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """Code of a statement, what belongs to nobody, and the next one's gap and comment."""
    lines = piece.splitlines(keepends=True)
    index = len(lines)
    while index > 1 and (not lines[index - 1].strip() or lines[index - 1].startswith(b"#")):
        index -= 1
    if index == len(lines):
        return piece, b"", b"", b""
    at = _attached(lines, index)
    gap_from = at
    while gap_from > index and not lines[gap_from - 1].strip():
        gap_from -= 1
    parts = lines[:index], lines[index:gap_from], lines[gap_from:at], lines[at:]
    code, rest, gap, comment = map(b"".join, parts)
    return code, rest, gap, comment


def _attached(lines: Sequence[bytes], first: int) -> int:
    """Index of the first of the comment lines that end ``lines``."""
    at = len(lines)
    while at > first and lines[at - 1].lstrip(b"\f").startswith(b"#"):
        at -= 1
    return at


def _encoding(source: bytes) -> str:
    if source.isascii():
        return "utf-8"
    try:
        return tokenize.detect_encoding(io.BytesIO(source).readline)[0]
    except SyntaxError:
        return "latin-1"
