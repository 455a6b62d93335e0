"""What the rest of a source uses of modules that leave it: looked for where it is asked about.

Only files that spell a candidate and the name of something that leaves are parsed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from extractor.analysis.name_reader import read_names
from extractor.analysis.names import ModuleNames, Reference
from extractor.analysis.resolver import Resolver
from extractor.analysis.symbol_walker import SymbolWalker
from extractor.analysis.symbols import Symbol
from extractor.parsing import UnreadableSource
from extractor.project.layout import module_of
from extractor.source.tree import SUBMODULE, SYMLINK, Tree

_STAR = re.compile(rb"\bimport\s*\(?\s*\*")


@dataclass(frozen=True)
class UsedByRest:
    """``symbols`` and private ``methods`` (by their bare name), each with where: ``path:line``."""

    symbols: Mapping[Symbol, str]
    methods: Mapping[str, str]


class Rest:
    """The Python files of ``tree`` but for those of the modules ``leaving``."""

    def __init__(self, tree: Tree, modules: Mapping[str, str], leaving: Collection[str]) -> None:
        """``modules``: dotted names to paths, of all that names are resolved in."""
        self.tree = tree
        self.modules = modules
        self.leaving = frozenset(leaving)
        own = {modules[module] for module in leaving}
        self._paths = [p for p in tree.paths() if p.endswith(".py") and p not in own]
        # A module is reached through its package: only the outermost have to be spelled.
        outer = {m for m in leaving if m.rpartition(".")[0] not in self.leaving}
        self._leads = _word_of({m.rpartition(".")[2] for m in outer})
        self._texts: dict[str, bytes] | None = None
        self._walker = SymbolWalker(Resolver(tree, modules))
        # The tree does not change: each file is read once, whoever asks again.
        self._tables: dict[str, ModuleNames | None] = {}

    def uses_of(self, candidates: Collection[Symbol]) -> UsedByRest:
        """Which of ``candidates`` (methods as ``Class._name``) the rest uses."""
        names = {symbol.name.rpartition(".")[2] for symbol in candidates if symbol.name}
        names |= {symbol.module.rpartition(".")[2] for symbol in candidates if not symbol.name}
        methods = {s.name.rpartition(".")[2] for s in candidates if "." in s.name}
        wanted = set(candidates)
        spelled = _word_of(names)
        symbols: dict[Symbol, str] = {}
        called: dict[str, str] = {}
        for path, text in self._leading().items() if names else ():
            if not spelled.search(text) and not _STAR.search(text):
                continue
            for name in methods:
                found = re.search(rb"\b%s\b" % name.encode(), text)
                if found:
                    line = text.count(b"\n", 0, found.start()) + 1
                    called.setdefault(name, f"{path}:{line}")
            for symbol, line in self._used_in(path, text, names):
                if symbol in wanted:
                    symbols.setdefault(symbol, f"{path}:{line}")
        return UsedByRest(symbols, called)

    def _leading(self) -> dict[str, bytes]:
        """The files that name something that leaves."""
        if self._texts is None:
            self._texts = {}
            for path in self._paths:
                if self.tree.entry(path).mode not in {SYMLINK, SUBMODULE}:
                    text = self.tree.read(path)
                    if self._leads.search(text):
                        self._texts[path] = text
        return self._texts

    def _used_in(self, path: str, text: bytes, names: set[str]) -> set[tuple[Symbol, int]]:
        """What the file uses of ours that is spelled with one of ``names``, or imported."""
        table = self._table(path, text)
        if table is None:
            return set()
        walker = self._walker
        found = {
            (symbol, use.line)
            for symbol, use in walker.survey_table(table, lambda one: _spells(one, names))
        }
        for unit in table.units:
            for _, target in unit.imports:
                if target.name == "*":
                    found |= self._star(walker.resolver.names(target.module), unit.first_line)
                    continue
                key = f"{target.module}:{target.name}" if target.name else target.module
                symbol = walker.lookup(key)
                if symbol is not None:
                    found.add((symbol, unit.first_line))
        return found

    def _table(self, path: str, text: bytes) -> ModuleNames | None:
        if path not in self._tables:
            try:
                is_package = path.endswith("/__init__.py")
                self._tables[path] = read_names(text, module_of(path), is_package, path)
            except UnreadableSource:
                self._tables[path] = None
        return self._tables[path]

    def _star(self, table: ModuleNames | None, line: int) -> set[tuple[Symbol, int]]:
        names = table.public() if table is not None else ()
        return {(Symbol(table.module, name), line) for name in names if table is not None}


def _spells(reference: Reference, names: set[str]) -> bool:
    # An alias of another file counts there, where it is imported.
    base = reference.base
    led = () if base is None else (base.name or base.module.rpartition(".")[2],)
    return not (names.isdisjoint(led) and names.isdisjoint(reference.chain))


def _word_of(names: Collection[str]) -> re.Pattern[bytes]:
    escaped = "|".join(re.escape(name) for name in sorted(names))
    return re.compile(rb"\b(?:%s)\b" % escaped.encode("utf-8", "surrogateescape"))
