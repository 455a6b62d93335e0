"""From a tree to its import graph: read, scan, assemble, with what is known left out."""

from __future__ import annotations

import dataclasses
import gc
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from extractor.analysis.cache import Cache
from extractor.analysis.facts import Body, Facts
from extractor.analysis.graph import Edge, External, Graph, Kind, Unknown, Unreadable
from extractor.analysis.import_edges.building import build_graph
from extractor.analysis.modules import Module, find_modules, paths_of
from extractor.analysis.name_reader import read_names
from extractor.analysis.names import ModuleNames
from extractor.analysis.references import (
    REFERENCES_VERSION,
    Reference,
    ReferenceKind,
    find_references,
)
from extractor.analysis.registry import (
    REGISTRY_VERSION,
    Coupling,
    Sources,
    coupling_from_plain,
    registry_coupling,
)
from extractor.analysis.resolver import Resolver
from extractor.analysis.scan import scan, scan_function
from extractor.analysis.surroundings import Surroundings, surroundings
from extractor.analysis.uses import Uses, uses_of
from extractor.errors import UsageError
from extractor.parsing import UnreadableSource
from extractor.project.declared import FILES
from extractor.project.facts import Project as ProjectFacts
from extractor.project.facts import project_of
from extractor.source.tree import GitTree, Tree, blob_id

# Part of a graph's key: raise it whenever the same facts can give another graph.
GRAPH_VERSION = 5


class Project:
    """Import graphs of one project's revisions: a file is read once, whatever its revisions.

    With ``cache`` also once over all runs.
    """

    def __init__(self, packages: Sequence[str] = (), cache: Cache | None = None) -> None:
        self.packages = tuple(packages)
        self.cache = cache
        self._facts: dict[str, Facts] = {}
        self._functions: dict[str, Body | None] = {}
        # Of the tree at hand: it is read for the graph, for uses and for names.
        self._tree: Tree | None = None
        self._sources: dict[str, bytes] = {}
        self._blobs: dict[str, str] = {}

    def graph(self, tree: Tree) -> Graph:
        """The import graph of ``tree``: of its largest package when none was named."""
        facts = project_of(tree)
        packages = self.packages or _largest(facts)
        modules = find_modules(tree.paths(), packages)
        blobs = self._blobs_of(tree, modules)
        around = surroundings(facts, modules)
        stubs = _stubs(tree, modules)
        beside = [tree.entry(path).blob for path in stubs.values()]
        key = _graph_key(packages, modules, blobs, [*around.key(), *beside])
        if self.cache is not None:
            stored = self.cache.graph(key)
            if stored is not None:
                return _restored(packages, modules, stored)
        around = dataclasses.replace(
            around, stubs={m: scan(tree.read(path), path) for m, path in stubs.items()}
        )
        with _collection_paused():
            graph = self._build(tree, packages, modules, blobs, around)
        if self.cache is not None:
            self.cache.add({}, {}, {key: _stored(graph)})
        return graph

    def uses(self, tree: Tree, graph: Graph) -> tuple[dict[str, Uses], dict[str, str]]:
        """What every module of ``graph`` uses of the packages, and those that cannot be read."""
        tops = {package.partition(".")[0] for package in graph.packages}
        blobs = self._blobs_of(tree, graph.modules)
        for path in FILES:
            blobs.pop(path, None)
        of_tops = ",".join(sorted(tops))
        # The same text means something else as a package: relative imports lead elsewhere.
        keys = {
            name: f"{blob}:{name}:{graph.modules[name].is_package}:{of_tops}"
            for name, blob in blobs.items()
        }
        known = self.cache.uses(keys.values()) if self.cache is not None else {}
        self._know(blob for name, blob in blobs.items() if keys[name] not in known)
        found: dict[str, Uses] = {}
        failed: dict[str, str] = {}
        new: dict[str, Uses] = {}
        for name in blobs:
            if keys[name] in known:
                found[name] = known[keys[name]]
                continue
            module = graph.modules[name]
            source = self._source(tree, module.path or "")
            facts = self._facts_at(tree, module.path or "")
            try:
                uses = uses_of(source, facts, name, module.is_package, tops)
            except UnreadableSource as error:
                failed[name] = str(error)
            else:
                found[name] = new[keys[name]] = uses
        if self.cache is not None:
            self.cache.add_uses(new)
        return found, failed

    @contextmanager
    def resolver(self, tree: Tree, graph: Graph) -> Iterator[Resolver]:
        """What finds the names of ``graph``'s modules; what it read is kept when it is left."""
        new: dict[str, ModuleNames] = {}

        def read(module: str, path: str) -> ModuleNames:
            is_package = path.endswith("/__init__.py")
            key = f"{self._blob(tree, path)}:{module}:{is_package}"
            known = self.cache.names([key]) if self.cache is not None else {}
            if key not in known:
                source = self._source(tree, path)
                known[key] = new[key] = read_names(source, module, is_package, path)
            return known[key]

        yield Resolver(tree, {m.name: m.path for m in graph.modules.values() if m.path}, read)
        if self.cache is not None:
            self.cache.add_names(new)

    def coupling(self, tree: Tree, graph: Graph, package: str) -> Coupling:
        """The registry ``package``: see ``registry_coupling``."""

        def facts(module: str) -> Facts:
            path = graph.modules[module].path
            return self._facts_at(tree, path) if path else Facts()

        around = surroundings(project_of(tree), graph.modules)
        blobs = self._blobs_of(tree, graph.modules)
        of_graph = _graph_key(graph.packages, graph.modules, blobs, list(around.key()))
        key = _hash(["coupling", str(REGISTRY_VERSION), of_graph, package])
        stored = self.cache.answer(key) if self.cache is not None else None
        if stored is not None:
            return coupling_from_plain(stored)
        sources = Sources(lambda path: self._source(tree, path), facts, self.uses(tree, graph)[0])
        coupling = registry_coupling(graph, package, sources)
        if self.cache is not None:
            self.cache.add_answer(key, dataclasses.asdict(coupling))
        return coupling

    def references(self, tree: Tree, graph: Graph, below: Sequence[str] = ()) -> list[Reference]:
        """References outside of imports: see ``find_references``."""
        entries = (f"{path} {tree.entry(path)}" for path in tree.paths())
        question = ["references", str(REFERENCES_VERSION), *graph.packages, "", *below, ""]
        key = _hash([*question, *entries])
        stored = self.cache.answer(key) if self.cache is not None else None
        if stored is None:
            modules = paths_of(graph.modules)
            stored = find_references(
                tree,
                graph,
                below,
                lambda path: self._source(tree, path) if path in modules else tree.read(path),
            )
            if self.cache is not None:
                self.cache.add_answer(key, stored)
        return [
            Reference(a, b, line, ReferenceKind(kind), *rest) for a, b, line, kind, *rest in stored
        ]

    def _source(self, tree: Tree, path: str) -> bytes:
        self._look_at(tree)
        if path not in self._sources:
            self._sources[path] = tree.read(path)
        return self._sources[path]

    def _blob(self, tree: Tree, path: str) -> str:
        """The name of a file's content: git's, or else the content's hash, for which it is read."""
        if isinstance(tree, GitTree):
            return tree.entry(path).blob
        self._look_at(tree)
        if path not in self._blobs:
            self._blobs[path] = blob_id(self._source(tree, path))
        return self._blobs[path]

    def _know(self, blobs: Iterable[str]) -> None:
        """Take the facts that the cache has."""
        missing = {blob for blob in blobs if blob not in self._facts}
        if self.cache is not None and missing:
            self._facts.update(self.cache.facts(missing))

    def _facts_at(self, tree: Tree, path: str) -> Facts:
        blob = self._blob(tree, path)
        self._know([blob])
        if blob not in self._facts:
            self._facts[blob] = scan(self._source(tree, path), path)
        return self._facts[blob]

    def _blobs_of(self, tree: Tree, modules: Mapping[str, Module]) -> dict[str, str]:
        """Names of contents: of modules by name, of files that say of entry points by path."""
        blobs = {m.name: self._blob(tree, m.path) for m in modules.values() if m.path is not None}
        paths = frozenset(tree.paths())
        return blobs | {path: tree.entry(path).blob for path in FILES if path in paths}

    def _look_at(self, tree: Tree) -> None:
        if self._tree is not tree:
            self._tree, self._sources, self._blobs = tree, {}, {}

    def _build(
        self,
        tree: Tree,
        packages: Sequence[str],
        modules: dict[str, Module],
        blobs: dict[str, str],
        around: Surroundings,
    ) -> Graph:
        def read(name: str) -> bytes:
            return self._source(tree, modules[name].path or "")

        blobs = {name: blob for name, blob in blobs.items() if name not in FILES}
        self._know(blobs.values())
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
        graph = build_graph(packages, modules, facts, look, around)
        if self.cache is not None:
            self.cache.add(new_facts, new_functions, {})
        return graph


def import_graph(tree: Tree, packages: Sequence[str] = (), cache: Cache | None = None) -> Graph:
    """The import graph of one tree: see ``Project.graph``."""
    return Project(packages, cache).graph(tree)


@contextmanager
def _collection_paused() -> Iterator[None]:
    """Nothing that reading a tree drops is in a circle: looking for those takes longer a file
    the more files there are."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _largest(facts: ProjectFacts) -> tuple[str, ...]:
    if not facts.tops:
        raise UsageError("no Python package in this source: name one with --package")
    return facts.tops[:1]


def _stubs(tree: Tree, modules: Mapping[str, Module]) -> dict[str, str]:
    """The stubs beside the files of packages, by module."""
    paths = frozenset(path for path in tree.paths() if path.endswith("/__init__.pyi"))
    found = {m.name: f"{m.path}i" for m in modules.values() if m.path is not None}
    return {module: path for module, path in found.items() if path in paths}


def _graph_key(
    packages: Sequence[str],
    modules: Mapping[str, Module],
    blobs: dict[str, str],
    around: Sequence[str],
) -> str:
    parts = [str(GRAPH_VERSION), *packages, *around]
    parts.extend(blobs.get(path, "") for path in FILES)
    parts.extend(f"{m.path} {blobs.get(m.name)} {m.name}" for m in modules.values())
    return _hash(parts)


def _hash(parts: Sequence[str]) -> str:
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
