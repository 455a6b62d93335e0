"""Uses of imported names: attribute chains, fields of formatted strings, names in strings."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Sequence

from extractor.outcome import Finding
from extractor.rewrites.parts.scopes import Use
from extractor.rewrites.parts.source_text import Edit, SourceText
from extractor.rewrites.parts.strings import literal_pieces

_PLAIN_CHAIN = re.compile(rb"[\w.]+")


class EditedUses:
    """Edits and findings for the uses in one file; full dotted names begin with ``roots``."""

    def __init__(self, source: SourceText, roots: Collection[str]) -> None:
        self.source = source
        self.roots = roots
        self.edits: list[Edit] = []
        self.findings: list[Finding] = []

    def edit(
        self, use: Use, local: str, path: list[str], new_local: str, new_path: list[str]
    ) -> None:
        """Let ``use``, which says ``local`` and then ``path``, say the new ones."""
        if (local, path) == (new_local, new_path):
            return
        if use.formatted is not None:
            self._edit_formatted(use.formatted, [local, *path], [new_local, *new_path])
            return
        ends = [use.name, *use.attributes]
        names = [local, *path]
        if len(path) == len(new_path):
            for node, old, new in zip(ends, names, [new_local, *new_path], strict=False):
                if old != new:
                    end = self.source.end(node)
                    self.edits.append(Edit(end - len(old.encode()), end, new.encode()))
            return
        while path and new_path and path[-1] == new_path[-1]:
            path, new_path = path[:-1], new_path[:-1]
        start, end = self.source.start(use.name), self.source.end(ends[len(path)])
        if not _PLAIN_CHAIN.fullmatch(self.source.utf8, start, end):
            self.findings.append(
                Finding(
                    f"{'.'.join(names)} spans several lines: rename it by hand", use.name.lineno
                )
            )
            return
        self.edits.append(Edit(start, end, ".".join([new_local, *new_path]).encode()))

    def edit_string(self, node: ast.Constant, name: str) -> None:
        """Let a string that is an attribute's name, ``getattr``'s or a patch's, say ``name``."""
        start, end = self.source.start(node), self.source.end(node)
        pieces = literal_pieces(self.source.utf8, start, end)
        if len(pieces) == 1:
            self.edits.append(Edit(pieces[0].start, pieces[0].end, name.encode()))

    def is_too_long(self, use: Use, module: str, path: Sequence[str]) -> bool:
        """Whether the line cannot take the full dotted name (and could take the old one)."""
        if use.formatted is not None:
            return False
        start, end = self.source.line_bounds(use.name.lineno)
        old = len(".".join([use.name.id, *use.path]))
        new = len(".".join([module, *path]))
        return end - start <= self.source.style.line_length < end - start - old + new

    def _edit_formatted(self, formatted: ast.JoinedStr, old: list[str], new: list[str]) -> None:
        if len(old) > 1 and old[0] in self.roots:
            return  # a full dotted name is found in the string like in any other text
        start, end = self.source.start(formatted), self.source.end(formatted)
        while len(old) > 1 and len(new) > 1 and old[-1] == new[-1]:
            old, new = old[:-1], new[:-1]
        pattern = re.compile(rb"(?<![\w.])" + re.escape(".".join(old).encode()) + rb"(?!\w)")
        for match in pattern.finditer(self.source.utf8, start, end):
            before = self.source.utf8[start : match.start()]
            if before.count(b"{") > before.count(b"}"):
                self.edits.append(Edit(*match.span(), ".".join(new).encode()))
