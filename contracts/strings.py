"""Modules named in strings: what no import scanner sees, and what breaks when one moves."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from contracts.world import Mention, World

_BY_STRING = re.compile(
    r"\b(?:__import__|import_module|try_import|import_versioned_module|import_any|import_class"
    r"|import_object|import_object_ns|resolve_name|import_string)\(\s*$"
)
_PATCH = re.compile(r"\b(?:patch|patch\.(?:dict|multiple)|MonkeyPatch)\(\s*$")


def mentions(world: World, tops: set[str]) -> Iterator[tuple[Mention, str]]:
    """Dotted names in strings that lead to a module below one of ``tops``; by which module.

    Counted are arguments of import functions and of ``mock.patch``; entry points of
    ``setup.cfg`` come as mentions by the module named ``setup.cfg`` of no side.
    """
    names = "|".join(re.escape(top) for top in sorted(tops))
    quoted = r"(?:'[\w.:]*'|\"[\w.:]*\")"
    string = re.compile(rf"['\"](?:{names})[.:][\w.:]*['\"](?:\s*\\?\s*{quoted})*", re.ASCII)
    words = [f"{quote}{top}.".encode() for top in sorted(tops) for quote in "'\""]
    for module in world.modules:
        source = world.source(module)
        if not any(word in source for word in words):
            continue
        text = source.decode("utf-8", "replace")
        starts: list[int] = []
        for found in string.finditer(text):
            before = text[max(0, found.start() - 60) : found.start()]
            if _PATCH.search(before):
                kind = "mock.patch"
            elif _BY_STRING.search(before):
                kind = "import by string"
            else:
                continue
            starts = starts or [0, *(m.end() for m in re.finditer("\n", text))]
            value = "".join(re.findall(r"[\w.:]+", found.group())).replace(":", ".").strip(".")
            named, name = world.split(value)
            if named and "." in named:
                line = bisect_right(starts, found.start())
                yield Mention(world.path(module), line, named, name, kind), module
