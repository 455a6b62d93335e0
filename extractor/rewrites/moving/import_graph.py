"""Which modules importing a module loads, read quickly: what has to be told before a move."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from extractor.project.relative import absolute
from extractor.rewrites.parts.project import Project

_STATEMENT = re.compile(
    rb"^(?P<pad>[ \t]*)(?:from[ \t]+(?P<base>\.*[ \t]*[\w.]*)[ \t]+import[ \t]*"
    rb"(?P<names>\([^)]*\)|(?:[^\n;#\\]|\\\n)*)|import[ \t]+(?P<modules>[^\n;#]+))"
    rb"|^(?P<head>[^\s#)\]}'\"][^\n]*)",
    re.MULTILINE,
)
_GUARDS = (b"try", b"except", b"else", b"finally", b"if", b"elif", b"with")


def imported_modules(source: bytes, module: str, is_package: bool) -> set[str]:
    """The dotted names that importing ``module`` may load; not what only type checkers see."""
    found: set[str] = set()
    under = b""
    for match in _STATEMENT.finditer(source):
        if match["head"] is not None:
            under = match["head"]
            continue
        if match["pad"] and (not under.startswith(_GUARDS) or b"TYPE_CHECKING" in under):
            continue
        if match["modules"] is not None:
            found.update(_words(match["modules"]))
            continue
        base = _absolute(match["base"].replace(b" ", b"").decode(), module, is_package)
        found.add(base)
        found.update(f"{base}.{name}" for name in _words(match["names"]))
    return found


def path_between(
    project: Project, start: str, goal: str, more: Mapping[str, Iterable[str]]
) -> list[str]:
    """The modules over which importing ``start`` loads ``goal``; empty when it does not.

    ``more`` are imports that are not in the files yet. Packages above ``start`` and ``goal``
    are there before both and lead nowhere.
    """
    above = {*_parents(start), *_parents(goal)}
    came_from: dict[str, str] = {start: ""}
    todo = [start]
    while todo:
        module = todo.pop(0)
        for following in sorted(_edges(project, module) | set(more.get(module, ()))):
            if following in came_from or (following in above and following != goal):
                continue
            came_from[following] = module
            if following == goal:
                path = [goal]
                while came_from[path[0]]:
                    path.insert(0, came_from[path[0]])
                return path
            todo.append(following)
    return []


def _edges(project: Project, module: str) -> set[str]:
    if module not in project.paths:
        return set()
    path = project.paths[module]
    named = imported_modules(project.read(path), module, project.is_package(module))
    loaded = {name for each in named for name in (each, *_parents(each))}
    return loaded & project.paths.keys()


def _parents(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]


def _words(listed: bytes) -> list[str]:
    text = re.sub(rb"#[^\n]*|[()\\]", b" ", listed).decode("utf-8", "replace")
    return [words[0] for part in text.split(",") if (words := part.split())]


def _absolute(base: str, module: str, is_package: bool) -> str:
    name = base.lstrip(".")
    return absolute(module, is_package, len(base) - len(name), name)
