"""From what is reached and the layout rules: what moves where, and what is called how then."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from extractor.analysis.import_effects import ImportEffects
from extractor.analysis.resolver import Resolver
from extractor.analysis.symbol_walker import SymbolWalker
from extractor.analysis.symbols import Reach, Symbol, Use
from extractor.errors import RootMissing, UsageError
from extractor.moves import Move, SliceMove, WholeMove, moves_by_target
from extractor.plan.model import PlanData, Replace
from extractor.project.facts import project_of
from extractor.project.layout import module_of
from extractor.source.tree import SUBMODULE, Tree


@dataclass(frozen=True)
class NameMap:
    """Old dotted module to new, and old ``module:name`` to new."""

    modules: Mapping[str, str]
    symbols: Mapping[str, str]

    def __bool__(self) -> bool:
        return bool(self.modules or self.symbols)


@dataclass(frozen=True)
class Layout:
    """Everything that moves and every name that changes.

    ``moved``: names of whole modules; ``carried``: names of slices and of re-exports that now
    come from where they are really defined; ``replaced``: one map for each replacement.
    ``undecided``: reached symbols no layout rule has a place for.
    """

    moves: tuple[Move, ...]
    moved: NameMap
    carried: NameMap
    replaced: tuple[tuple[Replace, NameMap], ...]
    undecided: tuple[Symbol, ...]
    source_modules: frozenset[str]

    def target_of(self, path: str) -> str | None:
        """Where the file at ``path`` of the source goes, or ``None``."""
        return next((m.target for m in self.moves if m.source == path), None)


class Stops:
    """The plan's decisions as places where reachability halts."""

    def __init__(self, data: PlanData) -> None:
        self.subjects = {Symbol.parse(d.subject): d.subject for d in data.decisions()}
        self._hidden = [d.subject for d in data.replace if ":" not in d.subject]
        self._roots = [*data.roots.packages, *data.roots.tests]

    def __call__(self, symbol: Symbol) -> str | None:
        found = self.subjects.get(symbol)
        if found is not None:
            return found
        for subject in self._hidden:
            # What the plan starts from is not hidden by a decision about what is around it.
            roots = [root for root in self._roots if is_below(root, [subject])]
            if is_below(symbol.module, [subject]) and not is_below(symbol.module, roots):
                return subject
        return None


def is_below(module: str, ancestors: Iterable[str]) -> bool:
    """Whether ``module`` is one of ``ancestors`` or inside one of them."""
    return any(module == a or module.startswith(a + ".") for a in ancestors)


def _refuse_other_folders(tree: Tree, packages: Iterable[str]) -> None:
    """``UsageError`` for a package that lies where nothing is lifted from."""
    project = project_of(tree)
    for package in packages:
        paths = [path for module, path in project.modules.items() if is_below(module, [package])]
        away = sorted(path for path in paths if module_of(path) != project.module_of(path))
        if away:
            folder = project.source_folders.around(away[0])
            raise UsageError(
                f"{package} lies in {folder}: only what is at the root of the source, in src/ or "
                f"in lib/ can be extracted; make a repository of {folder} first "
                "(git subtree split) and extract from that"
            )


def reach_from_roots(tree: Tree, modules: Mapping[str, str], data: PlanData) -> Reach:
    """Follow every name from the plan's roots; ``UsageError`` when no root exists here."""
    roots = [
        module
        for module in modules
        if is_below(module, [*data.roots.packages, *data.roots.tests])
        and not is_below(module, data.roots.exclude)
    ]
    for package in data.roots.packages:
        if not any(is_below(module, [package]) for module in roots):
            _refuse_other_folders(tree, [package])
            raise RootMissing(package)
    resolver = Resolver(tree, modules)
    walker, effects = SymbolWalker(resolver, Stops(data)), ImportEffects(resolver)
    for module in roots:
        walker.add_whole(module, Use(module, 0))
    while True:
        reach = walker.run()
        # Layout names modules that go over as whole files once anything of them is reached.
        touched = {symbol.module for symbol in reach.symbols} | reach.bare.keys()
        asked = [m for m in data.layout.whole if m not in reach.whole]
        more = [m for m in asked if m in touched]
        if asked and not more:
            # Or once they are imported for what they do then.
            more = [m for m in asked if m in effects.imported(tuple(reach.whole))]
        if not more:
            return reach
        for module in more:
            walker.add_whole(module, Use(module, 0))


def target_module(module: str, layout: Mapping[str, str]) -> str | None:
    """The layout's longest match for ``module``, with the rest appended."""
    parts = module.split(".")
    for end in range(len(parts), 0, -1):
        target = layout.get(".".join(parts[:end]))
        if target is not None:
            return ".".join([target, *parts[end:]])
    return None


def lay_out(tree: Tree, modules: Mapping[str, str], reach: Reach, data: PlanData) -> Layout:
    """Apply the layout rules to what was reached."""
    rules = data.layout.modules
    moves: dict[str, Move] = {}
    moved: dict[str, str] = {}
    undecided: list[Symbol] = []
    for module in reach.whole:
        target = target_module(module, rules)
        if target is None:
            undecided.append(Symbol(module))
            continue
        moved[module] = target
        path = _path(target, modules[module])
        if target == data.target_package:
            # What was a module has others below it now, or will have.
            path = target.replace(".", "/") + "/__init__.py"
        moves[modules[module]] = WholeMove(modules[module], path)
    slices: dict[str, set[str]] = {}
    for symbol in reach.symbols:
        if symbol.module in reach.whole or not symbol.name:
            continue
        if target_module(symbol.module, rules) is None:
            undecided.append(symbol)
        else:
            slices.setdefault(symbol.module, set()).add(symbol.name)
    carried_modules = {module: str(target_module(module, rules)) for module in sorted(slices)}
    places = {*moved.values(), *carried_modules.values()}
    for module, target in carried_modules.items():
        path = _slice_path(target, places)
        moves[modules[module]] = SliceMove(modules[module], path, frozenset(slices[module]))
    for move in _data_files(tree, modules, reach, data):
        moves.setdefault(move.source, move)
    ordered = tuple(sorted(moves.values(), key=lambda m: (m.target, m.source)))
    moves_by_target(ordered)
    places_of = {**moved, **carried_modules}
    carried, replaced = _symbol_maps(reach, data, places_of)
    carried_modules.update(_handed_on(reach))
    known = carried_modules.keys() | {r.subject for r, _ in replaced if r.names or r.where_taken}
    carried_modules.update(_upstream_modules(data, moved, known, modules))
    return Layout(
        moves=ordered,
        moved=NameMap(dict(sorted(moved.items())), {}),
        carried=NameMap(carried_modules, carried),
        replaced=replaced,
        undecided=tuple(sorted(undecided)),
        source_modules=frozenset(modules),
    )


def _path(target: str, source_path: str) -> str:
    base = target.replace(".", "/")
    return base + ("/__init__.py" if source_path.endswith("/__init__.py") else ".py")


def _slice_path(target: str, places: Collection[str]) -> str:
    is_package = any(place.startswith(f"{target}.") for place in places)
    return target.replace(".", "/") + ("/__init__.py" if is_package else ".py")


def _data_files(
    tree: Tree, modules: Mapping[str, str], reach: Reach, data: PlanData
) -> Iterable[WholeMove]:
    """Files beside moved packages that are not modules, and those the file rules name."""
    folders = {
        posixpath.dirname(modules[module]): target_module(module, data.layout.modules)
        for module in reach.whole
        if modules[module].endswith("/__init__.py")
    }
    for path in tree.paths():
        if tree.entry(path).mode == SUBMODULE:
            continue
        rule = next((t for r in data.layout.files if (t := r.target(path)) is not None), None)
        if rule is not None:
            yield WholeMove(path, rule)
            continue
        if path.endswith(".py"):
            continue
        folder = posixpath.dirname(path)
        while folder and folder not in folders:
            folder = posixpath.dirname(folder)
        target = folders.get(folder)
        if target is not None:
            yield WholeMove(path, target.replace(".", "/") + path[len(folder) :])


def _upstream_modules(
    data: PlanData, moved: Mapping[str, str], known: Collection[str], modules: Iterable[str]
) -> dict[str, str]:
    """Modules whose stand-in the source has already: prose that names them means that one.

    Those that are ``known`` have a map of their own.
    """
    there = set(moved.values())
    rules = dict(data.layout.modules)
    rules |= {r.subject: r.with_ for r in data.replace if ":" not in r.subject + r.with_}
    roots = [*data.roots.packages, *data.roots.tests]
    return {
        old: new
        for old, new in sorted(rules.items())
        if new in there
        and old in modules
        and old not in moved
        and old not in known
        and not any(is_below(root, [old]) for root in roots)
    }


def _handed_on(reach: Reach) -> dict[str, str]:
    """Top-level modules of other projects that modules here import for others to take."""
    return {
        f"{spelled.module}.{spelled.name}": real.name
        for spelled, real in reach.spelled.items()
        if not real.module and spelled.name
    }


def _symbol_maps(
    reach: Reach, data: PlanData, places: Mapping[str, str]
) -> tuple[dict[str, str], tuple[tuple[Replace, NameMap], ...]]:
    carried: dict[str, str] = {}
    replaced: dict[str, dict[str, str]] = {r.subject: {} for r in data.replace}
    rules = {r.subject: r for r in data.replace}
    stops = Stops(data)
    external = {dotted[:end] for dotted in reach.external for end in _ends(dotted)}
    taken = set(places.values())
    for spelled, real in reach.spelled.items():
        if not real.name:
            continue
        subject = stops(real) or stops(Symbol(real.module))
        if subject in rules:
            rule = rules[subject]
            replaced[subject][str(spelled)] = _replacement(rule, real, rule.with_ in taken)
        elif subject is not None:
            continue
        elif real.module in places:
            if spelled != real or spelled.module not in places or spelled.module not in reach.whole:
                carried[str(spelled)] = f"{places[real.module]}:{real.name}"
        elif real.module and spelled != real and f"{real.module}.{real.name}" in external:
            carried[str(spelled)] = str(real)
    maps = []
    for names in replaced.values():
        # A module that is carried in part has its new name by then.
        names |= {
            f"{places[module]}:{name}": new
            for old, new in names.items()
            for module, _, name in [old.partition(":")]
            if module in places
        }
    for rule in data.replace:
        whole = {} if ":" in rule.subject else {rule.subject: rule.with_}
        used = rule.subject in reach.stopped
        if used:
            maps.append((rule, NameMap(whole, dict(sorted(replaced[rule.subject].items())))))
    return dict(sorted(carried.items())), tuple(maps)


def _ends(dotted: str) -> Iterable[int]:
    """Where each prefix of a dotted name ends."""
    return [*(i for i, sign in enumerate(dotted) if sign == "."), len(dotted)]


def _replacement(rule: Replace, real: Symbol, taken: bool) -> str:
    """The new name; ``taken`` says that the source has a module at the stand-in's place."""
    if ":" in rule.subject:
        return rule.with_
    below = real.module[len(rule.subject) :]
    named = {**rule.names, **rule.where_taken} if taken else rule.names
    name = named.get(real.name, real.name)
    return name if ":" in name else f"{rule.with_}{below}:{name}"
