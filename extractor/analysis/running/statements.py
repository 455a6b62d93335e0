"""What statements do when they run, and what each leaves to those after it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence

from extractor.analysis.conditions import (
    CONDITIONAL,
    DEAD,
    FALLBACK,
    IN_TRY,
    TYPE_CHECKING,
    branches,
    in_try,
    truth_of,
)
from extractor.analysis.constant_strings import ConstantStrings
from extractor.analysis.dynamic_imports import BY_STRING, HOMES, NEVER_KNOWN
from extractor.analysis.facts import Body
from extractor.analysis.running.assignments import Assignments

# What a statement leaves to those after it: nothing, a raise, which an import that succeeds never
# saw, or else flags.
_RAISED = -1
_LAZY_CONTEXT = re.compile(r"demandimport|lazy_?import|lazy_?load", re.I)
_OWN = {"self": "self", "cls": "self.__class__", "mcs": "self.__class__", "mcls": "self.__class__"}


class Running(Assignments):
    """Fills ``Facts`` from a syntax tree in the order in which the code runs."""

    def read(self, tree: ast.Module) -> None:
        """Note all of a file."""
        self.statements(tree.body, 0)
        self.facts.top.calls = self._relevant(self.facts.top.calls)

    def done(self) -> None:
        """Let go of the tree: nothing is left that only the collector of circles would free."""
        self.strings = ConstantStrings(lambda _: None)

    def _relevant(self, calls: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
        """Only calls whose first name this file imports or defines can lead anywhere."""
        heads = set(self.facts.bound)
        for _line, _flags, _level, module, names, alias in self.facts.top.imports:
            if names is None:
                heads.add(alias or module.partition(".")[0])
            else:
                heads.update(asname or name for name, asname in names)
        if "*" in heads:
            return calls
        return {
            path: where
            for path, where in calls.items()
            if path.partition(".")[0].partition("(")[0] in heads
        }

    # Statements. Each gives what it leaves to those after it.

    def statements(self, body: Sequence[ast.stmt], flags: int) -> int:
        left = 0
        for statement in body:
            if left == _RAISED:
                flags |= DEAD
            self.idle = bool(flags & (DEAD | TYPE_CHECKING))
            after = self.statement(statement, flags)
            if after == _RAISED:
                left = _RAISED
            elif after:
                flags |= after
                left = left if left == _RAISED else left | after
        return left

    def statement(self, node: ast.stmt, flags: int) -> int:
        kind = type(node)
        if kind is ast.Expr:
            value = node.value  # type: ignore[attr-defined]
            if type(value) is not ast.Constant:
                self.expression(value, flags)
                self._extends_all(value)
            return 0
        handler = _STATEMENTS.get(kind)
        if handler is not None:
            return handler(self, node, flags) or 0
        for name, value in ast.iter_fields(node):
            if name == "target" and kind is ast.AugAssign:
                self._augment(node)  # type: ignore[arg-type]
            elif isinstance(value, ast.AST):
                self.expression(value, flags)
            elif isinstance(value, list):
                for item in value:
                    if isinstance(item, ast.expr):
                        self.expression(item, flags)
        return 0

    def _leave(self, node: ast.stmt, flags: int) -> int:
        value = getattr(node, "value", None)
        if value is not None:
            self.expression(value, flags)
            path = self._lambda(value) if isinstance(value, ast.Lambda) else self.path(value)
            if path and path not in self.body.returns and not flags & DEAD:
                self.body.returns.append(path)
        return DEAD

    def _raise(self, node: ast.Raise, flags: int) -> int:
        for value in (node.exc, node.cause):
            if value is not None:
                self.expression(value, flags)
        return _RAISED

    def _import(self, node: ast.Import, flags: int) -> None:
        for alias in node.names:
            module, asname = self.name(alias.name), self.name(alias.asname or "")
            self.body.imports.append((node.lineno, flags, 0, module, None, asname))
            local = asname or module.partition(".")[0]
            self.values.pop(local, None)
            for name in HOMES.get(module, ()):
                self.importers[f"{asname or module}.{name}"] = name

    def _import_from(self, node: ast.ImportFrom, flags: int) -> None:
        names = [(self.name(a.name), self.name(a.asname or "")) for a in node.names]
        module = self.name(node.module or "")
        self.body.imports.append((node.lineno, flags, node.level, module, names, ""))
        for name, asname in names:
            self.values.pop(asname or name, None)
            if name in BY_STRING or name in NEVER_KNOWN:
                self.importers[asname or name] = name

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, flags: int) -> None:
        decorators = self._decorated(node, flags)
        if decorators and not self.in_function:
            self.facts.decorators[f"{self.scope}.{node.name}".lstrip(".")] = decorators
            decorators = []
        for default in [*node.args.defaults, *node.args.kw_defaults]:
            if default is not None:
                self.expression(default, flags)
        name = self.name(node.name)
        if not self.scope and not self.in_function and not self.idle:
            self.facts.bound[name] = "def"
        if len(node.body) == 1 and type(node.body[0]) is ast.Pass and not self.in_function:
            return
        if self.in_function:
            while name in self.body.inner:
                name += "'"
            self.values[self.name(node.name)] = f"<{name}>"
            self.body.inner[name] = self._run_body(node.args, node.body, Body(), decorators)
            return
        qualified = f"{self.scope}.{name}" if self.scope else name
        # Two definitions of one name (a property's setter, a version switch) count as one.
        known = self.facts.functions.get(qualified) or Body()
        body = self._run_body(node.args, node.body, known, decorators)
        if self.keep_all or body.imports_anything():
            self.facts.functions[qualified] = body

    def _lambda(self, node: ast.Lambda) -> str:
        name = f"lambda {node.lineno}"
        self.body.inner[name] = self._run_body(
            node.args, [ast.copy_location(ast.Return(node.body), node)], Body(), []
        )
        return f"<{name}>"

    def _run_body(
        self, arguments: ast.arguments, code: Sequence[ast.stmt], body: Body, decorators: list[str]
    ) -> Body:
        outer = self.body, self.strings, self.values, self.truths, self.importers, self.points
        was_inside = self.in_function
        self.body, self.in_function = body, True
        self.strings, self.values = self.strings.copy(), dict(self.values)
        self.truths, self.importers = dict(self.truths), dict(self.importers)
        self.points = dict(self.points)
        if not was_inside:
            # The values of a module's names are asked for when the function is called.
            self.values = {}
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every += [a for a in (arguments.vararg, arguments.kwarg) if a]
        for number, argument in enumerate(every):
            name = self.name(argument.arg)
            own = number == 0 and self.scope and not was_inside and name in _OWN
            self.values[name] = _OWN[name] if own else ""
            self.strings.assign(name, None)
            self.truths.pop(name, None)
        for path in decorators:
            self.body.calls.setdefault(path, (code[0].lineno, 0))
        self.statements(code, 0)
        self.in_function = was_inside
        (
            self.body,
            self.strings,
            self.values,
            self.truths,
            self.importers,
            self.points,
        ) = outer
        return body

    def _decorated(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, flags: int
    ) -> list[str]:
        """Note that the decorators are called; gives what a call of the decorated calls first."""
        found = []
        for decorator in node.decorator_list:
            self.expression(decorator, flags)
            path = self.path(decorator)
            if path:
                self._called(path, decorator.lineno, flags)
                found.append(path + "()")
        return found

    def _class(self, node: ast.ClassDef, flags: int) -> None:
        self._decorated(node, flags)
        for value in [*node.bases, *(k.value for k in node.keywords)]:
            self.expression(value, flags)
        name = self.name(node.name)
        qualified = f"{self.scope}.{name}" if self.scope else name
        if self.in_function:
            self.values[name] = ""
        else:
            if not self.scope and not self.idle:
                self.facts.bound[name] = "class"
            self._bases(node, qualified)
            if qualified in self.facts.bases or qualified in self.facts.metaclasses:
                self._called(f"{qualified}.<new>", node.lineno, flags)
        outer, self.scope = (self.scope, self.values), qualified
        self.values = dict(self.values)
        self.statements(node.body, flags)
        self.scope, self.values = outer

    def _bases(self, node: ast.ClassDef, qualified: str) -> None:
        bases = []
        for base in node.bases:
            if isinstance(base, ast.Call):
                last = (self.dotted(base.func) or "").rpartition(".")[2]
                if last == "with_metaclass" and base.args:
                    self.facts.metaclasses[qualified] = self.path(base.args[0])
                    bases += [path for value in base.args[1:] if (path := self.path(value))]
                continue
            plain = base.value if isinstance(base, ast.Subscript) else base
            if (path := self.path(plain)) and path != "object":
                bases.append(path)
        if bases:
            self.facts.bases[qualified] = bases
        for keyword in node.keywords:
            if keyword.arg == "metaclass" and (path := self.path(keyword.value)):
                self.facts.metaclasses[qualified] = path
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Call) and decorator.args:
                last = (self.dotted(decorator.func) or "").rpartition(".")[2]
                if last == "add_metaclass":
                    self.facts.metaclasses[qualified] = self.path(decorator.args[0])

    def _if(self, node: ast.If, flags: int) -> int:
        left: list[tuple[int, int]] = []
        before = flags
        # A chain of ``elif`` is as deep a tree as it is long.
        while True:
            self.expression(node.test, flags)
            then, other = branches(truth_of(node.test, self.dotted, self.truths), flags)
            left.append((then, self.statements(node.body, then)))
            if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
                node, flags = node.orelse[0], other
                continue
            left.append((other, self.statements(node.orelse, other)))
            break
        return _joined([after for entered, after in left if not entered & DEAD or before & DEAD])

    def _try(self, node: ast.Try, flags: int) -> int:
        self.tries += 1
        number = self.tries
        body = self.statements(node.body, in_try(flags | IN_TRY, number))
        left = [body]
        for handler in node.handlers:
            fallback = FALLBACK if _catches_import_error(handler.type) else CONDITIONAL
            after = self.statements(handler.body, in_try(flags | fallback, number))
            if fallback == FALLBACK:
                left.append(after)
        left[0] |= self.statements(node.orelse, in_try(flags | IN_TRY, number)) & ~_RAISED
        final = self.statements(node.finalbody, flags)
        return final or _joined(left)

    def _for(self, node: ast.For | ast.AsyncFor, flags: int) -> int:
        self.expression(node.iter, flags)
        self._bind(node.target)
        self._loop(node.target, node.iter, node.lineno, flags)
        left = self.statements(node.body, flags)
        self.statements(node.orelse, flags)
        return CONDITIONAL if left & DEAD and left != _RAISED and _returns(node) else 0

    def _while(self, node: ast.While, flags: int) -> int:
        self.expression(node.test, flags)
        then, _ = branches(truth_of(node.test, self.dotted, self.truths) or "yes", flags)
        left = self.statements(node.body, then)
        self.statements(node.orelse, flags)
        return CONDITIONAL if left & DEAD and left != _RAISED and _returns(node) else 0

    def _match(self, node: ast.Match, flags: int) -> int:
        self.expression(node.subject, flags)
        left = []
        for case in node.cases:
            # The only case that nothing gets past is entered for certain.
            sure = len(node.cases) == 1 and _always_matches(case)
            left.append(self.statements(case.body, flags if sure else flags | CONDITIONAL))
        return _joined([*left, 0])

    def _with(self, node: ast.With | ast.AsyncWith, flags: int) -> int:
        inside = flags
        for item in node.items:
            self.expression(item.context_expr, flags)
            path = self.path(item.context_expr)
            if path:
                self._called(f"{path}.__enter__", node.lineno, flags)
                self._called(f"{path}.__exit__", node.lineno, flags)
                if _LAZY_CONTEXT.search(path):
                    inside |= CONDITIONAL
                if path.startswith(("suppress(", "contextlib.suppress(")):
                    self.tries += 1
                    inside = in_try(inside | IN_TRY, self.tries)
            if item.optional_vars is not None:
                self._bind(item.optional_vars)
                for name in ast.walk(item.optional_vars):
                    if isinstance(name, ast.Name):
                        self.values[self.name(name.id)] = ""
        return self.statements(node.body, inside)

    def _annotated(self, node: ast.AnnAssign, flags: int) -> None:
        self.expression(node.annotation, flags)
        if node.value is not None:
            self.expression(node.value, flags)
            self._assign([node.target], node.value)

    def _assigned(self, node: ast.Assign, flags: int) -> None:
        self.expression(node.value, flags)
        self._assign(node.targets, node.value)


_STATEMENTS: dict[type[ast.stmt], Callable[..., int | None]] = {
    ast.Import: Running._import,
    ast.ImportFrom: Running._import_from,
    ast.Assign: Running._assigned,
    ast.AnnAssign: Running._annotated,
    ast.FunctionDef: Running._function,
    ast.AsyncFunctionDef: Running._function,
    ast.ClassDef: Running._class,
    ast.If: Running._if,
    ast.Try: Running._try,
    ast.For: Running._for,
    ast.AsyncFor: Running._for,
    ast.While: Running._while,
    ast.With: Running._with,
    ast.AsyncWith: Running._with,
    ast.Match: Running._match,
    ast.Return: Running._leave,
    ast.Break: Running._leave,
    ast.Continue: Running._leave,
    ast.Raise: Running._raise,
}
if hasattr(ast, "TryStar"):
    _STATEMENTS[ast.TryStar] = Running._try


def _joined(left: Sequence[int]) -> int:
    """What several branches leave to what follows them, given what each leaves."""
    through = [after for after in left if after != _RAISED]
    if not through:
        return _RAISED
    if all(after & DEAD for after in through):
        return DEAD
    return CONDITIONAL if any(after & (DEAD | CONDITIONAL) for after in through) else 0


def _returns(node: ast.stmt) -> bool:
    return any(isinstance(part, ast.Return) for part in ast.walk(node))


def _always_matches(case: ast.match_case) -> bool:
    pattern = case.pattern
    return case.guard is None and isinstance(pattern, ast.MatchAs) and pattern.pattern is None


def _catches_import_error(node: ast.expr | None) -> bool:
    if node is None:
        return True
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    return bool(names & {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
