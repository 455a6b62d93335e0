"""A symbol has one definition: the other side may use it, not copy it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from extractor_contracts.base import RatchetedContract, invalid, texts
from extractor_contracts.naming import defines
from extractor_contracts.selection import any_covers
from extractor_contracts.verdict import Finding, Violation
from extractor_contracts.words import counted
from extractor_contracts.world import World


class OwnedSymbols(RatchetedContract):
    """Each of ``symbols`` is defined in its own module and nowhere else.

    Configuration options:

    - symbols:   ``module:name``, the one place where a top-level class, function or value is
                 defined. A name listed with several modules may be in the first that has it.
    - namesakes: ``module: name, name``: definitions of these names that are something else.
                 One that is not there is a violation. (Optional.)
    - within:    Module expressions of where copies are looked for. (Optional; all modules.)
    - ignore:    Module expressions where they are not. (Optional.)

    An assignment of another name (``Thing = other.Thing``) is use, not a copy.
    """

    type_name = "owned_symbols"

    symbols: list[str] = texts()
    namesakes: list[str] = texts([])
    within: list[str] = texts([])
    ignore: list[str] = texts([])

    def validate(self) -> None:
        for text in self.symbols:
            if ":" not in text:
                raise invalid(symbols=f"{text!r}: write 'module:name'.")
        for text in self.namesakes:
            if ":" not in text:
                raise invalid(namesakes=f"{text!r}: write 'module: name, name'.")

    def find(self, world: World) -> Finding:
        owners: dict[str, list[str]] = {}
        for text in self.symbols:
            module, _, name = (part.strip() for part in text.partition(":"))
            owners.setdefault(name, []).append(module)
        homes = {name: self._home(world, name, modules) for name, modules in owners.items()}
        found = [
            Violation(
                key=f"{owners[name][0]}:{name} is not defined",
                path=world.path(owners[name][0]) if owners[name][0] in world.modules else "",
                line=0,
                message=f"{name} has no definition in {' or '.join(owners[name])}",
                way_out="restore it, or name its new place in the contract",
            )
            for name, home in sorted(homes.items())
            if not home
        ]
        others = {
            (module.strip(), name.strip())
            for module, _, names in (text.partition(":") for text in self.namesakes)
            for name in names.split(",")
        }
        for module, name in sorted(others):
            if module not in world.modules or name not in dict(_defined(world, module)):
                found.append(
                    Violation(
                        key=f"{module}:{name} is not a namesake",
                        path=world.path(module) if module in world.modules else "",
                        line=0,
                        message=f"{module} defines no {name}",
                        way_out="remove it from the contract's namesakes",
                    )
                )
        looked_into = [
            module
            for module in world.modules
            if (not self.within or any_covers(self.within, module))
            and not any_covers(self.ignore, module)
        ]
        names = sorted(owners)
        spelled = world.spelled(names, looked_into)
        for module in world.where(f"defines {' '.join(names)}", defines(names), spelled):
            for name, line in _defined(world, module):
                if name in owners and homes[name] != module and (module, name) not in others:
                    found.append(
                        Violation(
                            key=f"{module}:{name}",
                            path=world.path(module),
                            line=line,
                            message=f"{name} is defined again; it belongs to {homes[name]}",
                            way_out=self.way_out or f"use {homes[name]}.{name}",
                        )
                    )
        return Finding(tuple(found), counted(len(owners), "symbol"))

    def _home(self, world: World, name: str, modules: list[str]) -> str:
        for module in modules:
            if module in world.modules and name in dict(_defined(world, module)):
                return module
        return ""


def _defined(world: World, module: str) -> list[tuple[str, int]]:
    return world.remembered(module, "defined", lambda: list(definitions(world.top_level(module))))


def definitions(statements: Sequence[ast.stmt]) -> Iterator[tuple[str, int]]:
    """Top-level names with a definition of their own, and its line."""
    for node in statements:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.lineno
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            if node.value is None or isinstance(node.value, (ast.Name, ast.Attribute)):
                continue
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Name):
                    yield target.id, node.lineno
