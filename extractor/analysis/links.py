"""Modules that are symbolic links: read as modules that hand on the names of what they lead to."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence

from extractor.analysis.name_reader import read_names
from extractor.parsing import UnreadableSource
from extractor.project.layout import module_of
from extractor.source.tree import REGULAR, Entry, Tree, blob_id, is_link

# A chain of more links than this is taken for a circle, as the system does.
_MOST_LINKS = 40


def with_links_read(tree: Tree) -> Tree:
    """``tree``, where each module that is a link to another reads as an import of its names.

    Links that lead out of the tree, nowhere, or to another top-level package stay links.
    """
    paths = tree.paths()
    links = {path for path in paths if path.endswith(".py") and is_link(tree, path)}
    ends = {path: end for path in sorted(links) if (end := _end(tree, set(paths), path))}
    return _WithLinksRead(tree, ends) if ends else tree


def led_to(path: str, text: bytes) -> str:
    """Where a link at ``path`` leads, as a path of the tree; empty where it leads out of it."""
    target = text.decode("utf-8", "surrogateescape")
    place = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    return "" if target.startswith("/") or place.split("/")[0] == ".." else place


def _end(tree: Tree, paths: set[str], path: str) -> str:
    """The module of the same top-level package at the end of a chain of links, or nothing."""
    at = path
    for _ in range(_MOST_LINKS):
        at = led_to(at, tree.read(at))
        if at not in paths or not at.endswith(".py"):
            return ""
        if not is_link(tree, at):
            tops = {module_of(each).partition(".")[0] for each in (path, at)}
            return at if len(tops) == 1 else ""
    return ""


class _WithLinksRead:
    def __init__(self, tree: Tree, ends: Mapping[str, str]) -> None:
        self._tree = tree
        self._ends = ends

    def paths(self) -> Sequence[str]:
        return self._tree.paths()

    def entry(self, path: str) -> Entry:
        if path not in self._ends:
            return self._tree.entry(path)
        return Entry(REGULAR, blob_id(self.read(path)))

    def read(self, path: str) -> bytes:
        end = self._ends.get(path)
        if end is None:
            return self._tree.read(path)
        content, module = self._tree.read(end), module_of(end)
        try:
            table = read_names(content, module, end.endswith("/__init__.py"), end)
        except UnreadableSource:
            return content
        names = sorted(table.binders)
        lines = [f"from {star} import *\n" for star in table.stars]
        if names:
            lines.append(f"from {module} import {', '.join(names)}\n")
        return "".join(lines).encode("utf-8", "surrogateescape")
