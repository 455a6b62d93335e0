"""Whether a text can name a module, found out without parsing it.

A question about few modules (who imports them?) would otherwise cost reading every file of a
project. What is said no to here names none of them; what is said yes to is then read properly.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial

Predicate = Callable[[bytes], bool]

_WORD = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_DOT, _NEWLINE = b".\n"
_QUOTES = frozenset(b"'\"")
_IMPORT = re.compile(rb"\bimport\b")
# A line of a list of names as import statements have them over several lines.
_NAMES = re.compile(rb"[\w \t.,()*\\\f\r\x80-\xff]*(?:#.*)?")


def roots_of(modules: Collection[str]) -> tuple[str, ...]:
    """Those of ``modules`` that lie in none of the others, sorted."""
    known = set(modules)
    return tuple(
        sorted(
            module for module in known if not any(module[:end] in known for end in _dots(module))
        )
    )


def may_name(roots: Iterable[str], near: bool = False) -> Predicate:
    """Whether a text can name one of ``roots``, or a module below it.

    In an import statement, or in a string (which may be written in several pieces). Not meant
    for modules at or below a root themselves: they can leave its name out. ``near`` is for
    those in the package around a root: they can leave that package's name out.
    """
    words: dict[bytes, set[bytes]] = {}
    for root in roots:
        above, _, last = root.rpartition(".")
        words.setdefault(last.encode(), set()).add(above.rpartition(".")[2].encode())
    splits = [
        (above + b".", re.compile(rb"%s\.(\w+)['\"]\s*\\?\s*['\"]" % re.escape(above)), word)
        for word, packages in sorted(words.items())
        for above in sorted(packages)
    ]

    return partial(_may_name, words, splits, near)


def defines(names: Iterable[str]) -> Predicate:
    """Whether one of ``names`` may be defined at the top level of a text."""
    words = b"|".join(re.escape(name.encode()) for name in names)
    line = re.compile(
        rb"(?:^(?:class[ \t]+|(?:async[ \t]+)?def[ \t]+)?|[;=][ \t]*)(?:%s)\b[ \t]*[=:(]" % words,
        re.M,
    )
    return partial(_matches, line)


# Predicates are made of these, so that another process can be given what to look for.


def _may_name(
    words: Mapping[bytes, Collection[bytes]],
    splits: Sequence[tuple[bytes, re.Pattern[bytes], bytes]],
    near: bool,
    source: bytes,
) -> bool:
    for word, packages in words.items():
        if word in source:
            around = [b""] if near else [p for p in packages if p in source]
            if around and _is_named(source, word, around):
                return True
    return any(
        word.startswith(found)
        for part, pattern, word in splits
        if part in source
        for found in pattern.findall(source)
    )


def _matches(pattern: re.Pattern[bytes], source: bytes) -> bool:
    return pattern.search(source) is not None


def _is_named(source: bytes, word: bytes, packages: Collection[bytes]) -> bool:
    """Whether ``word`` stands where a module of one of ``packages`` would."""
    size = len(source)
    start = source.find(word)
    while start >= 0:
        end = start + len(word)
        before = source[start - 1] if start else _NEWLINE
        if before not in _WORD and (end == size or source[end] not in _WORD):
            if before == _DOT:
                # In a dotted name, or in a piece of a string that begins with the dot.
                part = source[max(0, start - 200) : start - 1].rstrip(b" \t\\\n\r")
                if part.endswith((*packages, b"'", b'"')):
                    return True
            elif before in _QUOTES or _may_be_imported(source, start, end, packages):
                return True
        start = source.find(word, end)
    return False


def _may_be_imported(source: bytes, start: int, end: int, packages: Collection[bytes]) -> bool:
    """Whether the statement that the word at ``start`` can be part of imports from a package."""
    first = source.rfind(b"\n", 0, start) + 1
    last = source.find(b"\n", end)
    line = source[first : last if last >= 0 else len(source)]
    names = source[first:end]
    while True:
        # A comment in a list can have the word too: then the statement is further up.
        if _IMPORT.search(line):
            statement = line
            # What it imports from can be on a line of its own.
            while first and source.endswith((b"\\\n", b"\\\r\n"), 0, first):
                above = source.rfind(b"\n", 0, first - 1) + 1
                statement, first = source[above:first] + statement, above
            if any(package in statement for package in packages):
                return True
        if not first or _NAMES.fullmatch(names) is None:
            return False
        last, first = first - 1, source.rfind(b"\n", 0, first - 1) + 1
        line = names = source[first:last]


def _dots(module: str) -> Iterable[int]:
    end = module.find(".")
    while end >= 0:
        yield end
        end = module.find(".", end + 1)
