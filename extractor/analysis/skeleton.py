"""The part of a Python file that runs when it is imported, cut out without a parser.

A syntax tree of every file of a large project costs seconds, nearly all of it for the
bodies of functions, which an import never runs. Here they are blanked first: strings and
comments are masked with one regular expression, function bodies found by indentation and
bracket depth, and only bodies that speak of imports are kept. Lines keep their numbers.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

# The order matters: a triple quote is not an empty string followed by a quote.
_TOKEN = re.compile(
    rb"(#[^\n]*"
    rb'|"""[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*"""'
    rb"|'''[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*'''"
    rb'|"[^"\\\n]*(?:\\.[^"\\\n]*)*"'
    rb"|'[^'\\\n]*(?:\\.[^'\\\n]*)*')",
    re.DOTALL,
)
_DEF = re.compile(rb"\n([ \t]*)(?:async[ \t]+)?def[ \t]")
_NAMED = re.compile(rb"\n([ \t]*)(?:async[ \t]+)?def[ \t]+([^\s(\[\\]+)")
# A line that starts inside a token or after a backslash is marked with NUL: it starts nothing.
_INSIDE = b"\n\0"
_DEDENT: dict[int, re.Pattern[bytes]] = {}
_WORDS = re.compile(rb"(['\"])[\w.]+\1", re.ASCII)
BLANKED = b'"\1"'


def mask(source: bytes, *, keep_words: bool = False) -> bytes:
    """``source`` with empty strings, no comments and the same lines.

    A line whose beginning lies inside a string or after a backslash starts with NUL. With
    ``keep_words`` strings of letters, digits, ``_`` and dots stay, in double quotes, and what
    is left of the others is ``BLANKED``.
    """
    pieces = _TOKEN.split(source)
    blank = BLANKED if keep_words else b'""'
    pieces[1::2] = [
        (
            b""
            if token[0] == 35
            else blank + _INSIDE * token.count(b"\n")
            if b"\n" in token
            else b'"%s"' % token[1:-1]
            if keep_words and _WORDS.fullmatch(token)
            else blank
        )
        for token in pieces[1::2]
    ]
    return b"".join(pieces).replace(b"\\\n", b"\\" + _INSIDE)


def skeleton(source: bytes, words: Sequence[bytes] = (b"import",)) -> bytes | None:
    """``source`` with the bodies of functions that have none of ``words`` replaced by ``pass``.

    Line numbers and everything that runs on import stay as they are. ``None`` when the
    text has something this reading cannot be sure about; parse the whole file then.
    """
    if b"def " not in source and b"def\t" not in source:
        return source
    split = masked_lines(source)
    if split is None:
        return None
    masked, lines = split
    counted = 0
    line = -1  # The line that holds ``counted``; one newline was added in front.
    functions = outer_functions(masked)
    if functions is None:
        return None
    words = [word for word in words if word in masked]
    for start, body, end in functions:
        line += masked.count(b"\n", counted, start)
        counted = start
        first = line + masked.count(b"\n", counted, body + 1)
        after = first + masked.count(b"\n", body + 1, end + 1) if end < len(masked) else len(lines)
        if all(masked.find(word, body, end) < 0 for word in words):
            indent = len(masked[start:body]) - len(masked[start:body].lstrip(b" \t"))
            lines[first] = masked[start : start + indent] + b" pass"
            lines[first + 1 : after] = [b""] * (after - first - 1)
        line, counted = after - 1, end
    return b"\n".join(lines)


def outer_functions(masked: bytes) -> list[tuple[int, int, int]] | None:
    """Where each function that is inside no other starts, where its body does, where it ends.

    Offsets in the masked text: of the line, of the newline before the body, of the newline after
    it. One whose body is on the line itself is left out. ``None`` when this reading cannot be sure.
    """
    found = []
    position, size = 0, len(masked)
    while definition := _DEF.search(masked, position):
        start = definition.start() + 1
        body = _body_start(masked, definition.end(), size)
        if body < 0:
            return None
        if body == 0:
            position = start
            continue
        # The next definition may start with the very newline this body ends at.
        position = end = _body_end(masked, body, size, _width(definition.group(1)))
        found.append((start, body, end))
    return found


def functions_named(source: bytes, qualified: str) -> bytes | None:
    """The definitions of a top-level function or of a class's method, cut out to be parsed.

    All of them where there are several (versions of a function, a property's setter);
    empty when there is none. ``None`` when this reading cannot be sure: parse the file.
    """
    owner, _, name = qualified.rpartition(".")
    if name.encode() not in source:
        return b""
    split = _split_again(source)
    if split is None:
        return None
    masked, lines, definitions = split
    start, stop = 0, len(masked)
    if owner:
        # Classes stand at the left edge: those inside others are not looked into.
        found = re.search(rb"\nclass[ \t]+%s\b" % re.escape(owner.encode()), masked)
        if found is None:
            return b""
        body = _body_start(masked, found.end(), stop)
        if body <= 0:
            return None
        start, stop = body, _body_end(masked, body, stop, 0)
    matches = [
        found
        for found in definitions.get(name.encode(), ())
        if start <= found.start() < stop and (found.group(1) or not owner)
    ]
    # A deeper one of the same name belongs to some other class or function.
    width = min((_width(found.group(1)) for found in matches), default=0)
    text: list[bytes] = []
    position = 0
    for found in matches:
        if _width(found.group(1)) != width or found.start() < position:
            continue
        body = _body_start(masked, found.end(), stop)
        if body < 0:
            return None
        if body == 0:
            position = masked.find(b"\n", found.end())
            position = position if position > 0 else len(masked)
        else:
            position = _body_end(masked, body, len(masked), width)
        first = masked.count(b"\n", 0, found.start() + 1) - 1
        last = masked.count(b"\n", 0, position) if position < len(masked) else len(lines)
        if width and not text:
            # Something to be indented under; blank lines keep the numbers right.
            text = [b""] * (first - 1) + [b"if 1:"]
        text += [b""] * (first - len(text)) + lines[first:last]
    return b"\n".join(text) + b"\n" if text else b""


def masked_lines(source: bytes, *, keep_words: bool = False) -> tuple[bytes, list[bytes]] | None:
    """The masked text after one added newline, and the lines; ``None`` if they disagree."""
    if b"\f" in source or b"\0" in source:
        return None
    if b"\r" in source:
        source = source.replace(b"\r\n", b"\n")
        if b"\r" in source:
            return None
    masked = b"\n" + mask(source, keep_words=keep_words)
    lines = source.split(b"\n")
    if masked.count(b"\n") != len(lines) or masked.count(b'"') % 2 or b"'" in masked:
        return None
    return masked, lines


@functools.lru_cache(maxsize=128)
def _split_again(
    source: bytes,
) -> tuple[bytes, list[bytes], dict[bytes, list[re.Match[bytes]]]] | None:
    """``masked_lines`` with the lines that begin definitions, by name."""
    split = masked_lines(source)
    if split is None:
        return None
    definitions: dict[bytes, list[re.Match[bytes]]] = {}
    for found in _NAMED.finditer(split[0]):
        definitions.setdefault(found.group(2), []).append(found)
    return *split, definitions


def _width(blank: bytes) -> int:
    return len(blank.expandtabs(8))


def _depth(masked: bytes, start: int, end: int) -> int:
    count = masked.count
    return (
        count(b"(", start, end)
        + count(b"[", start, end)
        + count(b"{", start, end)
        - count(b")", start, end)
        - count(b"]", start, end)
        - count(b"}", start, end)
    )


def _body_start(masked: bytes, start: int, size: int) -> int:
    """Offset of the newline before the body; 0 for a body on the line itself, -1 if lost."""
    colon, depth, position = start, 0, start
    while True:
        colon = masked.find(b":", colon, size)
        if colon < 0:
            return -1
        depth += _depth(masked, position, colon)
        position = colon
        colon += 1
        if depth == 0:
            break
    newline = masked.find(b"\n", colon, size)
    if newline < 0 or masked[colon:newline].strip():
        return 0
    return newline


def _body_end(masked: bytes, start: int, size: int, width: int) -> int:
    """Offset of the newline before the first line that is not in the body."""
    pattern = _DEDENT.get(width)
    if pattern is None:
        pattern = _DEDENT[width] = re.compile(rb"\n[ \t]{0,%d}[^ \t\n\0]" % width)
    depth, counted, position = 0, start, start
    while True:
        found = pattern.search(masked, position)
        if found is None:
            return size
        position = found.start()
        # A tab is one character but up to eight columns.
        blank = found.group()[1:-1]
        depth += _depth(masked, counted, position)
        counted = position
        if depth == 0 and (b"\t" not in blank or _width(blank) <= width):
            return position
        position += 1
