"""The modules of a tree, and what every name of each leads to."""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from extractor.parsing import UnreadableSource
from extractor.project.relative import absolute
from extractor.reading import Reading, read
from extractor.reading.calls import NAME, PACKAGE
from extractor.reading.facts import Bound, DynamicImport

# What every module has without saying so.
_GIVEN = frozenset(
    {"__name__", "__file__", "__doc__", "__dict__", "__loader__", "__spec__", "__package__"}
    | {"__path__", "__builtins__", "__cached__", "__annotations__", "__class__", "__init__"}
    | {"__getattribute__", "__setattr__", "__reload__", "__all__", "__debug__"}
)
_BUILTINS = frozenset(dir(builtins))
# Calls that are handed a module's own name and make no names in it.
_HARMLESS = frozenset({"getLogger", "get_logger", "getChild", "Flask", "Blueprint"})
_UNREAD_SUFFIXES = (".so", ".pyd", ".pyx", ".pxd", ".c", ".cpp", ".cc", ".pyi", ".rs", ".py.in")


@dataclass(frozen=True, slots=True)
class Target:
    """What a name leads to.

    ``kind`` is ``definition`` (``name`` of ``module``), ``module``, ``external`` (the dotted
    name is ``module``), ``builtin``, ``unknown`` (it cannot be determined) or ``missing``.
    """

    kind: str
    module: str = ""
    name: str = ""

    def __str__(self) -> str:
        if self.kind == "definition":
            return f"{self.module}:{self.name}"
        words = {"module": f"the module {self.module}", "missing": "nothing"}
        return words.get(self.kind, self.module or self.name or self.kind)


UNKNOWN = Target("unknown")
MISSING = Target("missing")
Targets = frozenset[Target]
NOTHING: Targets = frozenset()


@dataclass
class Modules:
    """The modules of one tree: dotted names to paths, and how to read one.

    ``others`` are the paths of all other files: some are modules that no Python file defines.
    ``set_from_outside`` are names that others set on modules (``module:name``).
    """

    paths: Mapping[str, str]
    read: Callable[[str], bytes]
    others: Collection[str] = ()
    set_from_outside: set[str] = field(default_factory=set)
    opened: set[str] = field(default_factory=set)  # modules on which others set computed names
    made: set[str] = field(default_factory=set)  # by sys.modules[...] = ...
    unread: dict[str, UnreadableSource] = field(default_factory=dict)  # by path

    def __post_init__(self) -> None:
        self._readings: dict[str, Reading | None] = {}
        self._found: dict[tuple[str, str], Targets] = {}
        self._names: dict[str, frozenset[str] | None] = {}

    @cached_property
    def known(self) -> frozenset[str]:
        """Every module, and the folders above it: namespace packages are modules too."""
        found = set(self.paths)
        for name in self.paths:
            while "." in name:
                name = name.rpartition(".")[0]
                found.add(name)
        return frozenset(found)

    @cached_property
    def roots(self) -> frozenset[str]:
        """The top-level names that are first-party."""
        return frozenset(name.partition(".")[0] for name in self.paths)

    @cached_property
    def _unread_modules(self) -> frozenset[str]:
        """Dotted tails of files that are modules in another language, or stubs alone."""
        found = set()
        for path in self.others:
            if path.endswith(_UNREAD_SUFFIXES):
                folder, _, name = path.rpartition("/")
                found.add(f"{folder}/{name.partition('.')[0]}".strip("/"))
        return frozenset(found)

    def is_package(self, module: str) -> bool:
        path = self.paths.get(module)
        return path is None or path.rpartition("/")[2] == "__init__.py"

    def reading(self, module: str) -> Reading | None:
        """What ``module`` says; ``None`` for a namespace package and what cannot be read."""
        if module not in self._readings:
            path = self.paths.get(module)
            found = None
            if path is not None:
                try:
                    found = read(self.read(path), path)
                except UnreadableSource as error:
                    self.unread[path] = error
            self._readings[module] = found
        return self._readings[module]

    def is_read(self, module: str) -> bool:
        """Whether ``reading`` of it costs nothing any more."""
        return module in self._readings

    def forget_names(self) -> None:
        """Look names up anew, after what is set from outside became known."""
        self._found.clear()
        self._names.clear()

    # Imports.

    def absolute(self, module: str, name: str, level: int) -> str | None:
        """What ``from ..name import`` in ``module`` names; ``None`` above the top."""
        found = absolute(module, self.is_package(module), level, name)
        if not found.startswith("."):
            return found or None
        # One level above the top the folder that is read may be the package itself.
        at_top = level - self.is_package(module) == module.count(".") + 1
        return name if name and at_top else None

    def named_by(self, module: str, dynamic: DynamicImport) -> str | None:
        """The absolute name that a dynamic import in ``module`` asks for, if that is known."""
        if dynamic.name is None:
            return None
        name = self.spelled(module, dynamic.name)
        if not name.startswith("."):
            return name if re.fullmatch(r"\w+(?:\.\w+)*", name) else None
        if dynamic.relative_to is None:
            return None
        parts = self.spelled(module, dynamic.relative_to).split(".")
        up = len(name) - len(name.lstrip(".")) - 1
        kept = parts[: len(parts) - up]
        return ".".join([*kept, name.lstrip(".")]) if kept else None

    def has_stub(self, module: str) -> bool:
        """Whether a stub beside ``module`` may say more than it does."""
        path = self.paths.get(module, "")
        return f"{path}i" in self._stubs

    @cached_property
    def _stubs(self) -> frozenset[str]:
        return frozenset(path for path in self.others if path.endswith(".pyi"))

    def spelled(self, module: str, text: str) -> str:
        """A computed dotted name with the marks for the module's own names filled in."""
        package = module if self.is_package(module) else module.rpartition(".")[0]
        return text.replace(PACKAGE, package).replace(NAME, module)

    def is_ours(self, dotted: str) -> bool:
        return dotted.partition(".")[0] in self.roots

    def module_target(self, dotted: str) -> Target:
        """What ``import dotted`` leads to."""
        if not self.is_ours(dotted):
            return Target("external", dotted)
        if dotted in self.known:
            return Target("module", dotted)
        if dotted in self.made or self._may_be_made(dotted):
            return UNKNOWN
        return MISSING

    def _may_be_made(self, dotted: str) -> bool:
        """Whether something else than a Python file of the tree may be that module."""
        parent = dotted.rpartition(".")[0]
        while parent:
            if parent in self.known:
                path = self.paths.get(parent)
                if path is None:
                    return True  # a namespace package: others may have a part of it
                if self.is_open(parent):
                    return True
                folder = path.removesuffix("/__init__.py").removesuffix(".py")
                tail = dotted[len(parent) + 1 :].replace(".", "/")
                return f"{folder}/{tail}" in self._unread_modules
            if parent in self.made:
                return True
            parent = parent.rpartition(".")[0]
        return True

    def imported(self, module: str, bound: Bound) -> Targets:
        """What the import ``bound`` in ``module`` binds."""
        if bound.kind == "import":
            whole = self.module_target(bound.module)
            if bound.alias or whole in (MISSING, UNKNOWN):
                return frozenset({whole})
            return frozenset({self.module_target(bound.module.partition(".")[0])})
        base = self.absolute(module, bound.module, bound.level)
        if base is None:
            return frozenset({MISSING})
        return self.from_import(base, bound.name)

    def from_import(self, base: str, name: str) -> Targets:
        """What ``from base import name`` leads to."""
        target = self.module_target(base)
        if target.kind == "external":
            return frozenset({Target("external", f"{base}.{name}")})
        if target.kind != "module":
            return frozenset({target})
        return self.lookup(base, name) or frozenset({MISSING})

    # Names of a module.

    def is_open(self, module: str) -> bool:
        """Whether ``module`` may have names that no statement of it binds."""
        found = self.reading(module)
        if found is None:
            return module in self.paths  # one that cannot be read may have any
        if found.makes_names or module in self.opened:
            return True
        if "__getattr__" in found.top or "__path__" in found.top:
            return True
        return any(self._makes_module(module, path, unused) for path, unused in found.handed_name)

    def _makes_module(self, module: str, path: tuple[str, ...], unused: bool) -> bool:
        """Whether a call that is given ``__name__`` puts names into the module."""
        if not path or path[-1] in _HARMLESS:
            return False
        if path[-1] in _BUILTINS:
            return False
        for target in self.chain(module, path)[0]:
            if target.kind == "definition":
                found = self.reading(target.module)
                return found is not None and (found.makes_names or bool(found.made_modules))
        return unused and self.is_package(module)

    def lookup(self, module: str, name: str) -> Targets:
        """What ``name`` of ``module`` leads to; nothing when it has no such name."""
        key = (module, name)
        if key not in self._found:
            self._found[key] = NOTHING  # while it is looked for: a circle leads nowhere
            self._found[key] = self._look_up(module, name)
        return self._found[key]

    def _look_up(self, module: str, name: str) -> Targets:
        found = self.reading(module)
        if found is None and module in self.paths:
            return frozenset({UNKNOWN})
        own = found.top.get(name, ()) if found is not None else ()
        targets: set[Target] = set()
        for bound in own:
            if bound.is_import:
                targets |= self.imported(module, bound)
            else:
                targets.add(Target("definition", module, name))
        if f"{module}:{name}" in self.set_from_outside:
            targets.add(Target("definition", module, name))
        targets.discard(MISSING) if len(targets) > 1 else None
        if targets or own:
            return frozenset(targets or {MISSING})
        if found is not None:
            through = self._through_stars(module, found, name)
            if through:
                return through
        if f"{module}.{name}" in self.known or f"{module}.{name}" in self.made:
            return frozenset({self.module_target(f"{module}.{name}")})
        if name in _GIVEN or self.is_open(module) or self._may_be_there(module, name):
            return frozenset({UNKNOWN})
        return NOTHING

    def _may_be_there(self, module: str, name: str) -> bool:
        return self.is_package(module) and self._may_be_made(f"{module}.{name}")

    def _through_stars(self, module: str, found: Reading, name: str) -> Targets:
        unknown = False
        for star in found.stars:
            base = self.absolute(module, star.module, star.level)
            target = MISSING if base is None else self.module_target(base)
            if target.kind == "module" and base is not None:
                public = self.public_names(base)
                if public is not None and name in public:
                    targets = self.lookup(base, name)
                    if targets:
                        return targets
                elif public is None:
                    unknown = True
            elif target.kind != "missing":
                unknown = True
        return frozenset({UNKNOWN}) if unknown else NOTHING

    def public_names(self, module: str) -> frozenset[str] | None:
        """What a star import of ``module`` takes; ``None`` when it cannot be determined."""
        if module not in self._names:
            self._names[module] = frozenset()
            self._names[module] = self._public_names(module)
        return self._names[module]

    def _public_names(self, module: str) -> frozenset[str] | None:
        found = self.reading(module)
        if found is None:
            return None if module in self.paths else frozenset()
        if found.exported is not None:
            return self.listed_names(module)
        names = {name for name in found.top if not name.startswith("_")}
        for star in found.stars:
            base = self.absolute(module, star.module, star.level)
            more = self.public_names(base) if base in self.known and base is not None else None
            if more is None:
                return None
            names |= more
        return None if self.is_open(module) else frozenset(names)

    def listed_names(self, module: str) -> frozenset[str] | None:
        """The names in ``__all__``, those taken over included; ``None`` when some are computed."""
        found = self.reading(module)
        if found is None or found.exported is None or not found.exported.exact:
            return None
        names = set(found.exported.names)
        for path in found.exported.taken_over:
            targets, rest = self.chain(module, path)
            target = next(iter(targets), UNKNOWN)
            more = None
            if len(targets) == 1 and target.kind == "module" and not rest:
                more = self.public_names(target.module)
            if more is None:
                return None
            names |= more
        return frozenset(names)

    # Chains.

    def chain(
        self, module: str, path: Sequence[str], imports: Iterable[Bound] = ()
    ) -> tuple[Targets, tuple[str, ...]]:
        """What ``path`` leads to from inside ``module``, and what of it follows on that."""
        imports = tuple(imports)
        if imports:
            first: Targets = frozenset(
                target for bound in imports for target in self.imported(module, bound)
            )
        else:
            first = self.lookup(module, path[0]) or self.free(module, path[0])
        return self.follow(first, tuple(path[1:]))

    def free(self, module: str, name: str) -> Targets:
        """A name that the module does not bind: a builtin, or nothing."""
        return frozenset({Target("builtin", name=name) if name in _BUILTINS else MISSING})

    def follow(self, targets: Targets, rest: tuple[str, ...]) -> tuple[Targets, tuple[str, ...]]:
        """Follow the attributes ``rest`` as long as they are names of modules."""
        while rest and targets:
            if any(target.kind != "module" for target in targets):
                break
            found: set[Target] = set()
            for target in targets:
                found |= self.lookup(target.module, rest[0]) or {MISSING}
            if len(found) > 1:
                found.discard(MISSING)
            targets, rest = frozenset(found), rest[1:]
        if rest and len(targets) == 1 and (only := next(iter(targets))).kind == "external":
            return frozenset({Target("external", ".".join([only.module, *rest]))}), ()
        return targets, rest
