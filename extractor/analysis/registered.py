"""Classes that a decorator hangs on a package, so that others find them there by name.

A registry has a function that calls ``setattr(package, ..., cls)``. Each class that one of its
methods decorates is then an attribute of the package, which no import statement shows.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping

from extractor.analysis.names import ModuleNames, Unit
from extractor.parsing import UnreadableSource, parse_ast

Names = Callable[[str], ModuleNames | None]
# Only a file with this text can be a registry; to look for it costs next to nothing.
_HANGS = b"setattr("


def registered_classes(
    package: str, modules: Mapping[str, str], read: Callable[[str], bytes], names: Names
) -> dict[str, str]:
    """The classes found on ``package``, each with the module that defines it.

    ``modules`` are dotted names to paths, ``read`` gives a file's content, ``names`` the table
    of a module. A class that is registered twice is its first module's, in the order of names.
    """
    below = {m: path for m, path in modules.items() if m.startswith(f"{package}.")}
    registries = {
        (module, name)
        for module, path in below.items()
        if _HANGS in (content := read(path))
        for name in _registries(content, path, package, names(module))
    }
    found: dict[str, str] = {}
    for module in below if registries else ():
        table = names(module)
        for unit in table.units if table is not None else ():
            if table is not None and _is_registered(unit, table, registries):
                found.setdefault(unit.names[0], module)
    return found


def _registries(
    content: bytes, path: str, package: str, table: ModuleNames | None
) -> Iterator[str]:
    """Top-level definitions that hang something on ``package``."""
    if table is None:
        return
    try:
        statements = parse_ast(content, path)[0].body
    except UnreadableSource:
        return
    for statement in statements:
        if isinstance(statement, ast.ClassDef | ast.FunctionDef) and any(
            _is_package(call.args[0], package, table) for call in _setattrs(statement)
        ):
            yield statement.name


def _setattrs(statement: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(statement):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "setattr"
            and len(node.args) == 3
        ):
            yield node


def _is_package(target: ast.expr, package: str, table: ModuleNames) -> bool:
    if not isinstance(target, ast.Name):
        return False
    imported = (
        ".".join(part for part in found if part)
        for index in table.binders.get(target.id, ())
        for name, found in table.units[index].imports
        if name == target.id
    )
    return package in imported


def _is_registered(unit: Unit, table: ModuleNames, registries: set[tuple[str, str]]) -> bool:
    return unit.kind == "class" and any(
        found in registries for chain in unit.decorators for found in _leads_to(chain, table)
    )


def _leads_to(chain: tuple[str, ...], table: ModuleNames) -> Iterator[tuple[str, str]]:
    """Each module and name that a decorator may come from, by this module's imports."""
    for index in table.binders.get(chain[0], ()):
        if not table.units[index].imports:
            yield table.module, chain[0]
        for name, target in table.units[index].imports:
            if name == chain[0]:
                # Either the registry itself is imported, or the module that has it.
                yield target.module, target.name
                module = f"{target.module}.{target.name}" if target.name else target.module
                yield from ((module, part) for part in chain[1:2])
