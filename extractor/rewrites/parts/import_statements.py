"""Write import statements, and edit one so that its layout stays."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from extractor.rewrites.parts.source_text import PLAIN, Style


@dataclass(frozen=True, order=True)
class Import:
    """One name bound by an import: ``from module import name`` or, without one, ``import module``.

    ``local`` is the name that is bound; of ``import a.b`` it is ``a``.
    """

    module: str
    name: str | None
    local: str

    @property
    def asname(self) -> str | None:
        default = self.module.partition(".")[0] if self.name is None else self.name
        return None if self.local == default else self.local

    @property
    def loads(self) -> str:
        """The dotted name that the statement makes sure is there."""
        return self.module if self.name is None else f"{self.module}.{self.name}"

    @property
    def code(self) -> str:
        tail = f" as {self.asname}" if self.asname else ""
        if self.name is None:
            return f"import {self.module}{tail}"
        return f"from {self.module} import {self.name}{tail}"


def import_of_module(module: str, local: str | None = None) -> Import:
    """The import that binds ``module`` itself, as ``local`` or under its last component."""
    parent, _, last = module.rpartition(".")
    return Import(parent, last, local or last) if parent else Import(module, None, local or module)


def sort_key(entry: Import) -> str:
    """What the style's alphabetical order compares (hacking's H306)."""
    tail = f" as {entry.asname}" if entry.name is None and entry.asname else ""
    return (entry.loads + tail).lower()


def first_import(node: ast.Import | ast.ImportFrom) -> Import:
    """What the first name of ``node`` binds, its module as it is written."""
    alias = node.names[0]
    if isinstance(node, ast.Import):
        return Import(alias.name, None, alias.asname or alias.name.partition(".")[0])
    module = "." * node.level + (node.module or "")
    return Import(module, alias.name, alias.asname or alias.name)


def write_imports(entries: Sequence[Import], indent: int = 0, style: Style = PLAIN) -> str:
    """One statement that binds all ``entries``, which share their module and kind."""
    first = entries[0]
    if len(entries) == 1:
        return fold(first.code, indent, style)
    names = [f"{e.name} as {e.asname}" if e.asname else str(e.name) for e in entries]
    line = f"from {first.module} import {', '.join(names)}"
    if indent + len(line) <= style.line_length:
        return line
    if not style.backslash:
        return in_brackets(first.module, names, indent)
    pad = " " * (indent + 4)
    body = textwrap.fill(
        ", ".join(names), style.line_length - 1, initial_indent=pad, subsequent_indent=pad
    )
    return f"from {first.module} import (\n{body})"


def in_brackets(module: str, names: Sequence[str], indent: int = 0) -> str:
    """``from module import (...)`` with each name on a line of its own."""
    pad = " " * indent
    lines = "".join(f"{pad}    {name},\n" for name in names)
    return f"from {module} import (\n{lines}{pad})"


def fold(statement: str, indent: int = 0, style: Style = PLAIN) -> str:
    """``statement``, continued in brackets or with a backslash where one line is too short."""
    if "\n" in statement or indent + len(statement) <= style.line_length:
        return statement
    head, found, tail = statement.partition(" import ")
    if not found:
        return statement
    if not style.backslash:
        names = [name.strip() for name in tail.strip("()").split(",") if name.strip()]
        return in_brackets(head.removeprefix("from "), names, indent) if tail != "*" else statement
    pad = " " * (indent + 4)
    if indent + len(head) + len(" import \\") <= style.line_length:
        return f"{head} import \\\n{pad}{tail}"
    return f"{head} \\\n{pad}import {tail}"


def edit_import(
    statement: str, wanted: Sequence[Import | None], indent: int = 0, style: Style = PLAIN
) -> str:
    """``statement`` with its aliases turned into ``wanted``, ``None`` for those that go.

    All that stay are of the statement's own kind, and of one module if it has ``from``.
    """
    plain = _plain(statement)
    if plain is not None and (module := _kept_module(plain, wanted)) is not None:
        plain.names = [
            ast.alias(_name_of(entry, plain), _alias_of(entry, alias, plain))
            for alias, entry in zip(plain.names, wanted, strict=True)
            if entry is not None
        ]
        if isinstance(plain, ast.ImportFrom):
            name = module.lstrip(".")
            plain.module, plain.level = name or None, len(module) - len(name)
        return fold(ast.unparse(plain), indent, style)
    # Loaded here: LibCST takes a quarter of a second to load, and most statements are plain.
    from extractor.rewrites.parts.statement_layout import edit_in_layout

    return fold(edit_in_layout(statement, wanted), indent, style)


def edit_star(statement: str, module: str, indent: int = 0, style: Style = PLAIN) -> str:
    """``from x import *`` with ``module`` in the place of ``x``."""
    if _plain(statement) is not None:
        return fold(f"from {module} import *", indent, style)
    from extractor.rewrites.parts.statement_layout import edit_star_in_layout

    return fold(edit_star_in_layout(statement, module), indent, style)


def _plain(statement: str) -> ast.Import | ast.ImportFrom | None:
    """The statement where nothing of its layout is its own: no comment, no break, no bracket."""
    node = ast.parse(statement).body[0]
    assert isinstance(node, ast.Import | ast.ImportFrom)
    return node if ast.unparse(node) == statement else None


def _kept_module(node: ast.Import | ast.ImportFrom, wanted: Sequence[Import | None]) -> str | None:
    modules = {entry.module for entry in wanted if entry is not None}
    return next(iter(modules)) if len(modules) == 1 or isinstance(node, ast.Import) else None


def _name_of(entry: Import, node: ast.Import | ast.ImportFrom) -> str:
    return entry.module if isinstance(node, ast.Import) else str(entry.name)


def _alias_of(entry: Import, old: ast.alias, node: ast.Import | ast.ImportFrom) -> str | None:
    redundant = old.name == _name_of(entry, node) == old.asname  # ``x as x`` stays
    return old.asname if redundant else entry.asname
