"""Module expressions: ``a.b`` with all below it, ``a.*`` one level, ``a.**`` any depth below."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import lru_cache


@lru_cache(maxsize=4096)
def _pattern(expression: str) -> re.Pattern[str]:
    parts = []
    for part in expression.split("."):
        if part == "**":
            parts.append(r"[^.]+(?:\.[^.]+)*")
        elif part == "*":
            parts.append(r"[^.]+")
        else:
            parts.append(re.escape(part))
    return re.compile(r"\.".join(parts))


def matches(expression: str, module: str) -> bool:
    """Whether ``module`` itself is meant."""
    return _pattern(expression).fullmatch(module) is not None


def covers(expression: str, module: str) -> bool:
    """Whether ``module`` or a package above it is meant."""
    return any_covers((expression,), module)


def any_covers(expressions: Iterable[str], module: str) -> bool:
    """Whether one of ``expressions`` means ``module`` or a package above it."""
    return _covered(tuple(expressions), module)


# Every module of a large project is asked about, and the same again for each of its states.
@lru_cache(maxsize=100_000)
def _covered(expressions: tuple[str, ...], module: str) -> bool:
    plain, wild = _divided(expressions)
    if (module + ".").startswith(plain):
        return True
    return bool(wild) and any(_covers(e, module) for e in wild)


@lru_cache(maxsize=256)
def _divided(expressions: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Plain expressions, each with a dot at its end, and those with wildcards."""
    plain = tuple(e + "." for e in expressions if "*" not in e)
    return plain, tuple(e for e in expressions if "*" in e)


def _covers(expression: str, module: str) -> bool:
    found = _pattern(expression).match(module)
    return found is not None and (found.end() == len(module) or module[found.end()] == ".")


def closeness(expressions: Collection[str], module: str) -> int:
    """How closely the best of ``expressions`` names ``module``: its literal parts; 0 if none."""
    if not any_covers(expressions, module):
        return 0
    return max(
        sum(part not in {"*", "**"} for part in expression.split(".")) or 1
        for expression in expressions
        if covers(expression, module)
    )
