"""The modules of Python's own library, of any version: the only list of them there is."""

from __future__ import annotations

from functools import cache

import stdlibs

# Every Python that is known, oldest first.
KNOWN_VERSIONS: tuple[str, ...] = tuple(stdlibs.KNOWN_VERSIONS)


@cache
def standard_library(version: str = stdlibs.ALL) -> frozenset[str]:
    """Top-level modules of one Python (``3.8``), of all by default.

    A version that the list does not have is taken for the newest that it has.
    """
    if version != stdlibs.ALL and version not in stdlibs.KNOWN_VERSIONS:
        version = stdlibs.KNOWN_VERSIONS[-1]
    return stdlibs.stdlib_module_names(version)


@cache
def in_every(versions: tuple[str, ...]) -> frozenset[str]:
    """Top-level modules that each of ``versions`` has."""
    return frozenset.intersection(*(standard_library(version) for version in versions))


def is_standard_library(name: str) -> bool:
    """Whether a top-level module belongs to Python itself, any version of it."""
    return name in standard_library()
