"""Edit what is inside string literals, implicitly concatenated ones included."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from extractor.rewrites.parts.source_text import Edit, SourceText

_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)
_OPENING = re.compile(rb"([A-Za-z]*)(\"\"\"|'''|\"|')")


@dataclass(frozen=True)
class Piece:
    """One literal: offsets of its first byte and of what is between its quotes."""

    opening: int
    start: int
    end: int
    quote: bytes
    prefix: bytes


@dataclass(frozen=True)
class Replacement:
    """Bytes ``start`` to ``end`` of the joined contents become ``text``."""

    start: int
    end: int
    text: bytes


def literal_pieces(text: bytes, start: int, end: int) -> list[Piece]:
    """The literals that make up the string expression from ``start`` to ``end``."""
    pieces: list[Piece] = []
    position = start
    while position < end:
        if text[position : position + 1] == b"#":
            line_end = text.find(b"\n", position, end)
            position = end if line_end < 0 else line_end
            continue
        opening = _OPENING.match(text, position, end)
        if opening is None:
            position += 1
            continue
        quote = opening.group(2)
        inside = opening.end()
        while inside < end and text[inside : inside + len(quote)] != quote:
            inside += 2 if text[inside : inside + 1] == b"\\" else 1
        pieces.append(Piece(position, opening.end(), inside, quote, opening.group(1)))
        position = inside + len(quote)
    return pieces


def joined(text: bytes, pieces: Sequence[Piece]) -> bytes:
    """What is between the quotes, as one text (escapes not interpreted)."""
    return b"".join(text[piece.start : piece.end] for piece in pieces)


def without_escapes(text: bytes, prefix: bytes = b"") -> bytes:
    """``text`` with blanks for escapes such as ``\\n``: the letter is no part of a name after it.

    Every other byte keeps its place. ``prefix`` is the literal's: raw ones have no escapes.
    """
    if b"\\" not in text or b"r" in prefix.lower():
        return text
    return _ESCAPE.sub(lambda one: b"  " if one[1] in b"abfnrtv" else one[0], text)


def position_in(pieces: Sequence[Piece], offset: int) -> int:
    """The place in the file of ``offset`` in the joined text."""
    for piece in pieces:
        if offset < piece.end - piece.start:
            return piece.start + offset
        offset -= piece.end - piece.start
    return pieces[-1].end


def replace_in_pieces(
    source: SourceText,
    pieces: Sequence[Piece],
    replacements: Sequence[Replacement],
    may_split: bool,
) -> list[Edit]:
    """Edits that make ``replacements``; with ``may_split`` long lines become two literals."""
    contents = [source.utf8[piece.start : piece.end] for piece in pieces]
    starts = [0]
    for content in contents:
        starts.append(starts[-1] + len(content))
    per_piece: dict[int, list[Replacement]] = {}
    for replacement in replacements:
        old = b"".join(contents)[replacement.start : replacement.end]
        same = _common_suffix(old, replacement.text)
        end = replacement.end - same
        new = replacement.text[: len(replacement.text) - same]
        first = _piece_of(starts, replacement.start)
        last = _piece_of(starts, max(end - 1, replacement.start))
        heads = [new]
        if first != last:
            before = replacement.start - starts[first]
            heads = _share(source, pieces[first], new, before)
            if len(heads) == 1 and end == starts[last + 1] and b"." in new:
                at = new.rindex(b".") + 1  # the last literal must not become empty
                heads = [new[:at], new[at:]]
        for index in range(first, last + 1):
            low = max(replacement.start, starts[index]) - starts[index]
            high = min(end, starts[index + 1]) - starts[index]
            text = heads[0] if index == first else b""
            if index == last and first != last:
                text = heads[1] if len(heads) > 1 else b""
            per_piece.setdefault(index, []).append(Replacement(low, high, text))
    changed = [_with_changes(c, per_piece.get(i, [])) for i, c in enumerate(contents)]
    edits: list[Edit] = []
    for index, piece in enumerate(pieces):
        if changed[index] == contents[index]:
            continue
        head, tail = changed[index], b""
        if may_split and len(piece.quote) == 1:
            head, tail = _split_long(source, piece, head)
        if tail:
            if index + 1 < len(pieces) and _has_room(source, pieces[index + 1], piece, tail):
                changed[index + 1] = tail + changed[index + 1]
            else:
                column = piece.opening - source.line_bounds(source.line_of(piece.opening))[0]
                pad = source.newline + b" " * column
                head += piece.quote + pad + piece.prefix + piece.quote + tail
        edits.append(Edit(piece.start, piece.end, head))
    return edits


def _with_changes(content: bytes, changes: Sequence[Replacement]) -> bytes:
    position, out = 0, b""
    for change in sorted(changes, key=lambda change: change.start):
        out += content[position : change.start] + change.text
        position = change.end
    return out + content[position:]


def _common_suffix(old: bytes, new: bytes) -> int:
    length = 0
    while length < min(len(old), len(new)) and old[-1 - length] == new[-1 - length]:
        length += 1
    return length


def _piece_of(starts: Sequence[int], position: int) -> int:
    return max(index for index in range(len(starts) - 1) if starts[index] <= position)


def _share(source: SourceText, piece: Piece, new: bytes, before: int) -> list[bytes]:
    """Part ``new`` at a dot, so that what goes into ``piece`` fits its line."""
    line_start, _ = source.line_bounds(source.line_of(piece.opening))
    room = source.style.line_length - (piece.start - line_start) - before - len(piece.quote)
    if len(new) <= room:
        return [new]
    at = new.rfind(b".", 0, max(room, 0)) + 1
    return [new[:at], new[at:]]


def _split_long(source: SourceText, piece: Piece, content: bytes) -> tuple[bytes, bytes]:
    """What fits the line of ``piece``, and what has to go to the next one."""
    line = source.line_of(piece.opening)
    line_start, line_end = source.line_bounds(line)
    if source.line_of(piece.end) != line:
        return content, b""
    column = piece.opening - line_start
    length = (piece.start - line_start) + len(content) + line_end - piece.end
    if length <= source.style.line_length or line_end - line_start > source.style.line_length:
        return content, b""
    room = source.style.line_length - column - len(piece.prefix) - 2 * len(piece.quote)
    at = max(content.rfind(b".", 0, room), content.rfind(b" ", 0, room)) + 1
    return (content[:at], content[at:]) if at else (content, b"")


def _has_room(source: SourceText, piece: Piece, before: Piece, text: bytes) -> bool:
    """Whether ``piece``, alone on the line after ``before``, can take ``text`` in front."""
    line = source.line_of(piece.opening)
    start, end = source.line_bounds(line)
    return (
        source.line_of(before.opening) == line - 1
        and not source.utf8[start : piece.opening].strip()
        and (piece.quote, piece.prefix) == (before.quote, before.prefix)
        and end - start + len(text) <= source.style.line_length
    )
