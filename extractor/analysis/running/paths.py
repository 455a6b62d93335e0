"""What an expression stands for, as a path, and the calls noted by such paths."""

from __future__ import annotations

import ast
from collections.abc import Callable

from extractor.analysis.conditions import CONDITIONAL, DEAD, FALLBACK, TYPE_CHECKING
from extractor.analysis.constant_strings import ConstantStrings
from extractor.analysis.facts import Facts

_UNDECIDED = CONDITIONAL | FALLBACK | DEAD | TYPE_CHECKING


class Paths:
    """Knows what the names stand for where the code has come to."""

    def __init__(self, facts: Facts, restore: Callable[[str], str] | None) -> None:
        self.facts = facts
        self.restore = restore
        self.strings = ConstantStrings(self.dotted)
        self.truths: dict[str, str] = {}
        # Local names as paths; "" for what cannot be followed.
        self.values: dict[str, str] = {}
        # Other spellings of functions that import by name.
        self.importers: dict[str, str] = {}
        # Names of entry points, with their groups.
        self.points: dict[str, list[str]] = {}
        self.body = facts.top
        self.scope = ""
        self.in_function = False
        self.keep_all = False
        self.tries = 0
        # Names with a value: one that gets a second may have either.
        self.assigned: set[str] = set()
        # Whether the statement at hand never runs.
        self.idle = False
        # Whether only statements change what names stand for.
        self.plain_names = True
        # A function that imports by name and was put where it cannot be followed.
        self.handed_out = ""

    def name(self, name: str) -> str:
        return self.restore(name) if self.restore else name

    def dotted(self, node: ast.expr) -> str | None:
        """``a.b.c`` when the expression is names and attributes only."""
        parts: list[str] = []
        current = node
        while isinstance(current, ast.Attribute):
            parts.append(self.name(current.attr))
            current = current.value
        if not isinstance(current, ast.Name):
            return None
        parts.append(self.name(current.id))
        return ".".join(reversed(parts))

    def path(self, node: ast.expr) -> str:
        """What ``node`` stands for, as a path; empty where that cannot be followed."""
        steps: list[str] = []
        while True:
            if isinstance(node, ast.Attribute):
                steps.append("." + self.name(node.attr))
                node = node.value
            elif isinstance(node, ast.Call):
                inner = self._handed_on(node)
                if inner is None:
                    steps.append("()")
                    node = node.func
                else:
                    node = inner
            elif isinstance(node, ast.Name):
                name = self.name(node.id)
                if name == "super" and self.scope and steps and steps[-1] == "()":
                    steps[-1] = "self.<super>"
                    return "".join(reversed(steps))
                first = self.values.get(name, name)
                return first + "".join(reversed(steps)) if first else ""
            elif isinstance(node, ast.NamedExpr | ast.Await):
                node = node.value
            elif isinstance(node, ast.BoolOp):
                node = node.values[0]
            elif isinstance(node, ast.IfExp):
                node = node.body
            else:
                return ""

    def _handed_on(self, node: ast.Call) -> ast.expr | None:
        """What calls give back that only wrap it: ``partial(f)``, ``wraps(f)(g)``, ``cache(f)``."""
        last = (self.dotted(node.func) or "").rpartition(".")[2]
        if (
            last in {"partial", "partialmethod", "staticmethod", "classmethod", "cast"}
            and node.args
        ):
            return node.args[-1] if last == "cast" else node.args[0]
        function = node.func
        if isinstance(function, ast.Call) and len(node.args) == 1:
            inner = (self.dotted(function.func) or "").rpartition(".")[2]
            if inner in {"wraps", "lru_cache"}:
                return node.args[0]
        if last in {"cache", "update_wrapper", "contextmanager", "lru_cache"} and node.args:
            return node.args[0]
        return None

    def _called(self, path: str, line: int, flags: int) -> None:
        known = self.body.calls.get(path)
        if known is None or _weight(flags) < _weight(known[1]):
            self.body.calls[path] = (known[0] if known and not flags else line, flags)


def _weight(flags: int) -> int:
    return flags & _UNDECIDED
