"""Dotted names inside text: strings, comments, documentation, configuration files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from extractor.rewrites.parts.renames import Reference, Renames, follow, new_reference

# ``package.conf`` is a file as often as a module: two components ending like this are left.
FILE_ENDINGS = frozenset(
    {"cfg", "conf", "ini", "json", "log", "pid", "py", "rst", "sh", "sock", "sqlite"}
    | {"toml", "txt", "xml", "yaml", "yml"}
)


# What may stand before a name; ``%s`` is the name itself: a search for it first is quicker.
# A path may begin below a source folder or a pattern's wildcard, a name in mypy's sections.
_BELOW = rb"%s(?:(?<![\w.\-/\\$:]%s)|(?<=\bsrc/%s)|(?<=\blib/%s)|(?<=\*\*/%s)|(?<=[\s\"'=(]\./%s))"
_ALONE = rb"%s(?:(?<![\w.\-/\\$]%s)|(?<=\[mypy-%s))(?<!\w@%s)"


def _standing(pattern: bytes, roots: frozenset[str]) -> bytes:
    """``pattern`` for each of the ``roots``."""
    names = [re.escape(root.encode()) for root in sorted(roots)]
    found = [pattern.replace(b"%s", name) for name in names]
    return found[0] if len(found) == 1 else b"(?:%s)" % b"|".join(found)


@lru_cache(maxsize=64)
def _path_pattern(roots: frozenset[str]) -> re.Pattern[bytes]:
    return re.compile(_standing(_BELOW, roots) + rb"(?:/[A-Za-z_]\w*)+(?:\.pyi?\b)?")


@lru_cache(maxsize=64)
def _pattern(roots: frozenset[str]) -> re.Pattern[bytes]:
    names = b"|".join(re.escape(root.encode()) for root in sorted(roots))
    symbol = rb"(?::(?!(?:%s)\.)[A-Za-z_]\w*)" % names  # in ``a.b:c``, not in ``a.b:a.c.d``
    rest = rb"(?:(?:\.[A-Za-z_]\w*)+%s?|%s)" % (symbol, symbol)
    return re.compile(_standing(_ALONE, roots) + rest + rb"(?![\w/])")


def dotted_names(renames: Renames, text: bytes) -> Iterator[re.Match[bytes]]:
    """Every dotted name of ``text`` that starts with a package we know."""
    return _pattern(renames.roots).finditer(text) if renames.roots else iter(())


def new_dotted(renames: Renames, old: str, prose: bool = False) -> tuple[str, str]:
    """The new text of the dotted name ``old``, and the known module it still names, if any.

    In ``prose`` a module is only renamed by a name of its own: where most of its symbols
    went is not what a sentence about it means.
    """
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
    if new is None and not prose and found.name is None and found.module in renames.only_home:
        new = Reference(renames.only_home[found.module])
    if new is None:
        return old, found.module if found.module in renames.known else ""
    name = "" if new.name is None else (colon or ".") + new.name
    return new.module + name + tail, ""


def new_path(renames: Renames, old: str) -> str:
    """The new text of ``old``, a path of a module's file or of what is in a package's folder."""
    suffix = next((end for end in (".pyi", ".py") if old.endswith(end)), "")
    parts = old.removesuffix(suffix).split("/")
    for length in range(len(parts), 1, -1):
        new = renames.modules.get(".".join(parts[:length]))
        if new is not None:
            return "/".join([*new.split("."), *parts[length:]]) + old[len("/".join(parts)) :]
    return old


@dataclass(frozen=True)
class Mention:
    """Bytes ``start`` to ``end`` of a text become ``new``; ``stays`` is what has no new name."""

    start: int
    end: int
    new: bytes
    stays: str = ""


def mentions(renames: Renames, text: bytes, prose: bool = False) -> list[Mention]:
    """What in ``text`` names a module or symbol, dotted or as a path, and changes or stays."""
    found: list[Mention] = []
    for match in dotted_names(renames, text):
        new, stays = new_dotted(renames, match.group().decode("ascii"), prose)
        if stays or new.encode("ascii") != match.group():
            found.append(Mention(*match.span(), new.encode("ascii"), stays))
    if renames.roots and b"/" in text:
        for match in _path_pattern(renames.roots).finditer(text):
            path = new_path(renames, match.group().decode("ascii")).encode("ascii")
            if path != match.group():
                found.append(Mention(*match.span(), path))
    return sorted(found, key=lambda mention: mention.start)
