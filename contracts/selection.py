"""Module expressions: ``a.b`` with all below it, ``a.*`` one level, ``a.**`` any depth below."""

from __future__ import annotations

import re
from collections.abc import Iterable
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
    found = _pattern(expression).match(module)
    return found is not None and (found.end() == len(module) or module[found.end()] == ".")


def any_covers(expressions: Iterable[str], module: str) -> bool:
    """Whether one of ``expressions`` means ``module`` or a package above it."""
    return any(covers(expression, module) for expression in expressions)


def closeness(expressions: Iterable[str], module: str) -> int:
    """How closely the best of ``expressions`` names ``module``: its literal parts; 0 if none."""
    return max(
        (
            sum(part not in {"*", "**"} for part in expression.split(".")) or 1
            for expression in expressions
            if covers(expression, module)
        ),
        default=0,
    )
