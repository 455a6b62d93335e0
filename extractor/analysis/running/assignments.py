"""What a name stands for once something is assigned to it."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from extractor.analysis.conditions import truth_of
from extractor.analysis.dynamic_imports import group_of
from extractor.analysis.running.expressions import Expressions

# oslo.db loads the backend it was given when an attribute of the wrapper is first read.
# https://docs.openstack.org/oslo.db/latest/reference/api/oslo_db.api.html
_LAZY_BACKENDS = frozenset({"DBAPI", "TpoolDbapiWrapper"})
_MOST_LOCALS = 200


class Assignments(Expressions):
    """Notes the names a statement binds, and what they stand for from there on."""

    def _assign(self, targets: Iterable[ast.expr], value: ast.expr) -> None:
        for target in targets:
            self._bind(target)
            if isinstance(target, ast.Tuple):
                for part in ast.walk(target):
                    if isinstance(part, ast.Name):
                        self._assign_name(self.name(part.id), None)
            elif isinstance(target, ast.Name):
                self._assign_name(self.name(target.id), value)
            elif isinstance(target, ast.Attribute) and not self.scope and not self.in_function:
                path, new = self.path(target), self.path(value)
                if path and new:
                    self.facts.replaced[path] = new

    def _assign_name(self, name: str, value: ast.expr | None) -> None:
        path = self.path(value) if value is not None else ""
        truth = truth_of(value, self.dotted, self.truths) if value is not None else None
        importer = self._importer(value) if value is not None else ""
        if name == "__all__" and value is not None and not self.scope and not self.in_function:
            self.facts.exported = self.strings.items(value)
        self.strings.assign(name, value)
        self.importers.pop(name, None)
        self.truths.pop(name, None)
        if importer:
            self.importers[name] = importer
        known = self.plain_names or not isinstance(value, ast.Constant)
        if truth is not None and known and name not in self.assigned:
            self.truths[name] = truth
        self.assigned.add(name)
        if isinstance(value, ast.Call) and (groups := group_of(value, self.strings)):
            self.points[name] = groups
        if self.in_function:
            self.values[name] = path if len(path) < _MOST_LOCALS else ""
            return
        qualified = f"{self.scope}.{name}" if self.scope else name
        if self.scope:
            self.values[name] = path
        if path and path != name:
            self.facts.values.setdefault(qualified, path)
        if isinstance(value, ast.Call) and not self.scope:
            self._lazy(name, value)

    def _lazy(self, name: str, value: ast.Call) -> None:
        function = (self.dotted(value.func) or "").split(".")
        if not _LAZY_BACKENDS & set(function):
            return
        for keyword in value.keywords:
            if keyword.arg == "backend_mapping":
                modules = self.strings.values(keyword.value)
                if modules:
                    self.facts.lazy[name] = modules

    def _augment(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name) and node.target.id == "__all__":
            self._more_public(node.value)

    def _extends_all(self, value: ast.expr) -> None:
        if isinstance(value, ast.Call) and self.dotted(value.func) == "__all__.extend":
            for argument in value.args:
                self._more_public(argument)

    def _more_public(self, value: ast.expr) -> None:
        more = self.strings.items(value)
        if more is not None and self.facts.exported is not None:
            self.facts.exported = [*self.facts.exported, *more]

    def _bind(self, target: ast.expr) -> None:
        if self.scope or self.in_function or self.idle:
            return
        if isinstance(target, ast.Name):
            self.facts.bound.setdefault(self.name(target.id), "name")
        elif isinstance(target, ast.Tuple | ast.List):
            for item in target.elts:
                self._bind(item)
        elif isinstance(target, ast.Starred):
            self._bind(target.value)
