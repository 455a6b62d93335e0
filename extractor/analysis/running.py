"""What a piece of code does when it runs, in the order in which it runs: imports and calls.

A call is noted as a path: names and attributes, where ``()`` stands for what a call gives. So
``app.route()`` calls the method and ``app.route()()`` calls what that returned, as a decorator
with arguments does. ``self`` is the object whose method runs, ``<super>`` its bases, ``<new>``
the making of a class.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

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
from extractor.analysis.dynamic_imports import (
    BY_STRING,
    ENTRY_POINTS,
    HOMES,
    NEVER_KNOWN,
    PLUGIN_MANAGERS,
    group_of,
    looked_for,
    named_by_string,
    plugins,
)
from extractor.analysis.facts import Body, Facts

# Nothing runs in these; the body of a lambda runs when it is called.
_LEAVES = frozenset({ast.Constant, ast.Name, ast.Lambda, ast.Load, ast.Store})
# What a statement leaves to those after it: nothing, a raise, which an import that succeeds never
# saw, or else flags.
_RAISED = -1
# oslo.db loads the backend it was given when an attribute of the wrapper is first read.
# https://docs.openstack.org/oslo.db/latest/reference/api/oslo_db.api.html
_LAZY_BACKENDS = frozenset({"DBAPI", "TpoolDbapiWrapper"})
_LAZY_CONTEXT = re.compile(r"demandimport|lazy_?import|lazy_?load", re.I)
_UNDECIDED = CONDITIONAL | FALLBACK | DEAD | TYPE_CHECKING
_MOST_LOCALS = 200


class Running:
    """Fills ``Facts`` from a syntax tree in the order in which the code runs."""

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

    def _assign(self, targets: Iterable[ast.expr], value: ast.expr) -> None:
        for target in targets:
            self._bind(target)
            if isinstance(target, ast.Tuple):
                for part in ast.walk(target):
                    if isinstance(part, ast.Name):
                        self._assign_name(self.name(part.id), None)
            elif isinstance(target, ast.Name):
                self._assign_name(self.name(target.id), value)

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

    # Expressions.

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

    def _called(self, path: str, line: int, flags: int) -> None:
        known = self.body.calls.get(path)
        if known is None or _weight(flags) < _weight(known[1]):
            self.body.calls[path] = (known[0] if known and not flags else line, flags)


_OWN = {"self": "self", "cls": "self.__class__", "mcs": "self.__class__", "mcls": "self.__class__"}
_COMPREHENSIONS = frozenset({ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp})
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


def _weight(flags: int) -> int:
    return flags & _UNDECIDED


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
