"""What of a tree can lead elsewhere than before: the rest need not be looked up again."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from extractor.reading.facts import Bound, Mention
from extractor.resolution.modules import Modules
from extractor.resolution.moved import Moved

Key: TypeAlias = tuple[tuple[str, ...], tuple[tuple[str, str, str], ...]]


@dataclass(frozen=True)
class Touched:
    """``modules`` of either tree that changed or moved; ``names`` that came, went or were bound
    anew in them, the last parts of moved modules among them."""

    modules: frozenset[str]
    names: frozenset[str]

    def key(self, modules: Modules, module: str, mention: Mention) -> Key | None:
        """What ``mention`` says, with what binds it; ``None`` if it may lead elsewhere now."""
        reading = modules.reading(module)
        assert reading is not None
        path = mention.path
        bounds: Iterable[Bound] = mention.imports or reading.top.get(path[0], ())
        if not self.names.isdisjoint(path) or (not bounds and reading.stars):
            return None
        if any(".".join(path[:size]) in self.modules for size in range(2, len(path) + 1)):
            return None
        imports = [self.import_key(modules, module, one) for one in bounds if one.is_import]
        if any(one is None for one in imports):
            return None
        return path, tuple(one for one in imports if one is not None)

    def keys(self, modules: Modules, module: str) -> set[object]:
        """The keys of everything that ``module`` imports and mentions."""
        reading = modules.reading(module)
        if reading is None:
            return set()
        found: set[object] = {self.import_key(modules, module, one) for one in reading.imports}
        found |= {self.key(modules, module, one) for one in reading.mentions}
        return found - {None}

    def is_same(
        self, keys: Collection[object], modules: Modules, module: str, what: Bound | Mention
    ) -> bool:
        """Whether ``what`` is among the ``keys`` that both trees have."""
        if isinstance(what, Bound):
            return self.import_key(modules, module, what) in keys
        return self.key(modules, module, what) in keys

    def import_key(
        self, modules: Modules, module: str, bound: Bound
    ) -> tuple[str, str, str] | None:
        """What ``bound`` imports; ``None`` if that may lead elsewhere now."""
        base = bound.module
        if bound.kind == "from":
            base = modules.absolute(module, bound.module, bound.level) or ""
        parts = base.split(".")
        if base in self.modules or f"{base}.{bound.name}" in self.modules:
            return None
        if bound.name in self.names or not self.names.isdisjoint(parts):
            return None
        return bound.kind, base, bound.name


def what_is_touched(old: Modules, new: Modules, moved: Moved, looked: Collection[str]) -> Touched:
    """Compare what the modules ``looked`` at bind, before and after."""
    modules: set[str] = set(new.paths).symmetric_difference(old.paths)
    names: set[str] = set()
    for was, now in moved.modules.items():
        modules |= {was, now}
        names |= {was.rpartition(".")[2], now.rpartition(".")[2]}
    for was, now in moved.symbols.items():
        names |= {was.partition(":")[2], now.partition(":")[2]}
    for module in looked:
        home = moved.module(module)
        if home not in new.paths:
            modules.add(module)
            continue
        before, after = old.reading(module), new.reading(home)
        if before is after:
            continue
        modules |= {module, home}
        if before is None or after is None:
            continue
        for name in {*before.top, *after.top}:
            if _bound(before.top.get(name, ())) != _bound(after.top.get(name, ())):
                names.add(name)
    names |= {module.rpartition(".")[2] for module in set(new.paths) ^ set(old.paths)}
    return Touched(frozenset(modules), frozenset(names))


def _bound(bounds: Iterable[Bound]) -> list[tuple[str, str, int, str]]:
    return [(one.kind, one.module, one.level, one.name) for one in bounds]
