"""The renaming of one file from its first import to its last comment."""

from __future__ import annotations

import ast
import itertools

from extractor.outcome import Finding
from extractor.rewrites.parts.edited_imports import EditedImports
from extractor.rewrites.parts.import_statements import Import
from extractor.rewrites.parts.named_in_text import NamedInText
from extractor.rewrites.parts.renames import Reference, follow, new_reference
from extractor.rewrites.parts.scopes import Binding, ImportStatement, Scope, Use, absolute_module
from extractor.rewrites.parts.source_text import apply_edits
from extractor.rewrites.parts.wrapping import wrap_prose
from extractor.rewrites.renaming.file import RenamedFile
from extractor.rewrites.renaming.full_names import FullNames
from extractor.rewrites.renaming.modules import ModuleImports
from extractor.rewrites.renaming.own_names import OwnNames


class Work:
    """The rewrite of one file; made for it and thrown away."""

    def __init__(self, file: RenamedFile) -> None:
        self.file = file
        self.modules = ModuleImports(file)
        self.full_names = FullNames(file)
        self.own = OwnNames(file)

    def run(self) -> bytes:
        deferred: list[tuple[Scope, str, list[Binding]]] = []
        for scope in self.file.names.scopes:
            for local, bindings in sorted(scope.imports.items()):
                if self.reaches_through(scope, local, bindings):
                    deferred.append((scope, local, bindings))
                else:
                    self.decide_name(scope, local, bindings)
        for scope, local, bindings in deferred:
            self.decide_name(scope, local, bindings)
        self.own.decide_renamed()
        self.own.decide_departed()
        self.own.edit_exported()
        text = NamedInText(self.file.source, self.file.names, self.file.renames)
        text.edit_strings(self.file.uses.edits)
        text.edit_comments(self.file.uses.edits)
        self.file.findings += [*self.file.uses.findings, *text.findings]
        imports = EditedImports(
            self.file.source,
            self.file.names,
            self.file.new_module,
            self.file.new_is_package,
            None if self.file.renames.imports_stay else self.file.first_party,
            self.file.wanted,
            self.star_homes(),
            self.file.uses.edits + text.edits,
        )
        content = apply_edits(self.file.source.utf8, imports.all_edits(self.file.added))
        if content != self.file.source.utf8:
            written = set(self.file.source.utf8.splitlines())
            content = wrap_prose(content, written, self.file.source.style.line_length)
        self.report_long_lines(content)
        self.report_through_objects()
        return content

    def decide_name(self, scope: Scope, local: str, bindings: list[Binding]) -> None:
        ours = [binding for binding in bindings if self.file.is_ours(binding)]
        if not ours:
            return
        uses = scope.uses.get(local, [])
        roots = [binding for binding in ours if binding.is_root]
        others = [binding for binding in ours if not binding.is_root]
        if roots and not others:
            self.full_names.decide(scope, roots, uses)
            return
        origins = {self.file.origin(binding) for binding in others}
        mixed = local in scope.others or len(bindings) > len(ours) or bool(roots)
        if len(origins) > 1 or mixed:
            self.decide_locked(others, uses)
            return
        origin = origins.pop()
        if origin.name is not None:
            self.decide_symbol(others, origin, uses)
        else:
            self.modules.decide(others, origin.module, uses)

    def reaches_through(self, scope: Scope, local: str, bindings: list[Binding]) -> bool:
        """Whether uses name submodules: another import may turn out to bind the same one."""
        if not self.file.is_ours(bindings[0]):
            return False
        if bindings[0].is_root:
            return True
        origin = self.file.origin(bindings[0])
        return origin.name is None and any(
            follow(self.file.renames, origin.module, use.path).module != origin.module
            for use in scope.uses.get(local, ())
        )

    def decide_symbol(self, bindings: list[Binding], origin: Reference, uses: list[Use]) -> None:
        new = new_reference(self.file.renames, origin)
        if new is None:
            for binding in bindings:
                if origin.module in self.file.renames.known:
                    self.file.left(str(origin), binding.statement)
            return
        assert new.name is not None and origin.name is not None
        local = bindings[0].local
        own = local == origin.name and origin.module not in self.file.renames.quieted
        if new.module == origin.module:  # renamed where it is: others go on asking here
            own = own and not any(self.file.hands_on(binding) for binding in bindings)
        if own and new.name != local and self.file.is_free(new.name, new):
            self.file.rename_local(bindings[0].scope, local, new.name)
            self.file.names.identifiers.add(new.name)
            for use in uses:
                self.file.uses.edit(use, local, [], new.name, [])
            local = new.name
        for binding in bindings:
            if new.module != self.file.new_module:
                self.file.want(binding, [Import(new.module, new.name, local)])
                continue
            self.file.want(binding, [])  # it is this module's own now
            for use in uses if local != new.name else ():
                self.file.uses.edit(use, local, [], new.name, [])

    def decide_locked(self, bindings: list[Binding], uses: list[Use]) -> None:
        """A name bound in several ways keeps its name; uses change only if all agree."""
        plans: list[list[list[str] | None]] = []
        for binding in bindings:
            origin = self.file.origin(binding)
            if origin.name is not None:
                new = new_reference(self.file.renames, origin)
                if new is not None and new.name is not None:
                    self.file.want(binding, [Import(new.module, new.name, binding.local)])
                elif origin.module in self.file.renames.known:
                    self.file.left(str(origin), binding.statement)
                continue
            groups = self.modules.group_uses(origin.module, uses, binding.statement)
            home = self.file.renames.modules.get(origin.module)
            if len(groups) > 1:
                self.file.findings.append(
                    Finding(
                        f"{binding.local} is bound more than once, and its uses now differ: "
                        + ", ".join(sorted(groups)),
                        binding.statement.lineno,
                    )
                )
            elif groups:
                home = next(iter(groups))
                if home == origin.module:
                    home = None
            else:
                home = home or self.file.renames.only_home.get(origin.module)
            if home is None:
                self.file.report_module([binding], origin.module)
                continue
            self.file.want(binding, [self.file.import_like(binding, home, binding.local)])
            planned = {id(use): path for group in groups.values() for use, path in group.uses}
            plans.append([planned.get(id(use)) for use in uses])
        for index, use in enumerate(uses):
            paths = {tuple(plan[index] or use.path) for plan in plans}
            if len(paths) == 1:
                self.file.uses.edit(
                    use, use.name.id, list(use.path), use.name.id, list(paths.pop())
                )
            elif paths:
                self.file.findings.append(
                    Finding(f"{use.name.id} has several meanings here", use.name.lineno)
                )

    def star_homes(self) -> dict[ImportStatement, str]:
        """The modules whose names star imports are to take, where that changes."""
        homes: dict[ImportStatement, str] = {}
        for star in self.file.names.stars:
            module, statement = star.module or "", star.statement
            assert isinstance(statement, ast.ImportFrom)
            if module.partition(".")[0] not in self.file.renames.roots:
                continue
            home = self.file.renames.modules.get(module) or self.file.renames.only_home.get(module)
            if home is None:
                if self.file.mentions_symbols(module) and module not in self.file.renames.staying:
                    self.file.findings.append(
                        Finding(
                            f"star import of {module}, whose names now differ", statement.lineno
                        )
                    )
                elif module in self.file.renames.known:
                    self.file.left(module, statement)
                home = module
            if home != absolute_module(statement, self.file.new_module, self.file.new_is_package):
                homes[statement] = home
        return homes

    def report_through_objects(self) -> None:
        """``self.db.models``: the attribute may be the module that hands on the names now."""
        for package, home in self.file.renames.reexports.items():
            last, inner = package.rpartition(".")[2], f"{package}."
            below = {
                name[len(inner) :] for name in self.file.renames.known if name.startswith(inner)
            }
            for use in self.file.names.of_objects:
                for value, child in itertools.pairwise(use.path):
                    if value == last and child in below:
                        message = (
                            f"{value}.{child} of an object: if {value} is {home} now, it has none"
                        )
                        self.file.findings.append(Finding(message, use.name.lineno))

    def report_long_lines(self, content: bytes) -> None:
        old, length = set(self.file.source.utf8.splitlines()), self.file.source.style.line_length
        for number, line in enumerate(content.splitlines(), 1):
            if len(line) > length and line not in old and len(line.decode()) > length:
                self.file.findings.append(Finding("the changed line is too long", number))
