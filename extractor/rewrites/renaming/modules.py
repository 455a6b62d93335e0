"""Imports of modules: which module to import instead, as its uses need it."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from extractor.outcome import Finding
from extractor.rewrites.parts.edited_imports import import_of
from extractor.rewrites.parts.import_statements import Import
from extractor.rewrites.parts.renames import Reference, new_reference
from extractor.rewrites.parts.scopes import Binding, Use
from extractor.rewrites.renaming.file import RenamedFile


@dataclass
class Group:
    """Uses of one import that go to the same new module."""

    home: str
    through: bool = False  # reached through a package that is not imported any more
    uses: list[tuple[Use, list[str]]] = field(default_factory=list)  # and their new attributes


class ModuleImports:
    """Decides what an import of a module is to be, by where its uses go."""

    def __init__(self, file: RenamedFile) -> None:
        self.file = file

    def decide(self, bindings: list[Binding], module: str, uses: list[Use]) -> None:
        local = bindings[0].local
        groups = self.group_uses(module, uses, bindings[0].statement)
        home = self.file.renames.modules.get(module)
        if not groups:
            home = home or self.file.renames.only_home.get(module)
            if home is None:
                self.file.report_module(bindings, module)
                return
            groups = {home: Group(home)}
        keeps_name = max(groups.values(), key=lambda group: self.weight(group, module))
        if module in groups:
            self.file.report_module(bindings, module)
        first: list[Import] = []
        for group in sorted(groups.values(), key=lambda group: group is not keeps_name):
            if group.home == self.file.new_module and all(path for _, path in group.uses):
                for use, attributes in group.uses:  # its names are this module's own now
                    self.file.uses.edit(use, local, list(use.path), attributes[0], attributes[1:])
                continue
            if group is keeps_name and not group.through:
                new_local = self.following(bindings, module, group.home)
                if not (group.home == module and home is None):
                    first.append(self.file.import_like(bindings[0], group.home, new_local))
                else:
                    first.append(import_of(bindings[0]))
            else:
                new_local, entry = self.file.local_for(group.home, bindings[0])
                if entry is not None:
                    first.append(entry)
            for use, attributes in group.uses:
                self.file.uses.edit(use, local, list(use.path), new_local, attributes)
        for binding in bindings:
            self.file.want(binding, first)

    def group_uses(self, module: str, uses: Sequence[Use], statement: ast.stmt) -> dict[str, Group]:
        """Sort the uses of an imported module by the module that is to be imported instead."""
        groups: dict[str, Group] = {}
        bare: list[tuple[Use, Reference]] = []
        home = self.file.renames.modules.get(module)
        for use in uses:
            old, string = self.file.reference(module, use)
            new = new_reference(self.file.renames, old)
            inner = old.module[len(module) :]
            if new is None:
                if old.name is None:
                    bare.append((use, old))
                    continue
                if old.module != module and old.module in self.file.renames.known:
                    self.file.left(str(old), use.name)
                new = old
            base, kept = self.base_of(module, home, old.module, new.module)
            if new == old and old.module != module and self.file.renames.is_unloaded(old.module):
                base, kept = old.module, False
            attributes = inner.split(".")[1:] if kept else []
            if new.name is not None and string is None:
                attributes.append(new.name)
            elif string is not None and new.name not in (None, old.name):
                self.file.uses.edit_string(string, str(new.name))
            rest = list(use.path[old.used :])
            group = groups.setdefault(base, Group(base))
            group.uses.append((use, [*attributes, *rest]))
            through = not kept and inner and base != self.file.renames.reexports.get(module)
            group.through = group.through or bool(through)
        for use, old in bare:
            base = self.home_of_bare(module, old, groups, use)
            attributes = old.module[len(module) :].split(".")[1:] if base == module else []
            groups.setdefault(base, Group(base)).uses.append((use, attributes))
        return groups

    def base_of(self, module: str, home: str | None, old: str, new: str) -> tuple[str, bool]:
        """The module to import for ``new``, and whether the old chain of attributes stays."""
        inner = old[len(module) :]
        if home is not None and new == home + inner:
            return home, True
        if new == old:
            return module, True
        return new, False

    def home_of_bare(
        self, module: str, old: Reference, groups: Mapping[str, Group], use: Use
    ) -> str:
        """Where a module goes that is passed around as an object."""
        if old.module != module and self.file.renames.is_unloaded(old.module):
            return old.module
        if old.module in self.file.renames.staying or not self.file.mentions_symbols(old.module):
            return module
        homes = {base for base in groups if base != module}
        if old.module == module and len(homes) == 1 and module not in groups:
            return homes.pop()
        if old.module in self.file.renames.only_home:
            return self.file.renames.only_home[old.module]
        self.file.findings.append(
            Finding(f"{old.module} is used as an object and has no new name", use.name.lineno)
        )
        return module

    def following(self, bindings: list[Binding], module: str, home: str) -> str:
        """The local name of what was ``module`` and is ``home``: the new last one where it may."""
        local, last = bindings[0].local, home.rpartition(".")[2]
        asked = self.file.source.style.follows and not self.file.renames.keep_local_names
        if not asked or home != self.file.renames.modules.get(module) or last == local:
            return local
        if local != module.rpartition(".")[2] or any(b.alias.asname for b in bindings):
            return local
        taken = f"{self.file.formerly}:{local}" in self.file.renames.handed_on
        if any(self.file.hands_on(b) or (taken and b.scope.kind == "module") for b in bindings):
            return local
        if self.file.followed.get(last, home) != home or last in self.file.names.declared:
            return local
        if last not in self.file.followed and last in self.file.names.identifiers:
            return local
        self.file.followed[last] = home
        self.file.names.identifiers.add(last)
        return last

    def weight(self, group: Group, module: str) -> tuple[bool, bool, int, bool, str]:
        usual = group.home == self.file.renames.reexports.get(module)
        return not group.through, usual, len(group.uses), group.home == module, group.home
