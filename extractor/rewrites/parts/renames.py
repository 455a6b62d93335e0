"""Which dotted names have new names, and how a chain of attributes is read against them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True)
class Renames:
    """Old names to new ones.

    ``modules`` has one entry for every module and package that got a new name;
    ``symbols`` maps ``old.module:name`` to ``new.module:newname`` and wins over it.
    ``reexports`` maps a package to the module whose names it hands on: the names are to be
    taken from there, while the package, its submodules and its folder keep their names.
    ``quieted`` packages load less than they did: who reaches a submodule through one of them
    gets an import of that submodule. ``staying`` modules only lose the symbols named: a bare
    mention of one, or a star import, still means the old module. With ``move_files`` the
    files of ``modules`` themselves go to where their new names say. What a file imports a
    module as becomes the module's new name where nothing is in the way, but not with
    ``keep_local_names``.
    ``known_modules`` are all modules of the old packages: with them a module can be
    told from an attribute. With ``report_left`` every reference to a known module that
    has no new name is a finding: for old packages that will not be there any more.
    """

    modules: Mapping[str, str] = field(default_factory=dict)
    symbols: Mapping[str, str] = field(default_factory=dict)
    known_modules: frozenset[str] = frozenset()
    report_left: bool = False
    reexports: Mapping[str, str] = field(default_factory=dict)
    quieted: frozenset[str] = frozenset()
    staying: frozenset[str] = frozenset()
    move_files: bool = False
    keep_local_names: bool = False
    # Documents called after modules, by those names, and what they are called afterwards.
    documents: Mapping[str, str] = field(default_factory=dict, metadata={"derived": True})
    # Local names of modules that others take from where they are imported: module:name.
    handed_on: frozenset[str] = field(default=frozenset(), metadata={"derived": True})
    moves: Mapping[str, str] = field(default_factory=dict, metadata={"derived": True})
    # Imports keep their places: their order under the new names is not looked at.
    imports_stay: bool = field(default=False, metadata={"derived": True})
    # Top-level packages that are nobody's own, whatever leads there.
    libraries: frozenset[str] = field(default=frozenset(), metadata={"derived": True})

    @cached_property
    def known(self) -> frozenset[str]:
        """Every dotted name known to be a module, ancestors included."""
        named = set(self.known_modules) | set(self.modules) | set(self.reexports)
        named |= self.quieted
        named |= {symbol.partition(":")[0] for symbol in self.symbols}
        for module in list(named):
            parts = module.split(".")
            named.update(".".join(parts[:length]) for length in range(1, len(parts)))
        return frozenset(named)

    @cached_property
    def roots(self) -> frozenset[str]:
        """The top-level packages that renamed or known modules are in."""
        return frozenset(module.partition(".")[0] for module in self.known)

    @cached_property
    def root_words(self) -> tuple[bytes, ...]:
        """``roots`` as they stand in a file."""
        return tuple(sorted(root.encode("utf-8") for root in self.roots))

    @cached_property
    def own_roots(self) -> frozenset[str]:
        """Top-level packages whose imports belong in the first-party group."""
        counts = Counter(module.partition(".")[0] for module in self.modules.values())
        new = max(sorted(counts), key=counts.__getitem__, default="")
        # A library whose names are replaced does not become a package of ours by that.
        known = {module.partition(".")[0] for module in self.known_modules}
        return (frozenset(known or self.roots) | ({new} if new else set())) - self.libraries

    @cached_property
    def words(self) -> frozenset[bytes]:
        """Identifiers of which one is in every file that names something renamed from outside.

        Only a relative import names what is in a package without the package's own name.
        """
        named = {module.rpartition(".")[2] for module in self.modules}
        named |= {module.rpartition(".")[2] for module in {*self.reexports, *self.quieted}}
        named |= {symbol.partition(":")[0].rpartition(".")[2] for symbol in self.symbols}
        return frozenset(word.encode("utf-8", "surrogateescape") for word in named)

    @cached_property
    def symbol_words(self) -> frozenset[bytes]:
        """The renamed top-level names themselves."""
        named = {symbol.partition(":")[2].partition(".")[0] for symbol in self.symbols}
        return frozenset(word.encode("utf-8", "surrogateescape") for word in named)

    @cached_property
    def only_home(self) -> Mapping[str, str]:
        """Old modules whose mapped symbols all went to one new module, and that module."""
        homes: dict[str, set[str]] = {}
        for old, new in self.symbols.items():
            if (module := old.partition(":")[0]) not in self.staying:
                homes.setdefault(module, set()).add(new.partition(":")[0])
        only = {old: next(iter(new)) for old, new in homes.items() if len(new) == 1}
        return {**only, **self.reexports}

    def is_unloaded(self, module: str) -> bool:
        """Whether ``module`` is in a package that perhaps does not load it any more."""
        parts = module.split(".")
        return any(".".join(parts[:length]) in self.quieted for length in range(1, len(parts)))


@dataclass(frozen=True)
class Reference:
    """A module, or with ``name`` a top-level name of it; ``used`` attributes led there."""

    module: str
    name: str | None = None
    used: int = 0

    def __str__(self) -> str:
        return self.module if self.name is None else f"{self.module}.{self.name}"


def follow(renames: Renames, module: str, attributes: Sequence[str]) -> Reference:
    """What ``module.attributes...`` names: submodules as far as they are known, then a name."""
    for index, attribute in enumerate(attributes):
        if f"{module}:{attribute}" in renames.symbols:
            return Reference(module, attribute, index + 1)
        if f"{module}.{attribute}" not in renames.known:
            return Reference(module, attribute, index + 1)
        module = f"{module}.{attribute}"
    return Reference(module, None, len(attributes))


def new_reference(renames: Renames, old: Reference) -> Reference | None:
    """Where ``old`` is now; ``None`` when nothing says that it has another name."""
    if old.name is not None:
        new = renames.symbols.get(f"{old.module}:{old.name}")
        if new is not None:
            module, _, name = new.partition(":")
            return Reference(module, name, old.used)
        home = renames.reexports.get(old.module)
        if home is not None:
            return Reference(home, old.name, old.used)
    home = renames.modules.get(old.module)
    return None if home is None else Reference(home, old.name, old.used)
