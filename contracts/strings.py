"""Modules named in strings: what no import scanner sees, and what breaks when one moves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from contracts.world import World


class Mention(NamedTuple):
    """``importer`` names ``module`` (and ``name`` in it, or empty) in a string at ``line``."""

    importer: str
    line: int
    module: str
    name: str
    kind: str


def mentions(world: World) -> Iterator[Mention]:
    """Names in arguments of import functions and of ``mock.patch`` that lead to own modules."""
    tops = {name.partition(".")[0] for name in world.modules}
    for importer in world.modules:
        for line, dotted, kind in world.facts(importer).strings:
            if dotted.partition(".")[0] in tops:
                module, name = world.split(dotted)
                if "." in module:
                    yield Mention(importer, line, module, name, kind)
