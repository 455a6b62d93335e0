"""Does every first-party name of a tree lead to a definition?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from extractor.reading import Reading
from extractor.reading.facts import Bound, Mention
from extractor.resolution.modules import MISSING, UNKNOWN, Modules


@dataclass(frozen=True, order=True)
class Unresolved:
    """A name that leads nowhere: where it stands (1-based line), what it is, and why."""

    path: str
    line: int
    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.name}: {self.reason}"


@dataclass(frozen=True)
class Resolution:
    """What was found in a tree: what leads nowhere, and the files that could not be read."""

    unresolved: tuple[Unresolved, ...]
    unread: tuple[Unresolved, ...]


def resolve_tree(modules: Modules) -> Resolution:
    """Look up every first-party name of ``modules``.

    Unknown is not unresolved: what a module makes up at run time, what a handler of
    ImportError or AttributeError expects, what another distribution may hold.
    """
    note_what_others_set(modules)
    found: set[Unresolved] = set()
    for module in sorted(modules.paths):
        found |= set(unresolved_in(modules, module))
    unread = {
        Unresolved(path, error.line, modules_name(modules, path), str(error))
        for path, error in modules.unread.items()
    }
    return Resolution(tuple(sorted(found)), tuple(sorted(unread)))


def modules_name(modules: Modules, path: str) -> str:
    return next(name for name, its_path in modules.paths.items() if its_path == path)


def note_what_others_set(modules: Modules) -> None:
    """Find the names that any module sets on another: ``objects.X = ...``, ``setattr``."""
    for module in modules.paths:
        reading = modules.reading(module)
        if reading is None:
            continue
        modules.made.update(reading.made_modules)
        for mention in reading.mentions:
            if mention.stored and len(mention.path) > 1:
                _note(modules, module, mention.path[:-1], mention.imports, mention.path[-1])
        for attribute in reading.attributes:
            if attribute.role == "set":
                _note(modules, module, attribute.path, attribute.imports, attribute.name)
    modules.forget_names()


def _note(
    modules: Modules,
    module: str,
    path: tuple[str, ...],
    imports: tuple[Bound, ...],
    name: str | None,
) -> None:
    targets, rest = modules.chain(module, path, imports)
    for target in targets:
        if target.kind == "module" and not rest:
            if name is None:
                modules.opened.add(target.module)
            else:
                modules.set_from_outside.add(f"{target.module}:{name}")


def unresolved_in(
    modules: Modules, module: str, same: Callable[[Bound | Mention], bool] | None = None
) -> Iterator[Unresolved]:
    """The first-party names in ``module`` that lead nowhere, but for what is the ``same``."""
    reading = modules.reading(module)
    if reading is None:
        return
    path = modules.paths[module]
    for bound in reading.imports:
        if not bound.guarded and not (same and same(bound)):
            yield from _import(modules, module, path, bound)
    for star in reading.stars:
        base = modules.absolute(module, star.module, star.level)
        if not star.guarded and (base is None or modules.module_target(base) == MISSING):
            name = "." * star.level + star.module
            yield Unresolved(path, star.line, name, f"there is no module {base or name}")
    yield from _exported(modules, module, path, reading)
    yield from _chains(modules, module, path, same)
    for dynamic in reading.dynamic:
        named = None if dynamic.guarded else modules.named_by(module, dynamic)
        if named and modules.is_ours(named) and modules.module_target(named) == MISSING:
            parent, _, last = named.rpartition(".")
            if not (parent in modules.known and modules.lookup(parent, last)):
                yield Unresolved(path, dynamic.line, named, f"there is no module {named}")


def _import(modules: Modules, module: str, path: str, bound: Bound) -> Iterator[Unresolved]:
    if modules.imported(module, bound) != frozenset({MISSING}):
        return
    if bound.kind == "import":
        missing = first_missing(modules, bound.module)
        yield Unresolved(path, bound.line, bound.module, f"there is no module {missing}")
        return
    base = modules.absolute(module, bound.module, bound.level)
    written = "." * bound.level + bound.module
    if base is None:
        reason = "the relative import leaves the package"
        yield Unresolved(path, bound.line, f"{written}.{bound.name}", reason)
    elif modules.module_target(base) == MISSING:
        reason = f"there is no module {first_missing(modules, base)}"
        yield Unresolved(path, bound.line, f"{base}.{bound.name}", reason)
    elif modules.lookup(base, bound.name) == frozenset({MISSING}):
        return  # what binds it there is what is told
    elif bound.typing and modules.has_stub(base):
        return
    else:
        reason = f"{base} has no name {bound.name}"
        yield Unresolved(path, bound.line, f"{base}.{bound.name}", reason)


def first_missing(modules: Modules, dotted: str) -> str:
    """The shortest leading part of ``dotted`` that is no module."""
    parts = dotted.split(".")
    for size in range(1, len(parts) + 1):
        if ".".join(parts[:size]) not in modules.known:
            return ".".join(parts[:size])
    return dotted


def _exported(modules: Modules, module: str, path: str, reading: Reading) -> Iterator[Unresolved]:
    if reading.exported is None:
        return
    for name, line in reading.exported.names.items():
        if not modules.lookup(module, name):
            yield Unresolved(path, line, name, f"__all__ names it, and {module} does not have it")


def _chains(
    modules: Modules, module: str, path: str, same: Callable[[Bound | Mention], bool] | None
) -> Iterator[Unresolved]:
    reading = modules.reading(module)
    assert reading is not None
    for mention in reading.mentions:
        if len(mention.path) < 2 or mention.guarded or mention.path[-1] in reading.asks_for:
            continue
        if same and same(mention):
            continue
        targets, rest = modules.chain(module, mention.path, mention.imports)
        if targets != frozenset({MISSING}):
            continue
        length = len(mention.path) - len(rest)
        if length < 2 or (mention.stored and not rest):
            continue
        before, _ = modules.chain(module, mention.path[: length - 1], mention.imports)
        owner = next(iter(before), UNKNOWN)
        if owner.kind != "module":
            continue
        name = mention.path[length - 1]
        if name in reading.asks_for or modules.lookup(owner.module, name):
            continue
        reason = f"{owner.module} has no name {name}"
        yield Unresolved(path, mention.line, ".".join(mention.path[:length]), reason)
