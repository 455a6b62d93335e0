"""Every use a file makes of its project's names: what name, at which lines. Nothing resolved.

A syntax tree visited in Python costs several times what parsing costs, and most of it is about
names of the file's own. Here only names that the file's imports bind are looked for, in the
masked text; a statement in which such a name might mean something else (a parameter, a local,
a keyword argument) is parsed and its scopes are read, and no other.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TypeAlias

from extractor.analysis.facts import Facts
from extractor.analysis.name_reader import read_names
from extractor.analysis.names import Imported, Unit
from extractor.analysis.skeleton import masked_lines, outer_functions
from extractor.parsing import UnreadableSource
from extractor.project.relative import absolute

# Part of every cache key: raise it whenever the uses of an unchanged file can differ.
USES_VERSION = 1

# What is used, to the 1-based lines where it is. A key is ``module:name.rest`` for what is
# reached through an import (``module:`` where a module is imported by itself), ``*module:name``
# for what a star import may have brought, and a dotted name alone for one in a string.
# ``name=module:attribute`` has no lines: what an import binds, for others to take from here
# (``*=module:`` for a star).
Uses: TypeAlias = dict[str, list[int]]

_IMPORT = re.compile(
    rb"\n(?:from|import)[ \t\\](?:[^\n(;]|\n\0)*(?:\([^)]*\))?(?:[^\n;]|\n\0)*", re.ASCII
)
_GAP = rb"[\s\0\\]*"
_CHAIN = re.compile(rb"((?:%s\.%s[A-Za-z_]\w*)*)%s" % (_GAP, _GAP, _GAP))
_WORD = frozenset(b"_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_WORD_BEFORE = _WORD | frozenset(b'."')
_BLANK = frozenset(b" \t\r\n\0\\")
_KEYWORD_BEFORE = re.compile(
    rb"\b(?:assert|elif|except|if|in|is|not|and|or|raise|return|while|yield) $"
)
_DEFINES = re.compile(rb"\b(?:def|class)[ \t]+$")
_HEADER = re.compile(rb"\bdef[ \t]+\w+[ \t]*$")
_CALL = re.compile(rb"[\w)\]][ \t]*$")
_BINDS = re.compile(rb"\b(?:as|del|for|lambda)[ ]*$")
_BRACKET = re.compile(rb"[()\[\]{}]")
# How far back the bracket around a name is looked for, in bytes.
_FAR = 2000
# A line at the left margin that does not go on with the statement above it.
_STATEMENT = re.compile(rb"\n(?=[^\s\0#)\]}])(?!(?:else|elif|except|finally)\b)")
# Set to begin with what is rare enough to be looked for quickly.
_F_STRING = re.compile(rb'[fFtTrR](?:(?<=[rR])[fFtT]|(?<=[fFtT])[rR]?)"')


def uses_of(
    source: bytes, facts: Facts, module: str, is_package: bool, tops: Collection[str]
) -> Uses:
    """What ``source`` uses of the packages ``tops``; ``facts`` are what ``scan`` says of it.

    Import statements are no uses. ``UnreadableSource`` when no parser accepts the file.
    """
    if facts.error:
        raise UnreadableSource(facts.error, facts.error_line)
    heads: dict[str, Imported] = {}
    stars: list[str] = []
    bound: Uses = {}
    for name, target in _bound(facts, module, is_package):
        if target.module.partition(".")[0] not in tops:
            continue
        if name == "*":
            stars.append(target.module)
        else:
            heads.setdefault(name, target)
        bound[f"{name}={target.module}:{target.name.strip('*')}"] = []
    split = None if stars else masked_lines(source, keep_words=True)
    if split is not None and split[0].isascii():
        try:
            return bound | _Reading(*split, heads, module, is_package, tops).uses()
        except UnreadableSource:
            # Cut in the wrong places: the whole has the last word.
            pass
    units = read_names(source, module, is_package).units
    found: dict[str, set[int]] = {}
    _collect(found, units, heads, tops, 0)
    if stars:
        own = {*facts.bound, *(name for name, _ in _bound(facts, module, is_package))}
        for unit in units:
            for reference in unit.references:
                if not reference.text and not reference.base and reference.chain[0] not in own:
                    for star in stars:
                        key = f"*{star}:{'.'.join(reference.chain)}"
                        found.setdefault(key, set()).add(reference.line)
    return bound | _sorted(found)


class _Reading:
    """One file, read from its masked text."""

    def __init__(
        self,
        masked: bytes,
        lines: list[bytes],
        heads: Mapping[str, Imported],
        module: str,
        is_package: bool,
        tops: Collection[str],
    ) -> None:
        self.text = _IMPORT.sub(
            lambda found: b"\n" + b"\n\0" * (found.group().count(b"\n") - 1), masked
        )
        self.lines = lines
        self.heads = heads
        self.module = module
        self.is_package = is_package
        self.tops = tops
        self.top = b"(?:%s)" % b"|".join(re.escape(top.encode()) for top in sorted(tops))
        # The text has one newline more than the source, in front.
        self.starts = [found.start() for found in re.finditer(b"\n", self.text)]
        self.statements = [found.start() for found in _STATEMENT.finditer(self.text)]

    def uses(self) -> Uses:
        found: dict[str, set[int]] = {}
        sure: list[tuple[int, str]] = []
        unsure = list(self.hidden())
        for position, key, certain in self.occurrences():
            if certain:
                sure.append((position, key))
            else:
                unsure.append(position)
        sure += self.strings()
        pieces = self.pieces(unsure) if unsure else []
        starts = [first for first, _ in pieces]
        for position, key in sure:
            line = self.line(position)
            index = bisect_right(starts, line) - 1
            if index < 0 or line > pieces[index][1]:
                found.setdefault(key, set()).add(line)
        for first, last in pieces:
            lines = self.lines[first - 1 : last]
            if lines[0][:1] in b" \t":
                lines.insert(0, b"if 1:")
                first -= 1
            units = read_names(b"\n".join(lines) + b"\n", self.module, self.is_package).units
            _collect(found, units, self.heads, self.tops, first - 1)
        return _sorted(found)

    def pieces(self, positions: Iterable[int]) -> list[tuple[int, int]]:
        """First and last lines of what must be parsed: functions, else statements, sorted.

        What a class binds is not seen in its methods, so that each of these can be read alone.
        """
        functions = outer_functions(self.text) or []
        starts = [start for start, _, _ in functions]
        statements: set[int] = set()
        chosen: set[int] = set()
        for position in positions:
            index = bisect_right(starts, position) - 1
            if index >= 0 and position < functions[index][2]:
                chosen.add(index)
            else:
                statements.add(self.statement(position))
        spans = {self.span(statement) for statement in statements}
        for index in chosen:
            start, _, end = functions[index]
            first = self.line(start)
            last = self.line(end) - 1 if end < len(self.text) else len(self.lines)
            if not any(a <= first <= b for a, b in spans):
                spans.add((first, last))
        return sorted(spans)

    def line(self, position: int) -> int:
        return bisect_right(self.starts, position)

    def statement(self, position: int) -> int:
        return bisect_right(self.statements, position) - 1

    def span(self, statement: int) -> tuple[int, int]:
        """First and last line of a statement; a decorator goes with what it decorates."""

        def decorator(index: int) -> bool:
            start = self.statements[index] + 1
            return self.text[start : start + 1] == b"@"

        first = last = max(statement, 0)
        while first > 0 and decorator(first - 1):
            first -= 1
        while last + 1 < len(self.statements) and decorator(last):
            last += 1
        begin = self.line(self.statements[first] + 1)
        if last + 1 == len(self.statements):
            return begin, len(self.lines)
        return begin, self.line(self.statements[last + 1] + 1) - 1

    def occurrences(self) -> Iterator[tuple[int, str, bool]]:
        """Where an imported name stands, what it leads to, whether it can only be read there."""
        text, size, follows = self.text, len(self.text), _CHAIN.match
        for head, target in self.heads.items():
            keys: dict[bytes, str] = {}
            name = head.encode()
            # One search a name: an expression of all of them is slower, and dear to compile.
            position = text.find(name)
            while position >= 0:
                start, end = position, position + len(name)
                position = text.find(name, end)
                if text[start - 1] in _WORD_BEFORE or (end < size and text[end] in _WORD):
                    continue
                if text[start - 1] in _BLANK:
                    before = text[max(0, start - 24) : start]
                    if before.rstrip(b" \t\r\n\0\\").endswith(b"."):
                        continue
                chain = follows(text, end)
                assert chain is not None
                rest, end = chain.group(1), chain.end()
                key = keys.get(rest)
                if key is None:
                    key = keys[rest] = _key(target, re.findall(r"\w+", rest.decode()))
                certain = True
                if not rest:
                    following = text[end : end + 2]
                    if following[:1] == b"(":
                        certain = not _DEFINES.search(text, max(0, start - 24), start)
                    elif following[:1] == b"=" and following != b"==":
                        # An argument's name is no use; a parameter or an assignment hides ours.
                        if self.in_call(start):
                            continue
                        certain = False
                    else:
                        before = text[max(0, start - 24) : start]
                        certain = bool(_KEYWORD_BEFORE.search(before)) or (
                            following != b":=" and self.in_call(start)
                        )
                yield start, key, certain

    def in_call(self, position: int) -> bool:
        """Whether it is an argument of a call, an index or a base, where nothing is bound."""
        start = max(0, position - _FAR)
        before = self.text[start:position]
        depth = 0
        for found in reversed(list(_BRACKET.finditer(before))):
            depth += 1 if found.group() in b")]}" else -1
            if depth < 0:
                between = before[found.end() :]
                opened = before[: found.start()]
                return (
                    found.group() != b"{"
                    and not re.search(rb"\b(?:lambda|for|as)\b", between)
                    and bool(_CALL.search(opened))
                    and not _HEADER.search(opened)
                    and not _BINDS.search(opened)
                )
        return False

    def hidden(self) -> Iterator[int]:
        """Where the text does not show enough: imports inside of functions, f-strings."""
        # Those at the left margin are blanked.
        inner = b"import" in self.text
        own = rb"\n[ \t]+(?:from[ \t]+(?:\.|%s\b)|import[ \t][^\n]*\b%s\b)" % (self.top, self.top)
        for found in re.finditer(own, self.text) if inner else ():
            yield found.start() + 1
        for found in _F_STRING.finditer(self.text):
            if self.text[found.start() - 1] in _WORD:
                continue
            first = self.line(found.start())
            last = first
            while last < len(self.lines) and self.text[self.starts[last] + 1 :][:1] == b"\0":
                last += 1
            raw = b"\n".join(self.lines[first - 1 : last])
            if any(re.search(rb"\{[^{}]*\b%s\b" % re.escape(h.encode()), raw) for h in self.heads):
                yield found.start()

    def strings(self) -> Iterator[tuple[int, str]]:
        """Strings that are one dotted name of the project's."""
        pattern = rb'"%s\.[\w.]*"(?:%s"[^"]*")*' % (self.top, _GAP)
        for found in re.finditer(pattern, self.text):
            if self.text[found.start() - 1] in b"bB":
                continue
            before = self.text[max(0, found.start() - 200) : found.start()]
            if before.rstrip(b" \t\r\n\0\\").endswith(b'"'):
                continue  # The rest of a longer string.
            value = b"".join(re.findall(rb'"([^"]*)"', found.group()))
            if re.fullmatch(rb"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+", value):
                yield found.start(), value.decode()


def _bound(facts: Facts, module: str, is_package: bool) -> Iterator[tuple[str, Imported]]:
    """What the imports of a module bind, a star as ``*``."""
    for _line, _flags, level, source, names, alias in facts.top.imports:
        if names is None:
            top = source.partition(".")[0]
            yield (alias, Imported(source)) if alias else (top, Imported(top))
            continue
        origin = absolute(module, is_package, level, source)
        for name, asname in names:
            yield asname or name, Imported(origin, name)


def _collect(
    found: dict[str, set[int]],
    units: Iterable[Unit],
    heads: Mapping[str, Imported],
    tops: Collection[str],
    offset: int,
) -> None:
    """Add what ``units`` refer to; their lines begin after ``offset``."""
    for unit in units:
        for reference in unit.references:
            first, *rest = reference.chain
            if reference.binding:
                continue
            if reference.text:
                if first not in tops or not rest:
                    continue
                key = ".".join(reference.chain)
            elif reference.base is not None:
                if reference.base.module.partition(".")[0] not in tops:
                    continue
                key = _key(reference.base, rest)
            elif first in heads:
                key = _key(heads[first], rest)
            else:
                continue
            found.setdefault(key, set()).add(reference.line + offset)


def _key(target: Imported, rest: Iterable[str]) -> str:
    return f"{target.module}:{'.'.join([target.name, *rest] if target.name else rest)}"


def _sorted(found: Mapping[str, set[int]]) -> Uses:
    return {key: sorted(lines) for key, lines in sorted(found.items())}
