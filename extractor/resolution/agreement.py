"""Do two trees agree on where each name leads?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from extractor.reading.facts import Bound, Mention
from extractor.resolution.import_order import new_broken_imports
from extractor.resolution.modules import MISSING, UNKNOWN, Modules, Target, Targets
from extractor.resolution.moved import Moved, with_companions
from extractor.resolution.patches import lost_patches
from extractor.resolution.touched import Key, Touched, what_is_touched
from extractor.resolution.tree import Unresolved, unresolved_in


@dataclass(frozen=True, order=True)
class Difference:
    """Where the new tree says something else: a place in the old tree, and the way out.

    What is not ``certain`` has to be looked at: strings may name something else altogether.
    """

    path: str
    line: int
    message: str
    certain: bool = True

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


@dataclass(frozen=True)
class _Use:
    """A use in one of the trees; with equal keys two need not be looked up."""

    key: Key | None
    mention: Mention
    modules: Modules
    module: str
    moved: Moved | None  # for a use in the old tree

    @property
    def line(self) -> int:
        return self.mention.line

    @property
    def text(self) -> str:
        return ".".join(self.mention.path)

    @cached_property
    def targets(self) -> Targets:
        """What it leads to, in names of the new tree."""
        found, _ = self.modules.chain(self.module, self.mention.path, self.mention.imports)
        return found if self.moved is None else self.moved.targets(found)


def differences(
    old: Modules, new: Modules, moved: Moved, looked: Collection[str], *, all_uses_stay: bool = True
) -> list[Difference]:
    """Where ``new`` differs from ``old`` in more than the names that ``moved`` says.

    ``looked`` are the modules (old names) to compare: those that changed, and those that may
    mention what did. With ``all_uses_stay`` a use that is gone is a difference too; what takes
    code away does without.
    """
    looked = sorted(name for name in looked if name in old.paths)
    moved = with_companions(moved, old, new, looked)
    touched = what_is_touched(old, new, moved, looked)
    found: set[Difference] = set()
    for module in looked:
        if module in moved.merged:
            found |= set(_uses(_Trees(old, new, moved, touched), module, all_uses_stay))
        if moved.module(module) not in new.paths:
            continue  # it is gone, and whoever uses it is told
        found |= set(_unreadable(old, new, moved, module))
        found |= set(_uses(_Trees(old, new, moved, touched), module, all_uses_stay))
        found |= set(_public(old, new, moved, module))
        found |= set(_unresolved(_Trees(old, new, moved, touched), module))
        found |= set(_strings(old, new, moved, module))
    found |= set(_locals(old, new, moved, looked))
    found |= set(_owners(old, new, moved))
    found |= {Difference(*lost) for lost in lost_patches(old, new, moved, looked)}
    found |= {Difference(*broken) for broken in new_broken_imports(old, new, moved, looked)}
    return sorted(found)


def _unreadable(old: Modules, new: Modules, moved: Moved, module: str) -> Iterator[Difference]:
    home = moved.module(module)
    if old.reading(module) is not None and new.reading(home) is None:
        error = new.unread[new.paths[home]]
        yield Difference(old.paths[module], error.line, f"the file no longer parses: {error}")


@dataclass(frozen=True)
class _Trees:
    old: Modules
    new: Modules
    moved: Moved
    touched: Touched


def _uses(trees: _Trees, module: str, all_stay: bool) -> Iterator[Difference]:
    old, new, moved = trees.old, trees.new, trees.moved
    before = _by_group(trees, module, is_old=True)
    merged = module in moved.merged
    after = {} if merged else _by_group(trees, moved.module(module), is_old=False)
    elsewhere: dict[str, dict[str, list[_Use]]] = {}
    for group, uses in before.items():
        home, name = moved.module(module), group
        if merged and not group:
            continue  # what only the module itself said goes with it
        if group:
            home, name = moved.definition(module, group)
        if home != moved.module(module) and home in new.paths:
            if home not in elsewhere:
                elsewhere[home] = _by_group(trees, home, is_old=False)
            now = elsewhere[home].get(name)
        else:
            now = after.get(name)
        if now is None:
            now = [] if _is_there(new, home, name) or not group else None
        if now is not None:
            yield from _compare(old.paths[module], uses, now, all_stay)


def _is_there(modules: Modules, module: str, name: str) -> bool:
    reading = modules.reading(module) if module in modules.paths else None
    return reading is not None and name in reading.top


def _by_group(trees: _Trees, module: str, is_old: bool) -> dict[str, list[_Use]]:
    """The uses of each top-level definition in order; ``""`` is the code between them."""
    modules, moved = (trees.old, trees.moved) if is_old else (trees.new, None)
    found: dict[str, list[_Use]] = {}
    reading = modules.reading(module)
    for mention in reading.mentions if reading is not None else ():
        key = trees.touched.key(modules, module, mention)
        use = _Use(key, mention, modules, module, moved)
        if mention.guarded and key is None and use.targets == frozenset({MISSING}):
            continue
        found.setdefault(mention.group, []).append(use)
    return found


def _compare(
    path: str, before: Sequence[_Use], after: Sequence[_Use], all_stay: bool
) -> Iterator[Difference]:
    if len(before) == len(after):
        for old_use, new_use in zip(before, after, strict=True):
            same = old_use.key is not None and old_use.key == new_use.key
            if not same and not _agree(old_use.targets, new_use.targets):
                yield Difference(path, old_use.line, _changed(old_use, new_use))
        return
    before, after = _without_same(before, after), _without_same(after, before)
    lost = Counter(use.targets for use in before)
    lost.subtract(Counter(use.targets for use in after))
    gained = {targets for targets, count in lost.items() if count < 0}
    for use in before:
        is_lost = lost[use.targets] > 0 and _is_ours(use.targets)
        if is_lost and (all_stay or frozenset({MISSING}) in gained):
            if any(_agree(use.targets, targets) for targets in gained):
                continue
            message = f"{use.text} leads to {words(use.targets)}, and no longer would"
            yield Difference(path, use.line, message)


def _without_same(uses: Sequence[_Use], others: Sequence[_Use]) -> list[_Use]:
    """``uses`` without those that stand among ``others`` with the same key."""
    left = Counter(use.key for use in others if use.key is not None)
    found = []
    for use in uses:
        if use.key is not None and left[use.key] > 0:
            left[use.key] -= 1
        else:
            found.append(use)
    return found


def _agree(before: Targets, after: Targets) -> bool:
    """Whether both may be the same: what is unknown on a side says nothing."""
    if before == after or UNKNOWN in before or before == frozenset({MISSING}):
        return True
    if UNKNOWN in after and MISSING not in after:
        return True
    return bool(before & after) and MISSING not in after


def _is_ours(targets: Targets) -> bool:
    return any(target.kind in ("definition", "module") for target in targets)


def words(targets: Targets) -> str:
    """What ``targets`` are, in words."""
    return " or ".join(sorted(map(str, targets))) or "nothing"


def _changed(before: _Use, after: _Use) -> str:
    was, now = words(before.targets), words(after.targets)
    if after.targets == frozenset({MISSING}):
        return f"{after.text} would lead nowhere: {before.text} leads to {was}"
    return f"{after.text} would lead to {now}, where {before.text} leads to {was}"


def _public(old: Modules, new: Modules, moved: Moved, module: str) -> Iterator[Difference]:
    """Names that could be imported and cannot any more, or lead elsewhere."""
    reading = old.reading(module)
    if reading is None:
        return
    home = moved.module(module)
    listed = old.listed_names(module) or frozenset()
    names = set(listed)
    is_package = old.is_package(module)
    if is_package:
        names |= {name for name in reading.top if not name.startswith("_")}
    names |= {
        name
        for name, bounds in reading.top.items()
        if any(b.alias and b.kind == "from" and b.name == name for b in bounds)
    }
    own = {name for name, bounds in reading.top.items() if not all(b.is_import for b in bounds)}
    for name in sorted(names | own):
        if f"{module}:{name}" in moved.symbols and name in own:
            continue  # it was asked to go
        before = moved.targets(old.lookup(module, name))
        after = new.lookup(home, name)
        if not before or before <= {MISSING, UNKNOWN} or not _is_ours(before):
            continue
        line = reading.top[name][0].line if name in reading.top else 1
        if not after or after == frozenset({MISSING}):
            if name in own or name in listed or is_package:
                yield Difference(
                    old.paths[module],
                    line,
                    f"{home} would no longer have a name {name}: it re-exports {words(before)}",
                )
        elif not _agree(before, after):
            message = f"{home}.{name} would be {words(after)}, and is {words(before)}"
            yield Difference(old.paths[module], line, message)


def _unresolved(trees: _Trees, module: str) -> Iterator[Difference]:
    old, new, moved = trees.old, trees.new, trees.moved
    home = moved.module(module)
    keys = trees.touched.keys(old, module) & trees.touched.keys(new, home)
    is_same = partial(trees.touched.is_same, keys, old, module)
    known = Counter(map(_last_of, unresolved_in(old, module, is_same)))
    is_same = partial(trees.touched.is_same, keys, new, home)
    for one in unresolved_in(new, home, is_same):
        last = _last_of(one)
        if known[last] > 0:
            known[last] -= 1
            continue
        yield Difference(
            old.paths[module], one.line, f"{one.name} would lead nowhere: {one.reason}"
        )


def _last_of(one: Unresolved) -> str:
    """The part that is not there: its package may have another name by now."""
    return one.reason.rpartition(" ")[2].rpartition(".")[2]


def dotted_targets(modules: Modules, text: str) -> Targets:
    """What a dotted name in a string leads to, nothing where it is none of ours."""
    parts = text.replace(":", ".").split(".")
    if parts[0] not in modules.roots:
        return frozenset()
    targets, rest = modules.follow(frozenset({Target("module", parts[0])}), tuple(parts[1:]))
    return frozenset() if rest and any(one.kind == "module" for one in targets) else targets


def _strings(old: Modules, new: Modules, moved: Moved, module: str) -> Iterator[Difference]:
    reading, now = old.reading(module), new.reading(moved.module(module))
    if reading is None or now is None:
        return
    before = [one for one in reading.strings if _is_ours(dotted_targets(old, one.value))]
    texts = Counter(one.value for one in now.strings)
    for one in before:
        targets = moved.targets(dotted_targets(old, one.value))
        after = dotted_targets(new, one.value)
        if texts[one.value] and not _agree(targets, after or frozenset({MISSING})):
            if not one.role and not after:
                text = f"the string {one.value!r} names {words(targets)}, and would name nothing"
                yield Difference(old.paths[module], one.line, text, certain=False)
            elif one.role:
                text = f"{one.value!r} names {words(targets)}, and would name {words(after)}"
                yield Difference(old.paths[module], one.line, text)


def _locals(
    old: Modules, new: Modules, moved: Moved, looked: Collection[str]
) -> Iterator[Difference]:
    """Attributes of local names, which may be spelled like a module: no rename is theirs."""
    counts: Counter[str] = Counter()
    for module in looked:
        reading = old.reading(module)
        counts.update(text for text, _ in (reading.locals if reading is not None else ()))
    for home in {moved.module(module): module for module in looked}:
        reading = new.reading(home) if home in new.paths else None
        for text, line in reading.locals if reading is not None else ():
            counts[text] -= 1
            if counts[text] < 0:
                message = f"{text} would be an attribute of a local name: it must keep its name"
                yield Difference(new.paths[home], line, message)


def _owners(old: Modules, new: Modules, moved: Moved) -> Iterator[Difference]:
    """Definitions that would have two owners, or go where the name is taken."""
    for old_name, new_name in moved.symbols.items():
        module, _, name = old_name.partition(":")
        home, _, target = new_name.partition(":")
        if old_name == new_name or module not in old.paths:
            continue
        now = old.lookup(module, name)
        if not now or now == frozenset({Target("definition", home, target)}):
            continue  # it went before
        reading = old.reading(home) if home in old.paths else None
        taken = reading.top.get(target, ()) if reading is not None else ()
        for bound in taken:
            if not bound.is_import or old.imported(home, bound) != frozenset(
                {Target("definition", module, name)}
            ):
                message = f"{home} already has a name {target}: {name} cannot take it there"
                yield Difference(old.paths[home], bound.line, message)
                break
    yield from _hidden(old, new, moved)
    by_module: dict[str, list[str]] = {}
    for module, path in new.paths.items():
        by_module.setdefault(path.removesuffix("/__init__.py").removesuffix(".py"), []).append(path)
        del module
    for paths in by_module.values():
        if len(paths) > 1 and not set(paths) <= set(old.paths.values()):
            yield Difference(
                sorted(paths)[0], 1, f"{' and '.join(sorted(paths))} are the same module"
            )


def _hidden(old: Modules, new: Modules, moved: Moved) -> Iterator[Difference]:
    """Names of packages that a new module would take the place of once it is imported."""
    came_from = {now: was for was, now in moved.modules.items()}
    for module in sorted(set(new.paths) - set(old.paths)):
        parent, _, last = module.rpartition(".")
        before, _, name = came_from.get(module, "").rpartition(".")
        reading = new.reading(parent) if parent in new.paths else None
        if reading is None or (name == last and moved.module(before) == parent):
            continue
        loads = [one for one in reading.imports if _is_of(new, parent, one, module)]
        for bound in reading.top.get(last, ()):
            if bound in loads or any(one.line < bound.line for one in loads):
                continue  # it is bound after the module was imported
            message = (
                f"{parent} has a name {last} of its own, which would be the module {module} "
                "as soon as that is imported: choose another name"
            )
            yield Difference(new.paths[parent], bound.line, message)
            break


def _is_of(modules: Modules, package: str, bound: Bound, module: str) -> bool:
    """Whether the import ``bound`` in ``package`` loads ``module``."""
    if bound.kind == "import":
        return bound.module == module or bound.module.startswith(f"{module}.")
    base = modules.absolute(package, bound.module, bound.level)
    return base == module or f"{base}.{bound.name}" == module
