"""What pyflakes finds in a file after a change and did not find before."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from typing import Any

from extractor.in_place.change import Change
from extractor.parsing import UnreadableSource, deeply, parse_ast
from extractor.resolution import Difference

_TOLD = frozenset(
    {"UndefinedName", "UndefinedExport", "UndefinedLocal", "RedefinedWhileUnused"}
    | {"ImportShadowedByLoopVar", "LateFutureImport"}
)


def new_complaints(change: Change) -> Iterator[Difference]:
    """Undefined and shadowed names that only the new text has."""
    after = [] if change.before == change.after else _complaints(change.after)
    if not after:
        return
    before = [] if change.before is None else _complaints(change.before)
    known = Counter(name for name, _, _ in before)
    for name, message, line in after:
        if known[name] > 0:
            known[name] -= 1
            continue
        yield Difference(change.path.as_posix(), line, f"after the change: {message}")


def _complaints(content: bytes) -> list[tuple[str, str, int]]:
    try:
        tree, stand_ins = parse_ast(content)
    except UnreadableSource:
        return []
    if stand_ins.names:
        return []
    messages = deeply(lambda: _check(tree))
    return [
        (
            f"{type(one).__name__} {one.message_args[0] if one.message_args else ''}",
            one.message % one.message_args,
            one.lineno,
        )
        for one in messages
        if type(one).__name__ in _TOLD
    ]


def _check(tree: ast.Module) -> list[Any]:
    from pyflakes.checker import Checker

    return list(Checker(tree).messages)
