"""The world that ``lint-imports`` sees: grimp's graph, and the files it was made from.

No code is imported: packages are found by their specification. Imports by string are added
only for contracts that ask: grimp has none.
"""

from __future__ import annotations

import ast
import atexit
import importlib.util
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts.file_facts import Store, stat_key
from contracts.naming import spells
from contracts.strings import imported_by_string
from contracts.waiting_imports import FOR_MAIN, FOR_TYPES, IN_FUNCTION
from contracts.world import (
    CALL,
    IMPORT,
    ON_CALL,
    PARENT,
    STRING,
    Import,
    Imports,
    Place,
    Reader,
    World,
    sorted_imports,
)
from contracts.world import TYPE_CHECKING as NOT_LOADED

if TYPE_CHECKING:
    from grimp import ImportGraph

_HOW = {IN_FUNCTION: ON_CALL, FOR_TYPES: NOT_LOADED}
# The last parts of the names of stevedore's managers.
_MANAGERS = ("DriverManager", "ExtensionManager", "HookManager")

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
    reader = _GraphReader(graph, dynamic)
    world = World(places, reader, _read, files=_files, key=stat_key, store=store)
    reader.world = world
    return world


class _GraphReader(Reader):
    """Import statements as grimp has them; imports by string where they are ``dynamic``."""

    world: World

    def __init__(self, graph: ImportGraph, dynamic: bool) -> None:
        self.graph = graph
        self.dynamic = dynamic
        self._by_string: dict[str, list[Import]] | None = None

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
        inside += [e for e in self._strings_of(module) if e.how != CALL]
        return Imports(sorted_imports(inside), sorted_imports(outside))

    def all_of(self, module: str) -> Imports:
        inside, outside = self.world.named_by(module)
        more = [e for e in self._strings_of(module) if e.how == CALL]
        parent = module.rpartition(".")[0]
        if parent in self.world.modules:
            more.append(Import(module, parent, 0, PARENT))
        return Imports(sorted_imports([*inside, *more]), outside)

    def hidden(self, roots: Sequence[str]) -> Collection[str]:
        # By an entry point a module imports what its text does not name.
        inside = tuple(root + "." for root in roots)
        return {
            importer
            for importer, edges in self._strings().items()
            if any((edge.imported + ".").startswith(inside) for edge in edges)
        }

    def _strings_of(self, module: str) -> list[Import]:
        return self._strings().get(module, [])

    def _strings(self) -> dict[str, list[Import]]:
        if self._by_string is None:
            self._by_string = {}
            for edge in _by_string(self.world, self.graph) if self.dynamic else ():
                self._by_string.setdefault(edge.importer, []).append(edge)
        return self._by_string


def _by_string(world: World, graph: ImportGraph) -> list[Import]:
    """Imports by string, and what calls at import time load by them."""
    # By function, as module and name: what it imports.
    on_call: dict[tuple[str, str], list[str]] = {}
    found = list(_by_entry_point(world, on_call))
    for mention in imported_by_string(world):
        function = world.remembered(
            mention.importer,
            f"function at {mention.line}",
            partial(_function_at, world, mention.importer, mention.line),
        )
        how = ON_CALL if function is not None else STRING
        found.append(Import(mention.importer, mention.module, mention.line, how, True))
        if function:
            on_call.setdefault((mention.importer, function), []).append(mention.module)
    for (module, function), targets in on_call.items():
        # A call through a module that re-exports the function is not followed.
        importers = graph.find_modules_that_directly_import(module)
        called = spells([f"{function}("])
        callers = world.where(
            f"calls {function}", called, sorted({module, *importers} & set(world.modules))
        )
        for caller in callers:
            calls = partial(_calls, world, caller, module, function)
            for line in world.remembered(caller, f"calls {module}:{function}", calls):
                via = f"{module}:{function}"
                found += [Import(caller, target, line, CALL, True, via) for target in targets]
    return found


def _by_entry_point(world: World, on_call: dict[tuple[str, str], list[str]]) -> Iterator[Import]:
    """What stevedore's managers load of the project's own entry points."""
    managing = world.where("has a plugin manager", spells(_MANAGERS), world.modules)
    if not managing:
        return
    # How a project declares entry points, and how code asks for them, the engine knows.
    from extractor.analysis.entry_points import entry_points
    from extractor.analysis.scan import ENTRY_POINTS, scan
    from extractor.source.tree import FolderTree

    points = entry_points(FolderTree(Path()))
    for module in managing:
        facts = scan(world.source(module), world.path(module))
        bodies = [("", facts.top), *facts.functions.items()]
        for function, (line, _flags, _function, argument) in (
            (name, entry) for name, body in bodies for entry in body.dynamic
        ):
            if argument is None or not argument.startswith(ENTRY_POINTS):
                continue
            group, _, wanted = argument[len(ENTRY_POINTS) :].rpartition("|")
            for point in points:
                if (
                    point.group == group
                    and wanted in {"*", point.name}
                    and point.module in world.modules
                ):
                    how = ON_CALL if function else STRING
                    yield Import(module, point.module, line, how, True)
                    if function and "." not in function:
                        on_call.setdefault((module, function), []).append(point.module)


def _function_at(world: World, module: str, line: int) -> str | None:
    """The top-level function around ``line``: ``""`` for a method, ``None`` for none."""
    tree = world.tree(module)
    for node in tree.body if tree is not None else ():
        if not node.lineno <= line <= (node.end_lineno or node.lineno):
            continue
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return node.name
        for inner in ast.walk(node):
            if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)) and (
                inner.lineno <= line <= (inner.end_lineno or inner.lineno)
            ):
                return ""
    return None


def _calls(world: World, caller: str, module: str, function: str) -> list[int]:
    """Lines at which importing ``caller`` calls ``function`` of ``module``."""
    used = {u.line for u in world.uses(caller) if u.dotted == f"{module}.{function}"}
    tree = world.tree(caller)
    found: list[int] = []
    pending: list[ast.AST] = [tree] if tree is not None else []
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Call):
            last = getattr(node.func, "attr", getattr(node.func, "id", None))
            own = caller == module and isinstance(node.func, ast.Name)
            if last == function and (own or node.func.lineno in used):
                found.append(node.lineno)
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            pending.extend(ast.iter_child_nodes(node))
    return sorted(found)


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
