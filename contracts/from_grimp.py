"""The world that ``lint-imports`` sees: grimp's graph, and the files it was made from.

No code is imported: packages are found by their specification. Imports by string are added
only for contracts that ask: grimp has none.
"""

from __future__ import annotations

import ast
import importlib.util
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts.names_used import names_used
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

_FUNCTIONS = frozenset(
    {
        "__import__",
        "import_any",
        "import_class",
        "import_module",
        "import_object",
        "import_object_ns",
        "import_string",
        "import_versioned_module",
        "resolve_name",
        "try_import",
    }
)
_SPELLED = re.compile(b"|".join(re.escape(name.encode()) for name in sorted(_FUNCTIONS)))

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
    imports: list[Import] = []
    outside: list[Import] = []
    for module in places:
        parent = module.rpartition(".")[0]
        if parent in places:
            imports.append(Import(module, parent, 0, PARENT))
        for imported in graph.find_modules_directly_imported_by(module):
            target = imports if imported in places else outside
            details = graph.get_import_details(importer=module, imported=imported)
            for detail in details:
                how = ON_CALL if detail.get("is_lazy") else IMPORT
                target.append(Import(module, imported, detail["line_number"], how))
            if not details:
                target.append(Import(module, imported, 0, IMPORT))
    return World(places, sorted_imports(imports), sorted_imports(outside), _read, files=_files)


def with_strings(world: World) -> World:
    """The same with imports by string, and what calls at import time load by them."""
    more: list[Import] = []
    on_call: dict[str, list[str]] = {}
    for module in world.modules:
        if not _SPELLED.search(world.source(module)):
            continue
        for function, target, line in _strings(world, module):
            more.append(Import(module, target, line, ON_CALL if function else STRING, True))
            if function:
                on_call.setdefault(f"{module}.{function}", []).append(target)
    words = {name.rpartition(".")[2].encode() + b"(" for name in on_call}
    for module in world.modules if words else ():
        source = world.source(module)
        if any(word in source for word in words):
            for dotted, line in _calls(world, module):
                more += [Import(module, t, line, CALL, True) for t in on_call.get(dotted, ())]
    return World(
        world.modules,
        sorted_imports([*world.imports, *more]),
        world.outside,
        world.read,
        world.parse,
        world.files,
        _trees=world._trees,
        _uses=world._uses,
    )


def _strings(world: World, module: str) -> Iterator[tuple[str, str, int]]:
    """(function or empty, first-party module, line) of each import by a constant string."""
    tree = world.tree(module)
    pending: list[tuple[ast.AST, str]] = [(tree, "")] if tree is not None else []
    while pending:
        node, function = pending.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            function = function or node.name
        if isinstance(node, ast.Call) and node.args:
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            first = node.args[0]
            if called in _FUNCTIONS and isinstance(first, ast.Constant):
                target = world.split(str(first.value))[0]
                if target:
                    yield function, target, node.lineno
        pending.extend((child, function) for child in ast.iter_child_nodes(node))


def _calls(world: World, module: str) -> Iterator[tuple[str, int]]:
    """What ``module`` calls when it is imported, as dotted names."""
    tree = world.tree(module)
    if tree is None:
        return
    bound = {(use.line, use.dotted) for use in names_used(tree, module, False)}
    own = {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in own:
                yield f"{module}.{node.func.id}", node.lineno
            last = getattr(node.func, "attr", getattr(node.func, "id", None))
            for line, dotted in bound:
                if line == node.func.lineno and dotted.rpartition(".")[2] == last:
                    yield dotted, node.lineno
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            pending.extend(ast.iter_child_nodes(node))


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
