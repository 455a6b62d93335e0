"""What one reading of a Python file knows of it; lines are 1-based everywhere."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Bound:
    """One statement that binds a name.

    ``kind`` is ``import`` (``import module``, which binds the first part or the alias), ``from``
    (``from module import name``), ``def``, ``class`` or ``name``.
    """

    kind: str
    line: int
    module: str = ""
    level: int = 0
    name: str = ""
    alias: bool = False
    guarded: bool = False  # by a handler of the error that a missing module or name raises
    typing: bool = False  # under TYPE_CHECKING: only type checkers see it
    runs: bool = True  # when the module is imported, not when a function is called

    @property
    def is_import(self) -> bool:
        return self.kind in ("import", "from")


@dataclass(frozen=True, slots=True)
class Star:
    """``from module import *``."""

    module: str
    level: int
    line: int
    guarded: bool = False
    runs: bool = True


@dataclass(frozen=True, slots=True)
class Mention:
    """A use of a name that is not local to a function, with the attributes that follow it.

    ``imports`` are the imports that bind it where it is bound in a function; empty for the
    module's own names and free ones. ``group`` is the top-level definition it stands in.
    """

    path: tuple[str, ...]
    line: int
    group: str
    imports: tuple[Bound, ...] = ()
    stored: bool = False  # the last attribute is set or deleted, not read
    guarded: bool = False
    runs: bool = False


@dataclass(frozen=True, slots=True)
class NamedInString:
    """A string that is a dotted name. ``role`` is ``patch``, ``import`` or ``""``.

    ``keywords`` are the names that ``patch.multiple`` sets on it.
    """

    value: str
    line: int
    group: str
    role: str
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NamedAttribute:
    """``patch.object(module, "name")``: a call with an object and the name of an attribute."""

    path: tuple[str, ...]
    imports: tuple[Bound, ...]
    name: str | None  # None when it is computed
    line: int
    group: str
    role: str  # "set", "patch" or ""


@dataclass(frozen=True, slots=True)
class DynamicImport:
    """A call that imports by name: ``name`` is ``None`` when it cannot be determined."""

    name: str | None
    relative_to: str | None
    line: int
    guarded: bool


@dataclass(slots=True)
class Exported:
    """``__all__`` in all its spellings: its names with their lines, and what it takes over.

    ``exact`` is false when a part of it is computed.
    """

    names: dict[str, int] = field(default_factory=dict)
    taken_over: list[tuple[str, ...]] = field(default_factory=list)  # ``till`` of till.__all__
    exact: bool = True


@dataclass(slots=True)
class Reading:
    """One file as it was read; made once for each distinct text.

    The syntax tree itself is let go: those of a large project fill the memory.
    """

    top: dict[str, list[Bound]]
    stars: list[Star]
    imports: list[Bound]  # of every scope, those of functions included
    mentions: list[Mention]
    exported: Exported | None
    strings: list[NamedInString]
    attributes: list[NamedAttribute]
    dynamic: list[DynamicImport]
    handed_name: list[tuple[tuple[str, ...], bool]]  # calls given __name__; and: result unused
    makes_names: bool = False  # globals()[x] = ..., exec, sys.modules[...] = ...
    locals: list[tuple[str, int]] = field(default_factory=list)  # ``x.a.b`` of a local x; line
    made_modules: list[str] = field(default_factory=list)  # sys.modules["name"] = ...
    asks_for: set[str] = field(default_factory=set)  # names that hasattr asks for
