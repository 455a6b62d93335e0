"""Names a file defines under others now, or used to define itself."""

from __future__ import annotations

from extractor.rewrites.parts.import_statements import Import
from extractor.rewrites.parts.own_names import binding_edits
from extractor.rewrites.renaming.file import RenamedFile


class OwnNames:
    """Edits what a module calls its own, and takes what left it from where it is."""

    def __init__(self, file: RenamedFile) -> None:
        self.file = file

    def decide_renamed(self) -> None:
        """Names that this module defines, and that it is to define under others."""
        top = self.file.names.scopes[0]
        for old, new in self.file.renames.symbols.items():
            module, _, name = old.partition(":")
            home, _, new_name = new.partition(":")
            if module != self.file.formerly or home != self.file.new_module or name == new_name:
                continue
            if name not in top.others:
                continue
            edits = binding_edits(self.file.source, name, new_name)
            self.file.uses.edits += edits
            self.file.local_names[name] = new_name
            done = {edit.start for edit in edits}
            for use in top.uses.get(name, ()):
                if use.formatted is not None or self.file.source.start(use.name) not in done:
                    self.file.uses.edit(use, name, [], new_name, [])

    def decide_departed(self) -> None:
        """Names this module used to define itself, and that are defined elsewhere now."""
        self.add_departed(self.file.formerly)
        for star in self.file.names.stars:
            if star.module in self.file.renames.staying:
                self.add_departed(star.module)

    def add_departed(self, old_module: str) -> None:
        """Take from where they are now the names that ``old_module`` had, used here bare."""
        for name, uses in sorted(self.file.names.free.items()):
            new = self.file.renames.symbols.get(f"{old_module}:{name}")
            if new is None:
                continue
            module, _, symbol = new.partition(":")
            if module != self.file.new_module:
                follows = self.file.source.style.follows and name not in self.file.local_names
                taken = not follows or symbol in self.file.names.identifiers
                self.file.added.append(Import(module, symbol, name if taken else symbol))
                if taken or symbol == name:
                    continue
            for use in uses:
                self.file.uses.edit(use, name, [], symbol, [])

    def edit_exported(self) -> None:
        for node in self.file.names.exported:
            new_name = self.file.local_names.get(str(node.value))
            if new_name is not None:
                self.file.uses.edit_string(node, new_name)
