"""Modules that are imported for what they do then, and by no name: handlers that register."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from typing import NamedTuple, TypeGuard

from extractor.analysis.called_by_name import Hooks
from extractor.analysis.names import Imported, ModuleNames, Unit
from extractor.analysis.resolver import Resolver
from extractor.analysis.symbol_walker import SymbolWalker
from extractor.project.relative import absolute
from extractor.project.standard_library import is_standard_library


class _Import(NamedTuple):
    """``spelled`` is how the file names ``module``, which it imports at ``line``."""

    module: str
    spelled: tuple[str, ...]
    line: int


class ImportEffects:
    """Tells what importing a module changes beyond that module itself."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._hooks = Hooks(resolver.tree, resolver.modules)
        self._walker = SymbolWalker(
            resolver, keeps=lambda d, a: self._hooks.keeps(d.module, d.name, a)
        )
        self._lines: dict[str, int] = {}

    def line(self, module: str) -> int:
        """The first line of ``module`` that acts on something outside of it; 0 where none does."""
        if module not in self._lines:
            # A package acts where a module does that it imports from below itself.
            self._lines[module] = 0
            self._lines[module] = next(self._acting(module), 0)
        return self._lines[module]

    def runs(self, module: str) -> int:
        """The first line of ``module`` that calls or changes anything; 0 where none does."""
        parsed = self._hooks.parsed(module) if module in self._resolver.modules else None
        for node in outside_functions(parsed) if parsed is not None else ():
            if _is_call(node) or (isinstance(node, ast.Assign) and _is_of_others(node.targets[0])):
                return node.lineno
        return 0

    def _acting(self, module: str) -> Iterator[int]:
        table = self._resolver.names(module)
        for unit in table.units if table is not None else ():
            assert table is not None
            if (
                self._walker.registers(table, unit)
                or (unit.kind == "class" and self._is_known_to_its_base(module, unit))
                or (not unit.names and unit.kind != "import" and _acts(table, unit))
            ):
                yield unit.first_line
        for found in self._imports(module):
            if found.module.startswith(f"{module}.") and self.line(found.module):
                yield found.line

    def _is_known_to_its_base(self, module: str, unit: Unit) -> bool:
        return any(self._hooks.registers_itself(module, name) for name in unit.names)

    def imported(self, modules: Collection[str]) -> tuple[str, ...]:
        """Modules outside of ``modules`` that these, and each other, import for their effects."""
        found: set[str] = set()
        waiting = list(modules)
        while waiting:
            for module in self._unnamed(waiting.pop()):
                if module not in found and module not in modules and self.line(module):
                    # What acts inside of a package is to come with it.
                    inside = [m for m in self._resolver.modules if m.startswith(f"{module}.")]
                    more = {module, *filter(self.line, inside)} - found - set(modules)
                    found |= more
                    waiting.extend(more)
        return tuple(sorted(found))

    def _unnamed(self, module: str) -> Iterator[str]:
        """What ``module`` imports without a use of the name that this binds."""
        table = self._resolver.names(module)
        if table is None:
            return
        chains = {r.chain for unit in table.units for r in unit.references}
        chains |= {(name,) for name in table.exported or ()}
        for found in self._imports(module):
            if not any(chain[: len(found.spelled)] == found.spelled for chain in chains):
                yield found.module

    def _imports(self, module: str) -> Iterator[_Import]:
        """The modules of the project that ``module`` imports when it is imported itself."""
        parsed = self._hooks.parsed(module) if module in self._resolver.modules else None
        is_package = self._resolver.modules.get(module, "").endswith("/__init__.py")
        for node in outside_functions(parsed) if parsed is not None else ():
            if isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name in self._resolver.modules:
                        spelled = (alias.asname,) if alias.asname else tuple(alias.name.split("."))
                        yield _Import(alias.name, spelled, node.lineno)
            elif isinstance(node, ast.ImportFrom):
                source = absolute(module, is_package, node.level, node.module)
                for alias in node.names:
                    whole = source if alias.name == "*" else f"{source}.{alias.name}"
                    if whole in self._resolver.modules:
                        yield _Import(whole, (alias.asname or alias.name,), node.lineno)


def outside_functions(parsed: ast.AST) -> Iterator[ast.AST]:
    """What runs on import: statements at the top, and those under conditions."""
    for node in ast.iter_child_nodes(parsed):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node
            yield from outside_functions(node)


def _is_call(node: ast.AST) -> TypeGuard[ast.Expr]:
    """A call for its effect; to declare a namespace is none."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and "namespace" not in ast.unparse(node.value.func)
    )


def _is_of_others(target: ast.expr) -> bool:
    return isinstance(target, ast.Attribute | ast.Subscript)


def _acts(table: ModuleNames, unit: Unit) -> bool:
    """Whether a statement that binds nothing calls or changes what comes from elsewhere."""
    chains = [reference.chain for reference in unit.references]
    # What runs only as a program is no effect of an import.
    if ("__name__",) in chains:
        return False
    roots = {chain[0] for chain in chains} | set(unit.augments)
    return any(
        not is_standard_library(target.module) for root in roots for target in _origins(table, root)
    )


def _origins(table: ModuleNames, name: str, depth: int = 3) -> Iterator[Imported]:
    """What a name of the module was imported from, through plain assignments too."""
    for index in table.binders.get(name, ()):
        unit = table.units[index]
        yield from (target for bound, target in unit.imports if bound == name)
        if unit.kind == "assign" and depth:
            for reference in unit.references:
                yield from _origins(table, reference.chain[0], depth - 1)
