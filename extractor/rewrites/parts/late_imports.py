"""Move an import from the top of a module into the functions that use what it binds."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from extractor.rewrites.parts.edited_imports import EditedImports, import_of
from extractor.rewrites.parts.import_statements import Import, write_imports
from extractor.rewrites.parts.scopes import Binding, Names, read_names
from extractor.rewrites.parts.source_text import Edit, SourceText, apply_edits, read_source

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def import_late(
    content: bytes, local: str, *, module: str, is_package: bool, path: str
) -> bytes | None:
    """``content`` with the import that binds ``local`` in each function that uses it.

    ``None`` where that cannot be: something uses it while the module is imported, binds it too,
    or hands it on. Raises ``UnreadableSource``.
    """
    text = read_source(content, path)
    names = read_names(text.tree, module, is_package)
    binding = _only_binding(text, names, local)
    if binding is None:
        return None
    users = _users(text.tree, names, local)
    if not users or any(_first_line(text, function) is None for function in users):
        return None
    index = binding.statement.names.index(binding.alias)
    edits = [_insertion(text, function, binding) for function in users]
    first_party = frozenset([module.partition(".")[0]])
    wanted: dict[tuple[ast.stmt, int], list[Import]] = {(binding.statement, index): []}
    edited = EditedImports(text, names, module, is_package, first_party, wanted, {}, edits)
    return text.encode(apply_edits(text.utf8, edited.all_edits([])))


def _only_binding(text: SourceText, names: Names, local: str) -> Binding | None:
    """The import that binds ``local`` at the top, if nothing else binds or names it there."""
    found = [b for b in names.bindings if b.local == local]
    top = names.scopes[0]
    if len(found) != 1 or found[0].scope is not top or found[0].is_root:
        return None
    if found[0].statement not in text.tree.body:
        return None
    exported = {constant.value for constant in names.exported}
    if local in top.others | names.declared | names.typed | exported:
        return None
    return found[0]


def _users(tree: ast.Module, names: Names, local: str) -> list[_Function]:
    """The outermost functions that use the module's ``local``; none where other code does."""
    uses = {use.name for use in names.scopes[0].uses.get(local, ())}
    users: list[_Function] = []
    for inside, name in _named(tree, None):
        if name in uses:
            if inside is None:
                return []
            if inside not in users:
                users.append(inside)
    return users


def _named(node: ast.AST, inside: _Function | None) -> Iterator[tuple[_Function | None, ast.Name]]:
    """Every name, with the outermost function whose body it stands in."""
    if isinstance(node, ast.Name):
        yield inside, node
    for child in ast.iter_child_nodes(node):
        enters = inside is None and isinstance(node, _Function) and child in node.body
        yield from _named(child, node if enters and isinstance(node, _Function) else inside)


def _first_line(text: SourceText, function: _Function) -> int | None:
    """Where the first statement after the docstring begins; ``None`` beside the header."""
    body = function.body
    if ast.get_docstring(function, clean=False) is not None and len(body) > 1:
        body = body[1:]
    line = min([body[0].lineno, *(d.lineno for d in getattr(body[0], "decorator_list", ()))])
    start, _ = text.line_bounds(line)
    head = text.utf8[start : text.offset(line, body[0].col_offset)]
    return None if head.strip() else start


def _insertion(text: SourceText, function: _Function, binding: Binding) -> Edit:
    start = _first_line(text, function)
    assert start is not None
    indent = function.body[-1].col_offset
    margin = text.utf8[start : start + indent].decode()
    # The margin may be of tabs.
    statement = write_imports([import_of(binding)], indent).replace("\n", f"\n{margin}")
    written = f"{margin}{statement}\n".encode().replace(b"\n", text.newline)
    return Edit(start, start, written)
