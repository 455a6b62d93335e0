"""What nothing reaches: definitions, private methods and modules of a finished package.

Alive is what an entry point, a registration or a test reaches. Importing a module runs the
statements that bind no name, so those count as reached once anything of the module is.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from extractor.analysis.symbols import Reach, Resolver, Symbol, SymbolWalker, Use
from extractor.parsing import UnreadableSource, parse_ast
from extractor.source.tree import Tree

_WORD = re.compile(rb"[A-Za-z_]\w*")


@dataclass(frozen=True)
class DeadCode:
    """Dotted modules nothing imports, and per module the dead names (``Class._method`` too)."""

    modules: tuple[str, ...]
    names: Mapping[str, tuple[str, ...]]


def find_dead_code(
    tree: Tree,
    modules: Mapping[str, str],
    entry_points: Collection[str],
    is_test: Callable[[str], bool],
    in_tests: Callable[[str], bool] | None = None,
) -> DeadCode:
    """Dead code of all but the test modules among ``modules`` (dotted name to path).

    ``entry_points``: symbols called from outside; a module stands for all of it and below it.
    ``is_test``: a module that a test runner collects; ``in_tests``: it, or a helper beside it.
    """
    in_tests = in_tests or is_test
    walker = SymbolWalker(Resolver(tree, modules), effects=True)
    for module in modules:
        if is_test(module):
            walker.add_whole(module, Use(module, 0))
    for entry in entry_points:
        symbol = Symbol.parse(entry)
        if not symbol.name:
            for module in modules:
                if module == entry or module.startswith(f"{entry}."):
                    walker.add_whole(module, Use(module, 0))
        elif symbol.module in modules:
            walker.add_symbol(symbol, Use(symbol.module, 0))
    reach = walker.run()
    # A module handed over as an object is looked into by name. A test that does so names what
    # it looks for in a string, unless the module is one of its helpers.
    for module, uses in reach.bare.items():
        if in_tests(module) or not all(is_test(use.importer) for use in uses):
            walker.add_whole(module, uses[0])
    reach = walker.run()
    while _add_views(walker, modules, reach):
        reach = walker.run()
    dead_modules = []
    dead: dict[str, list[str]] = {}
    used_words = _words(tree, modules)
    for module, path in sorted(modules.items()):
        if is_test(module):
            continue
        table = walker.resolver.names(module)
        if table is None:
            continue
        live = reach.live_units.get(module, frozenset())
        if module not in walker.touched and not path.endswith("/__init__.py"):
            dead_modules.append(module)
            continue
        names = [
            name
            for index, unit in enumerate(table.units)
            if index not in live and unit.kind in {"def", "class", "assign"}
            for name in unit.names
            if not (name.startswith("__") and name.endswith("__"))
        ]
        names += _dead_methods(tree.read(path), used_words, set(names))
        if names:
            dead[module] = names
    return DeadCode(tuple(dead_modules), {m: tuple(sorted(n)) for m, n in sorted(dead.items())})


def _add_views(walker: SymbolWalker, modules: Mapping[str, str], reach: Reach) -> bool:
    """Make names live through which something live is changed: ``v = live['x']; v['y'] = 1``."""
    added = False
    for module in modules:
        table = walker.resolver.names(module)
        live = reach.live_units.get(module, frozenset())
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


def _dead_methods(source: bytes, words: Counter[bytes], dead: Collection[str]) -> list[str]:
    """Private methods whose name stands nowhere but in their own definition."""
    try:
        tree, _ = parse_ast(source)
    except UnreadableSource:
        return []
    found = []
    for node in tree.body:
        if not isinstance(node, ast.ClassDef) or node.name in dead:
            continue
        for method in node.body:
            if not isinstance(method, ast.FunctionDef) or not method.name.startswith("_"):
                continue
            if method.name.endswith("__"):
                continue
            if words[method.name.encode()] <= 1:
                found.append(f"{node.name}.{method.name}")
    return found


def _words(tree: Tree, modules: Mapping[str, str]) -> Counter[bytes]:
    """How often each identifier-like word stands in code or strings, comments left out."""
    words: Counter[bytes] = Counter()
    for path in modules.values():
        text = re.sub(rb"(?m)^\s*#.*$", b"", tree.read(path))
        words.update(_WORD.findall(text))
    return words
