"""What a rewrite says that it moved, and where that is in the new tree."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from extractor.resolution.modules import Modules, Target, Targets


@dataclass(frozen=True)
class Moved:
    """Old names to new ones: modules, and definitions as ``module:name``.

    ``merged`` are modules that are gone, all of whose definitions another one has now.
    """

    modules: Mapping[str, str] = field(default_factory=dict)
    symbols: Mapping[str, str] = field(default_factory=dict)
    merged: Mapping[str, str] = field(default_factory=dict)

    def module(self, name: str) -> str:
        return self.modules.get(name, name)

    def definition(self, module: str, name: str) -> tuple[str, str]:
        """The module and name that a definition has in the new tree."""
        new = self.symbols.get(f"{module}:{name}")
        if new is None:
            return self.module(module), name
        home, _, new_name = new.partition(":")
        return home, new_name

    def target(self, target: Target) -> Target:
        """What ``target`` of the old tree is in the new one."""
        if target.kind == "module":
            home = self.merged.get(target.module) or self.module(target.module)
            return Target("module", home)
        if target.kind == "definition":
            return Target("definition", *self.definition(target.module, target.name))
        return target

    def targets(self, targets: Targets) -> Targets:
        return frozenset(map(self.target, targets))


def with_companions(moved: Moved, old: Modules, new: Modules, looked: Collection[str]) -> Moved:
    """``moved``, and the definitions that went along unnamed to one of the modules ``looked`` at.

    A definition that its module lost and exactly one other gained has moved.
    """
    lost: dict[str, list[str]] = {}
    gained: dict[str, list[str]] = {}
    for module in looked:
        before = _own(old, module)
        after = _own(new, moved.module(module))
        for name in before - after:
            lost.setdefault(name, []).append(module)
    taken = {*moved.symbols.values()}
    came_from = {new_name: old_name for old_name, new_name in moved.modules.items()}
    for module in {moved.module(name) for name in looked} | set(new.paths) - set(old.paths):
        for name in _own(new, module) - _own(old, came_from.get(module, module)):
            if f"{module}:{name}" not in taken:
                gained.setdefault(name, []).append(module)
    symbols = dict(moved.symbols)
    for name, homes in lost.items():
        for module in homes:
            key = f"{module}:{name}"
            if key not in symbols and len(homes) == 1 and len(gained.get(name, ())) == 1:
                symbols[key] = f"{gained[name][0]}:{name}"
    return Moved(moved.modules, symbols, moved.merged)


def _own(modules: Modules, module: str) -> set[str]:
    reading = modules.reading(module) if module in modules.paths else None
    top = {} if reading is None else reading.top
    return {name for name, bounds in top.items() if any(not one.is_import for one in bounds)}
