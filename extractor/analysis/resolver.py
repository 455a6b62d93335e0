"""What a dotted name stands for, and the modules it is looked for in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from extractor.analysis.name_reader import read_names
from extractor.analysis.names import Imported, ModuleNames
from extractor.analysis.registered import registered_classes
from extractor.analysis.symbols import Symbol
from extractor.parsing import UnreadableSource
from extractor.project.layout import USUAL, module_of
from extractor.source.tree import SYMLINK, Tree


def modules_of(tree: Tree, packages: Collection[str]) -> dict[str, str]:
    """Dotted module to path, for all regular ``.py`` files below the named packages.

    A package lies at the root of the tree, or else in ``src/`` or ``lib/``.
    """
    found: dict[str, str] = {}
    for path in tree.paths():
        module = module_of(path)
        if not path.endswith(".py") or module.partition(".")[0] not in packages:
            continue
        if tree.entry(path).mode == SYMLINK:
            continue
        if not USUAL.around(path) or module not in found:
            found[module] = path
    return found


class Resolver:
    """Finds what a dotted name stands for; reads modules when first asked for them."""

    def __init__(
        self,
        tree: Tree,
        modules: Mapping[str, str],
        read: Callable[[str, str], ModuleNames] | None = None,
    ) -> None:
        """``modules`` are dotted names to paths; ``read`` knows the names of a module at a path."""
        self.tree = tree
        self.modules = modules
        self._read = read or self.read
        self.failed: dict[str, str] = {}
        self._names: dict[str, ModuleNames | None] = {}
        self._registered: dict[str, Mapping[str, str]] = {}

    def names(self, module: str) -> ModuleNames | None:
        """The module's table; ``None`` when it is not ours or cannot be read."""
        if module not in self._names:
            path = self.modules.get(module)
            table = None
            if path is not None:
                try:
                    table = self._read(module, path)
                except UnreadableSource as error:
                    self.failed[module] = str(error)
            self._names[module] = table
        return self._names[module]

    def registered(self, package: str) -> Mapping[str, str]:
        """Classes that decorators hang on ``package``, each with the module that defines it."""
        if package not in self._registered:
            self._registered[package] = registered_classes(
                package, self.modules, self.tree.read, self.names
            )
        return self._registered[package]

    def read(self, module: str, path: str) -> ModuleNames:
        """The names of ``module``, from its source; ``UnreadableSource`` when nothing parses it."""
        return read_names(self.tree.read(path), module, path.endswith("/__init__.py"), path)

    def split(self, dotted: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
        """The longest module that ``dotted`` starts with, and the rest."""
        for end in range(len(dotted), 0, -1):
            module = ".".join(dotted[:end])
            if module in self.modules:
                return module, dotted[end:]
        return "", dotted


@dataclass
class Walk:
    """One resolution: the hops it took, conditional imports among them, and where it ended.

    ``rests``: how many parts of the chain came after each hop.
    """

    hops: list[Symbol] = field(default_factory=list)
    rests: dict[Symbol, int] = field(default_factory=dict)
    conditional: list[Symbol] = field(default_factory=list)
    end: Symbol | None = None
    stop: str | None = None
    external: str | None = None
    whole: bool = False
    lost: Symbol | None = None


def binds_module(targets: Iterable[Imported], module: str) -> bool:
    return any(t.module == module or f"{t.module}.{t.name}" == module for t in targets)


def makes_names(table: ModuleNames) -> bool:
    if "__getattr__" in table.binders:
        return True
    return any(
        reference.chain[:2] == ("sys", "modules") or reference.chain == ("setattr",)
        for unit in table.units
        if not unit.names
        for reference in unit.references
    )
