"""``import a.b.c``: uses are full dotted names, and every module they name must be imported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from extractor.outcome import Finding
from extractor.rewrites.parts.import_statements import Import
from extractor.rewrites.parts.renames import Reference, new_reference
from extractor.rewrites.parts.scopes import Binding, Scope, Use
from extractor.rewrites.renaming.file import RenamedFile


@dataclass(frozen=True)
class _Chain:
    """A full dotted name that changes: what it named and is to name, and what follows on that."""

    use: Use
    old: Reference
    new: Reference
    path: list[str]


class FullNames:
    """Decides what such imports are to be, and what the dotted names are to say."""

    def __init__(self, file: RenamedFile) -> None:
        self.file = file

    def decide(self, scope: Scope, bindings: list[Binding], uses: list[Use]) -> None:
        """``import a.b.c``: uses are full dotted names, every module used must be imported."""
        root = bindings[0].local
        chains, stay = self.chains_from(root, uses)
        too_long = {
            chain.new.module
            for chain in chains
            if self.file.uses.is_too_long(chain.use, chain.new.module, chain.path)
        }
        aliases: list[Import] = []
        needed: dict[str, set[str]] = {}  # new modules, and what they were
        for chain in chains:
            module = chain.new.module
            if module in too_long:
                local, entry = self.file.local_for(module, bindings[0], aliases)
                inner = []
                if entry is not None:
                    aliases.append(entry)
            else:
                local, *inner = module.split(".")
                needed.setdefault(module, set()).add(chain.old.module)
            self.file.uses.edit(chain.use, root, list(chain.use.path), local, [*inner, *chain.path])
        leaves = bool(chains) and not stay
        wants: list[list[Import]] = []
        for binding in bindings:
            full = binding.alias.name
            home = self.file.renames.modules.get(full) or self.file.renames.only_home.get(full)
            if home in too_long and home not in needed and not stay:
                wants.append([])  # an alias is imported instead
            elif home is not None and (full != root or not leaves):
                wants.append([Import(home, None, home.partition(".")[0])])
            elif leaves and (full == root or self.is_used(full, uses)):
                wants.append([])
            else:
                self.file.report_module([binding], full)
                wants.append([Import(full, None, root)])
        self.import_needed(needed, bindings, wants)
        wants[0] += aliases
        for binding, entries in zip(bindings, wants, strict=True):
            self.file.want(binding, entries)
        for new_root in sorted({module.partition(".")[0] for module in needed} - {root}):
            if new_root in scope.others or new_root in scope.imports:
                self.file.findings.append(
                    Finding(
                        f"{new_root} is bound to something else here", bindings[0].statement.lineno
                    )
                )

    def chains_from(self, root: str, uses: Sequence[Use]) -> tuple[list[_Chain], bool]:
        """The full dotted names below ``root`` that change, and whether others stay."""
        chains: list[_Chain] = []
        stay = False
        for use in uses:
            old, string = self.file.reference(root, use)
            new = new_reference(self.file.renames, old)
            if new is None:
                if old.name is None and old.module in self.file.renames.only_home:
                    new = Reference(self.file.renames.only_home[old.module], None, old.used)
                elif self.file.renames.is_unloaded(old.module):
                    new = old
                else:
                    stay = True
                    if use.path or root in self.file.renames.known:
                        self.file.left(str(old), use.name)
                    continue
            path = list(use.path[old.used :])
            if new.name is not None and string is None:
                path.insert(0, new.name)
            elif string is not None and new.name not in (None, old.name):
                self.file.uses.edit_string(string, str(new.name))
            chains.append(_Chain(use, old, new, path))
        return chains, stay

    def import_needed(
        self,
        needed: Mapping[str, set[str]],
        bindings: Sequence[Binding],
        wants: Sequence[list[Import]],
    ) -> None:
        """Add to ``wants`` of the ``bindings`` the modules that full dotted names need now."""
        root = bindings[0].local
        loaded = {entry.loads for entries in wants for entry in entries}
        for module in sorted(needed):
            new_root = module.partition(".")[0]
            if any(name == module or name.startswith(f"{module}.") for name in loaded):
                continue
            bound = any(entry.local == new_root for entries in wants for entry in entries)
            given = any(binding.alias.name in needed[module] for binding in bindings)
            if bound and not given and not self.file.renames.is_unloaded(module):
                continue  # the name is bound, and the old statements gave no more than that
            plain = any(binding.alias.name == root for binding in bindings)
            named = new_root if plain and self.loads_elsewhere(module) else module
            entry = Import(named, None, new_root)
            free = next((entries for entries in wants if not entries), wants[0])
            if entry not in free:
                free.append(entry)
            loaded.add(named)

    def is_used(self, module: str, uses: Sequence[Use]) -> bool:
        return any(
            self.file.reference(module.partition(".")[0], use)[0].module == module for use in uses
        )

    def loads_elsewhere(self, module: str) -> bool:
        """Whether a from-import of the file, as it will be, loads ``module``."""
        for binding in self.file.names.bindings:
            if binding.module is None or binding.scope.kind != "module":
                continue
            origin = self.file.origin(binding) if self.file.is_ours(binding) else None
            if origin is not None:
                new = new_reference(self.file.renames, origin) or origin
                if module in (new.module, f"{new.module}.{new.name}"):
                    return True
            elif module in (binding.module, f"{binding.module}.{binding.alias.name}"):
                return True
        return False
