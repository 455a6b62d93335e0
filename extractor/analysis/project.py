"""From a tree to its import graph: read, scan, assemble, with what is known left out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from extractor.analysis.cache import Cache
from extractor.analysis.entry_points import FILES, entry_points
from extractor.analysis.graph import (
    Edge,
    External,
    Graph,
    Kind,
    Unknown,
    Unreadable,
    build_graph,
)
from extractor.analysis.modules import Module, find_modules, top_packages
from extractor.analysis.scan import Body, Facts, scan, scan_function
from extractor.analysis.uses import Uses, uses_of
from extractor.errors import UsageError
from extractor.parsing import UnreadableSource
from extractor.source.tree import GitTree, Tree, blob_id

# Part of a graph's key: raise it whenever the same facts can give another graph.
GRAPH_VERSION = 4


class Project:
    """Import graphs of one project's revisions: a file is read once, whatever its revisions.

    With ``cache`` also once over all runs.
    """

    def __init__(self, packages: Sequence[str] = (), cache: Cache | None = None) -> None:
        self.packages = tuple(packages)
        self.cache = cache
        self._facts: dict[str, Facts] = {}
        self._functions: dict[str, Body | None] = {}

    def graph(self, tree: Tree) -> Graph:
        """The import graph of ``tree``: of its largest package when none was named."""
        paths = tree.paths()
        packages = self.packages or _largest(paths)
        modules = find_modules(paths, packages)
        sources: dict[str, bytes] = {}
        blobs: dict[str, str] = {}
        for module in modules.values():
            if module.path is None:
                continue
            if isinstance(tree, GitTree):
                blobs[module.name] = tree.entry(module.path).blob
            else:
                # The content's name is the content's hash: reading it is the price.
                content = sources[module.name] = tree.read(module.path)
                blobs[module.name] = blob_id(content)
        for path in FILES:
            if path in paths:
                blobs[path] = tree.entry(path).blob
        key = _graph_key(packages, modules, blobs)
        if self.cache is not None:
            stored = self.cache.graph(key)
            if stored is not None:
                return _restored(packages, modules, stored)
        graph = self._build(tree, packages, modules, blobs, sources)
        if self.cache is not None:
            self.cache.add({}, {}, {key: _stored(graph)})
        return graph

    def uses(self, tree: Tree, graph: Graph) -> tuple[dict[str, Uses], dict[str, str]]:
        """What every module of ``graph`` uses of the packages, and those that cannot be read."""
        tops = {package.partition(".")[0] for package in graph.packages}
        blobs = {
            name: tree.entry(module.path).blob
            if isinstance(tree, GitTree)
            else blob_id(tree.read(module.path))
            for name, module in graph.modules.items()
            if module.path is not None
        }
        keys = {name: f"{blob}:{name}:{','.join(sorted(tops))}" for name, blob in blobs.items()}
        known = self.cache.uses(keys.values()) if self.cache is not None else {}
        missing = {blob for name, blob in blobs.items() if keys[name] not in known}
        if self.cache is not None:
            self._facts.update(self.cache.facts(missing - self._facts.keys()))
        found: dict[str, Uses] = {}
        failed: dict[str, str] = {}
        new: dict[str, Uses] = {}
        for name, blob in blobs.items():
            if keys[name] in known:
                found[name] = known[keys[name]]
                continue
            module = graph.modules[name]
            source = tree.read(module.path or "")
            if blob not in self._facts:
                self._facts[blob] = scan(source, module.path or "")
            try:
                uses = uses_of(source, self._facts[blob], name, module.is_package, tops)
            except UnreadableSource as error:
                failed[name] = str(error)
            else:
                found[name] = new[keys[name]] = uses
        if self.cache is not None:
            self.cache.add_uses(new)
        return found, failed

    def _build(
        self,
        tree: Tree,
        packages: Sequence[str],
        modules: dict[str, Module],
        blobs: dict[str, str],
        sources: dict[str, bytes],
    ) -> Graph:
        def read(name: str) -> bytes:
            if name not in sources:
                sources[name] = tree.read(modules[name].path or "")
            return sources[name]

        blobs = {name: blob for name, blob in blobs.items() if name not in FILES}
        missing = {blob for blob in blobs.values() if blob not in self._facts}
        if self.cache is not None and missing:
            self._facts.update(self.cache.facts(missing))
        new_facts: dict[str, Facts] = {}
        for name, blob in blobs.items():
            if blob not in self._facts:
                self._facts[blob] = new_facts[blob] = scan(read(name), modules[name].path or "")
        new_functions: dict[str, Body | None] = {}

        def look(name: str, qualified: str) -> Body | None:
            key = f"{blobs[name]}:{qualified}" if name in blobs else ""
            if not key:
                return None
            if key not in self._functions:
                if self.cache is not None:
                    self._functions.update(self.cache.functions([key]))
                if key not in self._functions:
                    path = modules[name].path or ""
                    found = scan_function(read(name), qualified, path)
                    self._functions[key] = new_functions[key] = found
            return self._functions[key]

        facts = {name: self._facts[blob] for name, blob in blobs.items()}
        graph = build_graph(packages, modules, facts, look, entry_points(tree))
        if self.cache is not None:
            self.cache.add(new_facts, new_functions, {})
        return graph


def import_graph(tree: Tree, packages: Sequence[str] = (), cache: Cache | None = None) -> Graph:
    """The import graph of one tree: see ``Project.graph``."""
    return Project(packages, cache).graph(tree)


def _largest(paths: Sequence[str]) -> tuple[str, ...]:
    found = top_packages(paths)
    if not found:
        raise UsageError("no Python package in this source")
    return (found[0],)


def _graph_key(packages: Sequence[str], modules: dict[str, Module], blobs: dict[str, str]) -> str:
    parts = [str(GRAPH_VERSION), *packages]
    parts.extend(blobs.get(path, "") for path in FILES)
    parts.extend(f"{m.path} {blobs.get(m.name)} {m.name}" for m in modules.values())
    text = "\n".join(parts).encode("utf-8", "surrogateescape")
    return hashlib.sha256(text).hexdigest()


_KINDS = list(Kind)


def _stored(graph: Graph) -> list[Any]:
    """The graph as lists of numbers and few strings: names are counted once."""
    names = list(graph.modules)
    number = {name: index for index, name in enumerate(names)}
    kinds = {kind: index for index, kind in enumerate(_KINDS)}
    return [
        [[number[a], number[b], line, kinds[k], via, at] for a, b, line, k, via, at in graph.edges],
        [[number[a], b, line, kinds[k]] for a, b, line, k in graph.externals],
        [list(unknown) for unknown in graph.unknown],
        [list(unreadable) for unreadable in graph.unreadable],
        [graph.lines.get(name, -1) for name in names],
    ]


def _restored(packages: Sequence[str], modules: dict[str, Module], stored: list[Any]) -> Graph:
    names = list(modules)
    edges, externals, unknown, unreadable, lines = stored
    return Graph(
        tuple(packages),
        modules,
        [Edge(names[a], names[b], line, _KINDS[k], via, at) for a, b, line, k, via, at in edges],
        [External(names[a], b, line, _KINDS[k]) for a, b, line, k in externals],
        [Unknown(a, b, c, d, e, f, tuple(g)) for a, b, c, d, e, f, g in unknown],
        [Unreadable(*row) for row in unreadable],
        {name: count for name, count in zip(names, lines, strict=True) if count >= 0},
    )
