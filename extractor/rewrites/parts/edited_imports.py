"""The import statements of one file, given what each of their names is to be."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from extractor.project.relative import relative_to
from extractor.rewrites.parts.import_blocks import (
    first_import_edit,
    is_future,
    place_imports,
    runs_of_imports,
)
from extractor.rewrites.parts.import_statements import (
    Import,
    edit_import,
    edit_star,
    first_import,
    write_imports,
)
from extractor.rewrites.parts.joined_imports import grouped, taken_in, write_groups
from extractor.rewrites.parts.scopes import Binding, ImportStatement, Names, absolute_module
from extractor.rewrites.parts.source_text import Edit, SourceText, edited_slice


def import_of(binding: Binding) -> Import:
    """What ``binding`` imports as it is written, relative imports made absolute."""
    if binding.module is None:
        return Import(binding.alias.name, None, binding.local)
    return Import(binding.module, binding.alias.name, binding.local)


@dataclass
class EditedImports:
    """What the import statements of one file become.

    ``module`` is the name the file lives under afterwards, and ``is_package`` whether it is a
    package's: its relative imports must mean the same there. ``edits`` are those of the rest of
    the file; a run of imports that is written anew takes those inside of it along.
    """

    source: SourceText
    names: Names
    module: str
    is_package: bool
    first_party: frozenset[str] | None  # none: every statement stays where it is
    wanted: Mapping[tuple[ast.stmt, int], list[Import]]  # by statement and index of its name
    stars: Mapping[ImportStatement, str]  # the modules whose names star imports are to take
    edits: list[Edit]
    provided: set[Import] = field(default_factory=set)  # at the top, by what stays as it is

    def all_edits(self, added: Sequence[Import]) -> list[Edit]:
        """Every edit of the file, with those of its imports; ``added`` ones come in besides."""
        texts, style = self.new_statements(), self.source.style
        added = [entry for entry in added if entry not in self.provided]
        if not texts and not added:
            return self.edits
        placed: set[ImportStatement] = set()
        for run in runs_of_imports(self.source):
            changed = {node: texts[node] for node in run if node in texts}
            takes = added if isinstance(run[-1], ast.Import) or not is_future(run[-1]) else []
            if not changed and not takes:
                continue
            placed.update(changed)
            self.place(run, changed, takes)
            added = [] if takes else added
        if added:
            groups = grouped(self.source, added)
            text = "".join(write_imports(group, 0, style) + "\n" for group in groups)
            self.edits.append(first_import_edit(self.source, text))
        for node, statements in texts.items():
            if node not in placed:
                start, end = self.source.start(node), self.source.end(node)
                column = self.source.utf8[self.source.line_bounds(node.lineno)[0] : start]
                alone = not column.strip()
                glue = "\n" + column.decode() if alone else "; "
                text = glue.join(text for _, text in statements) or "pass"
                self.edits.append(Edit(start, end, self.lines(text)))
        return self.edits

    def lines(self, text: str) -> bytes:
        return text.encode("utf-8").replace(b"\n", self.source.newline)

    def place(
        self,
        run: list[ImportStatement],
        changed: Mapping[ImportStatement, list[tuple[Import, str]]],
        added: Sequence[Import],
    ) -> None:
        source = self.source
        whole: dict[ImportStatement, list[tuple[Import, str]]] = {}
        for node, statements in changed.items():
            high = source.end(node)
            line_end = source.line_bounds(source.line_of(high - 1))[1]
            trailing = self.render(high, line_end)
            after = source.utf8[line_end : self.after(node)].decode()
            ended = _with_end if node.lineno == node.end_lineno else str.__add__
            with_end = range(len(statements)) if "noqa" in trailing else [0]
            whole[node] = [
                (
                    entry,
                    self.lines(ended(text, trailing if number in with_end else "")).decode()
                    + after,
                )
                for number, (entry, text) in enumerate(statements)
            ]
        current = {node: first_import(node) for node in run}
        taking, rest = taken_in(source, run, added, whole)
        new = write_groups(source, grouped(source, rest))
        whole |= taking
        edit = place_imports(source, run, whole, current, self.render, self.first_party, new)
        self.edits = [e for e in self.edits if not (edit.start <= e.start and e.end <= edit.end)]
        if edit.text != source.utf8[edit.start : edit.end]:
            self.edits.append(edit)

    def after(self, node: ast.stmt) -> int:
        assert node.end_lineno is not None
        starts = self.source.line_starts
        return starts[node.end_lineno] if node.end_lineno < len(starts) else len(self.source.utf8)

    def render(self, start: int, stop: int) -> str:
        return edited_slice(self.source.utf8, self.edits, start, stop)

    def new_statements(self) -> dict[ImportStatement, list[tuple[Import, str]]]:
        """For every statement that changes, its new statements and the first name of each."""
        top = frozenset(self.source.tree.body)
        by_statement: dict[ImportStatement, list[Binding]] = {}
        for binding in self.names.bindings:
            by_statement.setdefault(binding.statement, []).append(binding)
        plans: dict[ImportStatement, list[list[Import]]] = {}
        for statement, bindings in by_statement.items():
            current, wanted = [], []
            for index, binding in enumerate(bindings):
                now = self.import_under(binding)
                current.append([now])
                wanted.append(self.wanted.get((statement, index), [import_of(binding)]))
            if current != wanted:
                plans[statement] = wanted
            elif statement in top:
                self.provided.update(entry for entries in wanted for entry in entries)
        texts: dict[ImportStatement, list[tuple[Import, str]]] = {}
        for statement, wanted in plans.items():
            seen = self.provided if statement in top else set()
            fresh: list[list[Import]] = []
            for entries in wanted:
                fresh.append([])
                for entry in entries:
                    if entry not in seen:
                        seen.add(entry)
                        fresh[-1].append(entry)
            texts[statement] = self.write_statement(statement, fresh)
        for star, home in self.stars.items():
            assert isinstance(star, ast.ImportFrom)
            old = self.source.utf8[self.source.start(star) : self.source.end(star)].decode("utf-8")
            spelled = self.spelled(star, home)
            text = edit_star(old, spelled, star.col_offset, self.source.style)
            texts[star] = [(Import(spelled, "*", "*"), text)]
        return texts

    def import_under(self, binding: Binding) -> Import:
        """What ``binding`` would import, left as it is written, where the file lives afterwards."""
        entry = import_of(binding)
        statement = binding.statement
        if isinstance(statement, ast.ImportFrom) and statement.level:
            base = absolute_module(statement, self.module, self.is_package)
            return Import(base, entry.name, entry.local)
        return entry

    def write_statement(
        self, statement: ImportStatement, wanted: list[list[Import]]
    ) -> list[tuple[Import, str]]:
        """The old statement, edited, for what can stay in it, and a new one for each other."""
        plain = isinstance(statement, ast.Import)
        firsts = [e[0] if e and (e[0].name is None) == plain else None for e in wanted]
        counts = Counter("" if plain else e.module for e in firsts if e is not None)
        result: list[tuple[Import, str]] = []
        taken: set[int] = set()
        indent = statement.col_offset
        if counts:
            module = counts.most_common(1)[0][0]
            kept = [e if e and (plain or e.module == module) else None for e in firsts]
            start, end = self.source.start(statement), self.source.end(statement)
            old = self.source.utf8[start:end].decode("utf-8")
            taken = {id(entry) for entry in kept if entry}
            kept = [entry and self.as_in(statement, entry) for entry in kept]
            first = next(entry for entry in kept if entry)
            result.append((first, edit_import(old, kept, indent, self.source.style)))
        rest: dict[tuple[str, str], list[Import]] = {}
        for entries in wanted:
            for entry in entries:
                if id(entry) not in taken:
                    key = (entry.module, "" if entry.name else entry.local)
                    rest.setdefault(key, []).append(entry)
        several = len(statement.names) > 1
        for entries in rest.values():
            spelled = [self.as_in(statement, entry) for entry in entries]
            parts = [spelled] if several else [[entry] for entry in spelled]
            result += [(p[0], write_imports(p, indent, self.source.style)) for p in parts]
        return result

    def as_in(self, statement: ImportStatement, entry: Import) -> Import:
        """``entry`` relative if ``statement`` was, and its module is in the same package."""
        if entry.name is None:
            return entry
        return replace(entry, module=self.spelled(statement, entry.module))

    def spelled(self, statement: ImportStatement, module: str) -> str:
        """``module`` as ``statement`` is to name it: from here, if it did so before."""
        level = statement.level if isinstance(statement, ast.ImportFrom) else 0
        if not (level and self.source.style.relative):
            return module
        return relative_to(module, self.module, self.is_package)


def _with_end(text: str, end: str) -> str:
    """``text`` and what followed it on its line: a comment is about the line it begins on."""
    first, opens, rest = text.partition("(\n")
    return f"{first}(  {end.strip()}\n{rest}" if opens and end.lstrip()[:1] == "#" else text + end
