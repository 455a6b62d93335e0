"""The conventions there are: a module each, in which ``CONVENTION`` is a ``Convention``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from functools import cache

from extractor.errors import UsageError
from extractor.project.convention import Convention


@cache
def known() -> dict[str, Convention]:
    """Every convention by its name, sorted."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__))
    loaded = [importlib.import_module(f"{__name__}.{name}").CONVENTION for name in names]
    return {convention.name: convention for convention in loaded}


def named(names: Iterable[str]) -> tuple[Convention, ...]:
    """The conventions called ``names``; ``UsageError`` for a name that is none."""
    there = known()
    for name in names:
        if name not in there:
            raise UsageError(f"there is no convention {name!r}: there are {', '.join(there)}")
    return tuple(there[name] for name in sorted(set(names)))
