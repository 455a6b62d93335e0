"""What an expression gives, by the tables of its own file."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_IMPORTERS = frozenset({"import_module", "__import__", "import_string", "load_module", "_import"})
_PURE = frozenset(
    """get split rsplit partition rpartition startswith endswith removeprefix removesuffix strip
    lstrip rstrip lower upper replace join format items keys values""".split()  # noqa: SIM905
)


class Unknown:
    """A value that reading does not give."""


UNKNOWN = Unknown()


class Lost(Exception):
    """An import whose name is not known, at a line."""

    def __init__(self, line: int) -> None:
        self.line = line


class Values:
    """The tables of one file, and the modules loaded so far by what was asked of it."""

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

    def bind(self, target: ast.expr, value: Any, names: dict[str, Any]) -> None:
        if isinstance(target, ast.Name):
            names[target.id] = value
        elif isinstance(target, ast.Tuple | ast.List):
            for number, part in enumerate(target.elts):
                fits = isinstance(value, list | tuple) and len(value) == len(target.elts)
                self.bind(part, value[number] if fits else UNKNOWN, names)

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
                if isinstance(more, Unknown):
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
                if isinstance(more, Unknown):
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
                if isinstance(values, Unknown):
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
        if isinstance(left, Unknown) or isinstance(right, Unknown):
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
        if len(node.ops) > 1 or isinstance(left, Unknown) or isinstance(right, Unknown):
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
            if isinstance(value, Unknown):
                unsure = True
            elif bool(value) is wanted:
                return value
        return UNKNOWN if unsure else value

    def negation(self, node: ast.UnaryOp, names: Mapping[str, Any]) -> Any:
        value = self.value(node.operand, names)
        if isinstance(value, Unknown) or not isinstance(node.op, ast.Not):
            return UNKNOWN
        return not value

    def choice(self, node: ast.IfExp, names: Mapping[str, Any]) -> Any:
        test = self.value(node.test, names)
        if isinstance(test, Unknown):
            return UNKNOWN
        return self.value(node.body if test else node.orelse, names)

    def named(self, node: ast.NamedExpr, names: dict[str, Any]) -> Any:
        value = self.value(node.value, names)
        self.bind(node.target, value, names)
        return value

    def subscript(self, node: ast.Subscript, names: Mapping[str, Any]) -> Any:
        value = self.value(node.value, names)
        key = self.value(node.slice, names) if not isinstance(node.slice, ast.Slice) else UNKNOWN
        if isinstance(value, Unknown) or isinstance(key, Unknown):
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
            if isinstance(value, Unknown):
                return UNKNOWN
            return dict(value) if function == "dict" else list(value)
        if isinstance(node.func, ast.Attribute) and last in _PURE:
            value = self.value(node.func.value, names)
            unsure = any(isinstance(v, Unknown) for v in (value, *given))
            return UNKNOWN if unsure else getattr(value, last)(*given, **keywords)
        if isinstance(node.func, ast.Attribute):
            self.value(node.func.value, names)
        return UNKNOWN

    def imported_by_name(self, node: ast.Call, given: list[Any], keywords: dict[str, Any]) -> None:
        name = given[0] if given else keywords.get("name", UNKNOWN)
        if not isinstance(name, str):
            raise Lost(node.lineno)
        if name.startswith("."):
            package = given[1] if len(given) > 1 else keywords.get("package", "{__package__}")
            if not isinstance(package, str):
                raise Lost(node.lineno)
            name = f"{name}@{package}"
        self.loads.append(name)

    def inside(self, function: ast.FunctionDef, given: list[Any], keywords: dict[str, Any]) -> Any:
        """What a call of one of the file's functions gives."""
        raise NotImplementedError


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
    ast.Constant: Values.constant,
    ast.Name: Values.of_name,
    ast.List: Values.display,
    ast.Tuple: Values.display,
    ast.Set: Values.display,
    ast.Dict: Values.mapping,
    ast.DictComp: Values.comprehension,
    ast.ListComp: Values.comprehension,
    ast.SetComp: Values.comprehension,
    ast.GeneratorExp: Values.comprehension,
    ast.JoinedStr: Values.joined,
    ast.BinOp: Values.operation,
    ast.Compare: Values.compare,
    ast.BoolOp: Values.logic,
    ast.UnaryOp: Values.negation,
    ast.IfExp: Values.choice,
    ast.NamedExpr: Values.named,
    ast.Subscript: Values.subscript,
    ast.Attribute: Values.attribute,
    ast.Call: Values.call,
}
