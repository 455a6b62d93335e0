"""What nothing reaches: definitions, private methods and modules, each with its lines and why.

Alive is what an entry point, a test, a registration, the interface of the package or a convention
reaches. Importing a module runs the statements that bind no name, so those count as reached once
anything of the module is. What is found is for a person to look at: code can be called in ways
that no reader sees.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from extractor.analysis.called_by_name import Hooks, find_hooks, is_special
from extractor.analysis.names import ModuleNames
from extractor.analysis.resolver import Resolver
from extractor.analysis.symbol_walker import SymbolWalker
from extractor.analysis.symbols import Reach, Symbol, Use
from extractor.source.tree import Tree

# A definition of a package's interface or of none of its own: what the reason says of it.
_PRIVATE = "private, and nothing that is reached uses it"
_PUBLIC = "no entry point and no test leads to it"
_MODULE = "nothing imports it, and no string names it"
_METHOD = "private, and its name stands nowhere else"


@dataclass(frozen=True)
class Unreached:
    """A definition, method (``Class._name``) or module (empty ``name``) that nothing reaches.

    Lines are 1-based and inclusive, decorators included.
    """

    module: str
    name: str
    path: str
    first_line: int
    last_line: int
    reason: str

    @property
    def subject(self) -> str:
        """``module`` or ``module:name``."""
        return f"{self.module}:{self.name}" if self.name else self.module


@dataclass(frozen=True)
class Alive:
    """Where life begins.

    ``entry_points``: symbols called from outside; a module stands for all of it and below it.
    ``tests``: modules that a test runner collects; ``helpers``: modules beside them.
    ``interface``: modules whose public names others may call. ``words``: identifiers that code
    outside of the tree uses, which may be methods. ``wrappers``: decorators that keep nothing.
    """

    entry_points: Collection[str] = ()
    tests: Collection[str] = ()
    helpers: Collection[str] = ()
    interface: Collection[str] = ()
    words: Collection[str] = ()
    wrappers: Collection[str] = ()


def find_unreached(tree: Tree, modules: Mapping[str, str], alive: Alive) -> list[Unreached]:
    """What nothing reaches of ``modules`` (dotted name to path), tests left out; sorted."""
    hooks = find_hooks(tree, modules)
    walker = SymbolWalker(
        Resolver(tree, modules),
        effects=True,
        keeps=lambda d, attribute: (
            str(d) not in alive.wrappers and hooks.keeps(d.module, d.name, attribute)
        ),
    )
    _begin(walker, modules, alive, hooks)
    reach = walker.run()
    # A module handed over as an object is looked into by name. A test that does so names what
    # it looks for in a string, unless the module is one of its helpers.
    for module, uses in reach.bare.items():
        if module in alive.helpers or not all(use.importer in alive.tests for use in uses):
            walker.add_whole(module, uses[0])
    reach = walker.run()
    while _add_found_by_name(walker, hooks) or _add_views(walker, reach):
        reach = walker.run()
    found: list[Unreached] = []
    for module, path in sorted(modules.items()):
        table = walker.resolver.names(module)
        if module in alive.tests or table is None:
            continue
        if module not in walker.touched and not path.endswith("/__init__.py"):
            lines = max(1, tree.read(path).count(b"\n"))
            found.append(Unreached(module, "", path, 1, lines, _MODULE))
            continue
        dead = list(_dead_names(table, path, reach))
        gone = {one.name for one in dead}
        found += dead
        found += (
            Unreached(module, f"{method.owner}.{method.name}", path, *method.lines, _METHOD)
            for method in hooks.unnamed_methods(module)
            if method.owner not in gone and method.name not in alive.words
        )
    return found


def _begin(walker: SymbolWalker, modules: Mapping[str, str], alive: Alive, hooks: Hooks) -> None:
    """Make live what is called from outside of the tree."""
    for module in modules:
        if module in alive.tests:
            walker.add_whole(module, Use(module, 0))
    for entry in [*alive.entry_points, *sorted(hooks.in_texts)]:
        symbol = Symbol.parse(entry)
        if not symbol.name:
            for module in modules:
                if module == entry or module.startswith(f"{entry}."):
                    walker.add_whole(module, Use(module, 0))
        elif symbol.module in modules:
            walker.add_symbol(symbol, Use(symbol.module, 0))
    for module, path in modules.items():
        # ``python -m package`` runs it, whoever calls that.
        if f"/{path}".endswith("/__main__.py"):
            walker.add_whole(module, Use(module, 0))
    for module in modules:
        table = walker.resolver.names(module) if module in alive.interface else None
        if table is not None:
            walker.touch(module)
            for name in public_names(table):
                walker.add_symbol(Symbol(module, name), Use(module, 0))


def public_names(table: ModuleNames) -> Iterator[str]:
    """The names that others may call: those without an underscore, and those in ``__all__``."""
    exported = frozenset(table.exported or ())
    return (name for name in table.binders if not name.startswith("_") or name in exported)


def _add_found_by_name(walker: SymbolWalker, hooks: Hooks) -> bool:
    """Make live what live code finds by a name that it makes up, or by being defined at all."""
    looked_into = hooks.loaded_from(walker.touched) | (hooks.look_at_themselves & walker.touched)
    more = sorted(looked_into - walker.whole.keys())
    for module in more:
        walker.add_whole(module, Use(module, 0))
    added = bool(more)
    for module in sorted(walker.touched):
        table = walker.resolver.names(module)
        live = walker.live.get(module, set())
        for index, unit in enumerate(table.units) if table is not None else ():
            if index not in live and unit.kind == "class":
                for name in unit.names:
                    if hooks.registers_itself(module, name):
                        walker.add_symbol(Symbol(module, name), Use(module, unit.first_line))
                        added = True
    return added


_DEFINES = frozenset({"def", "class", "assign"})


def _dead_names(table: ModuleNames, path: str, reach: Reach) -> Iterator[Unreached]:
    live = reach.live_units.get(table.module, frozenset())
    for index, unit in enumerate(table.units):
        if index in live or unit.kind not in _DEFINES:
            continue
        for name in unit.names:
            if not is_special(name):
                reason = _PRIVATE if name.startswith("_") else _PUBLIC
                yield Unreached(table.module, name, path, unit.first_line, unit.last_line, reason)


def _add_views(walker: SymbolWalker, reach: Reach) -> bool:
    """Make names live through which something live is changed: ``v = live['x']; v['y'] = 1``."""
    added = False
    for module, live in reach.live_units.items():
        table = walker.resolver.names(module)
        if table is None or not live:
            continue
        changed = {name for unit in table.units for name in unit.augments}
        for index, unit in enumerate(table.units):
            if index in live or unit.kind != "assign" or changed.isdisjoint(unit.names):
                continue
            roots = {reference.chain[0] for reference in unit.references if reference.chain}
            if any(i in live for root in roots for i in table.binders.get(root, ())):
                for name in unit.names:
                    walker.add_symbol(Symbol(module, name), Use(module, unit.first_line))
                added = True
    return added
