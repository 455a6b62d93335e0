"""Which statements of a module its names need, and which names led to them."""

from __future__ import annotations

import builtins
import re
from collections.abc import Collection, Sequence

from extractor.slicing.shapes import shape_of, used_names
from extractor.slicing.statements import FUTURE, IMPORT, STRING, Statement, Statements

_BUILTINS = frozenset(dir(builtins)) | {"unicode", "basestring", "long", "xrange", "unichr"}


def needed_statements(
    module: Statements, symbols: Collection[str], without: Collection[str] = ()
) -> frozenset[int]:
    """Indexes of the statements that ``symbols`` need; empty when none of them is bound.

    What binds a name of ``without`` is not followed: it is to come from elsewhere.
    """
    return needs(module, symbols, without)[0]


def bound_names(module: Statements) -> dict[str, tuple[int, ...]]:
    """The names a module binds at its top level, and the statements that bind each."""
    found: dict[str, list[int]] = {}
    for index, statement in enumerate(module.body):
        for name in shape_of(statement.code, module.encoding).binds:
            found.setdefault(name, []).append(index)
    return {name: tuple(indexes) for name, indexes in sorted(found.items())}


def needs(
    module: Statements, symbols: Collection[str], without: Collection[str] = ()
) -> tuple[frozenset[int], frozenset[str]]:
    """The statements that ``symbols`` need, and the module's names that led to them."""
    body, encoding = module.body, module.encoding
    binders: dict[str, list[int]] = {}
    changers: dict[str, list[int]] = {}
    stars: list[int] = []
    for index, statement in enumerate(body):
        shape = shape_of(statement.code, encoding)
        for name in shape.binds:
            binders.setdefault(name, []).append(index)
        for name in shape.changes:
            changers.setdefault(name, []).append(index)
        if shape.star:
            stars.append(index)
    kept: set[int] = set()
    wanted = [name for name in symbols if name in binders]
    seen: set[str] = set()
    if not wanted:
        return frozenset(), frozenset()
    while wanted:
        name = wanted.pop()
        if name in seen or name in without:
            continue
        seen.add(name)
        found = binders.get(name, [])
        if not found and name not in _BUILTINS:
            found = stars
        is_local = any(not IMPORT.match(body[i].code) for i in found)
        # ``import a.b`` waits until all uses of ``a`` are known.
        plain = [i for i in found if not shape_of(body[i].code, encoding).dotted]
        for index in [*plain, *(changers.get(name, []) if is_local else [])]:
            if index not in kept:
                kept.add(index)
                wanted.extend(used_names(body[index].code, encoding) - seen)
    kept |= _needed_submodules(body, encoding, kept, seen)
    for index, statement in enumerate(body):
        if FUTURE.match(statement.code) or (
            index - 1 in kept
            and not statement.gap
            and STRING.match(statement.code)
            and shape_of(statement.code, encoding).bare_string
            and shape_of(body[index - 1].code, encoding).assigns
        ):
            kept.add(index)
    return frozenset(kept), frozenset(seen & binders.keys())


def _needed_submodules(
    body: Sequence[Statement], encoding: str, kept: Collection[int], seen: Collection[str]
) -> set[int]:
    """The ``import a.b`` statements among all of one root that the kept code reaches."""
    by_root: dict[str, list[int]] = {}
    for index, statement in enumerate(body):
        for name in shape_of(statement.code, encoding).dotted:
            root = name.partition(".")[0]
            if root in seen:
                by_root.setdefault(root, []).append(index)
    code = b"\n".join(body[index].code for index in sorted(kept))
    needed: set[int] = set()
    for indexes in by_root.values():
        reached = [
            index
            for index in indexes
            if any(
                re.search(rb"(?<![\w.])%s\b" % re.escape(name.encode()), code)
                for name in shape_of(body[index].code, encoding).dotted
            )
        ]
        needed.update(reached or indexes)
    return needed
