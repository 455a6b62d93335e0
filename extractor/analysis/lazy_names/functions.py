"""A function of a file, followed statement by statement for one name."""

from __future__ import annotations

import ast
from typing import Any

from extractor.analysis.lazy_names.values import UNKNOWN, Lost, Unknown, Values

_MOST_STEPS = 20_000
_MOST_CALLS = 6


class Left(Exception):
    """The function has returned, or given up on the name."""

    def __init__(self, value: Any = None) -> None:
        self.value = value


class Functions(Values):
    """Follows the functions of one file, and notes what they load."""

    def words(self) -> set[str]:
        """Every string of the file that could be a name asked for."""
        found: set[str] = set()
        for statement in self.statements:
            for node in ast.walk(statement):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    if len(node.value) < 80 and node.value.isidentifier():
                        found.add(node.value)
                    elif len(node.value) < 5000 and " " in node.value.strip():
                        found.update(w for w in node.value.split() if w.isidentifier())
                elif isinstance(node, ast.alias):
                    found.add(node.asname or node.name.rpartition(".")[2])
        return found

    def ask(self, hook: ast.FunctionDef, name: Any) -> tuple[list[str], int]:
        """The modules that asking for ``name`` loads; a line where that cannot be known."""
        self.loads, self.steps, self.depth = [], 0, 0
        argument = (hook.args.posonlyargs + hook.args.args)[0].arg
        try:
            self.run(hook.body, {argument: name})
        except (Left, KeyError):
            # A name that its table lacks is no name of the module.
            pass
        except Lost as lost:
            return [], lost.line
        except RecursionError:
            return [], hook.lineno
        return list(dict.fromkeys(self.loads)), 0

    def run(self, body: list[ast.stmt], names: dict[str, Any]) -> None:
        for statement in body:
            self.steps += 1
            if self.steps > _MOST_STEPS:
                raise Lost(statement.lineno)
            self.step(statement, names)

    def step(self, node: ast.stmt, names: dict[str, Any]) -> None:
        if isinstance(node, ast.Return):
            raise Left(self.value(node.value, names) if node.value else None)
        if isinstance(node, ast.Raise):
            raise Left
        if isinstance(node, ast.If):
            test = self.value(node.test, names)
            if isinstance(test, Unknown):
                self.either(node, names)
            else:
                self.run(node.body if test else node.orelse, names)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            if node.value is not None:
                value = self.value(node.value, names)
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for target in targets:
                    self.bind(target, value, names)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            self.statement_import(node, names)
        elif isinstance(node, ast.Expr):
            self.value(node.value, names)
        elif isinstance(node, ast.Try):
            self.attempt(node, names)
        elif isinstance(node, ast.With):
            self.run(node.body, names)
        elif isinstance(node, ast.For):
            self.loop(node, names)

    def either(self, node: ast.If, names: dict[str, Any]) -> None:
        """A test that cannot be decided: both ways, and what either loads is not certain."""
        loads, self.loads = self.loads, []
        for branch in (node.body, node.orelse):
            try:
                self.run(branch, dict(names))
            except Left:
                continue
        found, self.loads = self.loads, loads
        if found:
            raise Lost(node.lineno)
        if any(isinstance(part, ast.Return) for part in node.body):
            return

    def attempt(self, node: ast.Try, names: dict[str, Any]) -> None:
        try:
            self.run(node.body, names)
        except KeyError:
            if node.handlers:
                self.run(node.handlers[0].body, names)
            return
        self.run(node.orelse, names)
        self.run(node.finalbody, names)

    def loop(self, node: ast.For, names: dict[str, Any]) -> None:
        values = self.value(node.iter, names)
        if isinstance(values, Unknown | str):
            if any(isinstance(p, ast.Import | ast.ImportFrom | ast.Call) for p in ast.walk(node)):
                raise Lost(node.lineno)
            return
        for value in list(values):
            self.bind(node.target, value, names)
            self.run(node.body, names)

    def statement_import(self, node: ast.Import | ast.ImportFrom, names: dict[str, Any]) -> None:
        for alias in node.names:
            if isinstance(node, ast.Import):
                self.loads.append(alias.name)
                names[alias.asname or alias.name.partition(".")[0]] = UNKNOWN
            else:
                base = "." * node.level + (node.module or "")
                # With the name: it may be a module of its own, or come from somewhere else.
                self.loads.append(f"{base}:{alias.name}")
                names[alias.asname or alias.name] = UNKNOWN

    def inside(self, function: ast.FunctionDef, given: list[Any], keywords: dict[str, Any]) -> Any:
        if self.depth >= _MOST_CALLS:
            raise Lost(function.lineno)
        names = {a.arg: UNKNOWN for a in (*function.args.args, *function.args.kwonlyargs)}
        names.update(zip([a.arg for a in function.args.args], given, strict=False))
        names.update(keywords)
        self.depth += 1
        try:
            self.run(function.body, names)
        except Left as left:
            return left.value
        finally:
            self.depth -= 1
        return None
