"""Source text as UTF-8 bytes with the positions that ``ast`` gives, and edits on it."""

from __future__ import annotations

import ast
import codecs
import io
import tokenize
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from extractor.parsing import StandIns, UnreadableSource, parse_ast


@dataclass(frozen=True)
class Style:
    """How a file is to be written: ``line_length``, and whether a backslash may end a line.

    With ``relative`` imports that were relative stay so; with ``follows`` the local name of an
    imported module becomes the module's new one; with ``together`` new imports of one module
    share a statement, unless the file shows another habit.
    """

    line_length: int = 79  # pycodestyle's default
    backslash: bool = True
    relative: bool = False
    follows: bool = False
    together: bool = False


PLAIN = Style()  # what is written by a plan


@dataclass(frozen=True, order=True)
class Edit:
    """Bytes ``start`` to ``end`` of the UTF-8 text become ``text``."""

    start: int
    end: int
    text: bytes


@dataclass(frozen=True)
class SourceText:
    """A parsed file: its tree, and its text in the encoding that the tree's columns count in."""

    utf8: bytes
    tree: ast.Module
    stand_ins: StandIns
    encoding: str
    bom: bytes
    line_starts: tuple[int, ...]
    style: Style = PLAIN

    def offset(self, line: int, column: int) -> int:
        """Byte offset of a 1-based line and a 0-based UTF-8 column."""
        return self.line_starts[line - 1] + column

    def start(self, node: ast.expr | ast.stmt | ast.alias | ast.ExceptHandler) -> int:
        """Byte offset of the first byte of ``node``."""
        return self.offset(node.lineno, node.col_offset)

    def end(self, node: ast.expr | ast.stmt | ast.alias | ast.ExceptHandler) -> int:
        """Byte offset just after ``node``."""
        assert node.end_lineno is not None and node.end_col_offset is not None
        return self.offset(node.end_lineno, node.end_col_offset)

    def line_of(self, offset: int) -> int:
        """The 1-based line that holds ``offset``."""
        return bisect_right(self.line_starts, offset)

    def line_bounds(self, line: int) -> tuple[int, int]:
        """Offsets of a line's first byte and of its line end (or the end of the file)."""
        start = self.line_starts[line - 1]
        stop = self.line_starts[line] if line < len(self.line_starts) else len(self.utf8)
        text = self.utf8[start:stop]
        return start, start + len(text.rstrip(b"\r\n"))

    @property
    def newline(self) -> bytes:
        """The line end of the first line."""
        first = self.utf8[: self.line_starts[1]] if len(self.line_starts) > 1 else b"\n"
        return b"\r\n" if first.endswith(b"\r\n") else b"\n"

    def encode(self, utf8: bytes) -> bytes:
        """``utf8`` in the file's own encoding, with its original names put back."""
        text = utf8 if self.encoding == "utf-8" else utf8.decode("utf-8").encode(self.encoding)
        return self.bom + self.stand_ins.restore(text)


def read_source(source: bytes, path: str, style: Style = PLAIN) -> SourceText:
    """Parse ``source``; raises ``UnreadableSource``."""
    tree, stand_ins = parse_ast(source, path)
    text = stand_ins.source
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(text).readline)
    except SyntaxError as error:
        raise UnreadableSource(f"{path}: {error}") from None
    bom = codecs.BOM_UTF8 if encoding == "utf-8-sig" else b""
    text = text[len(bom) :]
    if bom or encoding == "utf-8":
        encoding, utf8 = "utf-8", text
    else:
        utf8 = text.decode(encoding).encode("utf-8")
    starts, position = [0], 0
    for line in utf8.splitlines(keepends=True):
        position += len(line)
        starts.append(position)
    if len(starts) > 1 and not utf8.endswith((b"\n", b"\r")):
        starts.pop()
    return SourceText(utf8, tree, stand_ins, encoding, bom, tuple(starts), style)


def apply_edits(text: bytes, edits: Iterable[Edit]) -> bytes:
    """``text`` with every edit made; equal edits count once, overlapping ones are a bug."""
    pieces: list[bytes] = []
    position = 0
    for edit in sorted(set(edits)):
        if edit.start < position:
            raise AssertionError(f"edits overlap at byte {edit.start}")
        pieces += [text[position : edit.start], edit.text]
        position = edit.end
    pieces.append(text[position:])
    return b"".join(pieces)


def edited_slice(text: bytes, edits: Iterable[Edit], start: int, stop: int) -> str:
    """``text`` from ``start`` to ``stop`` with those of ``edits`` made that are inside."""
    inside = [
        Edit(edit.start - start, edit.end - start, edit.text)
        for edit in edits
        if start <= edit.start and edit.end <= stop
    ]
    return apply_edits(text[start:stop], inside).decode("utf-8")
