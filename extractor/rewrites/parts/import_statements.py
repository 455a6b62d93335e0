"""Write import statements, and edit one with LibCST so that its layout stays."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import libcst

from extractor.rewrites.parts.source_text import LINE_LENGTH


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


def write_imports(entries: Sequence[Import], indent: int = 0) -> str:
    """One statement that binds all ``entries``, which share their module and kind."""
    first = entries[0]
    if len(entries) == 1:
        return fold(first.code, indent)
    names = [f"{e.name} as {e.asname}" if e.asname else str(e.name) for e in entries]
    line = f"from {first.module} import {', '.join(names)}"
    if indent + len(line) <= LINE_LENGTH:
        return line
    pad = " " * (indent + 4)
    body = textwrap.fill(
        ", ".join(names), LINE_LENGTH - 1, initial_indent=pad, subsequent_indent=pad
    )
    return f"from {first.module} import (\n{body})"


def fold(statement: str, indent: int = 0) -> str:
    """``statement``, continued with a backslash when one line is too short for it."""
    if "\n" in statement or indent + len(statement) <= LINE_LENGTH:
        return statement
    head, found, tail = statement.partition(" import ")
    if not found:
        return statement
    pad = " " * (indent + 4)
    if indent + len(head) + len(" import \\") <= LINE_LENGTH:
        return f"{head} import \\\n{pad}{tail}"
    return f"{head} \\\n{pad}import {tail}"


def edit_import(statement: str, wanted: Sequence[Import | None], indent: int = 0) -> str:
    """``statement`` with its aliases turned into ``wanted``, ``None`` for those that go.

    All that stay are of the statement's own kind, and of one module if it has ``from``.
    """
    parsed = libcst.parse_statement(statement)
    assert isinstance(parsed, libcst.SimpleStatementLine)
    node = parsed.body[0]
    if isinstance(node, libcst.Import):
        aliases = _edit_aliases(node.names, wanted, [e.module if e else "" for e in wanted])
        changed: libcst.Import | libcst.ImportFrom = node.with_changes(names=aliases)
    else:
        assert isinstance(node, libcst.ImportFrom) and not isinstance(node.names, libcst.ImportStar)
        aliases = _edit_aliases(node.names, wanted, [(e.name or "") if e else "" for e in wanted])
        module = next(entry.module for entry in wanted if entry)
        if not module.startswith("."):
            node = _edit_module(node, module)
        changed = node.with_changes(names=aliases)
    code = libcst.Module([]).code_for_node(parsed.with_changes(body=[changed]))
    return fold(code.rstrip("\r\n"), indent)


def edit_star(statement: str, module: str, indent: int = 0) -> str:
    """``from x import *`` with ``module`` in the place of ``x``."""
    parsed = libcst.parse_statement(statement)
    assert isinstance(parsed, libcst.SimpleStatementLine)
    node = parsed.body[0]
    assert isinstance(node, libcst.ImportFrom)
    code = libcst.Module([]).code_for_node(parsed.with_changes(body=[_edit_module(node, module)]))
    return fold(code.rstrip("\r\n"), indent)


def _edit_module(node: libcst.ImportFrom, module: str) -> libcst.ImportFrom:
    if not node.relative and node.module is not None and _dotted(node.module) == module:
        return node
    space = libcst.SimpleWhitespace(" ")
    return node.with_changes(
        module=libcst.parse_expression(module),
        relative=(),
        whitespace_after_from=node.whitespace_after_from if not node.relative else space,
        whitespace_before_import=node.whitespace_before_import if node.module else space,
    )


def _dotted(node: libcst.BaseExpression) -> str:
    if isinstance(node, libcst.Attribute):
        return f"{_dotted(node.value)}.{node.attr.value}"
    assert isinstance(node, libcst.Name)
    return node.value


def _edit_aliases(
    aliases: Sequence[libcst.ImportAlias], wanted: Sequence[Import | None], names: Sequence[str]
) -> list[libcst.ImportAlias]:
    kept: list[libcst.ImportAlias] = []
    for alias, entry, name in zip(aliases, wanted, names, strict=True):
        if entry is None:
            continue
        redundant = alias.evaluated_name == name == alias.evaluated_alias  # ``x as x`` stays
        if alias.evaluated_name != name:
            alias = alias.with_changes(name=libcst.parse_expression(name))
        if alias.evaluated_alias != entry.asname and not redundant:
            new = entry.asname and libcst.AsName(libcst.Name(entry.asname))
            alias = alias.with_changes(asname=new)
        kept.append(alias)
    kept[-1] = kept[-1].with_changes(comma=_last_comma(kept[-1].comma, aliases[-1].comma))
    return kept


def _last_comma(
    own: libcst.Comma | libcst.MaybeSentinel, last: libcst.Comma | libcst.MaybeSentinel
) -> libcst.Comma | libcst.MaybeSentinel:
    """The comma of a name that becomes the last one: its own comment, the old last layout."""
    if isinstance(own, libcst.Comma) and isinstance(last, libcst.Comma):
        mine, theirs = own.whitespace_after, last.whitespace_after
        if isinstance(mine, libcst.ParenthesizedWhitespace) and isinstance(
            theirs, libcst.ParenthesizedWhitespace
        ):
            after = theirs.with_changes(first_line=mine.first_line)
            return own.with_changes(whitespace_after=after)
    return last
