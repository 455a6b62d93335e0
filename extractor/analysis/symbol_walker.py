"""What a subsystem reaches of the rest, symbol by symbol, and how it got there.

A worklist over top-level statements: every name a live statement uses is resolved through
imports, re-exports, aliases and star imports to the statement that defines it, which is then
live too. Stops are the places where the plan says not to follow.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import TypeVar

from extractor.analysis.names import Imported, ModuleNames, Reference, Unit
from extractor.analysis.resolver import Resolver, Walk, binds_module, makes_names
from extractor.analysis.symbols import Reach, Symbol, Use
from extractor.project.standard_library import standard_library

# Decorators of these only wrap: what they decorate is reached by its name or not at all.
_PURE = standard_library() | {"six"}
K = TypeVar("K", str, "Symbol")


class SymbolWalker:
    """Follows names from roots until nothing new is reached."""

    def __init__(
        self,
        resolver: Resolver,
        stops: Callable[[Symbol], str | None] | None = None,
        *,
        effects: bool = False,
        keeps: Callable[[Symbol, str], bool] | None = None,
    ) -> None:
        """With ``effects``, what a module runs when imported is live once it is imported.

        ``keeps`` tells of a decorator of the tree's own, a symbol or an attribute of one, whether
        it keeps what it decorates.
        """
        self.resolver = resolver
        self.effects = effects
        self.touched: set[str] = set()
        self.keeps = keeps or (lambda decorator, attribute: False)
        self.stops = stops or (lambda symbol: None)
        self.symbols: dict[Symbol, Use] = {}
        self.whole: dict[str, Use] = {}
        self.spelled: dict[Symbol, Symbol] = {}
        self.bare: dict[str, dict[Use, None]] = {}
        self.named: dict[str, dict[Use, None]] = {}
        self.stopped: dict[str, dict[Use, None]] = {}
        self.uses: dict[Symbol, dict[Use, None]] = {}
        self.external: dict[str, dict[Use, None]] = {}
        self.unknown: dict[Symbol, dict[Use, None]] = {}
        self.live: dict[str, set[int]] = {}
        self._queue: deque[tuple[str, int, str]] = deque()
        self._replacing: set[tuple[str, Imported]] = set()

    def add_whole(self, module: str, use: Use) -> None:
        """Make every statement of ``module`` live."""
        if module in self.whole:
            return
        self.whole[module] = use
        self.touch(module)
        table = self.resolver.names(module)
        if table is not None:
            for index, unit in enumerate(table.units):
                self._live(module, index, unit.names[0] if unit.names else "")

    def add_symbol(self, symbol: Symbol, use: Use) -> None:
        """Make the statements that bind or augment ``symbol`` live."""
        if not symbol.name:
            self.add_whole(symbol.module, use)
            return
        self.symbols.setdefault(symbol, use)
        table = self.resolver.names(symbol.module)
        if table is None:
            return
        for index in table.binders.get(symbol.name, ()):
            self._live(symbol.module, index, symbol.name)
        for index, unit in enumerate(table.units):
            if symbol.name in unit.augments or _adds_to(table, symbol.name, unit):
                self._live(symbol.module, index, symbol.name)

    def run(self) -> Reach:
        """Work until the queue is empty."""
        while self._queue:
            module, index, within = self._queue.popleft()
            table = self.resolver.names(module)
            assert table is not None
            unit = table.units[index]
            for reference in unit.references:
                self._follow(table, reference, Use(module, reference.line, within))
            for name in unit.names:
                self.symbols.setdefault(Symbol(module, name), Use(module, unit.first_line, within))
            if unit.imports and not unit.references and unit.kind != "import":
                continue
            for name, target in unit.imports:
                if module in self.whole and unit.kind == "import":
                    self._import(table, name, target, Use(module, unit.first_line, name))
        return Reach(
            symbols=dict(sorted(self.symbols.items())),
            whole=dict(sorted(self.whole.items())),
            spelled=dict(sorted(self.spelled.items())),
            bare=_frozen(self.bare),
            named=_frozen(self.named),
            stopped=_frozen(self.stopped),
            uses=_frozen(self.uses),
            external=_frozen(self.external),
            unknown=_frozen(self.unknown),
            failed=dict(sorted(self.resolver.failed.items())),
            live_units={m: frozenset(u) for m, u in sorted(self.live.items())},
        )

    def touch(self, module: str) -> None:
        """Importing ``module`` runs it and its parents, and imports what they import."""
        if not self.effects or module in self.touched or module not in self.resolver.modules:
            return
        self.touched.add(module)
        self.touch(module.rpartition(".")[0])
        table = self.resolver.names(module)
        if table is None:
            return
        for index, unit in enumerate(table.units):
            if unit.kind == "code" or self.registers(table, unit):
                self._live(module, index, "")
            for _, target in unit.imports:
                self.touch(target.module)
                self.touch(f"{target.module}.{target.name}")

    def registers(self, table: ModuleNames, unit: Unit) -> bool:
        """Whether a decorator may keep the definition to call it later."""
        return any(self._is_kept_by(table, chain) for chain in unit.decorators)

    def _is_kept_by(self, table: ModuleNames, chain: tuple[str, ...]) -> bool:
        walk = Walk()
        self._name(walk, table, chain)
        if walk.external is not None:
            return walk.external.partition(".")[0] not in _PURE
        if walk.end is None or not walk.end.name:
            return False
        attribute = "" if chain[-1] == walk.end.name else chain[-1]
        return self.keeps(walk.end, attribute)

    def _live(self, module: str, index: int, within: str) -> None:
        self.touch(module)
        units = self.live.setdefault(module, set())
        if index not in units:
            units.add(index)
            self._queue.append((module, index, within))

    def _import(self, table: ModuleNames, name: str, target: Imported, use: Use) -> None:
        """An import of a live module that may serve nobody by name: note a stop or an outsider."""
        walk = Walk()
        if target.name in {"", "*"}:
            self._module(walk, target.module, ())
        else:
            self._attribute(walk, target.module, (target.name,))
        if walk.external is not None:
            _note(self.external, walk.external, use)
        if walk.stop is not None:
            _note(self.stopped, walk.stop, use)
        elif walk.end is not None and target.name and _is_handed_on(table, name):
            self._settle(walk, use)

    def survey(self, module: str) -> Iterator[tuple[Symbol, Use]]:
        """Every first-party symbol that ``module`` refers to, without following any."""
        table = self.resolver.names(module)
        return iter(()) if table is None else self.survey_table(table)

    def survey_table(
        self, table: ModuleNames, asked: Callable[[Reference], bool] = lambda one: True
    ) -> Iterator[tuple[Symbol, Use]]:
        """The same of a file that need not be one of the modules, for references ``asked`` for."""
        for unit in table.units:
            within = unit.names[0] if unit.names else ""
            for reference in filter(asked, unit.references):
                walk = self._resolve(table, reference)
                if walk is not None and walk.end is not None and not reference.binding:
                    yield walk.end, Use(table.module, reference.line, within)

    def lookup(self, key: str) -> Symbol | None:
        """What a key of ``uses.Uses`` means; ``None`` when it is nothing of ours."""
        walk = Walk()
        star = key.startswith("*")
        module, colon, rest = key.lstrip("*").partition(":")
        chain = tuple(rest.split(".")) if rest else ()
        if not colon:
            module, chain = self.resolver.split(tuple(key.split(".")))
        if not module or (star and not self._exports(module, chain[0])):
            return None
        self._module(walk, module, chain)
        return walk.end

    def _follow(self, table: ModuleNames, reference: Reference, use: Use) -> None:
        walk = self._resolve(table, reference)
        if walk is None:
            return
        if reference.binding and walk.end is not None and not walk.end.name:
            self.touch(walk.end.module)
            return
        if reference.text and walk.end is not None and not walk.end.name:
            # A module named in a string is looked up, not necessarily carried.
            _note(self.named, walk.end.module, use)
            return
        self._settle(walk, use)

    def _resolve(self, table: ModuleNames, reference: Reference) -> Walk | None:
        """Where ``reference`` leads; ``None`` for a string that names nothing of ours."""
        walk = Walk()
        if reference.text and len(reference.chain) == 1:
            # A lone word may name a class of its own module, as in a mapper's relationship().
            binders = table.binders.get(reference.chain[0], ())
            if not any(table.units[i].kind == "class" for i in binders):
                return None
            walk.end = Symbol(table.module, reference.chain[0])
        elif reference.text:
            module, rest = self.resolver.split(reference.chain)
            if not module:
                return None
            if not rest:
                walk.end = Symbol(module)
                return walk
            self._module(walk, module, rest)
        elif reference.base is not None:
            base = reference.base
            if base.name:
                self._attribute(walk, base.module, (base.name, *reference.chain[1:]))
            else:
                self._module(walk, base.module, reference.chain[1:])
        else:
            self._name(walk, table, reference.chain)
        return walk

    def _settle(self, walk: Walk, use: Use) -> None:
        for symbol in walk.conditional:
            if symbol.module != use.importer:
                _note(self.uses, symbol, use)
        if walk.stop is not None:
            _note(self.stopped, walk.stop, use)
            for hop in walk.hops:
                self.spelled.setdefault(hop, walk.end or hop)
            return
        if walk.external is not None:
            _note(self.external, walk.external, use)
            for hop in walk.hops:
                # What comes after the hop is an attribute of what the hop stands for.
                parts = walk.external.split(".")
                real = parts[: len(parts) - walk.rests.get(hop, 0)]
                self.spelled.setdefault(hop, Symbol(".".join(real[:-1]), real[-1]))
            return
        if walk.lost is not None:
            _note(self.unknown, walk.lost, use)
            return
        if walk.end is None:
            return
        end = walk.end
        for hop in walk.hops:
            self.spelled.setdefault(hop, end)
        if not end.name:
            _note(self.bare, end.module, use)
            if walk.whole:
                self.add_whole(end.module, use)
            return
        _note(self.uses, end, use)
        self.add_symbol(end, use)

    def _name(self, walk: Walk, table: ModuleNames, chain: tuple[str, ...]) -> None:
        """Resolve ``chain`` as seen from inside ``table``'s module."""
        head = chain[0]
        indices = table.binders.get(head)
        if indices is None:
            for star in table.stars:
                if self._exports(star, head):
                    self._attribute(walk, star, chain)
                    return
            return
        defined = any(
            head not in {name for name, _ in table.units[index].imports} for index in indices
        )
        for index in indices:
            unit = table.units[index]
            for name, target in unit.imports:
                if name != head:
                    continue
                if unit.kind != "import" and defined:
                    # It may take the place of what the module defines itself: both are carried.
                    self._follow_replacement(
                        table, target, Use(table.module, unit.first_line, head)
                    )
                    continue
                if unit.kind != "import":
                    # A conditional import: the statement around it is part of the answer.
                    self._live(table.module, index, head)
                    walk.conditional.append(Symbol(table.module, head))
                if target.name:
                    self._attribute(walk, target.module, (target.name, *chain[1:]))
                else:
                    self._module(walk, target.module, chain[1:])
                return
        own = Symbol(table.module, head)
        stop = self.stops(own)
        if stop is not None:
            walk.stop, walk.end = stop, own
            return
        unit = table.units[indices[-1]]
        # Where code is carried an alias leads on; where it runs the alias itself is needed.
        if not self.effects and unit.alias_of and unit.alias_of[0] != head and len(indices) == 1:
            inner = Walk()
            self._name(inner, table, unit.alias_of)
            if inner.external is not None:
                walk.external = inner.external
                for hop in walk.hops:
                    walk.rests[hop] = max(0, walk.rests.get(hop, 0) - len(chain) + 1)
                return
        walk.end = own

    def _follow_replacement(self, table: ModuleNames, target: Imported, use: Use) -> None:
        # Two modules may each have what may take the place of the other's.
        if (table.module, target) in self._replacing:
            return
        walk = Walk()
        if target.name and target.name != "*":
            self._replacing.add((table.module, target))
            self._attribute(walk, target.module, (target.name,))
            self._replacing.discard((table.module, target))
        if walk.external is None and walk.end is not None and walk.end.module != table.module:
            self._settle(walk, use)

    def _attribute(self, walk: Walk, module: str, chain: tuple[str, ...]) -> None:
        """Resolve ``module.chain[0]...``."""
        if module not in self.resolver.modules:
            self._outside(walk, (*module.split("."), *chain))
            return
        hop = Symbol(module, chain[0])
        if hop in walk.hops:
            walk.lost = hop
            return
        below = f"{module}.{chain[0]}"
        if below in self.resolver.modules and self.stops(Symbol(below)) is not None:
            # A stop that covers packages stands at the symbol, not at the first folder.
            self._module(walk, below, chain[1:])
            return
        for candidate in (hop, Symbol(module)):
            stop = self.stops(candidate)
            if stop is not None:
                walk.hops.append(hop)
                walk.stop, walk.end = stop, hop
                return
        table = self.resolver.names(module)
        if table is not None and chain[0] in table.binders:
            own = [t for i in table.binders[chain[0]] for n, t in table.units[i].imports]
            if not (below in self.resolver.modules and binds_module(own, below)):
                walk.hops.append(hop)
                walk.rests[hop] = len(chain) - 1
                self._name(walk, table, chain)
                return
        if below in self.resolver.modules:
            self._module(walk, below, chain[1:])
            return
        if table is not None:
            for star in table.stars:
                if self._exports(star, chain[0]):
                    walk.hops.append(hop)
                    walk.rests[hop] = len(chain) - 1
                    self._attribute(walk, star, chain)
                    return
            # Made at run time (a module that replaces itself, __getattr__): carry it whole.
            if makes_names(table):
                walk.end, walk.whole = Symbol(module), True
                return
        where = self.resolver.registered(module).get(chain[0])
        if where is not None:
            walk.hops.append(hop)
            self._attribute(walk, where, chain)
            return
        walk.lost = hop

    def _module(self, walk: Walk, module: str, chain: tuple[str, ...]) -> None:
        """Resolve ``chain`` below ``module``."""
        if module not in self.resolver.modules:
            self._outside(walk, (*module.split("."), *chain))
            return
        if chain:
            self._attribute(walk, module, chain)
            return
        stop = self.stops(Symbol(module))
        walk.end = Symbol(module)
        if stop is not None:
            walk.stop = stop

    def _outside(self, walk: Walk, dotted: tuple[str, ...]) -> None:
        """A name of another project: a stop may stand at it, at its module or at its package."""
        for end in range(len(dotted), 0, -1):
            module = ".".join(dotted[:end])
            named = Symbol(".".join(dotted[: end - 1]), dotted[end - 1])
            stop = self.stops(named) if named.module else None
            if stop is not None:
                walk.stop = stop
                walk.end = named
                walk.hops.append(named)
                return
            stop = self.stops(Symbol(module))
            if stop is not None:
                walk.stop = stop
                walk.end = Symbol(module, *dotted[end : end + 1])
                if walk.end.name:
                    walk.hops.append(walk.end)
                return
        walk.external = ".".join(dotted)

    def _exports(self, module: str, name: str, seen: frozenset[str] = frozenset()) -> bool:
        table = self.resolver.names(module)
        if table is None or module in seen or name.startswith("_"):
            return False
        if name in table.binders:
            return table.exported is None or name in table.exported
        return any(self._exports(star, name, seen | {module}) for star in table.stars)


def _is_handed_on(table: ModuleNames, name: str) -> bool:
    """Whether a package imports ``name`` for its users."""
    return table.is_package and (not name.startswith("_") or name in (table.exported or ()))


def _adds_to(table: ModuleNames, name: str, unit: Unit) -> bool:
    """Whether a decorator puts the definition into ``name``, itself a decorated function.

    Only what its decorator made of it has attributes: ``@convert.register``, ``@group.command``.
    """
    if not any(len(chain) > 1 and chain[0] == name for chain in unit.decorators):
        return False
    made = (table.units[index] for index in table.binders.get(name, ()))
    return any(one.kind == "def" and one.decorators and one is not unit for one in made)


def _note(notes: dict[K, dict[Use, None]], key: K, use: Use) -> None:
    notes.setdefault(key, {})[use] = None


def _frozen(notes: dict[K, dict[Use, None]]) -> dict[K, tuple[Use, ...]]:
    return {key: tuple(sorted(notes[key])) for key in sorted(notes, key=str)}
