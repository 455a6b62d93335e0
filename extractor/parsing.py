"""Parse Python of any age that today's parsers can be brought to accept.

``async`` and ``await`` were ordinary names until Python 3.7. A stand-in of the same
length takes the place of such a name before parsing, so that every line and column
stays where it was, and is taken out again afterwards.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import threading
import tokenize
import warnings
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import libcst

T = TypeVar("T")
_DEEP_STACK = 1 << 29  # bytes: only what is used of them is ever taken
_DEEP_LIMIT = 100_000
_deep = threading.Lock()
# Several readers ask for the same few texts one after the other.
_SOFT = re.compile(rb"\b(async|await)\b")


class UnreadableSource(ValueError):
    """No parser we have accepts the file; ``line`` is 1-based, 0 when unknown."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class StandIns:
    """Source that parses, and the names that stand in for old ones (old to stand-in)."""

    source: bytes
    names: tuple[tuple[bytes, bytes], ...]

    def restore(self, source: bytes) -> bytes:
        """Put the original names back into ``source``."""
        for old, new in self.names:
            source = source.replace(new, old)
        return source

    def spelled_anew(self) -> bytes:
        """The source with ``async_`` for ``async``, as libraries came to call what had that name.

        It runs under a Python that keeps the old names to itself; columns are others.
        """
        source = self.source
        for old, new in self.names:
            source = source.replace(new, new if old + b"_" in source else old + b"_")
        return source

    def restore_name(self, name: str) -> str:
        """The original of an identifier seen in the parsed tree."""
        return self.restore(name.encode("utf-8")).decode("utf-8")


def with_stand_ins(source: bytes) -> StandIns:
    """Replace ``async`` and ``await`` where they are used as plain names."""
    if not _SOFT.search(source):
        return StandIns(source, ())
    names: list[tuple[bytes, bytes]] = []
    lines = source.splitlines(keepends=True)
    edits: list[tuple[int, int, bytes, bytes]] = []
    stand_in_of: dict[bytes, bytes] = {}
    try:
        tokens = list(tokenize.tokenize(io.BytesIO(source).readline))
    except (tokenize.TokenError, SyntaxError, IndentationError):
        return StandIns(source, ())
    encoding = tokens[0].string
    for index, token in enumerate(tokens):
        if token.type != tokenize.NAME and tokenize.tok_name[token.type] not in {"ASYNC", "AWAIT"}:
            continue
        if token.string not in {"async", "await"}:
            continue
        following = tokens[index + 1]
        if token.string == "async" and following.string in {"def", "for", "with"}:
            continue
        is_operand = following.type in {tokenize.NAME, tokenize.NUMBER, tokenize.STRING} or (
            following.string in {"(", "[", "{", "-", "+", "~"} and following.start != token.end
        )
        previous = tokens[index - 1].string if index else ""
        if token.string == "await" and is_operand and previous not in {".", "def", "class"}:
            continue
        old = token.string.encode("ascii")
        if old not in stand_in_of:
            stand_in_of[old] = _unused_name(old, source)
            names.append((old, stand_in_of[old]))
        row, column = token.start
        before = token.line[:column].encode(encoding, "surrogateescape")
        edits.append((row - 1, len(before), old, stand_in_of[old]))
    for row, start, old, new in sorted(edits, reverse=True):
        line = lines[row]
        lines[row] = line[:start] + new + line[start + len(old) :]
    return StandIns(b"".join(lines), tuple(names))


def _unused_name(old: bytes, source: bytes) -> bytes:
    for last in b"XYZQJKVWxyzqjkvw0123456789":
        candidate = old[:-1] + bytes([last])
        if candidate not in source:
            return candidate
    raise UnreadableSource(f"no free name of the same length as {old.decode()}")


def deeply(call: Callable[[], T]) -> T:
    """The result of ``call``, which may nest as deeply as any code that Python itself compiles.

    Where the usual stack is too small for it, it runs once more, on a large one.
    """
    try:
        return call()
    except RecursionError:
        if threading.current_thread().name == _DEEP_NAME:
            raise
        return _on_a_large_stack(call)


_DEEP_NAME = "deep-stack"


def _on_a_large_stack(call: Callable[[], T]) -> T:
    result: list[T] = []
    raised: list[BaseException] = []

    def work() -> None:
        try:
            result.append(call())
        except BaseException as error:
            raised.append(error)

    with _deep:
        limit, size = sys.getrecursionlimit(), threading.stack_size(_DEEP_STACK)
        sys.setrecursionlimit(_DEEP_LIMIT)
        try:
            thread = threading.Thread(target=work, name=_DEEP_NAME)
            thread.start()
            thread.join()
        finally:
            threading.stack_size(size)
            sys.setrecursionlimit(limit)
    if raised:
        raise raised[0]
    return result[0]


# Bytes of text whose trees are kept: a subsystem with its tests, not a whole project.
_KEPT_TEXT = 1_200_000
_kept: OrderedDict[bytes, tuple[ast.Module, StandIns]] = OrderedDict()
_keeping = threading.Lock()


def parse_ast(source: bytes, path: str = "<source>") -> tuple[ast.Module, StandIns]:
    """The syntax tree of ``source`` with its original names' stand-ins.

    Whoever asks about the same text shares the tree, so nobody may change what it says.
    Raises ``UnreadableSource`` when the text parses under no grammar we have.
    """
    with _keeping:
        if source in _kept:
            _kept.move_to_end(source)
            return _kept[source]
    try:
        parsed = deeply(lambda: _parse_ast(source, path))
    except (RecursionError, MemoryError):
        raise UnreadableSource(f"{path}: nested too deeply") from None
    with _keeping:
        _kept[source] = parsed
        size = sum(map(len, _kept))
        while size > _KEPT_TEXT and len(_kept) > 1:
            size -= len(_kept.popitem(last=False)[0])
    return parsed


def _parse_ast(source: bytes, path: str) -> tuple[ast.Module, StandIns]:
    with warnings.catch_warnings():
        # Invalid escapes in old code are its authors' business, not a message of ours.
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source, path), StandIns(source, ())
        except (SyntaxError, ValueError) as error:
            first = error
        changed = with_stand_ins(source)
        if changed.names:
            try:
                return ast.parse(changed.source, path), changed
            except (SyntaxError, ValueError) as error:
                first = error
    line = first.lineno or 0 if isinstance(first, SyntaxError) else 0
    message = first.msg if isinstance(first, SyntaxError) else str(first)
    raise UnreadableSource(f"{path}: {message}", line)


def parse_cst(source: bytes, path: str = "<source>") -> tuple[libcst.Module, StandIns]:
    """The concrete tree of ``source``; print it with ``unparse_cst`` to get names back.

    Raises ``UnreadableSource`` when the text parses under no grammar we have.
    """
    try:
        return deeply(lambda: _parse_cst(source, path))
    except (RecursionError, MemoryError):
        raise UnreadableSource(f"{path}: nested too deeply") from None


def _parse_cst(source: bytes, path: str) -> tuple[libcst.Module, StandIns]:
    # Loaded here: it takes a third of a second that readers of syntax trees need not pay.
    import libcst

    changed = StandIns(source, ())
    try:
        return libcst.parse_module(source), changed
    except (libcst.ParserSyntaxError, UnicodeDecodeError, LookupError) as error:
        first: Exception = error
    changed = with_stand_ins(source)
    if changed.names:
        try:
            return libcst.parse_module(changed.source), changed
        except (libcst.ParserSyntaxError, UnicodeDecodeError, LookupError) as error:
            first = error
    line = first.raw_line if isinstance(first, libcst.ParserSyntaxError) else 0
    raise UnreadableSource(f"{path}: {str(first).splitlines()[0]}", line)


def unparse_cst(module: libcst.Module, stand_ins: StandIns) -> bytes:
    """The bytes of ``module`` with the original names put back."""
    return stand_ins.restore(module.bytes)
