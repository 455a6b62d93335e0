"""Dotted names inside text: strings, comments, documentation, configuration files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from extractor.rewrites.parts.renames import Reference, Renames, follow, new_reference

# ``package.conf`` is a file as often as a module: two components ending like this are left.
FILE_ENDINGS = frozenset(
    {"cfg", "conf", "ini", "json", "log", "pid", "py", "rst", "sh", "sock", "sqlite"}
    | {"toml", "txt", "xml", "yaml", "yml"}
)


@lru_cache(maxsize=64)
def _pattern(roots: frozenset[str]) -> re.Pattern[bytes]:
    names = b"|".join(re.escape(root.encode()) for root in sorted(roots))
    return re.compile(
        rb"(?<![\w.\-/\\$])(?<!\w@)(?:%s)(?:\.[A-Za-z_]\w*)+(?::[A-Za-z_]\w*)?(?![\w/])" % names
    )


def dotted_names(renames: Renames, text: bytes) -> Iterator[re.Match[bytes]]:
    """Every dotted name of ``text`` that starts with a package we know."""
    return _pattern(renames.roots).finditer(text) if renames.roots else iter(())


def new_dotted(renames: Renames, old: str) -> tuple[str, str]:
    """The new text of the dotted name ``old``, and the known module it still names, if any."""
    dotted, colon, symbol = old.partition(":")
    root, *rest = dotted.split(".")
    found = follow(renames, root, rest)
    if len(rest) == 1 and rest[0] in FILE_ENDINGS and not colon:
        return old, ""
    if colon and found.name is None:
        found = Reference(found.module, symbol, found.used)
        tail = ""
    else:
        tail = "".join(f".{part}" for part in rest[found.used :]) + colon + symbol
        colon = ""
    explicit = f"{found.module}:{found.name}" in renames.symbols
    if found.name is not None and found.module == root and not explicit:
        return old, ""  # a word after a dot, not something the package is known to hold
    new = new_reference(renames, found)
    if new is None and found.name is None and found.module in renames.only_home:
        new = Reference(renames.only_home[found.module])
    if new is None:
        return old, found.module if found.module in renames.known else ""
    name = "" if new.name is None else (colon or ".") + new.name
    return new.module + name + tail, ""


def replace_dotted(renames: Renames, text: bytes, left: Callable[[int, str], None]) -> bytes:
    """``text`` with every dotted name renamed; ``left`` hears of the ones that stay."""
    pieces: list[bytes] = []
    position = 0
    for match in dotted_names(renames, text):
        old = match.group().decode("ascii")
        new, stays = new_dotted(renames, old)
        if stays:
            left(match.start(), stays)
        if new != old:
            pieces += [text[position : match.start()], new.encode("ascii")]
            position = match.end()
    pieces.append(text[position:])
    return b"".join(pieces)
