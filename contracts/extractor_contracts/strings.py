"""Modules named in strings: what no import scanner sees, and what breaks when one moves."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from extractor_contracts.world import World


class Mention(NamedTuple):
    """``importer`` names ``module`` (and ``name`` in it, or empty) in a string at ``line``."""

    importer: str
    line: int
    module: str
    name: str
    kind: str


def mentions(world: World, wanted: Collection[str], among: Iterable[str]) -> Iterator[Mention]:
    """Where modules ``among`` the world's name one of ``wanted`` in a string.

    In arguments of import functions and of ``mock.patch``.
    """
    modules = frozenset(wanted)
    for importer in world.naming(modules, among):
        yield from _mentions(world, importer, modules)


def _mentions(world: World, importer: str, wanted: Collection[str]) -> Iterator[Mention]:
    for line, dotted, kind in world.names_in_calls(importer):
        module, name = world.split(dotted)
        if "." in module and module in wanted:
            yield Mention(importer, line, module, name, kind)
