"""What is known of a test before anything runs: which of its two branches an import enters.

Flags say it of a statement. Those of ``SINCE`` and ``UNTIL`` hold the minor version of Python 3
that decides; what a project supports may decide it then.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

CONDITIONAL, FALLBACK, TYPE_CHECKING, DEAD, IN_TRY, SINCE, UNTIL = 1, 2, 4, 8, 16, 32, 64
_MINOR, _MINORS = 8, 0xFF
# Which ``try`` a statement belongs to, counted within a file.
_TRY = 16

YES, NO = "yes", "no"
FOR_TYPES, NOT_FOR_TYPES = "type checking", "not type checking"
_OPPOSITE = {YES: NO, NO: YES, FOR_TYPES: NOT_FOR_TYPES, NOT_FOR_TYPES: FOR_TYPES}
_MOST_MINORS = 60

Dotted = Callable[[ast.expr], "str | None"]


def in_try(flags: int, number: int) -> int:
    """``flags`` of a statement in the ``try`` of this number."""
    return (flags & ((1 << _TRY) - 1)) | (number << _TRY)


def try_of(flags: int) -> int:
    """The number of the ``try`` that a statement, or a handler's, belongs to; 0: none."""
    return flags >> _TRY


def decided(flags: int, supported: tuple[int, int]) -> int:
    """``flags`` for the Pythons 3.low to 3.high that a project supports."""
    if not flags & (SINCE | UNTIL):
        return flags
    low, high = supported
    minor = flags >> _MINOR & _MINORS
    flags, wants = flags & ~(SINCE | UNTIL | _MINORS << _MINOR), flags & (SINCE | UNTIL)
    if low >= minor:
        return flags if wants == SINCE else flags | DEAD
    if high < minor:
        return flags if wants == UNTIL else flags | DEAD
    return flags | CONDITIONAL


def branches(truth: str | None, flags: int) -> tuple[int, int]:
    """The flags of both branches of a test in a place with ``flags``."""
    if truth is None:
        return flags | CONDITIONAL, flags | CONDITIONAL
    if truth == FOR_TYPES:
        return flags | TYPE_CHECKING, flags
    if truth == NOT_FOR_TYPES:
        return flags, flags | TYPE_CHECKING
    if truth == YES:
        return flags, flags | DEAD
    if truth == NO:
        return flags | DEAD, flags
    word, _, minor = truth.partition(" ")
    first, second = (SINCE, UNTIL) if word == "since" else (UNTIL, SINCE)
    if flags & (SINCE | UNTIL):
        return flags | CONDITIONAL, flags | CONDITIONAL
    at = int(minor) << _MINOR
    return flags | first | at, flags | second | at


def truth_of(test: ast.expr, dotted: Dotted, known: Mapping[str, str]) -> str | None:
    """What ``test`` is when a module is imported; ``None`` where that cannot be known.

    ``known`` are names whose truth is; ``dotted`` spells names and attributes.
    """
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return opposite(truth_of(test.operand, dotted, known))
    if isinstance(test, ast.Constant):
        return YES if test.value else NO
    if isinstance(test, ast.BoolOp):
        parts = [truth_of(value, dotted, known) for value in test.values]
        return _all(parts) if isinstance(test.op, ast.And) else _any(parts)
    if isinstance(test, ast.NamedExpr):
        return truth_of(test.value, dotted, known)
    name = dotted(test)
    if name is not None:
        if name.rpartition(".")[2] == "TYPE_CHECKING":
            return FOR_TYPES
        if name in {"six.PY3", "PY3"}:
            return YES
        if name in {"six.PY2", "PY2"}:
            return NO
        # Only a file that is started by its path has none.
        return YES if name in {"__package__", "__name__"} else known.get(name)
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return _compared(test, dotted)
    return None


def opposite(truth: str | None) -> str | None:
    """The truth of ``not`` what has this one."""
    if truth is None or truth in _OPPOSITE:
        return _OPPOSITE.get(truth or "")
    word, _, minor = truth.partition(" ")
    return f"{'until' if word == 'since' else 'since'} {minor}"


def _all(parts: list[str | None]) -> str | None:
    if NO in parts:
        return NO
    if FOR_TYPES in parts:
        return FOR_TYPES
    rest = [part for part in parts if part != YES]
    return YES if not rest else rest[0] if len(rest) == 1 else None


def _any(parts: list[str | None]) -> str | None:
    if YES in parts:
        return YES
    if NOT_FOR_TYPES in parts:
        return NOT_FOR_TYPES
    rest = [part for part in parts if part != NO]
    if not rest:
        return NO
    # What checks types is told to look where something else may bring a run as well.
    rest = [part for part in rest if part != FOR_TYPES] or [FOR_TYPES]
    return rest[0] if len(rest) == 1 else None


def _compared(test: ast.Compare, dotted: Dotted) -> str | None:
    left, operator, right = test.left, test.ops[0], test.comparators[0]
    if isinstance(left, ast.Constant):
        left, right = right, left
    name = dotted(left)
    if name == "__name__" and isinstance(right, ast.Constant) and right.value == "__main__":
        return _equal(operator, same=False)
    if name == "__package__" and isinstance(right, ast.Constant) and not right.value:
        return _equal(operator, same=False)
    version = _version_part(left, dotted)
    if version is None:
        return None
    try:
        wanted = ast.literal_eval(right)
    except ValueError:
        return None
    answers = [_holds(operator, version(minor), wanted) for minor in range(_MOST_MINORS)]
    if None in answers:
        return None
    changes = [n for n in range(1, _MOST_MINORS) if answers[n] != answers[n - 1]]
    if not changes:
        return YES if answers[0] else NO
    if len(changes) > 1:
        return None
    return f"{'until' if answers[0] else 'since'} {changes[0]}"


def _equal(operator: ast.cmpop, *, same: bool) -> str | None:
    if isinstance(operator, ast.Eq | ast.Is):
        return YES if same else NO
    if isinstance(operator, ast.NotEq | ast.IsNot):
        return NO if same else YES
    return None


def _version_part(node: ast.expr, dotted: Dotted) -> Callable[[int], object] | None:
    """What an expression about ``sys.version_info`` is under Python 3.minor."""
    name = dotted(node)
    if name in {"sys.version_info", "version_info"}:
        return lambda minor: (3, minor, 99)
    if name in {"sys.version_info.major", "version_info.major"}:
        return lambda minor: 3
    if name in {"sys.version_info.minor", "version_info.minor"}:
        return lambda minor: minor
    if isinstance(node, ast.Subscript) and dotted(node.value) in {
        "sys.version_info",
        "version_info",
    }:
        part = node.slice
        if isinstance(part, ast.Constant) and part.value in {0, 1}:
            index = part.value
            return lambda minor: (3, minor)[index]  # type: ignore[index]
        if isinstance(part, ast.Slice) and part.lower is None and part.step is None:
            upper = part.upper
            if isinstance(upper, ast.Constant) and isinstance(upper.value, int):
                size = upper.value
                return lambda minor: (3, minor, 99)[:size]
    return None


def _holds(operator: ast.cmpop, version: object, wanted: object) -> bool | None:
    try:
        if isinstance(operator, ast.GtE):
            return bool(version >= wanted)  # type: ignore[operator]
        if isinstance(operator, ast.Gt):
            return bool(version > wanted)  # type: ignore[operator]
        if isinstance(operator, ast.LtE):
            return bool(version <= wanted)  # type: ignore[operator]
        if isinstance(operator, ast.Lt):
            return bool(version < wanted)  # type: ignore[operator]
    except TypeError:
        return None
    if isinstance(operator, ast.Eq):
        return version == wanted
    if isinstance(operator, ast.NotEq):
        return version != wanted
    return None
