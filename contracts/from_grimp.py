"""The world that ``lint-imports`` sees: grimp's graph, and the files it was made from.

No code is imported: packages are found by their specification. Imports by string are added
only for contracts that ask: grimp has none.
"""

from __future__ import annotations

import ast
import atexit
import importlib.util
import os
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts.file_facts import BY_STRING, Store
from contracts.strings import mentions
from contracts.world import (
    CALL,
    IMPORT,
    ON_CALL,
    PARENT,
    STRING,
    Import,
    Place,
    World,
    sorted_imports,
)

if TYPE_CHECKING:
    from grimp import ImportGraph

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
    if False not in worlds:
        worlds[False] = build(graph, list(session["root_packages"]))
    if dynamic and True not in worlds:
        worlds[True] = with_strings(worlds[False])
    return worlds[dynamic]


def build(graph: ImportGraph, roots: list[str]) -> World:
    """Modules and imports of ``graph``, paths relative to the working directory."""
    places: dict[str, Place] = {}
    bases = {root: _base(root) for root in roots}
    for module in sorted(graph.modules):
        root = next((r for r in roots if module == r or module.startswith(r + ".")), None)
        if root is not None:
            places[module] = _place(bases[root], root, module)
    store = Store(_CACHE / "contracts.json" if _CACHE.is_dir() else None)
    # Nobody tells a contract that it is the last one.
    atexit.register(store.save)
    world = World(places, (), (), _read, files=_files, key=_key, store=store)
    imports: list[Import] = []
    outside: list[Import] = []
    for module in places:
        parent = module.rpartition(".")[0]
        if parent in places:
            imports.append(Import(module, parent, 0, PARENT))
        in_functions = world.facts(module).in_functions
        for imported in graph.find_modules_directly_imported_by(module):
            target = imports if imported in places else outside
            details = graph.get_import_details(importer=module, imported=imported)
            for line in [detail["line_number"] for detail in details] or [0]:
                how = ON_CALL if line in in_functions else IMPORT
                target.append(Import(module, imported, line, how))
    world.imports, world.outside = sorted_imports(imports), sorted_imports(outside)
    return world


def with_strings(world: World) -> World:
    """The same with imports by string, and what calls at import time load by them."""
    more: list[Import] = []
    # By function, as module and name: what it imports.
    on_call: dict[tuple[str, str], list[str]] = {}
    for mention in world.cached("mentions", mentions):
        if mention.kind != BY_STRING:
            continue
        function = world.remembered(
            mention.importer,
            f"function at {mention.line}",
            partial(_function_at, world, mention.importer, mention.line),
        )
        how = ON_CALL if function is not None else STRING
        more.append(Import(mention.importer, mention.module, mention.line, how, True))
        if function:
            on_call.setdefault((mention.importer, function), []).append(mention.module)
    for (module, function), targets in on_call.items():
        # A call through a module that re-exports the function is not followed.
        for caller in sorted({module, *(e.importer for e in world.importers_of(module))}):
            calls = partial(_calls, world, caller, module, function)
            for line in world.remembered(caller, f"calls {module}:{function}", calls):
                more += [Import(caller, target, line, CALL, True) for target in targets]
    return replace(
        world,
        imports=sorted_imports([*world.imports, *more]),
        _from={},
        _to={},
        _outside={},
        _answers={},
    )


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
    if function.encode() + b"(" not in world.source(caller):
        return []
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


def _key(path: str) -> str:
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return ""
    return f"{path} {status.st_mtime_ns} {status.st_size}"


def _read(path: str) -> bytes | None:
    try:
        return Path(path).read_bytes()
    except OSError:
        return None


def _files(folder: str) -> list[str]:
    here = Path(folder)
    return sorted(f"{folder}/{p.name}" for p in here.iterdir()) if here.is_dir() else []
