"""What an expression does when it runs: it calls, and it imports by name."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from contextlib import suppress

from extractor.analysis.dynamic_imports import (
    BY_STRING,
    ENTRY_POINTS,
    NEVER_KNOWN,
    PLUGIN_MANAGERS,
    group_of,
    looked_for,
    named_by_string,
    plugins,
)
from extractor.analysis.running.paths import Paths

# Nothing runs in these; the body of a lambda runs when it is called.
_LEAVES = frozenset({ast.Constant, ast.Name, ast.Lambda, ast.Load, ast.Store})
_COMPREHENSIONS = frozenset({ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp})


class Expressions(Paths):
    """Notes the calls and the imports by name in an expression."""

    def statements(self, body: Sequence[ast.stmt], flags: int) -> int:
        """Note what ``body`` does: a text that is executed holds statements."""
        raise NotImplementedError

    def _loop(self, target: ast.expr, iterated: ast.expr, line: int, flags: int) -> None:
        for name in ast.walk(target):
            if isinstance(name, ast.Name):
                self.values[self.name(name.id)] = ""
        self.strings.loop(target, iterated)
        for pattern in looked_for(target, iterated, self.strings):
            self.body.dynamic.append((line, flags, "walk_packages", pattern))
        groups = group_of(iterated, self.strings)
        if groups and isinstance(target, ast.Name):
            self.points[self.name(target.id)] = groups

    def expression(self, node: ast.AST, flags: int) -> None:
        """Note every call in ``node`` that runs when ``node`` does."""
        pending: list[ast.AST] = [node]
        while pending:
            current = pending.pop()
            kind = type(current)
            if kind in _LEAVES:
                continue
            if kind is ast.Call:
                self._call(current, flags, pending)  # type: ignore[arg-type]
            elif kind is ast.Attribute:
                pending.append(current.value)  # type: ignore[attr-defined]
            else:
                if kind in _COMPREHENSIONS:
                    for part in current.generators:  # type: ignore[attr-defined]
                        self._loop(part.target, part.iter, part.iter.lineno, flags)
                # Only the declared fields: other tools hang attributes on nodes that trees share.
                for field in current._fields:
                    value = getattr(current, field, None)
                    if value.__class__ is list:
                        for item in value:
                            if type(item) not in _LEAVES and isinstance(item, ast.AST):
                                pending.append(item)
                            elif self.importers and type(item) is ast.Name:
                                self._mentioned(item, flags)
                    elif type(value) not in _LEAVES and isinstance(value, ast.AST):
                        pending.append(value)

    def _call(self, node: ast.Call, flags: int, pending: list[ast.AST]) -> None:
        function = node.func
        importer = self._importer(function)
        if importer:
            self._by_name(node, importer, flags)
        elif type(function) is ast.Attribute or type(function) is ast.Name:
            path = self.path(function)
            if path:
                self._called(path, node.lineno, flags)
            self._loads_points(function, node.lineno, flags)
        elif type(function) is ast.Subscript and self.handed_out:
            self.body.dynamic.append((node.lineno, flags, self.handed_out, None))
        if type(function) is ast.Attribute:
            function = function.value
        if type(function) not in _LEAVES:
            pending.append(function)
            if type(node.func) is ast.Call and (path := self.path(node.func)):
                self._called(path, node.lineno, flags)
        self._arguments(node, flags, pending)

    def _arguments(self, node: ast.Call, flags: int, pending: list[ast.AST]) -> None:
        each = [*node.args, *(keyword.value for keyword in node.keywords)]
        if isinstance(node.func, ast.Name) and node.func.id == "map" and len(node.args) == 2:
            importer = self._importer(node.args[0])
            if importer:
                names = self.strings.items(node.args[1])
                for name in [None] if names is None else names:
                    self.body.dynamic.append((node.lineno, flags, importer, name))
                each = each[1:]
        for value in each:
            if type(value) not in _LEAVES:
                pending.append(value)
            elif self.importers and type(value) is ast.Name:
                self._mentioned(value, flags)

    def _mentioned(self, node: ast.Name, flags: int) -> None:
        """A function that imports is handed to others: who knows what they ask it for."""
        importer = self.importers.get(self.name(node.id))
        if importer:
            self.handed_out = importer
            self.body.dynamic.append((node.lineno, flags, importer, None))

    def _importer(self, node: ast.expr) -> str:
        """The function that imports by name for which ``node`` stands; empty if none."""
        dotted = self.dotted(node)
        if dotted is None:
            return ""
        if dotted in self.importers:
            return self.importers[dotted]
        last = dotted.rpartition(".")[2]
        known = last in BY_STRING or last in NEVER_KNOWN or last in PLUGIN_MANAGERS
        if not known or self.facts.bound.get(dotted) in {"def", "class"}:
            return ""
        if last in {"exec", "locate"} and dotted != last:
            return ""
        return "" if self.values.get(dotted) else last

    def _by_name(self, node: ast.Call, function: str, flags: int) -> None:
        if function == "exec":
            self._executed(node, flags)
            return
        if function in PLUGIN_MANAGERS:
            names = plugins(node, function, self.strings)
        elif function in NEVER_KNOWN:
            names = None
        else:
            names = named_by_string(node, function, self.strings)
        for name in [None] if names is None else names:
            self.body.dynamic.append((node.lineno, flags, function, name))

    def _executed(self, node: ast.Call, flags: int) -> None:
        texts = self.strings.strings(node.args[0]) if node.args else None
        if texts is None:
            self.body.dynamic.append((node.lineno, flags, "exec", None))
            return
        for text in texts:
            with suppress(SyntaxError, ValueError, RecursionError):
                tree = ast.parse(text)
                for part in ast.walk(tree):
                    if hasattr(part, "lineno"):
                        part.lineno = node.lineno
                self.statements(tree.body, flags)

    def _loads_points(self, function: ast.expr, line: int, flags: int) -> None:
        if not self.points or not isinstance(function, ast.Attribute) or function.attr != "load":
            return
        groups = group_of(function.value, self.strings)
        if isinstance(function.value, ast.Name):
            groups = self.points.get(self.name(function.value.id), [])
        for group in groups:
            self.body.dynamic.append((line, flags, "entry_points", f"{ENTRY_POINTS}{group}|*"))
