"""One file under renames: what it imports, what is decided so far, and what to tell."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from extractor.outcome import Finding
from extractor.rewrites.parts.edited_imports import import_of
from extractor.rewrites.parts.edited_uses import EditedUses
from extractor.rewrites.parts.import_statements import Import, import_of_module
from extractor.rewrites.parts.renames import Reference, Renames, follow
from extractor.rewrites.parts.scopes import Binding, Names, Scope, Use
from extractor.rewrites.parts.source_text import SourceText


class RenamedFile:
    """What every part of the renaming asks of the file, and where it puts its decisions."""

    def __init__(
        self,
        source: SourceText,
        names: Names,
        renames: Renames,
        formerly: str,
        new_module: str,
        new_is_package: bool,
    ) -> None:
        self.source = source
        self.renames = renames
        self.formerly = formerly
        self.new_module = new_module
        self.added: list[Import] = []
        self.new_is_package = new_is_package
        self.names = names
        self.uses = EditedUses(source, renames.roots)
        self.findings: list[Finding] = []
        self.wanted: dict[tuple[ast.stmt, int], list[Import]] = {}
        self.top = frozenset(source.tree.body)
        self.followed: dict[str, str] = {}  # local names that follow their modules
        self.local_names: dict[str, str] = {}  # old to new, at module level, for __all__
        roots = {new_module.partition(".")[0], formerly.partition(".")[0]}
        self.first_party = frozenset(roots - {""}) | renames.own_roots

    def is_ours(self, binding: Binding) -> bool:
        named = binding.alias.name if binding.module is None else binding.module
        return named.partition(".")[0] in self.renames.roots

    def origin(self, binding: Binding) -> Reference:
        if binding.module is None:
            root, *rest = binding.alias.name.split(".")
            return follow(self.renames, root, rest)
        return follow(self.renames, binding.module, [binding.alias.name])

    def reference(self, module: str, use: Use) -> tuple[Reference, ast.Constant | None]:
        """What ``use`` names, and the string that names it if its attributes do not."""
        old = follow(self.renames, module, use.path)
        if old.name is None and use.attribute_string is not None:
            named = follow(self.renames, old.module, [str(use.attribute_string.value)])
            if named.name is not None:
                return Reference(named.module, named.name, old.used), use.attribute_string
        return old, None

    def want(self, binding: Binding, entries: list[Import]) -> None:
        index = binding.statement.names.index(binding.alias)
        self.wanted[binding.statement, index] = entries

    def left(self, what: str, node: ast.stmt | ast.expr) -> None:
        if self.renames.report_left:
            self.findings.append(Finding(f"still names {what}", node.lineno))

    def report_module(self, bindings: list[Binding], module: str) -> None:
        if module in self.renames.known:
            for binding in bindings:
                self.left(module, binding.statement)

    def mentions_symbols(self, module: str) -> bool:
        return module in self.renames.reexports or any(
            symbol.startswith(f"{module}:") for symbol in self.renames.symbols
        )

    def hands_on(self, binding: Binding) -> bool:
        """Whether others take the name from here: it is this module's own promise, and stays."""
        if binding.scope.kind != "module":
            return False
        listed = any(node.value == binding.local for node in self.names.exported)
        return listed or binding.alias.asname is not None or self.new_is_package

    def is_free(self, name: str, new: Reference) -> bool:
        if name in self.names.declared:
            return False
        if name not in self.names.identifiers:
            return True
        return any(
            entry.local == name and entry.module == new.module and entry.name == new.name
            for entries in self.wanted.values()
            for entry in entries
        )

    def rename_local(self, scope: Scope, old: str, new: str) -> None:
        if scope.kind == "module":
            self.local_names[old] = new

    def local_for(
        self, home: str, binding: Binding, more: Sequence[Import] = ()
    ) -> tuple[str, Import | None]:
        """A local name for ``home``, and the import that binds it unless one does already."""
        wanted = [entries for key, entries in self.wanted.items() if key[0] in self.top]
        for entry in [*more, *(entry for entries in wanted for entry in entries)]:
            if entry.loads == home and (entry.name or entry.asname):
                return entry.local, None
        for other in self.names.bindings:
            if other.scope.kind == "module" and not self.is_ours(other) and not other.is_root:
                entry = import_of(other)
                if entry.loads == home:
                    return entry.local, None
        parent, _, last = home.rpartition(".")
        near = parent.rpartition(".")[2]
        initials = "".join(word[0] for word in near.split("_") if word)
        usual = [near] if self.renames.reexports.get(parent) == home else []
        for name in [*usual, last, f"{near}_{last}" if len(near) < 12 else f"{initials}_{last}"]:
            if name.isidentifier() and name not in self.names.identifiers:
                break
        else:
            number = 2
            while f"{last}{number}" in self.names.identifiers:
                number += 1
            name = f"{last}{number}"
        self.names.identifiers.add(name)
        return name, import_of_module(home, name)

    def import_like(self, binding: Binding, home: str, local: str) -> Import:
        if binding.module is None:
            return Import(home, None, local)
        return import_of_module(home, local)
