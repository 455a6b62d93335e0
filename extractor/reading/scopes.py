"""Scopes while a tree is walked: what binds a name in each, and where a use finds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from extractor.reading.facts import Bound

Then = Callable[[tuple[Bound, ...]], None]


@dataclass(eq=False, slots=True)
class Scope:
    """``kind`` is ``module``, ``class``, ``function``, ``comprehension`` or ``types``."""

    kind: str
    parent: Scope | None
    bound: dict[str, list[Bound]] = field(default_factory=dict)
    declared: dict[str, str] = field(default_factory=dict)  # name to "global" or "nonlocal"

    def holds(self, name: str) -> bool:
        """Whether ``name`` is certainly local: a use of it is nobody else's business."""
        bound = self.bound.get(name)
        inside = self.kind in ("function", "comprehension") and name not in self.declared
        return bound is not None and inside and not bound[0].is_import

    def binds_for(self, name: str) -> Scope:
        """The scope that a binding of ``name`` written in this one is in."""
        scope = self
        while scope.kind in ("comprehension", "types") and scope.parent is not None:
            if name in scope.bound:
                return scope
            scope = scope.parent
        declared = scope.declared.get(name)
        above = scope.parent
        while declared is not None and above is not None:
            if above.kind == "module":
                return above if declared == "global" else scope
            if declared == "nonlocal" and above.kind == "function" and name in above.bound:
                return above
            above = above.parent
        return scope

    def where_read(self, name: str) -> Scope:
        """The scope to look from: a class body sees its own name only once that is bound."""
        scope = self
        while scope.kind == "class" and name not in scope.bound and scope.parent is not None:
            scope = scope.parent
        return scope

    def finds(self, name: str) -> Scope | None:
        """The scope that binds ``name`` for a use in this one; ``None`` for a free name."""
        scope: Scope | None = self
        inner = self
        while scope is not None:
            # Annotations with type parameters see the class that they stand in.
            if scope.kind != "class" or scope is self or inner.kind == "types":
                if scope.declared.get(name) == "global":
                    return scope.module()
                if name in scope.bound and name not in scope.declared:
                    return scope
            inner, scope = scope, scope.parent
        return None

    def module(self) -> Scope:
        """The outermost scope."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope


@dataclass(slots=True)
class Waiting:
    """A use in ``scope``; ``then`` is called with the imports of a function that bind it."""

    scope: Scope
    name: str
    then: Then


def decide(waiting: list[Waiting]) -> None:
    """Tell every use what binds it, once all bindings are known; uses of locals are let go."""
    for use in waiting:
        scope = use.scope.finds(use.name)
        if scope is None or scope.kind == "module":
            use.then(())
            continue
        bound = scope.bound[use.name]
        if all(one.is_import for one in bound):
            use.then(tuple(bound))
