"""The world that ``lint-imports`` sees: grimp's graph, and the files it was made from.

No code is imported: packages are found by their specification. What no statement shows grimp
does not have; the engine's reader adds it for contracts that ask.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extractor_contracts.file_facts import Store, stat_key
from extractor_contracts.waiting_imports import FOR_MAIN, FOR_TYPES, IN_FUNCTION
from extractor_contracts.world import (
    CALL,
    IMPORT,
    ON_CALL,
    PARENT,
    Import,
    Imports,
    Place,
    Reader,
    World,
    sorted_imports,
)
from extractor_contracts.world import TYPE_CHECKING as NOT_LOADED

if TYPE_CHECKING:
    from grimp import ImportGraph

    from extractor.contracting.world import ModuleReader

_HOW = {IN_FUNCTION: ON_CALL, FOR_TYPES: NOT_LOADED}
# Where import-linter keeps its own cache, if it keeps one.
_CACHE = Path(".import_linter_cache")

# The last run's worlds: import-linter hands each contract a copy of the same graph.
_last: tuple[Mapping[str, Any], dict[bool, World]] | None = None


def world_of(graph: ImportGraph, session: Mapping[str, Any], dynamic: bool = False) -> World:
    """The world of ``graph``; the same object for all contracts of one run."""
    global _last
    if _last is None or _last[0] is not session:
        _last = (session, {})
    worlds = _last[1]
    if dynamic not in worlds:
        known = worlds.get(not dynamic)
        worlds[dynamic] = build(
            graph, list(session["root_packages"]), dynamic, known.store if known else None
        )
    return worlds[dynamic]


def build(graph: ImportGraph, roots: list[str], dynamic: bool, store: Store | None = None) -> World:
    """Modules and imports of ``graph``, paths relative to the working directory."""
    places: dict[str, Place] = {}
    bases = {root: _base(root) for root in roots}
    for module in sorted(graph.modules):
        root = next((r for r in roots if module == r or module.startswith(r + ".")), None)
        if root is not None:
            places[module] = _place(bases[root], root, module)
    if store is None:
        store = Store(_CACHE / "contracts.json" if _CACHE.is_dir() else None)
        # Nobody tells a contract that it is the last one.
        atexit.register(store.save)
    reader = _GraphReader(graph, roots, dynamic)
    world = World(places, reader, _read, files=_files, key=stat_key, store=store)
    reader.world = world
    return world


class _GraphReader(Reader):
    """Import statements as grimp has them; what none of them shows where it is ``dynamic``."""

    world: World

    def __init__(self, graph: ImportGraph, roots: list[str], dynamic: bool) -> None:
        self.graph = graph
        self.roots = roots
        self.dynamic = dynamic
        self._engine: ModuleReader | None = None

    def named_by(self, module: str) -> Imports:
        inside: list[Import] = []
        outside: list[Import] = []
        waiting: dict[int, str] | None = None
        for imported in self.graph.find_modules_directly_imported_by(module):
            if waiting is None:
                waiting = self.world.waiting_imports(module)
            target = inside if imported in self.world.modules else outside
            details = self.graph.get_import_details(importer=module, imported=imported)
            for line in [detail["line_number"] for detail in details] or [0]:
                why = waiting.get(line, "")
                if why != FOR_MAIN:
                    target.append(Import(module, imported, line, _HOW.get(why, IMPORT)))
        if self.dynamic:
            named = self._reader().named_by(module).inside
            inside += [edge for edge in named if self.world.by_string(edge)]
        return Imports(sorted_imports(inside), sorted_imports(outside))

    def all_of(self, module: str) -> Imports:
        named = self.world.named_by(module)
        inside, outside = list(named.inside), list(named.outside)
        parent = module.rpartition(".")[0]
        if parent in self.world.modules:
            inside.append(Import(module, parent, 0, PARENT))
        if self.dynamic:
            found = self._reader().all_of(module)
            inside += [edge for edge in found.inside if edge.how == CALL]
            outside += [edge for edge in found.outside if edge.how == CALL]
        return Imports(sorted_imports(inside), sorted_imports(outside))

    def hidden(self, roots: Sequence[str]) -> Collection[str]:
        return self._reader().hidden(roots) if self.dynamic else ()

    def _reader(self) -> ModuleReader:
        """The engine's, which follows strings, entry points and calls at import time."""
        if self._engine is None:
            from extractor.analysis.modules import Module
            from extractor.analysis.surroundings import surroundings
            from extractor.contracting.world import ModuleReader
            from extractor.project.facts import project_of
            from extractor.source.tree import FolderTree

            modules = {
                name: Module(name, place.path or None, place.is_package)
                for name, place in self.world.modules.items()
            }
            around = surroundings(project_of(FolderTree(Path())), modules)
            self._engine = ModuleReader(self.roots, modules, around)
            self._engine.world = self.world
        return self._engine


def _base(root: str) -> str:
    spec = importlib.util.find_spec(root)
    folders = list(spec.submodule_search_locations or ()) if spec is not None else []
    return os.path.relpath(folders[0]) if folders else root.replace(".", "/")


def _place(base: str, root: str, module: str) -> Place:
    inner = module[len(root) + 1 :].replace(".", "/")
    folder = f"{base}/{inner}" if inner else base
    for path, is_package in ((f"{folder}/__init__.py", True), (f"{folder}.py", False)):
        if os.path.isfile(path):  # noqa: PTH113 - pathlib doubles the cost of many files
            return Place(path, is_package)
    return Place("", True)


def _read(path: str) -> bytes | None:
    try:
        return Path(path).read_bytes()
    except OSError:
        return None


def _files(folder: str) -> list[str]:
    here = Path(folder)
    return sorted(f"{folder}/{p.name}" for p in here.iterdir()) if here.is_dir() else []
