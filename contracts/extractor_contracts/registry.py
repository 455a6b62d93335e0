"""Classes of a registry are found through it by name, where no import shows it."""

from __future__ import annotations

import ast
import re
from functools import partial

from extractor_contracts.base import RatchetedContract, text, texts
from extractor_contracts.selection import any_covers
from extractor_contracts.verdict import Finding, Violation
from extractor_contracts.words import counted
from extractor_contracts.world import World


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
        if not homes:
            message = "none of the modules is there: misspelled?"
            found.append(Violation("no modules", "", 0, message))
        own = set(homes)
        others = [m for m in world.modules if m not in own and not any_covers(self.users, m)]
        for edge in world.importing(homes, others):
            if self.dynamic or not world.by_string(edge):
                found.append(self._violation(world, edge.importer, edge.imported, edge.line))
        short = {m[len(package) + 1 :]: m for m in homes if m.startswith(package + ".")}
        for importer in self._askers(world, {*owner, *short}, others):
            for use in world.uses(importer):
                if not use.dotted.startswith(package + "."):
                    continue
                name = use.dotted[len(package) + 1 :].partition(".")[0]
                if name in owner:
                    what = f"{package}:{name}"
                    found.append(self._violation(world, importer, what, use.line))
                elif name in short and not use.imported:
                    found.append(self._violation(world, importer, short[name], use.line))
        classes = counted(len(owner), "class", "classes")
        summary = f"{classes} registered in {counted(len(homes), 'module')}"
        return Finding(tuple(found), summary)

    def _askers(self, world: World, names: set[str], among: list[str]) -> list[str]:
        """Modules whose text reads one of ``names`` off the registry, or imports it from there."""
        if not names:
            return []
        package = self.registry
        plain = package.rpartition(".")[2]
        last = re.escape(plain).encode()
        words = b"|".join(re.escape(name).encode() for name in sorted(names))
        word = re.compile(rb"\b(?:%s)\b" % words)
        read = rb"[\s\\]*\.[\s\\]*(?:%s)\b" % words
        names_of = rb"import\b[ \t]*(\([^)]*\)|(?:\\\n|[^\n;])*)"
        # It begins with the word itself, which is what makes the search fast.
        found_by = re.compile(
            rb"%s(?:(%s)|[\s\\]+as[\s\\]+(\w+)|[\s\\]+%s)" % (last, read, names_of)
        )
        from_here = re.compile(rb"from[ \t]+\.+[\s\\]+" + names_of)

        asks = partial(_asks, found_by, word, read)
        asks_from_inside = partial(_imports_from_here, from_here, word)
        about = f"{package} for {words!r}"
        inside = [m for m in among if (m + ".").startswith(package + ".")]
        return sorted(
            {
                *world.where(f"asks {about}", asks, world.spelled([plain], among)),
                *world.where(f"asks nearby {about}", asks_from_inside, inside),
            }
        )

    def _registered(self, world: World, module: str) -> list[str]:
        def read() -> list[str]:
            return [
                node.name
                for node in world.top_level(module)
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


def _asks(found_by: re.Pattern[bytes], word: re.Pattern[bytes], read: bytes, source: bytes) -> bool:
    others = set()
    for found in found_by.finditer(source):
        reads, alias, imports = found.groups(b"")
        if reads or word.search(imports):
            return True
        others.add(alias)
    return any(re.search(re.escape(name) + read, source) for name in others - {b""})


def _imports_from_here(
    from_here: re.Pattern[bytes], word: re.Pattern[bytes], source: bytes
) -> bool:
    return any(map(word.search, from_here.findall(source)))
