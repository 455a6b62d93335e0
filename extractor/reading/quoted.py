"""Code that stands in strings and comments: quoted types, type comments, doctests."""

from __future__ import annotations

import ast
import doctest
import re
from collections.abc import Iterator

TYPING = frozenset({"typing", "typing_extensions"})
GENERICS = frozenset({"list", "dict", "set", "frozenset", "tuple", "type"})
_COMMENT = re.compile(rb"#\s*type:\s*(?!ignore\b)([^#\r\n]+)")
_IDENTIFIER = re.compile(r"(?<![\w.])[^\W\d]\w*")


def quoted_types(call: ast.Call, called: str) -> list[ast.expr]:
    """The arguments of ``call`` that are types, where ``called`` is what ``typing`` calls it."""
    arguments, keywords = call.args, {k.arg: k.value for k in call.keywords}
    if called in ("cast", "ForwardRef"):
        return arguments[:1] or [keywords[name] for name in ("typ", "arg") if name in keywords]
    if called in ("TypeVar", "ParamSpec", "TypeVarTuple"):
        return arguments[1:] + [keywords[n] for n in ("bound", "default") if n in keywords]
    if called in ("NewType", "assert_type", "TypeAliasType"):
        return arguments[1:2]
    if called in ("NamedTuple", "TypedDict") and len(arguments) > 1:
        return list(_field_types(arguments[1]))
    return []


def _field_types(fields: ast.expr) -> Iterator[ast.expr]:
    if isinstance(fields, ast.Dict):
        yield from fields.values
    elif isinstance(fields, ast.List | ast.Tuple):
        for item in fields.elts:
            if isinstance(item, ast.Tuple) and len(item.elts) == 2:
                yield item.elts[1]


def seems_a_type(name: str) -> bool:
    """Whether what is called ``name`` is by custom a class: ``Box``, ``T``, ``list``."""
    return name in GENERICS or (name[:1].isupper() and (len(name) == 1 or not name.isupper()))


def names_in_type(text: str) -> set[str]:
    """The names that the type written in ``text`` uses; empty when it is none."""
    try:
        expression = ast.parse(f"({text}\n)", mode="eval")
    except (SyntaxError, ValueError):
        return set()
    found: set[str] = set()
    for node in ast.walk(expression):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= names_in_type(node.value) if node.value != text else set()
    return found


def names_in_type_comments(source: bytes) -> set[str]:
    """Every name that the ``# type:`` comments of ``source`` use."""
    found: set[str] = set()
    for comment in _COMMENT.findall(source) if b"type:" in source else ():
        found.update(_IDENTIFIER.findall(comment.decode("utf-8", "replace")))
    return found


def type_comments_in_place(source: bytes) -> Iterator[ast.expr]:
    """The types in the ``# type:`` comments of UTF-8 ``source``, at the places they have there."""
    for match in _COMMENT.finditer(source) if b"type:" in source else ():
        line = source.count(b"\n", 0, match.start()) + 1
        column = match.start(1) - source.rfind(b"\n", 0, match.start()) - 1
        text = match[1].decode("utf-8", "replace").rstrip()
        try:
            found = [ast.parse(text, mode="eval").body]
        except (SyntaxError, ValueError):
            try:
                function = ast.parse(text, mode="func_type")
            except (SyntaxError, ValueError):
                continue
            found = [*function.argtypes, function.returns]
        for expression in found:
            _set_place(expression, line, column)
            yield expression


def names_in_doctest(text: str) -> set[str]:
    """The names that the examples of a docstring or document use and do not bind before."""
    if ">>>" not in text:
        return set()
    try:
        examples = doctest.DocTestParser().get_examples(text)
    except ValueError:
        return set(_IDENTIFIER.findall(text))
    found: set[str] = set()
    for example in examples:
        try:
            tree = ast.parse(example.source)
        except (SyntaxError, ValueError):
            found.update(_IDENTIFIER.findall(example.source))
            continue
        names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
        found.update(name.id for name in names if isinstance(name.ctx, ast.Load))
    return found


def names_in_strings(node: ast.expr) -> set[str]:
    """The names in the strings of what may be a type's arguments."""
    found: set[str] = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            found |= names_in_type(inner.value)
    return found


def expression_in_place(node: ast.Constant) -> ast.expr | None:
    """The expression in a string annotation, at the places it has in the file, if it is plain."""
    value = node.value
    length = (node.end_col_offset or 0) - node.col_offset
    if not isinstance(value, str) or node.lineno != node.end_lineno:
        return None
    if length != len(value.encode("utf-8")) + 2:
        return None  # a prefix, escapes, or several literals
    try:
        expression = ast.parse(value, mode="eval").body
    except (SyntaxError, ValueError):
        return None
    _set_place(expression, node.lineno, node.col_offset + 1)
    return expression


def _set_place(expression: ast.expr, line: int, column: int) -> None:
    for inner in ast.walk(expression):
        if isinstance(inner, ast.expr):
            inner.lineno = inner.end_lineno = line
            inner.col_offset += column
            inner.end_col_offset = (inner.end_col_offset or 0) + column
