"""What contracts look at: modules, imports and, where a contract asks for it, their source.

Built from grimp's graph under ``lint-imports`` (``contracts.from_grimp``) or by whoever has
another reader of imports. Nothing here runs or imports any of the code looked at.
"""

from __future__ import annotations

import ast
import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from contracts.file_facts import FileFacts, Store, read_facts
from contracts.names_used import NameUse, names_used

# How an import comes to be. All but the last two are loaded with the importer.
IMPORT, PARENT, STRING, CALL, ON_CALL, TYPE_CHECKING = (
    "import",
    "parent package",
    "string",
    "call",
    "on call",
    "type checking",
)
LOADING = frozenset({IMPORT, PARENT, STRING, CALL})


T = TypeVar("T")

_STATEMENT = re.compile(rb"(?:^|[:;])\s*(?:import\s|from\s+[\w.]+\s+import\b)")


class Place(NamedTuple):
    """Where a module is: its path (empty for a namespace package)."""

    path: str
    is_package: bool


class Import(NamedTuple):
    """``importer`` names ``imported`` at ``line`` (1-based, 0 for a parent package).

    ``dynamic``: by a string that only a reader of strings sees.
    """

    importer: str
    imported: str
    line: int
    how: str
    dynamic: bool = False

    @property
    def loads(self) -> bool:
        return self.how in LOADING


@dataclass
class World:
    """One state of a project.

    ``imports`` are between its own modules, ``outside`` name others'. ``read`` gives a path's
    bytes or ``None``; ``parse`` turns them into a tree and raises ``ValueError`` or
    ``SyntaxError`` where it cannot. ``unreadable`` are paths whose imports are not known.
    """

    modules: Mapping[str, Place]
    imports: Sequence[Import]
    outside: Sequence[Import]
    read: Callable[[str], bytes | None]
    parse: Callable[[bytes, str], ast.Module] = ast.parse
    # Paths of the files right below a folder.
    files: Callable[[str], Sequence[str]] = lambda folder: ()
    unreadable: Sequence[tuple[str, int, str]] = ()
    # A name for a path's content that changes with it; empty: not to be kept.
    key: Callable[[str], str] = lambda path: ""
    store: Store = field(default_factory=Store)
    _from: dict[str, list[Import]] = field(default_factory=dict, repr=False)
    _to: dict[str, list[Import]] = field(default_factory=dict, repr=False)
    _outside: dict[str, list[Import]] = field(default_factory=dict, repr=False)
    _trees: dict[str, ast.Module | None] = field(default_factory=dict, repr=False)
    _facts: dict[str, FileFacts] = field(default_factory=dict, repr=False)
    _uses: dict[str, Sequence[NameUse]] = field(default_factory=dict, repr=False)
    _answers: dict[str, list[Any]] = field(default_factory=dict, repr=False)

    def imports_of(self, importer: str) -> Sequence[Import]:
        """Imports of own modules by ``importer``, by line."""
        if not self._from:
            for edge in self.imports:
                self._from.setdefault(edge.importer, []).append(edge)
        return self._from.get(importer, ())

    def importers_of(self, imported: str) -> Sequence[Import]:
        """Imports of ``imported`` by own modules."""
        if not self._to:
            for edge in self.imports:
                self._to.setdefault(edge.imported, []).append(edge)
        return self._to.get(imported, ())

    def outside_of(self, importer: str) -> Sequence[Import]:
        """What ``importer`` imports that is not the project's own."""
        if not self._outside:
            for edge in self.outside:
                self._outside.setdefault(edge.importer, []).append(edge)
        return self._outside.get(importer, ())

    def loaded_by(self, root: str, dynamic: bool = True) -> dict[str, Import | None]:
        """Modules that importing ``root`` loads, each with the import that loads it first."""
        first: dict[str, Import | None] = {root: None}
        queue = deque([root])
        while queue:
            for edge in self.imports_of(queue.popleft()):
                if edge.loads and edge.imported not in first and (dynamic or not edge.dynamic):
                    first[edge.imported] = edge
                    queue.append(edge.imported)
        return first

    def by_string(self, edge: Import) -> bool:
        """Whether the import is no statement, but a string that some function imports."""
        if edge.dynamic or edge.how != ON_CALL:
            return edge.dynamic
        lines = self.source(edge.importer).splitlines()
        return edge.line <= len(lines) and not _STATEMENT.search(lines[edge.line - 1])

    def path(self, module: str) -> str:
        """The module's file, or its name where it has none."""
        return self.modules[module].path or module

    def source(self, module: str) -> bytes:
        """The module's bytes; empty for a namespace package."""
        path = self.modules[module].path
        return (self.read(path) or b"") if path else b""

    def tree(self, module: str) -> ast.Module | None:
        """The module's syntax tree, or ``None`` where it cannot be parsed."""
        if module not in self._trees:
            try:
                self._trees[module] = self.parse(self.source(module), self.path(module))
            except (SyntaxError, ValueError):
                self._trees[module] = None
        return self._trees[module]

    def uses(self, module: str) -> Sequence[NameUse]:
        """Dotted names that ``module`` uses through its imports."""
        if module not in self._uses:
            path, is_package = self.modules[module]
            key = self.key(path) if path else ""

            def read() -> list[NameUse]:
                tree = self.tree(module)
                return list(names_used(tree, module, is_package)) if tree is not None else []

            known = self.store.get(f"{key}:{module}" if key else "", read)
            self._uses[module] = [NameUse(*use) for use in known]
        return self._uses[module]

    def facts(self, module: str) -> FileFacts:
        """What the text of ``module`` says, unparsed."""
        if module not in self._facts:
            path = self.modules[module].path
            key = self.key(path) if path else ""
            known = self.store.get(key, lambda: read_facts(self.source(module)))
            self._facts[module] = FileFacts(*known)
        return self._facts[module]

    def cached(self, question: str, answer: Callable[[World], Iterable[T]]) -> Sequence[T]:
        """``answer`` to this world, worked out once for all contracts."""
        if question not in self._answers:
            self._answers[question] = list(answer(self))
        return self._answers[question]

    def remembered(self, module: str, question: str, answer: Callable[[], T]) -> T:
        """``answer``, which may depend on the source of ``module`` alone: kept with the file."""
        path = self.modules[module].path
        key = self.key(path) if path else ""
        known: T = self.store.get(f"{key}:{question}" if key else "", answer)
        return known

    def split(self, dotted: str) -> tuple[str, str]:
        """A dotted name as the module it leads to and the name in it; ``("", "")`` if none."""
        module = dotted
        while module and module not in self.modules:
            module = module.rpartition(".")[0]
        if not module:
            return "", ""
        return module, dotted[len(module) + 1 :].partition(".")[0]


def chain_to(first: Mapping[str, Import | None], module: str) -> tuple[Import, ...]:
    """The imports that lead from the root of ``first`` to ``module``."""
    chain: list[Import] = []
    edge = first[module]
    while edge is not None:
        chain.append(edge)
        edge = first[edge.importer]
    return tuple(reversed(chain))


def sorted_imports(imports: Iterable[Import]) -> list[Import]:
    """Without repetitions, in an order that does not depend on how they were found."""
    return sorted(set(imports))
