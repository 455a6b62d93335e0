"""What contracts look at: modules, imports and, where a contract asks for it, their source.

Built from grimp's graph under ``lint-imports`` (``extractor_contracts.from_grimp``) or
by whoever has another reader of imports. Nothing here runs or imports any of the code
looked at, and nothing is read that no contract asks about.
"""

from __future__ import annotations

import ast
import hashlib
import re
from array import array
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeVar

from extractor_contracts.file_facts import Store, names_in_calls
from extractor_contracts.names_used import NameUse, names_used
from extractor_contracts.naming import Predicate, may_name, roots_of
from extractor_contracts.verdict import Unread
from extractor_contracts.waiting_imports import waiting_imports

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

# So many files are worth the time that another process takes to be asked.
_MANY = 50

_INDENTED_IMPORT = re.compile(rb"^[ \t]+(?:import|from)\b|:[ \t]*(?:import|from)\b", re.M)
_STATEMENT = re.compile(rb"(?:^|[:;])\s*(?:import\s|from\s+[\w.]+\s+import\b)")


class Place(NamedTuple):
    """Where a module is: its path (empty for a namespace package)."""

    path: str
    is_package: bool


class Import(NamedTuple):
    """``importer`` names ``imported`` at ``line`` (1-based, 0 for a parent package).

    ``dynamic``: by a string that only a reader of strings sees; ``via``: by calling this
    function, ``module:name``.
    """

    importer: str
    imported: str
    line: int
    how: str
    dynamic: bool = False
    via: str = ""

    @property
    def loads(self) -> bool:
        return self.how in LOADING


class Imports(NamedTuple):
    """What one module imports: of the project's own (``inside``) and of others (``outside``).

    Sorted, each once. An import ``outside`` that a called function makes has that function's
    module as its importer.
    """

    inside: Sequence[Import] = ()
    outside: Sequence[Import] = ()


class Reader:
    """Where a world's imports come from; only what is asked for is read."""

    def all_of(self, module: str) -> Imports:
        """All that importing ``module`` or calling into it imports."""
        raise NotImplementedError

    def named_by(self, module: str) -> Imports:
        """Only what the module's own text names: no parent, nothing by a call."""
        raise NotImplementedError

    def statements(self, module: str) -> Sequence[tuple[str, int, bool]]:
        """What its import statements name, wherever they stand: as import-linter counts them.

        Each the module named, the line, and whether it is for type checkers only.
        """
        named = self.named_by(module)
        return [
            (edge.imported, edge.line, edge.how == TYPE_CHECKING)
            for edge in (*named.inside, *named.outside)
            if not edge.dynamic
        ]

    def hidden(self, roots: Sequence[str]) -> Collection[str]:
        """Modules that can import one of ``roots``, or below, though their text names none."""
        return ()


class Helper(Protocol):
    """A second process with the same world."""

    def ask(self, method: str, *arguments: object) -> None:
        """Let it call a method of its world."""

    def wait(self) -> Any:
        """What that returned; ``None`` where there is no such process any more."""


@dataclass
class World:
    """One state of a project.

    ``read`` gives a path's bytes or ``None``; ``parse`` turns them into a tree and raises
    ``ValueError`` or ``SyntaxError`` where it cannot, and so does ``outline``, whose trees need
    no bodies of functions. ``unreadable`` are paths whose imports are not known, as far as
    they have been asked for.
    """

    modules: Mapping[str, Place]
    reader: Reader
    read: Callable[[str], bytes | None]
    parse: Callable[[bytes, str], ast.Module] = ast.parse
    outline: Callable[[bytes, str], ast.Module] = ast.parse
    # Paths of the files right below a folder.
    files: Callable[[str], Sequence[str]] = lambda folder: ()
    unreadable: list[Unread] = field(default_factory=list)
    # A name for a path's content that changes with it; empty: not to be kept.
    key: Callable[[str], str] = lambda path: ""
    store: Store = field(default_factory=Store)
    helper: Helper | None = None
    _numbers: dict[str, int] = field(default_factory=dict, repr=False)
    _imports: dict[str, Imports] = field(default_factory=dict, repr=False)
    _named: dict[str, Imports] = field(default_factory=dict, repr=False)
    _keys: dict[str, str] = field(default_factory=dict, repr=False)
    _sources: dict[str, bytes] = field(default_factory=dict, repr=False)
    _trees: dict[str, ast.Module | None] = field(default_factory=dict, repr=False)
    _uses: dict[str, Sequence[NameUse]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self._numbers = {module: number for number, module in enumerate(self.modules)}

    def imports_of(self, importer: str) -> Sequence[Import]:
        """Imports of own modules by ``importer``."""
        return self._all_of(importer).inside

    def outside_of(self, importer: str) -> Sequence[Import]:
        """What ``importer`` imports that is not the project's own."""
        return self._all_of(importer).outside

    def named_by(self, importer: str) -> Imports:
        """What the text of ``importer`` itself imports, by statement or by string."""
        if importer not in self._named:
            self._named[importer] = self.reader.named_by(importer)
        return self._named[importer]

    def importing(self, wanted: Collection[str], among: Iterable[str]) -> Iterator[Import]:
        """Imports of one of ``wanted`` that modules ``among`` the world's name themselves."""
        modules = frozenset(wanted)
        importers = self.naming(modules, among)
        unknown = [importer for importer in importers if importer not in self._named]
        if self.helper is not None and len(unknown) > 1:
            mine, other = _evenly(unknown, lambda module: len(self.source(module)))
            self.helper.ask("learn", other)
            for importer in mine:
                self.named_by(importer)
            self.store.take(self.helper.wait() or {})
        for importer in importers:
            for edge in self.named_by(importer).inside:
                if edge.imported in modules:
                    yield edge

    def naming(self, wanted: Collection[str], among: Iterable[str]) -> list[str]:
        """Those ``among`` the modules that can name one of ``wanted``, and perhaps some more."""
        modules = list(among)
        roots = roots_of(wanted)
        if not roots or not modules:
            return []
        found = set(self.spelling(roots, modules))
        if len(found) < len(modules):
            found.update(self.reader.hidden(roots))
        return [module for module in modules if module in found]

    def spelling(self, roots: Sequence[str], among: Iterable[str]) -> list[str]:
        """Those ``among`` the modules whose text can name one of ``roots``, or below it."""
        modules = list(among)
        if not all("." in root and root.isascii() for root in roots):
            return modules
        about = " ".join(roots)
        last = {root.rpartition(".")[2] for root in roots}
        # A name that is written in two pieces has the package before it in the first. Who has
        # that package as a last word is found already.
        before = {root.split(".")[-2] for root in roots} - last
        spelled = self.spelled(last, modules)
        likely = sorted({*spelled, *self.spelled([word + "." for word in before], modules)})
        found = set(self.where(f"names {about}", may_name(roots), likely))
        around = tuple({root.rpartition(".")[0] + "." for root in roots})
        near = [m for m in spelled if m not in found and (m + ".").startswith(around)]
        found.update(self.where(f"names nearby {about}", may_name(roots, near=True), near))
        inside = tuple(root + "." for root in roots)
        return [m for m in modules if m in found or (m + ".").startswith(inside)]

    def spelled(self, words: Iterable[str], among: Iterable[str]) -> list[str]:
        """Those ``among`` the modules that have one of ``words`` anywhere in their text."""
        modules = list(among)
        found: set[str] = set()
        wanted = sorted(words)
        # Word by word, so that each is looked for once, whatever the question behind it.
        for word in wanted:
            if any(other != word and other in word for other in wanted):
                continue
            text = word.encode()
            found.update(self.where(f"has {word}", partial(_has, text), modules))
        return [module for module in modules if module in found]

    def where(self, question: str, answer: Predicate, among: Iterable[str]) -> list[str]:
        """Those ``among`` the modules whose text ``answer`` says yes to; kept with the files."""
        modules = list(among)
        if len(self._keys) < len(self.modules):
            for module in modules:
                self.content_key(module)
        name = hashlib.blake2b(question.encode("utf-8", "replace"), digest_size=9).hexdigest()
        if self.helper is not None:
            unasked = self.store.unasked(name, modules, self._keys)
            if len(unasked) >= _MANY:
                # Always the same half, so that each file is read by one of the two.
                other = [module for module in unasked if self._numbers[module] % 2]
                self.helper.ask(
                    "answers", answer, array("L", [self._numbers[module] for module in other])
                )
                mine = [module for module in unasked if not self._numbers[module] % 2]
                self._where(name, answer, mine)
                told = self.helper.wait()
                if told is not None:
                    self.store.tell(name, [self._keys[module] for module in other], told)
        return self._where(name, answer, modules)

    def answers(self, answer: Predicate, numbers: Iterable[int]) -> bytes:
        """For each of the modules with these numbers 1 or 0; for the process that helps."""
        names = list(self.modules)
        return bytes(answer(self.source(names[number])) for number in numbers)

    def learn(self, modules: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Facts needed to know what each of ``modules`` imports; for the process that helps."""
        known, self.store = self.store, Store()
        for module in modules:
            self.named_by(module)
        learned, self.store = self.store, known
        return learned.found()

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
        found = self._sources.get(module)
        if found is None:
            path = self.modules[module].path
            found = self._sources[module] = (self.read(path) or b"") if path else b""
        return found

    def content_key(self, module: str) -> str:
        """A name for the module's content; empty where it is not to be kept."""
        found = self._keys.get(module)
        if found is None:
            path = self.modules[module].path
            found = self._keys[module] = self.key(path) if path else ""
        return found

    def tree(self, module: str) -> ast.Module | None:
        """The module's syntax tree, or ``None`` where it cannot be parsed."""
        if module not in self._trees:
            try:
                self._trees[module] = self.parse(self.source(module), self.path(module))
            except (SyntaxError, ValueError):
                self._trees[module] = None
        return self._trees[module]

    def top_level(self, module: str) -> Sequence[ast.stmt]:
        """The module's statements, perhaps without what functions do; none if unreadable."""
        try:
            return self.outline(self.source(module), self.path(module)).body
        except (SyntaxError, ValueError):
            return ()

    def uses(self, module: str) -> Sequence[NameUse]:
        """Dotted names that ``module`` uses through its imports."""
        if module not in self._uses:
            is_package = self.modules[module].is_package

            def read() -> list[NameUse]:
                tree = self.tree(module)
                return list(names_used(tree, module, is_package)) if tree is not None else []

            known = self.remembered(module, f"uses of {module}", read)
            self._uses[module] = [NameUse(*use) for use in known]
        return self._uses[module]

    def names_in_calls(self, module: str) -> list[tuple[int, str, str]]:
        """(line, dotted name, kind) of modules named in strings that calls import or patch."""
        return self.remembered(
            module, "names in calls", lambda: names_in_calls(self.source(module))
        )

    def waiting_imports(self, module: str) -> dict[int, str]:
        """Why, by line, importing ``module`` does not run an import statement of it."""

        def read() -> list[tuple[int, str]]:
            tree = self.tree(module) if _INDENTED_IMPORT.search(self.source(module)) else None
            return waiting_imports(tree) if tree is not None else []

        return dict(self.remembered(module, "waiting imports", read))

    def remembered(self, module: str, question: str, answer: Callable[[], T]) -> T:
        """``answer``, which may depend on the source of ``module`` alone: kept with the file."""
        known: T = self.store.get(self.content_key(module), question, answer)
        return known

    def split(self, dotted: str) -> tuple[str, str]:
        """A dotted name as the module it leads to and the name in it; ``("", "")`` if none."""
        module = dotted
        while module and module not in self.modules:
            module = module.rpartition(".")[0]
        if not module:
            return "", ""
        return module, dotted[len(module) + 1 :].partition(".")[0]

    def _where(self, name: str, answer: Predicate, modules: Sequence[str]) -> list[str]:
        return self.store.where(
            name, modules, self._keys, lambda module: answer(self.source(module))
        )

    def _all_of(self, module: str) -> Imports:
        found = self._imports.get(module)
        if found is None:
            found = self._imports[module] = self.reader.all_of(module)
        return found


def _evenly(things: Iterable[T], size: Callable[[T], int]) -> tuple[list[T], list[T]]:
    """Two parts of about the same size."""
    parts: tuple[list[T], list[T]] = ([], [])
    sizes = [0, 0]
    for thing in sorted(things, key=size, reverse=True):
        smaller = int(sizes[1] < sizes[0])
        parts[smaller].append(thing)
        sizes[smaller] += size(thing)
    return parts


def _has(word: bytes, source: bytes) -> bool:
    return word in source


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
