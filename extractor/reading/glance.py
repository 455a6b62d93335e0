"""What a file may import, found without a parser: never less than its statements say."""

from __future__ import annotations

import re
from collections.abc import Iterable

_FROM = re.compile(
    rb"(?<!\w)from\b([\w. \t\f]*?)\bimport\b[ \t\f]*(\((?:[^()#]|#[^\n]*)*\)|[^\n;#]*)"
)
_IMPORT = re.compile(rb"(?<![\w.])import\b[ \t\f]*([^\n;#(]*)")
# What the patterns above cannot read: names that are not ASCII.
_ODD = re.compile(rb"(?:from|import)\b[^\n]*[\x80-\xff]")
_STATEMENT = re.compile(rb"\bimport\b[ \t\f]*(?:\((?:[^()#]|#[^\n]*)*\)|(?:\\\r?\n|\\\r|[^\r\n])*)")
# What stands before a name that may be a module's: a dot or slash, or a string of an attribute.
_AFTER_DOT = rb"(?:\.[ \t\f]*(?:(?:#[^\n]*|\\)?\r?\n[ \t\f]*)*|[/:])(?:%s)(?!\w)"
_IN_STRING = rb"[,'\"][ \t\r\n\\]*[A-Za-z]{0,2}['\"](?:%s)(?!\w|['\"][ \t]*:)"
_COMMENT = re.compile(rb"#[^\n]*")
_NAME = re.compile(rb"[\w.]+|\*")
_DOTS = re.compile(rb"\s*\.\s*")


def may_import(content: bytes) -> set[tuple[int, str, str]] | None:
    """Level, module and name of each import; the name is empty for ``import module``.

    Text in strings that reads like an import counts, too. ``None`` if the file has to be parsed.
    """
    if b"import" not in content:
        return set()
    if b"\\" in content or b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\\\n", b" ")
    if _ODD.search(content) is not None:
        return None
    found: set[tuple[int, str, str]] = set()
    for base, names in _FROM.findall(content):
        base = _DOTS.sub(b".", base).strip()
        module = base.lstrip(b".")
        level = len(base) - len(module)
        found |= {(level, module.decode(), name) for name in _names(names)}
    for names in _IMPORT.findall(content):
        found |= {(0, name, "") for name in _names(names)}
    return found


def may_name(content: bytes, words: Iterable[bytes]) -> bool:
    """Whether one of ``words`` may name a module here: after a dot, in a string, in an import.

    Names that stand alone anywhere else (arguments, local names) are none of a module.
    """
    found = [word for word in words if word in content]
    if not found:
        return False
    names = b"|".join(map(re.escape, found))
    if any(re.search(one % names, content) for one in (_AFTER_DOT, _IN_STRING)):
        return True
    whole = re.compile(rb"(?<!\w)(?:%s)(?!\w)" % names)
    return any(whole.search(match.group()) for match in _STATEMENT.finditer(content))


def _names(text: bytes) -> set[str]:
    parts = _COMMENT.sub(b"", text).strip(b"() \t\n").split(b",")
    first = (_NAME.match(_DOTS.sub(b".", part).strip()) for part in parts)
    return {match.group().decode() for match in first if match is not None}
