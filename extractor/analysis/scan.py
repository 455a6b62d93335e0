"""What one file says about imports: facts of the file alone, nothing resolved.

Facts are plain tuples and dictionaries of strings and numbers, so that they can be kept
on disk under the name of the file's content and read back in no time.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from extractor.analysis.skeleton import functions_named, skeleton

# Part of every cache key: raise it whenever the facts of an unchanged file can differ.
FACTS_VERSION = 5

CONDITIONAL, FALLBACK, TYPE_CHECKING, DEAD, IN_TRY = 1, 2, 4, 8, 16

# (line, flags, level, module, names, alias): names is None for ``import module as alias``.
Import: TypeAlias = tuple[int, int, int, str, "list[tuple[str, str]] | None", str]
# (line, flags, function, argument): argument is None when it is not constant; for plugins it
# is ENTRY_POINTS, the namespace, "|" and a name, "*" for all or "" for an unknown one.
Dynamic: TypeAlias = tuple[int, int, str, "str | None"]

_MODULE_BY_STRING = frozenset(
    {"__import__", "import_module", "try_import", "import_versioned_module", "import_any"}
)
_OBJECT_BY_STRING = frozenset(
    {"import_class", "import_object", "import_object_ns", "resolve_name", "import_string"}
)
BY_STRING = _MODULE_BY_STRING | _OBJECT_BY_STRING
# stevedore loads entry points of a namespace: all of it, or those named.
# https://docs.openstack.org/stevedore/latest/reference/
PLUGIN_MANAGERS = frozenset(
    {
        "DispatchExtensionManager",
        "DriverManager",
        "EnabledExtensionManager",
        "ExtensionManager",
        "HookManager",
        "NameDispatchExtensionManager",
        "NamedExtensionManager",
    }
)
_ALL_PLUGINS = frozenset(
    {
        "DispatchExtensionManager",
        "EnabledExtensionManager",
        "ExtensionManager",
        "NameDispatchExtensionManager",
    }
)
# oslo.db loads the backend it was given when an attribute of the wrapper is first read.
# https://docs.openstack.org/oslo.db/latest/reference/api/oslo_db.api.html
_LAZY_BACKENDS = frozenset({"DBAPI", "TpoolDbapiWrapper"})
ENTRY_POINTS = "entry points:"
# A function that has none of these imports nothing, whatever it is that it calls.
_LOADING = {"import", *BY_STRING, *PLUGIN_MANAGERS}
_WORDS = [
    word.encode()
    for word in sorted(_LOADING)
    if not any(other in word for other in _LOADING - {word})
]


# Nothing runs in these; the body of a lambda runs when it is called.
_LEAVES = frozenset({ast.Constant, ast.Name, ast.Lambda, ast.Load, ast.Store})


@dataclass
class Body:
    """What one piece of code does when it runs: a module's top level or a function."""

    imports: list[Import] = field(default_factory=list)
    dynamic: list[Dynamic] = field(default_factory=list)
    # Dotted names called, each with the first line where it is.
    calls: dict[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.imports or self.dynamic or self.calls)


@dataclass
class Facts:
    """One file: what runs on import, what runs on call, and the names it binds."""

    top: Body = field(default_factory=Body)
    functions: dict[str, Body] = field(default_factory=dict)
    # Top-level names that are no imports: "def", "class" or "name".
    bound: dict[str, str] = field(default_factory=dict)
    # Bases of classes, as dotted names.
    bases: dict[str, list[str]] = field(default_factory=dict)
    # Objects that load the modules given by string when they are first used.
    lazy: dict[str, list[str]] = field(default_factory=dict)
    # Names that the package's ``__getattr__`` takes from a submodule when asked for.
    lazy_names: dict[str, str] = field(default_factory=dict)
    exported: list[str] | None = None
    error: str = ""
    error_line: int = 0
    # As an editor counts them.
    lines: int = 0


def plain_body(body: Body) -> list[Any]:
    """``body`` as lists and dictionaries, to be kept as JSON."""
    return [body.imports, body.dynamic, body.calls]


def body_from_plain(value: list[Any]) -> Body:
    """The inverse of ``plain_body``."""
    return Body(*value)


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
    ]


def facts_from_plain(value: list[Any]) -> Facts:
    """The inverse of ``plain_facts``."""
    top, functions, *rest = value
    return Facts(Body(*top), {name: Body(*body) for name, body in functions.items()}, *rest)


def scan(source: bytes, path: str = "<source>") -> Facts:
    """The facts of ``source``; ``Facts.error`` says why when it cannot be read.

    Functions are looked into only where they speak of imports or plugins: see ``scan_function``.
    """
    facts = Facts(lines=source.count(b"\n") + (not source.endswith(b"\n") and source != b""))
    try:
        tree, restore = _parse(skeleton(source, _WORDS), source, path)
    except ValueError as error:
        facts.error, facts.error_line = str(error), getattr(error, "line", 0)
        return facts
    _Reader(facts, restore).read(tree)
    return facts


def scan_function(source: bytes, qualified: str, path: str = "<source>") -> Body | None:
    """What one function or method of ``source`` does when called; ``None`` if there is none.

    Calls of the function's own class come out as ``Class.method``.
    """
    text = functions_named(source, qualified)
    if text == b"":
        return None
    facts = Facts()
    reader = _Reader(facts, None)
    reader.keep_all = True
    try:
        if text is not None:
            tree = _quietly(text, path)
            reader.scope = qualified.rpartition(".")[0]
    except (SyntaxError, ValueError):
        text = None
    if text is None:
        try:
            tree, reader.restore = _parse(None, source, path)
        except ValueError:
            return None
    reader.statements(tree.body, 0)
    return facts.functions.get(qualified)


def _parse(
    reduced: bytes | None, source: bytes, path: str
) -> tuple[ast.Module, Callable[[str], str] | None]:
    """The tree of ``reduced``, or else of all of ``source``; ``UnreadableSource`` if neither."""
    if reduced is not None:
        with suppress(SyntaxError, ValueError):
            return _quietly(reduced, path), None
    # Loaded here: few files need it, and it brings a whole parser.
    from extractor.parsing import parse_ast

    if reduced is not None:
        # Stand-ins for old names are found in what is left, a tenth of the file.
        with suppress(ValueError):
            tree, stand_ins = parse_ast(reduced, path)
            return tree, stand_ins.restore_name if stand_ins.names else None
    tree, stand_ins = parse_ast(source, path)
    return tree, stand_ins.restore_name if stand_ins.names else None


class _Reader:
    """Fills ``Facts`` from a syntax tree in the order in which the code runs."""

    def __init__(self, facts: Facts, restore: Callable[[str], str] | None) -> None:
        self.facts = facts
        self.restore = restore
        self.constants: dict[str, list[str]] = {}
        self.dictionaries: dict[str, ast.Dict] = {}
        self.body = facts.top
        self.scope = ""
        self.in_function = False
        self.keep_all = False

    def read(self, tree: ast.Module) -> None:
        self.statements(tree.body, 0)
        self.facts.top.calls = self._relevant(self.facts.top.calls)

    def _relevant(self, calls: dict[str, int]) -> dict[str, int]:
        """Only calls whose first name this file imports or defines can lead anywhere."""
        heads = set(self.facts.bound)
        star = False
        for _line, _flags, _level, module, names, alias in self.facts.top.imports:
            if names is None:
                heads.add(alias or module.partition(".")[0])
            else:
                heads.update(asname or name for name, asname in names)
                star = star or any(name == "*" for name, _ in names)
        if star:
            return calls
        return {name: line for name, line in calls.items() if name.partition(".")[0] in heads}

    def name(self, name: str) -> str:
        return self.restore(name) if self.restore else name

    def statements(self, body: Sequence[ast.stmt], flags: int) -> None:
        for statement in body:
            self.statement(statement, flags)

    def statement(self, node: ast.stmt, flags: int) -> None:
        kind = type(node)
        if kind is ast.Expr:
            value = node.value  # type: ignore[attr-defined]
            if type(value) is not ast.Constant:
                self.expression(value, flags)
                self._extends_all(value)
        elif kind is ast.Assign:
            self.expression(node.value, flags)  # type: ignore[attr-defined]
            self._assign(node.targets, node.value)  # type: ignore[attr-defined]
        elif kind is ast.FunctionDef or kind is ast.AsyncFunctionDef:
            self._function(node, flags)  # type: ignore[arg-type]
        elif kind is ast.ImportFrom:
            self._import_from(node, flags)  # type: ignore[arg-type]
        elif kind is ast.Import:
            for alias in node.names:  # type: ignore[attr-defined]
                module, asname = self.name(alias.name), self.name(alias.asname or "")
                self.body.imports.append((node.lineno, flags, 0, module, None, asname))
        elif kind is ast.ClassDef:
            self._class(node, flags)  # type: ignore[arg-type]
        elif kind is ast.If:
            self._if(node, flags)  # type: ignore[arg-type]
        elif kind is ast.Try or kind.__name__ == "TryStar":
            self._try(node, flags)  # type: ignore[arg-type]
        elif kind is ast.For or kind is ast.AsyncFor:
            self._for(node, flags)  # type: ignore[arg-type]
        elif kind is ast.AnnAssign:
            self.expression(node.annotation, flags)  # type: ignore[attr-defined]
            if node.value is not None:  # type: ignore[attr-defined]
                self.expression(node.value, flags)  # type: ignore[attr-defined]
            self._assign([node.target], node.value)  # type: ignore[attr-defined]
        else:
            for name, value in ast.iter_fields(node):
                if name in {"body", "orelse", "finalbody"} and isinstance(value, list):
                    self.statements(value, flags)
                elif name == "cases":
                    for case in value:
                        self.statements(case.body, flags | CONDITIONAL)
                elif name == "target" and kind is ast.AugAssign:
                    self._augment(node)  # type: ignore[arg-type]
                elif isinstance(value, ast.AST):
                    self.expression(value, flags)
                elif isinstance(value, list):
                    for item in value:
                        if isinstance(item, ast.withitem):
                            self.expression(item.context_expr, flags)
                            if item.optional_vars is not None:
                                self._bind(item.optional_vars)
                        elif isinstance(item, ast.expr):
                            self.expression(item, flags)

    # Statements that bind or branch.

    def _import_from(self, node: ast.ImportFrom, flags: int) -> None:
        names = [(self.name(a.name), self.name(a.asname or "")) for a in node.names]
        self.body.imports.append(
            (node.lineno, flags, node.level, self.name(node.module or ""), names, "")
        )

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, flags: int) -> None:
        for decorator in node.decorator_list:
            self.expression(decorator, flags)
            self._called(decorator, decorator.lineno)
        for default in [*node.args.defaults, *node.args.kw_defaults]:
            if default is not None:
                self.expression(default, flags)
        name = self.name(node.name)
        if not self.scope and not self.in_function:
            self.facts.bound[name] = "def"
        if self.in_function:
            # What an inner function does is counted to the one that makes it.
            self.statements(node.body, flags)
            return
        if len(node.body) == 1 and type(node.body[0]) is ast.Pass:
            return
        outer_body, outer_constants = self.body, self.constants
        qualified = f"{self.scope}.{name}" if self.scope else name
        # Two definitions of one name (a property's setter, a version switch) count as one.
        self.body = self.facts.functions.get(qualified) or Body()
        self.in_function, self.constants = True, dict(outer_constants)
        self.statements(node.body, 0)
        self.in_function = False
        body, self.body, self.constants = self.body, outer_body, outer_constants
        if body.imports or body.dynamic or self.keep_all:
            self.facts.functions[qualified] = body

    def _class(self, node: ast.ClassDef, flags: int) -> None:
        for decorator in node.decorator_list:
            self.expression(decorator, flags)
            self._called(decorator, decorator.lineno)
        for value in [*node.bases, *(k.value for k in node.keywords)]:
            self.expression(value, flags)
        name = self.name(node.name)
        qualified = f"{self.scope}.{name}" if self.scope else name
        if not self.in_function:
            if not self.scope:
                self.facts.bound[name] = "class"
            bases = [dotted for base in node.bases if (dotted := self.dotted(base))]
            if bases:
                self.facts.bases[qualified] = bases
        outer, self.scope = self.scope, qualified
        self.statements(node.body, flags)
        self.scope = outer

    def _if(self, node: ast.If, flags: int) -> None:
        self.expression(node.test, flags)
        truth = self._truth(node.test)
        if truth is None:
            then = other = flags | CONDITIONAL
        elif truth == "type checking":
            then, other = flags | TYPE_CHECKING, flags
        elif truth == "not type checking":
            then, other = flags, flags | TYPE_CHECKING
        elif truth == "yes":
            then, other = flags, flags | DEAD
        else:
            then, other = flags | DEAD, flags
        self.statements(node.body, then)
        self.statements(node.orelse, other)

    def _try(self, node: ast.Try, flags: int) -> None:
        self.statements(node.body, flags | IN_TRY)
        for handler in node.handlers:
            fallback = FALLBACK if self._catches_import_error(handler.type) else CONDITIONAL
            self.statements(handler.body, flags | fallback)
        self.statements(node.orelse, flags | IN_TRY)
        self.statements(node.finalbody, flags)

    def _for(self, node: ast.For | ast.AsyncFor, flags: int) -> None:
        self.expression(node.iter, flags)
        self._bind(node.target)
        values = self.strings(node.iter, sequence=True)
        if values is not None and isinstance(node.target, ast.Name):
            self.constants[self.name(node.target.id)] = values
        self.statements(node.body, flags)
        self.statements(node.orelse, flags)

    def _assign(self, targets: Iterable[ast.expr], value: ast.expr | None) -> None:
        for target in targets:
            self._bind(target)
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Call):
                self._attached(target, value)
            if value is None or not isinstance(target, ast.Name):
                continue
            name = self.name(target.id)
            if isinstance(value, ast.Dict):
                self.dictionaries[name] = value
            if isinstance(value, ast.Call) and not self.scope and not self.in_function:
                self._lazy(name, value)
            if name == "__all__" and not self.scope and not self.in_function:
                self.facts.exported = self.strings(value, sequence=True)
                continue
            strings = self.strings(value)
            if strings is None and isinstance(value, (ast.List, ast.Tuple, ast.Set, ast.Dict)):
                strings = self.strings(value, sequence=True)
            if strings is not None:
                self.constants[name] = strings
            else:
                self.constants.pop(name, None)

    def _lazy(self, name: str, value: ast.Call) -> None:
        function = (self.dotted(value.func) or "").split(".")
        if not _LAZY_BACKENDS & set(function):
            return
        for keyword in value.keywords:
            if keyword.arg == "backend_mapping":
                modules = self.strings(keyword.value, sequence=True)
                if modules:
                    self.facts.lazy[name] = modules

    def _attached(self, target: ast.Tuple, value: ast.Call) -> None:
        """``__getattr__, ... = attach(__name__, submod_attrs={"submodule": ["name"]})``.

        https://scientific-python.org/specs/spec-0001/
        """
        if not any(isinstance(t, ast.Name) and t.id == "__getattr__" for t in target.elts):
            return
        for keyword in value.keywords:
            given: ast.expr | None = keyword.value
            if isinstance(given, ast.Name):
                given = self.dictionaries.get(self.name(given.id))
            if keyword.arg == "submod_attrs" and isinstance(given, ast.Dict):
                for key, names in zip(given.keys, given.values, strict=True):
                    if isinstance(key, ast.Constant):
                        for name in self.strings(names, sequence=True) or ():
                            self.facts.lazy_names[name] = str(key.value)

    def _augment(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name) and node.target.id == "__all__":
            more = self.strings(node.value, sequence=True)
            if more is not None and self.facts.exported is not None:
                self.facts.exported = [*self.facts.exported, *more]

    def _extends_all(self, value: ast.expr) -> None:
        if (
            isinstance(value, ast.Call)
            and isinstance(value.func, ast.Attribute)
            and isinstance(value.func.value, ast.Name)
            and value.func.value.id == "__all__"
            and value.func.attr == "extend"
            and value.args
        ):
            more = self.strings(value.args[0], sequence=True)
            if more is not None and self.facts.exported is not None:
                self.facts.exported = [*self.facts.exported, *more]

    def _bind(self, target: ast.expr) -> None:
        if self.scope or self.in_function:
            return
        if isinstance(target, ast.Name):
            self.facts.bound.setdefault(self.name(target.id), "name")
        elif isinstance(target, (ast.Tuple, ast.List)):
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
                self._call(current, flags)  # type: ignore[arg-type]
                function = current.func  # type: ignore[attr-defined]
                if type(function) is ast.Attribute:
                    function = function.value
                if type(function) not in _LEAVES:
                    pending.append(function)
                for value in current.args:  # type: ignore[attr-defined]
                    if type(value) not in _LEAVES:
                        pending.append(value)
                for keyword in current.keywords:  # type: ignore[attr-defined]
                    if type(keyword.value) not in _LEAVES:
                        pending.append(keyword.value)
            elif kind is ast.Attribute:
                pending.append(current.value)  # type: ignore[attr-defined]
            else:
                for value in current.__dict__.values():
                    if value.__class__ is list:
                        for item in value:
                            if type(item) not in _LEAVES and isinstance(item, ast.AST):
                                pending.append(item)
                    elif type(value) not in _LEAVES and isinstance(value, ast.AST):
                        pending.append(value)

    def _call(self, node: ast.Call, flags: int) -> None:
        function = node.func
        last = (
            function.attr
            if isinstance(function, ast.Attribute)
            else function.id
            if isinstance(function, ast.Name)
            else ""
        )
        if last in BY_STRING and self.facts.bound.get(last) != "def":
            self._by_string(node, last, flags)
        elif last in PLUGIN_MANAGERS:
            self._plugins(node, last, flags)
        elif last:
            self._called(function, node.lineno)

    def _called(self, function: ast.expr, line: int) -> None:
        if type(function) is ast.Call:
            return
        dotted = self.dotted(function)
        if dotted is None:
            return
        if self.in_function and self.scope and dotted.startswith("self."):
            dotted = f"{self.scope}.{dotted[5:]}"
        self.body.calls.setdefault(dotted, line)

    def _by_string(self, node: ast.Call, function: str, flags: int) -> None:
        arguments = [a for a in node.args if not isinstance(a, ast.Starred)]
        first = arguments[0] if arguments else None
        for keyword in node.keywords:
            if keyword.arg in {"name", "import_str", "import_name"} and first is None:
                first = keyword.value
        if first is None:
            return
        if function == "import_object_ns" and len(arguments) > 1:
            first = arguments[1]
        values = self.strings(first)
        if values is None:
            self.body.dynamic.append((node.lineno, flags, function, None))
            return
        for value in values:
            if value.startswith(".") and len(arguments) > 1:
                package = self.strings(arguments[1])
                if package:
                    self.body.dynamic.append(
                        (node.lineno, flags, function, value + "@" + package[0])
                    )
                    continue
            if function in _OBJECT_BY_STRING:
                value = value.replace(":", ".").rpartition(".")[0] or value
            self.body.dynamic.append((node.lineno, flags, function, value))

    def _plugins(self, node: ast.Call, function: str, flags: int) -> None:
        given = {k.arg: k.value for k in node.keywords if k.arg}
        if node.args:
            given.setdefault("namespace", node.args[0])
        if len(node.args) > 1 and function not in _ALL_PLUGINS:
            given.setdefault("name", node.args[1])
        namespaces = self.strings(given["namespace"]) if "namespace" in given else None
        if namespaces is None:
            self.body.dynamic.append((node.lineno, flags, function, None))
            return
        names: list[str] | None = ["*"]
        if function not in _ALL_PLUGINS:
            wanted = given.get("name") or given.get("names")
            names = None
            if wanted is not None:
                names = self.strings(wanted) or self.strings(wanted, sequence=True)
        for namespace in namespaces:
            for name in names if names is not None else [""]:
                argument = f"{ENTRY_POINTS}{namespace}|{name}"
                self.body.dynamic.append((node.lineno, flags, function, argument))

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

    def strings(self, node: ast.expr, *, sequence: bool = False) -> list[str] | None:
        """The string, or all strings it can be, that ``node`` stands for; ``None`` if unknown.

        ``__name__`` and ``__package__`` come out as ``{__name__}`` for the graph to fill in.
        """
        if sequence:
            if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
                found: list[str] = []
                for item in node.elts:
                    values = self.strings(item)
                    if values is None:
                        return None
                    found.extend(values)
                return found
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
                left = self.strings(node.left, sequence=True)
                right = self.strings(node.right, sequence=True)
                return None if left is None or right is None else left + right
            if isinstance(node, ast.Dict):
                return self.strings(ast.List(elts=node.values), sequence=True)
            if isinstance(node, ast.Name):
                return self.constants.get(self.name(node.id))
            return None
        if isinstance(node, ast.Constant):
            return [node.value] if isinstance(node.value, str) else None
        if isinstance(node, ast.Name):
            if node.id in {"__name__", "__package__"}:
                return ["{" + node.id + "}"]
            return self.constants.get(self.name(node.id))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return _product(self.strings(node.left), self.strings(node.right))
        if isinstance(node, ast.JoinedStr):
            whole: list[str] | None = [""]
            for part in node.values:
                inner = part.value if isinstance(part, ast.FormattedValue) else part
                whole = _product(whole, self.strings(inner))
            return whole
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
            return self._formatted(node)
        return None

    def _formatted(self, node: ast.BinOp) -> list[str] | None:
        pattern = self.strings(node.left)
        values = self.strings(node.right)
        if pattern is None or values is None or pattern[0].count("%s") != 1:
            return None
        return [p.replace("%s", v) for p in pattern for v in values]

    def _truth(self, test: ast.expr) -> str | None:
        """What a test is known to be on a current Python: "yes", "no" or type checking."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            inner = self._truth(test.operand)
            opposite = {
                "yes": "no",
                "no": "yes",
                "type checking": "not type checking",
                "not type checking": "type checking",
            }
            return opposite.get(inner or "")
        if isinstance(test, ast.Constant):
            return "yes" if test.value else "no"
        dotted = self.dotted(test)
        if dotted is not None:
            last = dotted.rpartition(".")[2]
            if last == "TYPE_CHECKING":
                return "type checking"
            if dotted in {"six.PY3", "PY3"}:
                return "yes"
            if dotted in {"six.PY2", "PY2"}:
                return "no"
            return None
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            return self._compared(test)
        return None

    def _compared(self, test: ast.Compare) -> str | None:
        left, operator, right = test.left, test.ops[0], test.comparators[0]
        name = self.dotted(left.value if isinstance(left, ast.Subscript) else left)
        if name == "__name__" and isinstance(right, ast.Constant) and right.value == "__main__":
            return "no" if isinstance(operator, ast.Eq) else "yes"
        if name == "sys.version_info":
            try:
                value = ast.literal_eval(right)
            except ValueError:
                return None
            wanted = value if isinstance(value, tuple) else (value,)
            if not wanted or not all(isinstance(part, int) for part in wanted):
                return None
            # Any Python 3 will do: a test that only a version of it decides stays open.
            lowest, highest = (3, 0), (3, 99)
            answers = {_holds(operator, version, wanted) for version in (lowest, highest)}
            if answers == {True}:
                return "yes"
            if answers == {False}:
                return "no"
        return None

    @staticmethod
    def _catches_import_error(node: ast.expr | None) -> bool:
        if node is None:
            return True
        names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        return bool(names & {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


def _holds(operator: ast.cmpop, version: tuple[int, ...], wanted: tuple[int, ...]) -> bool | None:
    version = version[: len(wanted)]
    if isinstance(operator, ast.GtE):
        return version >= wanted
    if isinstance(operator, ast.Gt):
        return version > wanted
    if isinstance(operator, ast.LtE):
        return version <= wanted
    if isinstance(operator, ast.Lt):
        return version < wanted
    if isinstance(operator, ast.Eq):
        return version == wanted
    if isinstance(operator, ast.NotEq):
        return version != wanted
    return None


def _product(left: list[str] | None, right: list[str] | None) -> list[str] | None:
    if left is None or right is None or len(left) * len(right) > 10_000:
        return None
    return [one + two for one in left for two in right]


def _quietly(source: bytes, path: str) -> ast.Module:
    with warnings.catch_warnings():
        # Invalid escapes in old code are its authors' business, not a message of ours.
        warnings.simplefilter("ignore")
        return ast.parse(source, path)
