"""The facts of one file that say what importing it loads: plain values, kept on disk as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

# Part of every cache key: raise it whenever the facts of an unchanged file can differ.
FACTS_VERSION = 7

# (line, flags, level, module, names, alias): names is None for ``import module as alias``.
Import: TypeAlias = tuple[int, int, int, str, "list[tuple[str, str]] | None", str]
# (line, flags, function, argument): argument is None when it is not constant; for plugins it
# is ENTRY_POINTS, the namespace, "|" and a name, "*" for all or "" for an unknown one.
Dynamic: TypeAlias = tuple[int, int, str, "str | None"]


@dataclass
class Body:
    """What one piece of code does when it runs: a module's top level or a function."""

    imports: list[Import] = field(default_factory=list)
    dynamic: list[Dynamic] = field(default_factory=list)
    # Paths called (see ``extractor.analysis.running``), each with a line and that line's flags.
    calls: dict[str, tuple[int, int]] = field(default_factory=dict)
    # Paths of what it returns.
    returns: list[str] = field(default_factory=list)
    # The functions made in it, which only a call of theirs runs.
    inner: dict[str, Body] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.imports or self.dynamic or self.calls or self.inner)

    def imports_anything(self) -> bool:
        """Whether an import stands in it or in a function made in it."""
        return any(body.imports or body.dynamic for body in self.all())

    def all(self) -> Iterator[Body]:
        """It and every function made in it."""
        yield self
        for body in self.inner.values():
            yield from body.all()


@dataclass
class Facts:
    """One file: what runs on import, what runs on call, and the names it binds."""

    top: Body = field(default_factory=Body)
    functions: dict[str, Body] = field(default_factory=dict)
    # Top-level names that are no imports: "def", "class" or "name".
    bound: dict[str, str] = field(default_factory=dict)
    # Bases of classes, as paths.
    bases: dict[str, list[str]] = field(default_factory=dict)
    # Objects that load the modules given by string when they are first used.
    lazy: dict[str, list[str]] = field(default_factory=dict)
    # Names that the package makes when asked for them, with the modules that this loads.
    lazy_names: dict[str, list[str]] = field(default_factory=dict)
    exported: list[str] | None = None
    error: str = ""
    error_line: int = 0
    # As an editor counts them.
    lines: int = 0
    # What names of the module and of its classes stand for, as paths.
    values: dict[str, str] = field(default_factory=dict)
    metaclasses: dict[str, str] = field(default_factory=dict)
    # The line where any other name may be imported: which, only the run knows.
    lazy_line: int = 0
    # Whether the stub beside the file says which names are made when asked for.
    lazy_stub: bool = False
    # Of functions and methods: paths of what a call of theirs calls first.
    decorators: dict[str, list[str]] = field(default_factory=dict)
    # Attributes of other modules that importing this one sets, and what to, as paths.
    replaced: dict[str, str] = field(default_factory=dict)


def plain_body(body: Body) -> list[Any]:
    """``body`` as lists and dictionaries, to be kept as JSON."""
    inner = {name: plain_body(one) for name, one in body.inner.items()}
    return [body.imports, body.dynamic, body.calls, body.returns, inner]


def body_from_plain(value: list[Any]) -> Body:
    """The inverse of ``plain_body``."""
    imports, dynamic, calls, returns, inner = value
    made = {name: body_from_plain(one) for name, one in inner.items()}
    return Body(imports, dynamic, calls, returns, made)


def plain_facts(facts: Facts) -> list[Any]:
    """``facts`` as lists and dictionaries, to be kept as JSON."""
    return [
        plain_body(facts.top),
        {name: plain_body(body) for name, body in facts.functions.items()},
        facts.bound,
        facts.bases,
        facts.lazy,
        facts.lazy_names,
        facts.exported,
        facts.error,
        facts.error_line,
        facts.lines,
        facts.values,
        facts.metaclasses,
        facts.lazy_line,
        facts.lazy_stub,
        facts.decorators,
        facts.replaced,
    ]


def facts_from_plain(value: list[Any]) -> Facts:
    """The inverse of ``plain_facts``."""
    top, functions, *rest = value
    return Facts(
        body_from_plain(top),
        {name: body_from_plain(body) for name, body in functions.items()},
        *rest,
    )
