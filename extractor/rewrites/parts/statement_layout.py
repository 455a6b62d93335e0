"""Edit an import statement with LibCST, so that its comments, breaks and brackets stay."""

from __future__ import annotations

from collections.abc import Sequence

import libcst

from extractor.rewrites.parts.import_statements import Import


def edit_in_layout(statement: str, wanted: Sequence[Import | None]) -> str:
    """``statement`` with its aliases turned into ``wanted``, ``None`` for those that go."""
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
        changed = _edit_module(node, module).with_changes(names=aliases)
    code = libcst.Module([]).code_for_node(parsed.with_changes(body=[changed]))
    return code.rstrip("\r\n")


def edit_star_in_layout(statement: str, module: str) -> str:
    """``from x import *`` with ``module`` in the place of ``x``."""
    parsed = libcst.parse_statement(statement)
    assert isinstance(parsed, libcst.SimpleStatementLine)
    node = parsed.body[0]
    assert isinstance(node, libcst.ImportFrom)
    code = libcst.Module([]).code_for_node(parsed.with_changes(body=[_edit_module(node, module)]))
    return code.rstrip("\r\n")


def _edit_module(node: libcst.ImportFrom, module: str) -> libcst.ImportFrom:
    named = "." * len(node.relative) + ("" if node.module is None else _dotted(node.module))
    if named == module:
        return node
    name = module.lstrip(".")
    space = libcst.SimpleWhitespace(" ")
    return node.with_changes(
        module=libcst.parse_expression(name) if name else None,
        relative=[libcst.Dot()] * (len(module) - len(name)),
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
