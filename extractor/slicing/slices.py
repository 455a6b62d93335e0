"""The slices themselves: of one version of a module, of an older one, of several joined."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from extractor.slicing.needs import needed_statements, needs
from extractor.slicing.shapes import shape_of
from extractor.slicing.statements import (
    FUTURE,
    IMPORT,
    Statement,
    Statements,
    join_statements,
    split_module,
)


def slice_module(source: bytes, symbols: Collection[str]) -> bytes:
    """The lines of ``source`` that ``symbols`` need, in their order; empty when it has none.

    Kept are the comment at the file's head (its licence), ``from __future__`` imports, the
    statements that bind a symbol with their decorators, attached comments and the bare
    string after an assignment, the statements that change such a name in place, and
    whatever of the module these use in turn. The module docstring is left out, for it
    speaks of the whole. Names this version does not have are passed over.

    Raises ``UnreadableSource`` when the text has no lexical shape (an open string or bracket).
    """
    module = split_module(source)
    kept = needed_statements(module, symbols)
    return join_statements(module, kept) if kept else b""


def needed_names(source: bytes, symbols: Collection[str]) -> frozenset[str]:
    """``symbols`` and all names of the module they need, as far as it binds them.

    The slice of these names is the slice of ``symbols``; in older versions, where some of
    the symbols are not there yet, it holds what they were to need.
    """
    return needs(split_module(source), symbols)[1]


def slice_past(source: bytes, symbols: Collection[str]) -> tuple[bytes, frozenset[str]]:
    """What an older version has of a slice, and which of ``symbols`` it binds.

    Where it binds none of them, its header stands alone: those lines live on too.
    """
    module = split_module(source)
    kept = needed_statements(module, symbols)
    if not kept:
        return module.header if module.header.strip() else b"", frozenset()
    bound: set[str] = set()
    for statement in module.body:
        bound.update(shape_of(statement.code, module.encoding).binds)
    return join_statements(module, kept), frozenset(bound.intersection(symbols))


def join_slices(parts: Sequence[bytes]) -> bytes:
    """Several slices as one module, in the order given.

    The first header stays; imports come together after it (those of ``__future__`` first);
    a statement or header that an earlier part already brought is not repeated.
    """
    modules = [split_module(part) for part in parts if part]
    if len(modules) < 2:
        return next((part for part in parts if part), b"")
    headers = list(dict.fromkeys(module.header for module in modules if module.header.strip()))
    seen: set[bytes] = set()
    groups: tuple[list[Statement], ...] = ([], [], [])
    for module in modules:
        for statement in module.body:
            if statement.code.strip() in seen:
                continue
            seen.add(statement.code.strip())
            is_import = IMPORT.match(statement.code) is not None
            rank = 0 if FUTURE.match(statement.code) else 1 if is_import else 2
            groups[rank].append(statement)
    out = [headers[0]] if headers else []
    for group in groups:
        for index, statement in enumerate(group):
            gap = statement.gap
            if index == 0 and out:
                gap = b"\n\n" if group is groups[2] else b"\n"
            out += [gap, statement.comment, _ended(statement.code)]
    return b"".join(out)


def bare_definitions(source: bytes, names: Collection[str]) -> tuple[bytes, frozenset[str]]:
    """The statements that bind ``names``, and nothing they need; which names those are.

    This is the past of symbols in a file that is not theirs any more: its header and its
    imports were never written for them.
    """
    module = split_module(source)
    kept: set[int] = set()
    bound: set[str] = set()
    for index, statement in enumerate(module.body):
        binds = shape_of(statement.code, module.encoding).binds.intersection(names)
        if binds and not IMPORT.match(statement.code):
            kept.add(index)
            bound |= binds
    headless = Statements(b"", module.body, module.encoding)
    return join_statements(headless, kept), frozenset(bound)


def _ended(code: bytes) -> bytes:
    return code if code.endswith(b"\n") else code + b"\n"
