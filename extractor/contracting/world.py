"""What contract types look at, made of our own reading: of every state, running no code.

Only what a contract asks about is read: the imports of single modules are worked out when they
are asked for (``GraphReader``), and who imports a module is asked of those whose text names it.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from extractor_contracts.file_facts import Store, stat_key
from extractor_contracts.verdict import Unread
from extractor_contracts.world import (
    CALL,
    IMPORT,
    ON_CALL,
    PARENT,
    STRING,
    TYPE_CHECKING,
    Import,
    Imports,
    Place,
    Reader,
    World,
)

from extractor.analysis.dynamic_imports import BY_STRING, PLUGIN_MANAGERS
from extractor.analysis.facts import (
    FACTS_VERSION,
    Body,
    Facts,
    body_from_plain,
    facts_from_plain,
    plain_body,
    plain_facts,
)
from extractor.analysis.graph import Edge, External, Kind
from extractor.analysis.import_edges.reading import GraphReader
from extractor.analysis.modules import Module, find_modules
from extractor.analysis.scan import scan, scan_function
from extractor.analysis.skeleton import skeleton
from extractor.analysis.surroundings import Surroundings, surroundings
from extractor.cache_folder import cache_folder
from extractor.project.facts import project_of
from extractor.source.tree import FolderTree, Tree

_HOW = {
    Kind.IMPORT: IMPORT,
    Kind.CONDITIONAL: IMPORT,
    Kind.PARENT: PARENT,
    Kind.STRING: STRING,
    Kind.CALL: CALL,
    Kind.ON_CALL: ON_CALL,
    Kind.TYPE_CHECKING: TYPE_CHECKING,
}
_DYNAMIC = frozenset({Kind.STRING, Kind.CALL})
# Entry points of these groups are started as programs; nothing loads them through a manager.
_PROGRAMS = frozenset({"console_scripts", "gui_scripts", "wsgi_scripts"})
# A module's own __getattr__, or the one that a library of lazy imports makes.
_HOOK = re.compile(rb"^[ \t]*def[ \t]+__getattr__[\s\\]*\([^,)]*\)|^[ \t(]*__getattr__\b", re.M)
# Functions that import by name, grouped by what all of a group have in common, with a first
# argument that reading puts together: a string that goes on, a plain name, something in
# brackets. What that names need not be spelled out. An attribute or a call is known to nobody.
_ARGUMENT = (
    rb"(?:[fF]['\"]|[(\[{]|[rRuUbB]{0,2}(?:'''|\"\"\""
    rb"|'[^'\n]*'[\s\\]*[^\s\\,)]|\"[^\"\n]*\"[\s\\]*[^\s\\,)])"
    rb"|[^\W\d]\w*(?!\w|[\s\\]*[.(\[]|['\"]))"
)
_COMPUTED = {
    word.encode(): re.compile(rb"%s\w*[\s\\]*\([\s\\]*%s" % (word.encode(), _ARGUMENT))
    for word in sorted({"import_" if "import_" in name else name for name in BY_STRING})
}


# A store may outlive this version.
_IMPORTS = f"imports {FACTS_VERSION}"


def world_of(tree: Tree, packages: Sequence[str], store: Store | None = None) -> World:
    """The world of ``packages`` in one tree; ``store`` keeps what is found out about files."""
    paths = tuple(tree.paths())
    modules = _modules(paths, tuple(packages))
    contents: dict[str, bytes | None] = {}

    def read(path: str) -> bytes | None:
        if path not in contents:
            # The key first: what changes in between is read anew the next time.
            world.key(path)
            try:
                contents[path] = tree.read(path)
            except KeyError:
                contents[path] = None
        return contents[path]

    def files(folder: str) -> list[str]:
        below = folder + "/"
        return [p for p in paths if p.startswith(below) and "/" not in p[len(below) :]]

    reader = ModuleReader(packages, modules, surroundings(project_of(tree), modules))
    world = World(
        modules={name: Place(m.path or "", m.is_package) for name, m in modules.items()},
        reader=reader,
        read=read,
        parse=_parse,
        outline=_outline,
        key=_keys(tree),
        store=store or Store(),
        files=files,
    )
    reader.world = world
    return world


# The states of a history mostly have the same files.
@functools.lru_cache(maxsize=4)
def _modules(paths: tuple[str, ...], packages: tuple[str, ...]) -> dict[str, Module]:
    return find_modules(paths, packages)


def store_for(tree: Tree, configuration: Path) -> Store:
    """The store that a check of ``tree`` against ``configuration`` left the last time.

    One a configuration, so that two do not push each other's entries out, and for folders one
    a folder: their files are known by what the disk says of them, a revision's by content.
    """
    place = str(tree.root.resolve()) if isinstance(tree, FolderTree) else "revisions"
    which = f"{FACTS_VERSION} {sys.version_info[:2]} {place} {configuration.resolve()}"
    name = hashlib.blake2b(which.encode("utf-8", "surrogateescape"), digest_size=12).hexdigest()
    return Store(cache_folder() / "contracts" / f"{name}.json")


class ModuleReader(Reader):
    """Asks the analysis for the imports of one module at a time."""

    world: World

    def __init__(
        self,
        packages: Sequence[str],
        modules: Mapping[str, Module],
        around: Surroundings,
    ) -> None:
        self.points = around.entry_points
        self.facts = _FactsOnDemand(self, modules)
        self.graph = GraphReader(packages, modules, self.facts, self._function, around)

    def all_of(self, module: str) -> Imports:
        return _imports(*self.graph.imports_of(module))

    def named_by(self, module: str) -> Imports:
        return _imports(*self.graph.named_by(module))

    def statements(self, module: str) -> Sequence[tuple[str, int, bool]]:
        return list(self.graph.statements_of(module))

    def hidden(self, roots: Sequence[str]) -> Collection[str]:
        found: set[str] = set()
        every = self.world.modules
        for root in roots:
            above, _, last = root.rpartition(".")
            # ``from above import *`` takes the submodules that above.__all__ lists.
            if above in self.facts and last in (self.facts[above].exported or ()):
                found.update(self.world.spelling([above], every))
        # A package that makes up its attributes can import anything for who asks it.
        hooks = [
            module
            for module in self.world.where(
                "makes up attributes", _makes_up, self.world.spelled(["__getattr__"], every)
            )
            if self.facts[module].bound.get("__getattr__") or self.facts[module].lazy_names
        ]
        if hooks:
            found.update(self.world.spelling(hooks, every))
        spelled = self.world.spelled({root.rpartition(".")[2] for root in roots}, every)
        computes = self.world.where("computes names", _computes, spelled)
        # The package before comes from the text too, or for those in it from their own name.
        packages = {root.split(".")[-2] for root in roots}
        around = tuple({root.rpartition(".")[0] + "." for root in roots})
        found.update(self.world.spelled(packages, computes))
        found.update(m for m in computes if (m + ".").startswith(around))
        inside = tuple(root + "." for root in roots)
        groups = {
            point.group.rpartition(".")[2]
            for point in self.points
            if point.group not in _PROGRAMS and (point.module + ".").startswith(inside)
        }
        # The one word first: most files have none of the names.
        managing = self.world.spelled(["Manager"], every) if groups else ()
        if managing:
            loading = self.world.spelled(PLUGIN_MANAGERS, managing)
            found.update(self.world.spelled(groups, loading))
        return found

    def _function(self, module: str, qualified: str) -> Body | None:
        world = self.world

        def look() -> list[Any] | None:
            found = scan_function(world.source(module), qualified, world.path(module))
            return None if found is None else plain_body(found)

        plain = world.remembered(module, f"function {qualified}", look)
        return None if plain is None else body_from_plain(plain)


class _FactsOnDemand(Mapping[str, Facts]):
    """Facts of modules with a file, each read when it is first looked up."""

    def __init__(self, reader: ModuleReader, modules: Mapping[str, Module]) -> None:
        self._reader = reader
        self._modules = modules
        self._read: dict[str, Facts] = {}

    def __getitem__(self, module: str) -> Facts:
        found = self._read.get(module)
        if found is None:
            if module not in self:
                raise KeyError(module)
            world = self._reader.world
            path = world.path(module)
            plain = world.remembered(
                module, _IMPORTS, lambda: plain_facts(scan(world.source(module), path))
            )
            found = facts_from_plain(plain)
            if found.error:
                reason = found.error.removeprefix(f"{path}: ")
                world.unreadable.append(Unread(path, found.error_line, reason))
            self._read[module] = found
        return found

    def __contains__(self, module: object) -> bool:
        known = self._modules.get(module) if isinstance(module, str) else None
        return known is not None and known.path is not None

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._modules if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _makes_up(source: bytes) -> bool:
    return _HOOK.search(source) is not None


def _computes(source: bytes) -> bool:
    return any(
        word in source and call.search(source) is not None for word, call in _COMPUTED.items()
    )


def _imports(edges: Sequence[Edge], externals: Sequence[External]) -> Imports:
    return Imports(
        [
            Import(e.importer, e.imported, e.line, _HOW[e.kind], e.kind in _DYNAMIC, _called(e))
            for e in edges
        ],
        [
            Import(e.importer, e.imported, e.line, _HOW[e.kind], e.kind in _DYNAMIC)
            for e in externals
        ],
    )


def _called(edge: Edge) -> str:
    return edge.via if edge.kind is Kind.CALL else ""


def _keys(tree: Tree) -> Callable[[str], str]:
    """What changes when a file does: its blob, or of a folder's file what the disk says."""
    if isinstance(tree, FolderTree):
        # One answer for a run, given before the file is read.
        known: dict[str, str] = {}

        def on_disk(path: str) -> str:
            if path not in known:
                known[path] = stat_key(f"{tree.root}/{path}")
            return known[path]

        return on_disk

    def blob(path: str) -> str:
        try:
            return tree.entry(path).blob
        except KeyError:
            return ""

    return blob


def _parse(source: bytes, path: str) -> ast.Module:
    # Loaded here: it brings a whole parser, and a warm run parses nothing.
    from extractor.parsing import parse_ast

    return parse_ast(source, path)[0]


def _outline(source: bytes, path: str) -> ast.Module:
    """The tree without the bodies of functions, which is what takes the time."""
    reduced = skeleton(source)
    if reduced is not None:
        try:
            return _parse(reduced, path)
        except ValueError:
            pass
    return _parse(source, path)
