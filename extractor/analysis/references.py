"""References to modules that no import scanner sees: strings, configuration, documentation.

Found are dotted names that begin with one of the project's packages and lead to a module it
has: in strings of Python code (mock.patch, importutils and the like), in entry points, in
paste and generator configuration, in documentation directives, and paths of module files
in anything else that is text.
"""

from __future__ import annotations

import enum
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from extractor.analysis.dynamic_imports import BY_STRING
from extractor.analysis.graph import Graph
from extractor.analysis.modules import paths_of
from extractor.project.declared import FILES, EntryPoint
from extractor.project.facts import project_of
from extractor.source.tree import REGULAR, Tree

# Part of every cache key: raise it whenever the answer for unchanged files can differ.
REFERENCES_VERSION = 2
_LARGEST_TEXT = 2_000_000
# Names end in letters: no use in reading pictures or archives.
_NOT_TEXT = re.compile(r"\.(png|jpe?g|gif|svg|ico|pdf|gz|zip|bz2|xz|mo|pyc|so|woff2?|ttf)$")


class ReferenceKind(enum.StrEnum):
    """Where a reference stands, which says who reads it."""

    PATCH = "mock.patch"
    IMPORT_STRING = "import by string"
    STRING = "string"
    ENTRY_POINT = "entry point"
    PASTE = "paste"
    GENERATOR = "config generator"
    DIRECTIVE = "docs directive"
    DOCUMENTATION = "docs"
    TEXT = "text"
    PATH = "path"


class Reference(NamedTuple):
    """``text`` at ``path:line`` means ``module``, or ``symbol`` in it (empty: the module)."""

    module: str
    path: str
    line: int
    kind: ReferenceKind
    text: str
    symbol: str


def find_references(
    tree: Tree,
    graph: Graph,
    below: Sequence[str] = (),
    read: Callable[[str], bytes] | None = None,
) -> list[Reference]:
    """All references, sorted; with ``below`` only to these modules and what is under them.

    ``read`` gives a file that may have been read before.
    """
    finder = _Finder(graph, below, list(project_of(tree).entry_points))
    found: set[Reference] = set()
    for path in tree.paths():
        if _NOT_TEXT.search(path) or tree.entry(path).mode not in {REGULAR, "100755"}:
            continue
        source = (read or tree.read)(path)
        too_large = len(source) > _LARGEST_TEXT and not path.endswith(".py")
        if too_large or b"\0" in source[:1000]:
            continue
        if not any(word in source for word in finder.words):
            continue
        text = source.decode("utf-8", "replace")
        if path.endswith(".py"):
            found.update(finder.in_python(path, text))
        else:
            found.update(finder.in_text(path, text))
    for point in finder.points:
        found.update(
            finder.reference(point.path, point.line, ReferenceKind.ENTRY_POINT, point.target)
        )
    return sorted(found)


class _Finder:
    def __init__(self, graph: Graph, below: Sequence[str], points: Sequence[EntryPoint]) -> None:
        self.points = points
        self.modules = graph.modules
        self.below = tuple(below)
        self.paths = paths_of(graph.modules)
        tops = sorted({p.partition(".")[0] for p in graph.packages})
        names = "|".join(re.escape(top) for top in tops)
        self.words = [top.encode() for top in tops]
        # A string and those that follow it without an operator are one string.
        quoted = r"(?:'[\w.:]*'|\"[\w.:]*\")"
        self.strings = re.compile(
            rf"['\"](?:{names})[.:][\w.:]*['\"](?:\s*\\?\s*{quoted})*", re.ASCII
        )
        self.dotted = re.compile(rf"(?<![\w./-])(?:{names})\.\w+(?:[.:]\w+)*", re.ASCII)
        self.files = re.compile(rf"(?<![\w.-])(?:[\w.-]+/)*(?:{names})/[\w./-]*\w", re.ASCII)

    def in_python(self, path: str, text: str) -> Iterator[Reference]:
        starts: list[int] = []
        for found in self.strings.finditer(text):
            starts = starts or _line_starts(text)
            value = "".join(re.findall(r"[\w.:]+", found.group()))
            line = bisect_right(starts, found.start())
            before = text[max(0, found.start() - 60) : found.start()]
            yield from self.reference(path, line, _string_kind(before), value)

    def in_text(self, path: str, text: str) -> Iterator[Reference]:
        for number, line in enumerate(text.splitlines(), 1):
            if not any(word.decode() in line for word in self.words):
                continue
            kind = _text_kind(path, line)
            if kind is ReferenceKind.GENERATOR:
                yield from self.namespace(path, number, line.partition("=")[2].strip())
            elif path not in FILES or kind is not ReferenceKind.TEXT:
                for found in self.dotted.finditer(line):
                    yield from self.reference(path, number, kind, found.group())
            for found in self.files.finditer(line):
                module = self.module_at(found.group())
                if module and self.wanted(module):
                    yield Reference(module, path, number, ReferenceKind.PATH, found.group(), "")

    def namespace(self, path: str, line: int, name: str) -> Iterator[Reference]:
        """What a generator of sample files loads: the entry points of that name, or a module."""
        kind = ReferenceKind.GENERATOR
        targets = [p.target for p in self.points if p.name == name and "script" not in p.group]
        for target in targets or [name]:
            for found in self.reference(path, line, kind, target):
                yield found._replace(text=name)

    def module_at(self, path: str) -> str:
        path = path.removeprefix("./")
        for candidate in (path, f"{path}/__init__.py"):
            if candidate in self.paths:
                return self.paths[candidate]
        return ""

    def reference(
        self, path: str, line: int, kind: ReferenceKind, text: str
    ) -> Iterator[Reference]:
        """The reference that ``text`` is, if it leads to a module below the package itself."""
        dotted = text.replace(":", ".").strip(".")
        module = dotted
        while module and module not in self.modules:
            module = module.rpartition(".")[0]
        symbol = dotted[len(module) + 1 :]
        # The package's bare name is a word; with a symbol it is a reference to the package.
        if not module or ("." not in module and kind in _LOOSE):
            return
        if self.wanted(module):
            yield Reference(module, path, line, kind, text, symbol)

    def wanted(self, module: str) -> bool:
        if not self.below:
            return True
        return any(module == name or module.startswith(name + ".") for name in self.below)


_LOOSE = frozenset(
    {
        ReferenceKind.DIRECTIVE,
        ReferenceKind.DOCUMENTATION,
        ReferenceKind.PASTE,
        ReferenceKind.STRING,
        ReferenceKind.TEXT,
    }
)
_DIRECTIVE = re.compile(r"^\s*\.\. (?:auto|module|py:|currentmodule|literalinclude)|:[\w:]+:`")
_BY_STRING = re.compile(rf"\b(?:{'|'.join(sorted(BY_STRING))})\(\s*$")
_PATCH = re.compile(r"(?:\bpatch|\bpatch\.dict|\bpatch\.multiple|MonkeyPatch)\(\s*$")


def _string_kind(before: str) -> ReferenceKind:
    if _PATCH.search(before):
        return ReferenceKind.PATCH
    if _BY_STRING.search(before):
        return ReferenceKind.IMPORT_STRING
    return ReferenceKind.STRING


def _text_kind(path: str, line: str) -> ReferenceKind:
    name = path.rpartition("/")[2]
    if path.endswith((".rst", ".md", ".inc")):
        return ReferenceKind.DIRECTIVE if _DIRECTIVE.search(line) else ReferenceKind.DOCUMENTATION
    if "paste" in name and name.endswith(".ini"):
        return ReferenceKind.PASTE
    if "generator" in name and re.match(r"\s*namespace\s*=", line):
        return ReferenceKind.GENERATOR
    return ReferenceKind.TEXT


def _line_starts(text: str) -> list[int]:
    return [0, *(found.end() for found in re.finditer("\n", text))]
