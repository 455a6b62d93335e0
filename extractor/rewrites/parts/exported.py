"""Take names out of a module's ``__all__``, and put names in."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence

from extractor.reading.depth import deep
from extractor.reading.exports import Exports, read_exports
from extractor.rewrites.parts.source_text import Edit, SourceText


def unexport(source: SourceText, names: Collection[str]) -> list[Edit]:
    """Edits that take ``names`` out of every list that ``__all__`` is made of."""
    edits: list[Edit] = []
    displays = read_exports(source.tree).displays
    for node in displays:
        listed = [item.value for item in node.elts if isinstance(item, ast.Constant)]
        inside = any(other is not node and node in ast.walk(other) for other in displays)
        if not inside and not set(names).isdisjoint(listed):
            edits.append(_without(source, node, names))
    return edits


def single_exports(tree: ast.Module, names: Collection[str]) -> set[ast.stmt]:
    """The statements ``__all__.append("name")`` and their like that are about ``names``."""
    found: set[ast.stmt] = set()
    for statement in read_exports(tree).calls:
        assert isinstance(statement.value, ast.Call)
        argument = statement.value.args[-1]
        if isinstance(argument, ast.Constant) and argument.value in names:
            found.add(statement)
    return found


def export(source: SourceText, exports: Exports, names: Sequence[str]) -> list[Edit]:
    """Edits that put ``names`` into ``__all__``, which has a list or tuple; sorted as it was.

    Without one they are added by a statement of their own at the end of the file.
    """
    new = [name for name in names if name not in exports.names]
    if not new:
        return []
    node = next((d for d in exports.displays if not isinstance(d, ast.Set)), None)
    if node is None or (not node.elts and source.utf8[source.start(node)] not in b"[("):
        code = f"__all__ += [{', '.join(map(_quoted, new))}]\n".encode()
        end = len(source.utf8.rstrip())
        return [Edit(end, len(source.utf8), source.newline * 2 + code)]
    return _with(source, node, new)


def _quoted(name: str) -> str:
    return f'"{name}"'


def _with(source: SourceText, node: ast.List | ast.Tuple, new: Sequence[str]) -> list[Edit]:
    """``new`` among the elements of ``node``, each in its place where they are sorted."""
    listed = [str(item.value) for item in node.elts if isinstance(item, ast.Constant)]
    in_order = len(listed) == len(node.elts) and listed == sorted(listed)
    quote = "'" if b"'" in source.utf8[source.start(node) : source.end(node)] else '"'
    rows = {item.lineno for item in node.elts}
    on_lines = len(rows) == len(node.elts) and node.lineno not in rows
    edits: list[Edit] = []
    for name in new:
        text = f"{quote}{name}{quote}"
        later = next((i for i, other in enumerate(listed) if in_order and other > name), None)
        if later is not None:
            item = node.elts[later]
            pad = source.newline.decode() + " " * item.col_offset if on_lines else " "
            at = source.start(item)
            edits.append(Edit(at, at, f"{text},{pad}".encode()))
        elif node.elts:
            edits.append(_after_last(source, node, text, on_lines))
        else:
            at = source.start(node) + 1
            comma = "," if isinstance(node, ast.Tuple) else ""
            edits.append(Edit(at, at, f"{text}{comma}".encode()))
    return _joined(edits)


def _after_last(source: SourceText, node: ast.List | ast.Tuple, text: str, on_lines: bool) -> Edit:
    last = node.elts[-1]
    at = source.end(last)
    start, _ = source.line_bounds(last.lineno)
    fits = at - start + len(text) + 3 <= source.style.line_length
    pad = source.newline.decode() + " " * last.col_offset if on_lines or not fits else " "
    return Edit(at, at, f",{pad}{text}".encode())


def _joined(edits: Sequence[Edit]) -> list[Edit]:
    """Insertions at one place as one, in their order."""
    places: dict[int, bytes] = {}
    for edit in edits:
        places[edit.start] = places.get(edit.start, b"") + edit.text
    return [Edit(at, at, text) for at, text in places.items()]


def _without(
    source: SourceText, node: ast.List | ast.Tuple | ast.Set, names: Collection[str]
) -> Edit:
    # Loaded here: it takes a quarter of a second, which few rewrites of a file need to pay.
    import libcst

    start, end = source.start(node), source.end(node)
    bare = source.utf8[start : start + 1] not in b"[({"  # a tuple without its brackets
    text = source.utf8[start:end].decode("utf-8")
    with deep():
        expression = libcst.parse_expression(f"({text})" if bare else text)
    assert isinstance(expression, libcst.List | libcst.Tuple | libcst.Set)
    kept = [
        element
        for element in expression.elements
        if not (
            isinstance(element.value, libcst.SimpleString)
            and element.value.evaluated_value in names
        )
    ]
    if kept:
        kept[-1] = kept[-1].with_changes(comma=expression.elements[-1].comma)
        if len(kept) == 1 and isinstance(expression, libcst.Tuple):
            kept[-1] = kept[-1].with_changes(comma=libcst.Comma())
    code = libcst.Module([]).code_for_node(expression.with_changes(elements=kept))
    if isinstance(expression, libcst.Set) and not kept:
        code = "set()"
    return Edit(start, end, code.encode("utf-8"))
