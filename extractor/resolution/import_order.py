"""Would importing a module fail, because of a circle, where it did not before?

Imports are played through in the order in which Python would run them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial

from extractor.reading.facts import Bound, Mention, Star
from extractor.reading.glance import may_import
from extractor.resolution.modules import Modules
from extractor.resolution.moved import Moved


@dataclass(frozen=True)
class Failure:
    """The import at ``line`` of ``module`` asks ``base`` for a name that is not there yet."""

    module: str
    line: int
    base: str
    name: str


class BrokenImport(Exception):
    """Raised inside while imports are played through."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure = failure


def new_broken_imports(
    old: Modules, new: Modules, moved: Moved, looked: Collection[str]
) -> Iterator[tuple[str, int, str]]:
    """Modules that can be imported in ``old`` and not in ``new``: path, line and message."""
    names = {moved.module(module): module for module in looked}
    glances: dict[str, set[str]] = {}
    suspects = [
        module
        for module in sorted({*names, *(set(new.paths) - set(old.paths))})
        if module in new.paths
        and _has_new_circle(old, new, moved, module, names.get(module), glances)
    ]
    told: set[Failure] = set()
    entries = dict.fromkeys(suspects)
    for module in suspects:
        entries.update(
            dict.fromkeys(name for name in imported_by(new, module) if name in new.paths)
        )
    for module in entries:
        failure = import_fails(new, module)
        if failure is None or failure in told:
            continue
        came = {now: was for was, now in moved.modules.items()}.get(module, module)
        if came in old.paths and import_fails(old, came) is not None:
            continue
        told.add(failure)
        yield (
            new.paths[failure.module],
            failure.line,
            f"a circular import: when {module} is imported, {failure.base} has no "
            f"{failure.name} yet where {failure.module} asks for it",
        )


def imported_by(modules: Modules, module: str) -> set[str]:
    """The modules that ``module`` loads by its own statements, and the packages above them."""
    reading = modules.reading(module) if module in modules.paths else None
    if reading is None:
        return set()
    found: set[str] = set()
    for bound in reading.imports:
        if not bound.runs or bound.typing:
            continue
        if bound.kind == "import":
            found.add(bound.module)
        else:
            base = modules.absolute(module, bound.module, bound.level)
            found |= {base, f"{base}.{bound.name}"} if base else set()
    for star in reading.stars:
        base = modules.absolute(module, star.module, star.level)
        found |= {base} if base else set()
    return _there(modules, module, found)


def may_be_imported_by(modules: Modules, module: str) -> set[str]:
    """What ``imported_by`` says and perhaps more, without parsing a file that nobody read yet."""
    if module not in modules.paths or modules.is_read(module):
        return imported_by(modules, module)
    glance = may_import(modules.read(modules.paths[module]))
    if glance is None:
        return imported_by(modules, module)
    found: set[str] = set()
    for level, named, name in glance:
        base = modules.absolute(module, named, level) if level else named
        found |= {base, f"{base}.{name}"} if base else set()
    return _there(modules, module, found)


def _there(modules: Modules, module: str, named: set[str]) -> set[str]:
    """The modules among ``named``, and the packages above them."""
    above = {name.rsplit(".", up)[0] for name in named for up in range(name.count(".") + 1)}
    return {name for name in named | above if name in modules.known and name != module}


def _has_new_circle(
    old: Modules,
    new: Modules,
    moved: Moved,
    module: str,
    came_from: str | None,
    glances: dict[str, set[str]],
) -> bool:
    """Whether ``module`` imports what it did not, and is imported by that in turn."""
    before = set() if came_from is None else set(map(moved.module, imported_by(old, came_from)))

    def glance(name: str) -> set[str]:
        if name not in glances:
            glances[name] = may_be_imported_by(new, name)
        return glances[name]

    return any(
        _leads_to(module, added, glance) and _leads_to(module, added, partial(imported_by, new))
        for added in imported_by(new, module) - before
    )


def _leads_to(module: str, start: str, imports: Callable[[str], set[str]]) -> bool:
    seen, waiting = {start}, [start]
    while waiting:
        more = imports(waiting.pop()) - seen
        if module in more:
            return True
        seen |= more
        waiting += more
    return False


def circle_of(modules: Modules, module: str) -> set[str]:
    """The modules that ``module`` loads when it is imported, and that load it in turn."""
    loaded = _loaded(modules, module)
    return {name for name in loaded if module in _loaded(modules, name)}


def _loaded(modules: Modules, module: str) -> set[str]:
    found: set[str] = set()
    waiting = [module]
    while waiting:
        new = {name for name in imported_by(modules, waiting.pop()) if name in modules.paths}
        waiting.extend(new - found)
        found |= new
    return found


def import_fails(modules: Modules, module: str) -> Failure | None:
    """What would fail first if ``module`` was imported into a fresh interpreter."""
    play = _Play(modules)
    try:
        play.load(module)
    except BrokenImport as broken:
        return broken.failure
    return None


class _Play:
    def __init__(self, modules: Modules) -> None:
        self.modules = modules
        self.has: dict[str, set[str]] = {}  # names that modules have so far
        self.running: set[str] = set()

    def load(self, dotted: str) -> None:
        parts = dotted.split(".")
        for size in range(1, len(parts) + 1):
            name = ".".join(parts[:size])
            if name in self.modules.known and name not in self.has:
                self.has[name] = set()
                self.running.add(name)
                self.run(name)
                self.running.discard(name)
                parent, _, last = name.rpartition(".")
                if parent in self.has:
                    self.has[parent].add(last)

    def run(self, module: str) -> None:
        reading = self.modules.reading(module) if module in self.modules.paths else None
        if reading is None:
            return
        steps: list[tuple[int, int, str, Bound | Star | Mention]] = []
        for name, bounds in reading.top.items():
            steps += [(b.line, 0 if b.is_import else 2, name, b) for b in bounds if b.runs]
        steps += [(star.line, 0, "", star) for star in reading.stars if star.runs]
        steps += [
            (mention.line, 1, "", mention)
            for mention in reading.mentions
            if mention.runs and len(mention.path) > 1 and not mention.guarded
        ]
        for _, _, name, step in sorted(steps, key=lambda step: step[:3]):
            self.step(module, name, step)

    def step(self, module: str, name: str, step: Bound | Star | Mention) -> None:
        if isinstance(step, Mention):
            self.use(module, step)
            return
        if isinstance(step, Star):
            base = self.modules.absolute(module, step.module, step.level)
            if base in self.modules.known and base is not None:
                self.load(base)
                self.has[module] |= self.has.get(base, set())
            return
        if step.typing:
            return
        if step.kind == "import":
            self.load(step.module)
        elif step.kind == "from":
            self.take(module, step)
        self.has[module].add(name)

    def take(self, module: str, bound: Bound) -> None:
        base = self.modules.absolute(module, bound.module, bound.level)
        if base is None or base not in self.modules.known:
            return
        self.load(base)
        if bound.name in self.has[base]:
            return
        if f"{base}.{bound.name}" in self.modules.known:
            self.load(f"{base}.{bound.name}")
            return
        if base in self.running and not bound.guarded and not self.modules.is_open(base):
            raise BrokenImport(Failure(module, bound.line, base, bound.name))

    def use(self, module: str, mention: Mention) -> None:
        targets, _ = self.modules.chain(module, mention.path[:1], mention.imports)
        owner = next(iter(targets)).module if len(targets) == 1 else ""
        if owner not in self.running or owner == module or next(iter(targets)).kind != "module":
            return
        reading, name = self.modules.reading(owner), mention.path[1]
        comes_later = reading is not None and name in reading.top
        if comes_later and name not in self.has[owner] and not self.modules.is_open(owner):
            raise BrokenImport(Failure(module, mention.line, owner, name))
