"""Classes of a registry are found through it by name, where no import shows it."""

from __future__ import annotations

import ast
import hashlib
import re
from functools import partial

from contracts.base import RatchetedContract, text, texts
from contracts.selection import any_covers
from contracts.verdict import Finding, Violation
from contracts.world import CALL, PARENT, World


class Registry(RatchetedContract):
    """Classes that ``modules`` register with ``registry`` are used only by those listed.

    Both ways count: importing their module, and reading them off the registry's package
    (``objects.Thing``, ``objects.thing_module``).

    Configuration options:

    - registry:   The package that others read the classes off.
    - modules:    Module expressions of the modules whose classes are meant.
    - users:      Module expressions of those who may use them. (Optional.)
    - decorators: Last names of the class decorators that register; default
                  ``register`` and ``register_if``.
    """

    type_name = "registry"

    registry: str = text()
    modules: list[str] = texts()
    users: list[str] = texts([])
    decorators: list[str] = texts(["register", "register_if"])

    def find(self, world: World) -> Finding:
        package = self.registry
        homes = [m for m in world.modules if any_covers(self.modules, m)]
        owner: dict[str, str] = {}
        for module in homes:
            for name in self._registered(world, module):
                owner[name] = module
        found = []
        for module in homes:
            for edge in world.importers_of(module):
                if edge.how in {PARENT, CALL} or edge.importer in homes or self._may(edge.importer):
                    continue
                if not self.dynamic and world.by_string(edge):
                    continue
                found.append(self._violation(world, edge.importer, module, edge.line))
        short = {m[len(package) + 1 :]: m for m in homes if m.startswith(package + ".")}
        for importer in self._askers(world, package, set(owner) | set(short)):
            if importer in homes or self._may(importer):
                continue
            for use in world.uses(importer):
                if not use.dotted.startswith(package + "."):
                    continue
                name = use.dotted[len(package) + 1 :].partition(".")[0]
                if name in owner:
                    what = f"{package}:{name}"
                    found.append(self._violation(world, importer, what, use.line))
                elif name in short and not use.imported:
                    found.append(self._violation(world, importer, short[name], use.line))
        summary = f"{len(owner)} classes registered in {len(homes)} modules"
        return Finding(tuple(found), summary)

    def _may(self, importer: str) -> bool:
        return any_covers(self.users, importer)

    def _askers(self, world: World, package: str, names: set[str]) -> list[str]:
        """Modules that import the registry and spell one of the names."""
        last = package.rpartition(".")[2]
        words = "|".join(re.escape(name) for name in sorted(names)).encode()
        alias = re.compile(rf"\b{last}\s+as\s+(\w+)".encode())
        statement = re.compile(
            rf"\bfrom[ \t]+(?:[\w.]*\b{last}|\.+)[ \t]+import\b[ \t]*(\([^)]*\)|[^\n]*)".encode()
        )
        word = re.compile(rb"\b(?:%s)\b" % words)

        def asks(module: str) -> bool:
            source = world.source(module)
            heads = b"|".join(sorted({last.encode(), *alias.findall(source)}))
            if re.search(rb"\b(?:%s)\s*\.\s*(?:%s)\b" % (heads, words), source):
                return True
            return any(word.search(imported) for imported in statement.findall(source))

        question = hashlib.sha1(package.encode() + words, usedforsecurity=False).hexdigest()[:12]
        importers = {e.importer for e in world.importers_of(package) if e.how != PARENT}
        return [
            module
            for module in sorted(importers if names else ())
            if world.remembered(module, question, partial(asks, module))
        ]

    def _registered(self, world: World, module: str) -> list[str]:
        def read() -> list[str]:
            tree = world.tree(module)
            return [
                node.name
                for node in (tree.body if tree is not None else ())
                if isinstance(node, ast.ClassDef) and any(map(self._registers, node.decorator_list))
            ]

        return world.remembered(module, f"registered by {' '.join(self.decorators)}", read)

    def _registers(self, decorator: ast.expr) -> bool:
        function = decorator.func if isinstance(decorator, ast.Call) else decorator
        last = getattr(function, "attr", getattr(function, "id", ""))
        return last in self.decorators

    def _violation(self, world: World, importer: str, what: str, line: int) -> Violation:
        return Violation(
            key=f"{importer} -> {what}",
            path=world.path(importer),
            line=line,
            message=f"{importer} uses {what}, which only its own side may use",
            way_out=self.way_out or "ask for it through an interface of its owner",
        )
