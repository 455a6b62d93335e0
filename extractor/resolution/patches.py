"""Whom a patch reaches: those who look the name up where it is put, when they run."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from extractor.reading.facts import Mention
from extractor.resolution.modules import Modules, Target
from extractor.resolution.moved import Moved

Slot = tuple[str, str]  # a module, and a name that it looks up or that is put there
Reader = tuple[str, str]  # a module, and the top-level definition that looks it up


def lost_patches(
    old: Modules, new: Modules, moved: Moved, looked: Collection[str]
) -> Iterator[tuple[str, int, str]]:
    """Patches that would not reach somebody any more: path, line and message."""
    homes = sorted({moved.module(name) for name in looked} | (set(new.paths) - set(old.paths)))
    slots = [slot for module in looked for slot, _ in _patched(old, module) if slot]
    slots += [
        slot for home in homes if home in new.paths for slot, _ in _patched(new, home) if slot
    ]
    names = {name for _, name in slots}
    readers_before, readers_after = _readers(old, looked, names), _readers(new, homes, names)
    for module in looked:
        home = moved.module(module)
        if home not in new.paths:
            continue
        before, after = list(_patched(old, module)), list(_patched(new, home))
        if len(before) != len(after):
            continue  # the patches themselves came or went
        for (slot, line), (now, _) in zip(before, after, strict=True):
            if slot is None:
                continue
            reached = {
                moved.definition(*one) if one[1] else (moved.module(one[0]), "")
                for one in readers_before.get(slot, ())
            }
            missed = reached - readers_after.get(now, set()) if now else reached
            for reader in sorted(missed):
                where = f"{reader[0]}:{reader[1]}" if reader[1] else reader[0]
                there = ".".join(now) if now else "the new name"
                yield (
                    old.paths[module],
                    line,
                    f"what is put in the place of {'.'.join(slot)} reaches {where}; "
                    f"put in the place of {there} it would not",
                )


def _readers(modules: Modules, looked: Collection[str], names: set[str]) -> dict[Slot, set[Reader]]:
    """Who looks one of ``names`` up in a module when it runs."""
    found: dict[Slot, set[Reader]] = {}
    for module in looked:
        reading = modules.reading(module) if module in modules.paths else None
        for mention in reading.mentions if reading is not None else ():
            imported = (bound.name for bound in mention.imports)
            if names.isdisjoint(mention.path) and names.isdisjoint(imported):
                continue
            if not mention.runs and not mention.stored:
                for slot in _slots(modules, module, mention):
                    found.setdefault(slot, set()).add((module, mention.group))
    return found


def _slots(modules: Modules, module: str, mention: Mention) -> Iterator[Slot]:
    if not mention.imports:
        yield module, mention.path[0]
    for size in range(1, len(mention.path)):
        targets, rest = modules.chain(module, mention.path[:size], mention.imports)
        only = next(iter(targets), None)
        if len(targets) != 1 or only is None or only.kind != "module" or rest:
            return
        yield only.module, mention.path[size]
    if mention.imports:
        # An import in a function looks the name up each time that it runs.
        for bound in mention.imports:
            base = modules.absolute(module, bound.module, bound.level)
            if bound.kind == "from" and base in modules.known and base is not None:
                yield base, bound.name


def _patched(modules: Modules, module: str) -> Iterator[tuple[Slot | None, int]]:
    """The places in modules that ``module`` puts something into."""
    reading = modules.reading(module)
    if reading is None:
        return
    for one in reading.strings:
        if one.role == "patch":
            parts = tuple(one.value.replace(":", ".").split("."))
            for names in [(*parts, keyword) for keyword in one.keywords] or [parts]:
                yield _slot_of(modules, names), one.line
    for attribute in reading.attributes:
        if attribute.role and attribute.name is not None:
            targets, rest = modules.chain(module, attribute.path, attribute.imports)
            yield _in_module(targets, rest, attribute.name), attribute.line
    for mention in reading.mentions:
        if mention.stored and len(mention.path) > 1:
            targets, rest = modules.chain(module, mention.path[:-1], mention.imports)
            yield _in_module(targets, rest, mention.path[-1]), mention.line


def _slot_of(modules: Modules, names: tuple[str, ...]) -> Slot | None:
    if names[0] not in modules.roots or len(names) < 2:
        return None
    top = frozenset({Target("module", names[0])})
    return _in_module(*modules.follow(top, names[1:-1]), names[-1])


def _in_module(targets: Collection[Target], rest: tuple[str, ...], name: str) -> Slot | None:
    only = next(iter(targets), None)
    if len(targets) == 1 and only is not None and only.kind == "module" and not rest:
        return only.module, name
    return None
