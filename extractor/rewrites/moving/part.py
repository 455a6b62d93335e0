"""One move from one module to another, seen from all sides: what goes, and who notices."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Collection, Mapping

from extractor.errors import UsageError
from extractor.outcome import Failed, Finding, Rewritten
from extractor.reading.exports import read_exports
from extractor.rewrites import rename_references
from extractor.rewrites.bypass_init import public_names
from extractor.rewrites.moving.borrowing import Borrowing
from extractor.rewrites.moving.departure import Departure, is_private, refuse
from extractor.rewrites.moving.import_graph import path_between
from extractor.rewrites.moving.outside import PATCHED, READ, Outside, mentions_outside
from extractor.rewrites.moving.units import Unit, read_units
from extractor.rewrites.parts.add_imports import add_imports
from extractor.rewrites.parts.import_statements import Import
from extractor.rewrites.parts.project import Project
from extractor.rewrites.parts.renames import Renames
from extractor.rewrites.parts.scopes import read_names
from extractor.rewrites.parts.source_text import apply_edits, read_source
from extractor.rewrites.remove_unused_imports import rewrite as remove_unused
from extractor.slicing.statements import join_statements, split_module

_BUILTINS = frozenset(dir(builtins))


class Part:
    """What goes from module ``old`` to ``new``, and what follows from that elsewhere.

    ``names`` leave; ``following`` are imports whose patches are to hit the new module, ``kept``
    those that the old one keeps for others; ``spared`` says which modules go on naming which
    symbols by the old place. ``called`` are the names that those ``asked`` for get.
    """

    def __init__(
        self,
        project: Project,
        old: str,
        new: str,
        asked: frozenset[str],
        called: Mapping[str, str],
    ) -> None:
        self.project, self.old, self.new = project, old, new
        self.path = project.paths[old]
        self.is_package = project.is_package(old)
        self.text = project.source(old)
        self.findings: list[tuple[str, Finding]] = []
        self.spared: dict[str, frozenset[str]] = {}
        self.following: set[str] = set()
        self.kept: set[str] = set()
        self.names: set[str] = set()
        if not asked:
            return
        units = read_units(self.text, old, self.is_package)
        self.departure = Departure(self.path, old, units, asked)
        self.names = self.departure.names
        self.findings += [(self.path, found) for found in self.departure.findings]
        carried = {name for unit in self.departure.carried for name in unit.reads()}
        self.outside = mentions_outside(project, old, carried | self.names)
        self.is_needed = bool(self.departure.read_by_staying() & self.names)
        self.cycle = self._cycle()
        self._settle_patches()
        self._settle_imports()
        exports = read_exports(self.text.tree)
        public = asked & set(exports.names) if exports.is_there else asked
        self.exported = sorted(called[name] for name in public if not is_private(called[name]))

    def _of(self, name: str) -> list[Outside]:
        return [found for found in self.outside if found.name == name]

    def _cycle(self) -> list[str]:
        """The way over which importing the old module loads the new one; empty if none does."""
        if self.is_needed:
            return [self.old, self.new]
        users = {found.module for found in self.outside if found.name in self.names}
        return path_between(self.project, self.old, self.new, {u: [self.new] for u in users})

    def _settle_patches(self) -> None:
        """Patches of what moves, where the old module goes on calling it by its own name."""
        read = self.departure.read_by_staying()
        for name in sorted(self.names):
            setting = [found for found in self._of(name) if found.rebinds]
            if not setting or name not in read:
                continue
            if any(found.kind != PATCHED for found in setting):
                first = next(found for found in setting if found.kind != PATCHED)
                why = f"{name} is set here for {self.old}, which still reads it"
                raise refuse(first.path, first.line, f"{why}: move what reads it too")
            readers = {
                found.module
                for found in self._of(name)
                if found.kind == READ and found.module not in {s.module for s in setting}
            }
            for found in setting:
                self.spared[found.module] = self.spared.get(found.module, frozenset()) | {
                    f"{self.old}:{name}"
                }
                said = f"patches {name} of {self.old}, which still calls it there"
                if readers:
                    said += f", and does not reach {', '.join(sorted(readers))} any more"
                self.findings.append((found.path, Finding(said, found.line)))

    def _settle_imports(self) -> None:
        """Imports of the old module that the moved code takes along, and that others name."""
        read = self.departure.read_by_staying()
        exported = set(read_exports(self.text.tree).names)
        for unit in self.departure.again:
            for name in sorted(unit.binds):
                mentions = self._of(name)
                stays = name in read or name in exported or not unit.is_import
                if not mentions or self._is_submodule(name):
                    continue
                if not stays and all(found.rebinds for found in mentions):
                    self.following.add(name)
                    continue
                self.kept.add(name)
                for found in mentions:
                    if found.rebinds:
                        said = f"sets {name} of {self.old}, which what moved reads in {self.new}"
                        self.findings.append((found.path, Finding(said, found.line)))

    def _is_submodule(self, name: str) -> bool:
        """Whether others find ``name`` below the package, with or without an import in it."""
        return self.is_package and f"{self.old}.{name}" in self.project.paths

    def piece(self, renames: Renames) -> bytes:
        """The moved names as a module of its own, under its new name."""
        departure = self.departure
        borrowing = Borrowing(
            departure, self._rebound(), self.cycle, self._taken(departure.borrowed)
        )
        stars = self._from_stars()
        units = departure.units
        if self.is_needed:
            self._check_way_back(borrowing)
        source = self.text.encode(apply_edits(self.text.utf8, borrowing.edits))
        module = split_module(source)
        wanted = {unit.index for unit in departure.carried}
        wanted |= {unit.index for unit in units.body if _is_future(unit)}
        piece = join_statements(module, wanted)
        needed = {name for unit in departure.carried for name in unit.reads()}
        imported = {
            name
            for unit in departure.again
            if unit.is_import or _is_for_types(unit)
            for name in unit.binds
        }
        unused = remove_unused(piece, names=imported - needed, is_package=False, path=self.path)
        piece = unused.content if isinstance(unused, Rewritten) else piece
        piece = self._with_imports(piece, [*borrowing.imports, *stars], borrowing.for_types)
        outcome = rename_references.rewrite(
            piece,
            module=self.old,
            is_package=self.is_package,
            renames=renames,
            path=self.path,
            new_module=self.new,
            new_is_package=self._new_is_package(),
            style=self.text.style,
        )
        if isinstance(outcome, Failed):
            raise UsageError(outcome.error)
        return outcome.content if isinstance(outcome, Rewritten) else piece

    def _new_is_package(self) -> bool:
        return self.new in self.project.paths and self.project.is_package(self.new)

    def _rebound(self) -> set[str]:
        """Names of the old module that its functions or others bind anew."""
        found = {name for unit in self.departure.units.body for name in unit.rebinds}
        return found | {mention.name for mention in self.outside if mention.rebinds}

    def _taken(self, names: Collection[str]) -> set[str]:
        """Names that the new module has for something else."""
        if self.new not in self.project.paths:
            return set()
        there = read_names(self.project.source(self.new).tree, self.new, self._new_is_package())
        top = there.scopes[0]
        imported = {
            name
            for name, found in top.imports.items()
            if name not in top.others and all(b.module == self.old for b in found)
        }
        return ({*top.imports, *top.others} - imported) | (there.free.keys() & set(names))

    def _from_stars(self) -> list[Import]:
        """Imports of what only star imports of the old module bring."""
        found: list[Import] = []
        stars = self.departure.units.names.stars
        for name in sorted(self.departure.missing) if stars else ():
            modules = [star.module or "" for star in stars]
            homes = [
                module
                for module in modules
                if module in self.project.paths and name in public_names(self.project, module)
            ]
            if homes:
                found.append(Import(homes[-1], name, name))
            elif name not in _BUILTINS:
                line = stars[0].statement.lineno
                why = f"{name} may come from this star import, whose names are unknown"
                raise refuse(self.path, line, f"{why}: import it by name first")
        return found

    def _check_way_back(self, borrowing: Borrowing) -> None:
        """The old module imports the new one: nothing that this one loads may load the old."""
        loads = [entry.loads for entry in borrowing.imports]
        loads += [entry.module for entry in borrowing.imports if entry.name]
        for unit in self.departure.again:
            for binding in self.departure.units.names.bindings:
                if binding.statement in unit.nodes:
                    base = binding.module or binding.alias.name
                    loads += [base, f"{base}.{binding.alias.name}"]
        way = path_between(self.project, self.new, self.old, {self.new: loads})
        back = path_between(self.project, self.old, self.new, {})
        if way and not back:
            names = ", ".join(sorted(self.departure.read_by_staying() & self.names))
            unit = next(u for u in self.departure.staying if u.reads() & self.names)
            why = f"{self.old} still uses {names}, and {' -> '.join(way)}"
            raise refuse(self.path, unit.line, f"{why}: neither could be imported")

    def _with_imports(
        self, piece: bytes, entries: Collection[Import], for_types: Collection[Import]
    ) -> bytes:
        text = read_source(piece, self.path, self.text.style)
        own = frozenset({self.old.partition(".")[0]})
        if for_types:
            guard = "".join(f"    {entry.code}\n" for entry in for_types)
            code = f"\n\nif TYPE_CHECKING:\n{guard}".encode().replace(b"\n", text.newline)
            piece = text.encode(text.utf8.rstrip() + text.newline + code)
            text = read_source(piece, self.path, self.text.style)
            entries = [*entries, Import("typing", "TYPE_CHECKING", "TYPE_CHECKING")]
            have = read_names(text.tree).scopes[0].imports
            entries = [e for e in entries if e.local not in have or e.module != "typing"]
        return text.encode(apply_edits(text.utf8, add_imports(text, list(entries), own)))


def _is_future(unit: Unit) -> bool:
    return any(isinstance(n, ast.ImportFrom) and n.module == "__future__" for n in unit.nodes)


def _is_for_types(unit: Unit) -> bool:
    return all(isinstance(n, ast.If) and "TYPE_CHECKING" in ast.unparse(n.test) for n in unit.nodes)
