"""The names of one module as they are kept: its units, and which of them bind a name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

# Part of every cache key: raise it whenever the names of an unchanged file can differ.
NAMES_VERSION = 1


# Of the small ones there are hundreds of thousands in a large project: tuples are made, compared
# and hashed in a fraction of the time.
class Imported(NamedTuple):
    """What an import statement binds: ``module`` itself, or its attribute ``name``.

    ``name`` is "*" for a star import. ``module`` is absolute.
    """

    module: str
    name: str = ""


class Reference(NamedTuple):
    """One use of a name: ``chain`` is ``("a", "b", "c")`` for ``a.b.c``.

    ``base`` is set when the first part was bound by an import of the function itself.
    ``text`` marks a dotted name that stands in a string, ``binding`` an import inside a
    function, which by itself uses nothing.
    """

    chain: tuple[str, ...]
    line: int
    base: Imported | None = None
    text: bool = False
    binding: bool = False


class Unit(NamedTuple):
    """One top-level statement: the smallest thing that is carried or left.

    ``names`` are the names it binds (none for a bare expression), ``augments`` those it
    changes without binding them (``X.attr = 1``, ``X += 1``). Lines are 1-based, inclusive,
    decorators included. ``decorators`` are their chains, calls without their arguments.
    """

    kind: str
    names: tuple[str, ...]
    augments: tuple[str, ...]
    first_line: int
    last_line: int
    references: tuple[Reference, ...]
    imports: tuple[tuple[str, Imported], ...] = ()
    alias_of: tuple[str, ...] = ()
    decorators: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class ModuleNames:
    """All units of one module, and which units bind a given name."""

    module: str
    is_package: bool
    units: tuple[Unit, ...]
    binders: dict[str, tuple[int, ...]] = field(compare=False)
    stars: tuple[str, ...] = ()
    exported: tuple[str, ...] | None = None

    def public(self) -> Iterator[str]:
        """The names ``from module import *`` would bind, re-exports left out."""
        for name in self.binders:
            if self.exported is not None:
                if name in self.exported:
                    yield name
            elif not name.startswith("_"):
                yield name


def plain_names(names: ModuleNames) -> list[Any]:
    """``names`` as lists, to be kept as JSON."""

    def plain(found: Reference) -> list[Any]:
        chain, line, base, text, binding = found
        short = [" ".join(chain), line]
        return [*short, text, binding, base] if base or text or binding else short

    units = [[*unit[:5], [plain(r) for r in unit.references], *unit[6:]] for unit in names.units]
    return [names.module, names.is_package, units, names.stars, names.exported]


def names_from_plain(value: list[Any]) -> ModuleNames:
    """The inverse of ``plain_names``."""

    def reference(
        chain: str,
        line: int,
        text: bool = False,
        binding: bool = False,
        base: list[str] | None = None,
    ) -> Reference:
        return Reference(
            tuple(chain.split(" ")), line, Imported(*base) if base else None, text, binding
        )

    module, is_package, found, stars, exported = value
    units = tuple(
        Unit(
            kind,
            tuple(bound),
            tuple(augments),
            first,
            last,
            tuple(reference(*r) for r in references),
            tuple((name, Imported(*target)) for name, target in imports),
            tuple(alias),
            tuple(map(tuple, decorators)),
        )
        for kind, bound, augments, first, last, references, imports, alias, decorators in found
    )
    exported = None if exported is None else tuple(exported)
    return ModuleNames(module, is_package, units, binders_of(units), tuple(stars), exported)


def binders_of(units: Iterable[Unit]) -> dict[str, tuple[int, ...]]:
    binders: dict[str, list[int]] = {}
    for index, unit in enumerate(units):
        for name in unit.names:
            binders.setdefault(name, []).append(index)
    return {name: tuple(found) for name, found in binders.items()}
