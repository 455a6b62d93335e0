"""Which modules a package's ``__getattr__`` loads for which name (PEP 562).

The function is followed name by name with the tables of its own file: constants, conditions and
calls of the file's other functions. Nothing is run.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from extractor.analysis.facts import Facts

_MOST_NAMES = 3000
_MOST_STEPS = 20_000
_MOST_CALLS = 6
_IMPORTERS = frozenset({"import_module", "__import__", "import_string", "load_module", "_import"})
_PURE = frozenset(
    """get split rsplit partition rpartition startswith endswith removeprefix removesuffix strip
    lstrip rstrip lower upper replace join format items keys values""".split()  # noqa: SIM905
)
# https://scientific-python.org/specs/spec-0001/
_ATTACHING = frozenset({"attach", "attach_stub", "recreate_module"})


class _Unknown:
    """A value that reading does not give."""


UNKNOWN = _Unknown()
ANY_NAME = "*"


class _Left(Exception):
    """The function has returned, or given up on the name."""

    def __init__(self, value: Any = None) -> None:
        self.value = value


class _Lost(Exception):
    """An import whose name is not known, at a line."""

    def __init__(self, line: int) -> None:
        self.line = line


def read_lazy_names(tree: ast.Module, facts: Facts) -> None:
    """Fill in ``lazy_names``, ``lazy_line`` and ``lazy_stub`` of a file's facts."""
    file = _File(tree)
    for statement in file.statements:
        _attached(file, statement, facts)
    hook = file.functions.get("__getattr__")
    if hook is None or not (hook.args.args or hook.args.posonlyargs):
        return
    for name in sorted(file.words())[:_MOST_NAMES]:
        loads, line = file.ask(hook, name)
        if loads:
            facts.lazy_names[name] = loads
        elif line:
            facts.lazy_names[name] = [f"?{line}"]
    loads, facts.lazy_line = file.ask(hook, UNKNOWN)
    if loads:
        # Whatever it is asked for.
        facts.lazy_names[ANY_NAME] = loads


def _attached(file: _File, statement: ast.stmt, facts: Facts) -> None:
    """``__getattr__, ... = attach(__name__, submod_attrs={...})`` and its like."""
    if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Call):
        return
    call = statement.value
    function = ast.unparse(call.func).rpartition(".")[2]
    targets = {ast.unparse(part) for t in statement.targets for part in _parts(t)}
    replaced = "sys.modules[__name__]" in targets
    if not ("__getattr__" in targets or replaced or function in _ATTACHING):
        return
    if function == "attach_stub":
        facts.lazy_stub = True
        return
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    known = False
    for argument in given:
        value = file.value(argument, {})
        if isinstance(value, dict):
            for module, names in value.items():
                known |= _of_module(facts, module, names)
        elif isinstance(value, list | tuple | set | frozenset) and not replaced:
            known = True
            for name in value:
                if isinstance(name, str):
                    facts.lazy_names.setdefault(name, [f".{name}"])
    if not known and "__getattr__" in targets:
        facts.lazy_line = statement.lineno


def _of_module(facts: Facts, module: Any, names: Any) -> bool:
    """Note the names that a row of a table says a submodule has."""
    if not isinstance(module, str):
        return False
    where = module if module.startswith(".") or "{" in module else f".{module}"
    if isinstance(names, str):
        # The other way round: a name, and the module that it comes from.
        facts.lazy_names[module] = [names if names.startswith((".", "{")) else f"?{0}"]
        return names.startswith((".", "{"))
    if not isinstance(names, list | tuple | set | frozenset):
        return False
    facts.lazy_names.setdefault(module, [where])
    for name in names:
        if isinstance(name, str):
            facts.lazy_names[name] = [where]
    return True


def _parts(target: ast.expr) -> Iterator[ast.expr]:
    if isinstance(target, ast.Tuple | ast.List):
        for part in target.elts:
            yield from _parts(part)
    else:
        yield target


class _File:
    """The tables and functions of one file."""

    def __init__(self, tree: ast.Module) -> None:
        self.statements = list(_top(tree.body))
        self.nodes: dict[str, ast.expr] = {}
        self.functions: dict[str, ast.FunctionDef] = {}
        self.imported: dict[str, str] = {}
        for statement in self.statements:
            if isinstance(statement, ast.FunctionDef):
                self.functions[statement.name] = statement
            elif isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
                one = getattr(statement, "target", None)
                for target in getattr(statement, "targets", [one]):
                    if isinstance(target, ast.Name):
                        self.nodes[target.id] = statement.value
            elif isinstance(statement, ast.ImportFrom):
                for alias in statement.names:
                    self.imported[alias.asname or alias.name] = alias.name
        self.known: dict[str, Any] = {}
        self.steps = 0
        self.depth = 0
        self.loads: list[str] = []

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
        except (_Left, KeyError):
            # A name that its table lacks is no name of the module.
            pass
        except _Lost as lost:
            return [], lost.line
        except RecursionError:
            return [], hook.lineno
        return list(dict.fromkeys(self.loads)), 0

    # Statements of the function.

    def run(self, body: list[ast.stmt], names: dict[str, Any]) -> None:
        for statement in body:
            self.steps += 1
            if self.steps > _MOST_STEPS:
                raise _Lost(statement.lineno)
            self.step(statement, names)

    def step(self, node: ast.stmt, names: dict[str, Any]) -> None:
        if isinstance(node, ast.Return):
            raise _Left(self.value(node.value, names) if node.value else None)
        if isinstance(node, ast.Raise):
            raise _Left
        if isinstance(node, ast.If):
            test = self.value(node.test, names)
            if isinstance(test, _Unknown):
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
            except _Left:
                continue
        found, self.loads = self.loads, loads
        if found:
            raise _Lost(node.lineno)
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
        if isinstance(values, _Unknown | str):
            if any(isinstance(p, ast.Import | ast.ImportFrom | ast.Call) for p in ast.walk(node)):
                raise _Lost(node.lineno)
            return
        for value in list(values):
            self.bind(node.target, value, names)
            self.run(node.body, names)

    def bind(self, target: ast.expr, value: Any, names: dict[str, Any]) -> None:
        if isinstance(target, ast.Name):
            names[target.id] = value
        elif isinstance(target, ast.Tuple | ast.List):
            for number, part in enumerate(target.elts):
                fits = isinstance(value, list | tuple) and len(value) == len(target.elts)
                self.bind(part, value[number] if fits else UNKNOWN, names)

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

    # Expressions.

    def value(self, node: ast.expr | None, names: Mapping[str, Any]) -> Any:
        """What ``node`` is, as far as it can be known."""
        if node is None:
            return None
        method: Callable[..., Any] | None = _VALUES.get(type(node))
        if method is None:
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.expr):
                    self.value(child, names)
            return UNKNOWN
        try:
            return method(self, node, names)
        except (TypeError, ValueError, IndexError, AttributeError):
            return UNKNOWN

    def constant(self, node: ast.Constant, names: Mapping[str, Any]) -> Any:
        return node.value

    def of_name(self, node: ast.Name, names: Mapping[str, Any]) -> Any:
        if node.id in names:
            return names[node.id]
        if node.id in {"__name__", "__package__"}:
            return "{" + node.id + "}"
        if node.id not in self.known:
            if node.id not in self.nodes:
                return UNKNOWN
            self.known[node.id] = UNKNOWN
            self.known[node.id] = self.value(self.nodes[node.id], {})
        return self.known[node.id]

    def display(self, node: ast.List | ast.Tuple | ast.Set, names: Mapping[str, Any]) -> Any:
        found: list[Any] = []
        for part in node.elts:
            if isinstance(part, ast.Starred):
                more = self.value(part.value, names)
                if isinstance(more, _Unknown):
                    return UNKNOWN
                found += more
            else:
                found.append(self.value(part, names))
        return tuple(found) if isinstance(node, ast.Tuple) else found

    def mapping(self, node: ast.Dict, names: Mapping[str, Any]) -> Any:
        found: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                more = self.value(value, names)
                if isinstance(more, _Unknown):
                    return UNKNOWN
                found.update(more)
            else:
                found[self.value(key, names)] = self.value(value, names)
        return found

    def comprehension(
        self, node: ast.DictComp | ast.ListComp | ast.SetComp | ast.GeneratorExp, names: Any
    ) -> Any:
        rows: list[dict[str, Any]] = [dict(names)]
        for generator in node.generators:
            more = []
            for row in rows:
                values = self.value(generator.iter, row)
                if isinstance(values, _Unknown):
                    return UNKNOWN
                for value in list(values):
                    inner = dict(row)
                    self.bind(generator.target, value, inner)
                    if all(self.value(test, inner) for test in generator.ifs):
                        more.append(inner)
            rows = more
        if isinstance(node, ast.DictComp):
            return {self.value(node.key, r): self.value(node.value, r) for r in rows}
        return [self.value(node.elt, row) for row in rows]

    def joined(self, node: ast.JoinedStr, names: Mapping[str, Any]) -> Any:
        parts = [
            self.value(part.value if isinstance(part, ast.FormattedValue) else part, names)
            for part in node.values
        ]
        return "".join(parts) if all(isinstance(part, str) for part in parts) else UNKNOWN

    def operation(self, node: ast.BinOp, names: Mapping[str, Any]) -> Any:
        left, right = self.value(node.left, names), self.value(node.right, names)
        if isinstance(left, _Unknown) or isinstance(right, _Unknown):
            return UNKNOWN
        if isinstance(node.op, ast.Add):
            return left + right
        if isinstance(node.op, ast.Mod) and isinstance(left, str):
            return left % right
        return {**left, **right} if isinstance(node.op, ast.BitOr) else UNKNOWN

    def compare(self, node: ast.Compare, names: Mapping[str, Any]) -> Any:
        left, right = self.value(node.left, names), self.value(node.comparators[0], names)
        operator = node.ops[0]
        if isinstance(operator, ast.In | ast.NotIn) and _is_globals(node.comparators[0]):
            return isinstance(operator, ast.NotIn)
        if len(node.ops) > 1 or isinstance(left, _Unknown) or isinstance(right, _Unknown):
            return UNKNOWN
        if isinstance(operator, ast.Eq | ast.Is):
            return left == right
        if isinstance(operator, ast.NotEq | ast.IsNot):
            return left != right
        if isinstance(operator, ast.In):
            return left in right
        return left not in right if isinstance(operator, ast.NotIn) else UNKNOWN

    def logic(self, node: ast.BoolOp, names: Mapping[str, Any]) -> Any:
        wanted = isinstance(node.op, ast.Or)
        value: Any = UNKNOWN
        unsure = False
        for part in node.values:
            value = self.value(part, names)
            if isinstance(value, _Unknown):
                unsure = True
            elif bool(value) is wanted:
                return value
        return UNKNOWN if unsure else value

    def negation(self, node: ast.UnaryOp, names: Mapping[str, Any]) -> Any:
        value = self.value(node.operand, names)
        if isinstance(value, _Unknown) or not isinstance(node.op, ast.Not):
            return UNKNOWN
        return not value

    def choice(self, node: ast.IfExp, names: Mapping[str, Any]) -> Any:
        test = self.value(node.test, names)
        if isinstance(test, _Unknown):
            return UNKNOWN
        return self.value(node.body if test else node.orelse, names)

    def named(self, node: ast.NamedExpr, names: dict[str, Any]) -> Any:
        value = self.value(node.value, names)
        self.bind(node.target, value, names)
        return value

    def subscript(self, node: ast.Subscript, names: Mapping[str, Any]) -> Any:
        value = self.value(node.value, names)
        key = self.value(node.slice, names) if not isinstance(node.slice, ast.Slice) else UNKNOWN
        if isinstance(value, _Unknown) or isinstance(key, _Unknown):
            return UNKNOWN
        if isinstance(value, dict):
            return value[key]
        return value[key]

    def attribute(self, node: ast.Attribute, names: Mapping[str, Any]) -> Any:
        spelled = ast.unparse(node)
        if spelled in {"__spec__.parent", "__spec__.name"}:
            return "{__package__}" if spelled.endswith("parent") else "{__name__}"
        self.value(node.value, names)
        return UNKNOWN

    def call(self, node: ast.Call, names: Mapping[str, Any]) -> Any:
        function = ast.unparse(node.func)
        last = function.rpartition(".")[2]
        given = [self.value(a, names) for a in node.args if not isinstance(a, ast.Starred)]
        keywords = {k.arg: self.value(k.value, names) for k in node.keywords if k.arg}
        if self.imported.get(last, last) in _IMPORTERS:
            self.imported_by_name(node, given, keywords)
            return UNKNOWN
        if last in self.functions and function == last:
            return self.inside(self.functions[last], given, keywords)
        if function in {"set", "list", "tuple", "sorted", "frozenset", "dict"} and len(given) == 1:
            value = given[0]
            if isinstance(value, _Unknown):
                return UNKNOWN
            return dict(value) if function == "dict" else list(value)
        if isinstance(node.func, ast.Attribute) and last in _PURE:
            value = self.value(node.func.value, names)
            unsure = any(isinstance(v, _Unknown) for v in (value, *given))
            return UNKNOWN if unsure else getattr(value, last)(*given, **keywords)
        if isinstance(node.func, ast.Attribute):
            self.value(node.func.value, names)
        return UNKNOWN

    def inside(self, function: ast.FunctionDef, given: list[Any], keywords: dict[str, Any]) -> Any:
        if self.depth >= _MOST_CALLS:
            raise _Lost(function.lineno)
        names = {a.arg: UNKNOWN for a in (*function.args.args, *function.args.kwonlyargs)}
        names.update(zip([a.arg for a in function.args.args], given, strict=False))
        names.update(keywords)
        self.depth += 1
        try:
            self.run(function.body, names)
        except _Left as left:
            return left.value
        finally:
            self.depth -= 1
        return None

    def imported_by_name(self, node: ast.Call, given: list[Any], keywords: dict[str, Any]) -> None:
        name = given[0] if given else keywords.get("name", UNKNOWN)
        if not isinstance(name, str):
            raise _Lost(node.lineno)
        if name.startswith("."):
            package = given[1] if len(given) > 1 else keywords.get("package", "{__package__}")
            if not isinstance(package, str):
                raise _Lost(node.lineno)
            name = f"{name}@{package}"
        self.loads.append(name)


def _is_globals(node: ast.expr) -> bool:
    return ast.unparse(node) in {"globals()", "vars()", "sys.modules"}


def _top(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of the file's own level, those in branches as well."""
    for statement in body:
        yield statement
        for name in ("body", "orelse", "handlers", "finalbody"):
            inner = getattr(statement, name, None)
            if inner and not isinstance(statement, ast.FunctionDef | ast.ClassDef):
                for part in inner:
                    if isinstance(part, ast.ExceptHandler):
                        yield from _top(part.body)
                    elif isinstance(part, ast.stmt):
                        yield from _top([part])


_VALUES: dict[type[ast.expr], Callable[..., Any]] = {
    ast.Constant: _File.constant,
    ast.Name: _File.of_name,
    ast.List: _File.display,
    ast.Tuple: _File.display,
    ast.Set: _File.display,
    ast.Dict: _File.mapping,
    ast.DictComp: _File.comprehension,
    ast.ListComp: _File.comprehension,
    ast.SetComp: _File.comprehension,
    ast.GeneratorExp: _File.comprehension,
    ast.JoinedStr: _File.joined,
    ast.BinOp: _File.operation,
    ast.Compare: _File.compare,
    ast.BoolOp: _File.logic,
    ast.UnaryOp: _File.negation,
    ast.IfExp: _File.choice,
    ast.NamedExpr: _File.named,
    ast.Subscript: _File.subscript,
    ast.Attribute: _File.attribute,
    ast.Call: _File.call,
}
