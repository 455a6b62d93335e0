"""Which tables does a file declare, column by column, read without running it?

Two forms: a module of declarative models (classes with ``__tablename__``) and a migration
(calls that build or change tables).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from extractor.parsing import UnreadableSource, parse_ast

_LIBRARY = "sqlalchemy"
_CHANGES = frozenset(
    ["Column", "ForeignKeyConstraint", "Index", "UniqueConstraint", "PrimaryKeyConstraint"]
)
# What a star import of the library is taken to bring.
_STARRED = frozenset([*_CHANGES, "ForeignKey", "Table"])


@dataclass(frozen=True)
class Call:
    """A call of the library with its arguments as source text; names lack their module."""

    function: str
    arguments: tuple[str, ...]
    keywords: tuple[tuple[str, str], ...]
    line: int

    def keyword(self, name: str) -> str | None:
        """The source text given for a keyword."""
        return dict(self.keywords).get(name)

    def without(self, *names: str) -> Call:
        """The same call less some of its keywords."""
        kept = tuple(pair for pair in self.keywords if pair[0] not in names)
        return Call(self.function, self.arguments, kept, self.line)

    def __str__(self) -> str:
        keywords = [f"{name}={value}" for name, value in self.keywords]
        return f"{self.function}({', '.join([*self.arguments, *keywords])})"


@dataclass(frozen=True)
class DeclaredColumn:
    """A column of a model: its type, what it refers to, and the rest of its arguments."""

    name: str
    type: str
    foreign_keys: tuple[str, ...]
    keywords: tuple[tuple[str, str], ...]
    line: int

    @property
    def definition(self) -> str:
        """Everything that is declared, as one line of source."""
        parts = [self.type, *(f"ForeignKey({key})" for key in self.foreign_keys)]
        return ", ".join([*parts, *(f"{name}={value}" for name, value in self.keywords)])


@dataclass(frozen=True)
class Model:
    """A class that stands for a table, with what its ``__table_args__`` hold."""

    table: str
    name: str
    line: int
    columns: tuple[DeclaredColumn, ...]
    arguments: tuple[Call, ...]


class Names:
    """What the names of a module stand for, by its imports of the library."""

    def __init__(self, tree: ast.Module) -> None:
        self.of: dict[str, str] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    known = alias.asname or alias.name.split(".")[0]
                    self.of[known] = alias.name if alias.asname else known
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for alias in node.names:
                    if alias.name == "*" and node.module == _LIBRARY:
                        for name in _STARRED:
                            self.of.setdefault(name, f"{_LIBRARY}.{name}")
                    else:
                        self.of[alias.asname or alias.name] = f"{node.module}.{alias.name}"

    def resolve(self, node: ast.expr) -> str | None:
        """The dotted name an expression spells, through the imports; ``None`` for others."""
        if isinstance(node, ast.Name):
            return self.of.get(node.id)
        if isinstance(node, ast.Attribute):
            base = self.resolve(node.value)
            return None if base is None else f"{base}.{node.attr}"
        return None

    def function(self, node: ast.Call) -> str | None:
        """The library function called, less where it is defined; ``None`` for others."""
        dotted = self.resolve(node.func)
        if dotted is None or dotted.split(".")[0] not in {_LIBRARY, "migrate", "alembic"}:
            return None
        return dotted.rsplit(".", 1)[1]

    def text(self, node: ast.expr) -> str:
        """Source of an expression in which names of the library lack their module."""
        return ast.unparse(_Shorten(self).visit(_copy(node)))


class _Shorten(ast.NodeTransformer):
    def __init__(self, names: Names) -> None:
        self._names = names

    def _short(self, node: ast.expr) -> ast.expr:
        dotted = self._names.resolve(node)
        if dotted is not None and dotted.startswith(_LIBRARY + "."):
            last = dotted.split(".")
            dialect = last[2] + "." if last[1] == "dialects" and len(last) > 3 else ""
            return ast.Name(dialect + last[-1], ast.Load())
        return self.generic_visit(node)  # type: ignore[return-value]

    visit_Name = visit_Attribute = _short


def _copy(node: ast.expr) -> ast.expr:
    return ast.parse(ast.unparse(node), mode="eval").body


def _call(names: Names, node: ast.Call, function: str) -> Call:
    return Call(
        function,
        tuple(names.text(argument) for argument in node.args),
        tuple((k.arg or "**", names.text(k.value)) for k in node.keywords),
        node.lineno,
    )


def models_in(source: bytes, path: str = "") -> tuple[Model, ...]:
    """The models of a module, in its order; raises ``UnreadableSource``."""
    tree, _ = parse_ast(source, path)
    names = Names(tree)
    found = []
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            assigned = _assignments(node)
            table = assigned.get("__tablename__")
            if isinstance(table, ast.Constant) and isinstance(table.value, str):
                found.append(_model(names, node, table.value, assigned))
    return tuple(found)


def _assignments(node: ast.ClassDef) -> dict[str, ast.expr]:
    return {
        target.id: statement.value
        for statement in node.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }


def _model(names: Names, node: ast.ClassDef, table: str, assigned: Mapping[str, ast.expr]) -> Model:
    columns = []
    for name, value in assigned.items():
        if isinstance(value, ast.Call) and names.function(value) == "Column":
            columns.append(_column(names, name, value))
    arguments = []
    table_args = assigned.get("__table_args__")
    if isinstance(table_args, ast.Tuple):
        # A name given to a constraint may itself be a constant of the class.
        constants = {n: v for n, v in assigned.items() if isinstance(v, ast.Constant)}
        for element in table_args.elts:
            if not isinstance(element, ast.Call):
                continue
            function = names.function(element)
            if function is None:
                raise UnreadableSource(
                    f"{ast.unparse(element.func)} is not known here", element.lineno
                )
            for keyword in element.keywords:
                if isinstance(keyword.value, ast.Name) and keyword.value.id in constants:
                    keyword.value = constants[keyword.value.id]
            arguments.append(_call(names, element, function))
    return Model(table, node.name, node.lineno, tuple(columns), tuple(arguments))


def _column(names: Names, name: str, node: ast.Call) -> DeclaredColumn:
    arguments = list(node.args)
    if arguments and isinstance(arguments[0], ast.Constant):
        name = str(arguments.pop(0).value)  # type: ignore[attr-defined]
    foreign = tuple(
        ", ".join(
            [names.text(a) for a in argument.args]
            + [f"{k.arg}={names.text(k.value)}" for k in argument.keywords]
        )
        for argument in arguments
        if isinstance(argument, ast.Call) and names.function(argument) == "ForeignKey"
    )
    types = [
        argument
        for argument in arguments
        if not (isinstance(argument, ast.Call) and names.function(argument) == "ForeignKey")
    ]
    if len(types) != 1:
        raise UnreadableSource(f"column {name} has no type, or more than one", node.lineno)
    keywords = tuple((k.arg or "**", names.text(k.value)) for k in node.keywords)
    return DeclaredColumn(name, names.text(types[0]), foreign, keywords, node.lineno)


@dataclass(frozen=True, order=True)
class Operation:
    """One thing a migration does to a table, as source text; ``column`` may be empty."""

    table: str
    column: str
    text: str
    line: int


_METHODS = frozenset(["alter", "create", "create_column", "drop", "drop_column", "rename"])
# A column that a statement changes, not a key or the table itself.
_NO_COLUMN = (
    "CHECK|COLUMN|CONSTRAINT|FOREIGN|FULLTEXT|IF|INDEX|KEY|PARTITION|PRIMARY|TABLE|TO|UNIQUE"
)
_CHANGED = re.compile(
    r"(?i)\b(?:ADD|ALTER|CHANGE|DROP|MODIFY|RENAME)\s+(?:COLUMN\s+)?(?:IF\s+(?:NOT\s+)?EXISTS\s+)?"
    rf"(?!(?:{_NO_COLUMN})\b)[`\"]?(\w+)"
)


def operations_in(source: bytes, tables: Collection[str], path: str = "") -> tuple[Operation, ...]:
    """What a migration says about ``tables``, in the order of the file.

    An operation whose table cannot be determined is counted to the only one of ``tables`` that the
    file names, or to ``?``. Raises ``UnreadableSource``.
    """
    tree, _ = parse_ast(source, path)
    names = Names(tree)
    mentioned = [table for table in tables if _mentions(tree, table)]
    if not mentioned:
        return ()
    unknown = mentioned[0] if len(mentioned) == 1 else "?"
    variables: dict[str, str] = {}
    batches: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            table = _table_named(names, node.value)
            for target in node.targets:
                if table is not None and isinstance(target, ast.Name):
                    variables[target.id] = table
        elif isinstance(node, ast.withitem) and isinstance(node.context_expr, ast.Call):
            table = _table_named(names, node.context_expr)
            if table is not None and isinstance(node.optional_vars, ast.Name):
                variables[node.optional_vars.id] = table
                batches.add(node.optional_vars.id)
    # A column taken out of a table under a name of its own: col = t.c.name
    aliases: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Attribute):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    aliases[target.id] = ast.unparse(node.value)
    found = [
        operation
        for node, owner in _walk_with_table(tree, names, unknown)
        for operation in _operations(node, names, variables, batches, aliases, owner, mentioned)
        if operation.table == "?" or operation.table in tables
    ]
    return tuple(dict.fromkeys(sorted(found, key=lambda o: (o.line, o.table, o.column, o.text))))


def _mentions(tree: ast.Module, table: str) -> bool:
    word = re.compile(rf"(?<![\w]){re.escape(table)}(?![\w])")
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
            if text == table or (" " in text and _is_statement(text) and word.search(text)):
                return True
    return False


def _is_statement(text: str) -> bool:
    return (
        text.lstrip()
        .upper()
        .startswith(("ALTER ", "CREATE ", "DELETE ", "DROP ", "INSERT ", "RENAME ", "UPDATE "))
    )


def _table_named(names: Names, node: ast.Call) -> str | None:
    """The table a ``Table(...)`` or ``op.something(table, ...)`` call is about."""
    function = names.function(node)
    dotted = names.resolve(node.func) or ""
    is_alembic = dotted.startswith("alembic.op.")
    if function is None or (not is_alembic and function != "Table"):
        return None
    if is_alembic:
        return _argument(node, 1 if function in _SECOND else 0, "table_name", "source_table")
    return _argument(node, 0, "name")


def _argument(node: ast.Call, position: int, *keywords: str) -> str | None:
    """The text given in a position or under one of some names; ``None`` for what is no text."""
    given = [node.args[position]] if len(node.args) > position else []
    given += [k.value for k in node.keywords if k.arg in keywords]
    for value in given:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return value.value
    return None


# Operations of Alembic whose first argument is a name, and whose second is the table.
_SECOND = frozenset(
    [
        "create_check_constraint",
        "create_foreign_key",
        "create_index",
        "create_primary_key",
        "create_unique_constraint",
        "drop_constraint",
        "drop_index",
    ]
)


# Operations of Alembic that change nothing themselves.
_SILENT = frozenset(["batch_alter_table", "create_table", "get_bind", "get_context"])


def _is_column(names: Names, node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and names.function(node) == "Column"


def _walk_with_table(node: ast.AST, names: Names, owner: str) -> Iterator[tuple[ast.AST, str]]:
    if isinstance(node, ast.Call):
        owner = _table_named(names, node) or owner
    yield node, owner
    for child in ast.iter_child_nodes(node):
        yield from _walk_with_table(child, names, owner)


def _operations(
    node: ast.AST,
    names: Names,
    variables: Mapping[str, str],
    batches: Collection[str],
    aliases: Mapping[str, str],
    owner: str,
    mentioned: Collection[str],
) -> Iterator[Operation]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = " ".join(node.value.split())
        if _is_statement(text + " "):
            for table in mentioned:
                if re.search(rf"(?<!\w){re.escape(table)}(?!\w)", text):
                    changed = _CHANGED.findall(text) if text.upper().startswith("ALTER ") else []
                    for column in changed or [""]:
                        yield Operation(table, column, text, node.lineno)
    if not isinstance(node, ast.Call):
        return
    function = names.function(node)
    if function in _CHANGES:
        first = node.args[0] if node.args else None
        column = first.value if isinstance(first, ast.Constant) and function == "Column" else ""
        yield Operation(owner, str(column), str(_call(names, node, function)), node.lineno)
        return
    dotted = names.resolve(node.func) or ""
    in_batch = (
        isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in batches
    )
    if dotted.startswith("alembic.op.") or in_batch:
        assert isinstance(node.func, ast.Attribute)
        function = node.func.attr
        if function in _SILENT or any(_is_column(names, a) for a in node.args):
            return  # What is inside tells itself.
        if function == "execute" and _argument(node, 0) is not None:
            return  # So does a statement.
        table = _table_named(names, node) or owner
        if in_batch:
            table = variables[ast.unparse(node.func.value)]
        column = ""
        if function in {"alter_column", "drop_column"}:
            column = _argument(node, 0 if in_batch else 1, "column_name") or ""
        yield Operation(table, column, str(_call(names, node, function)), node.lineno)
        return
    if isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS:
        if any(_is_column(names, a) for a in node.args):
            return  # The column tells itself.
        what = ast.unparse(node.func.value)
        what = aliases.get(what, what)
        table = variables.get(what.split(".")[0], owner)
        match = re.fullmatch(r"\w+\.c\.(\w+)", what)
        if node.func.attr != "create" or match:
            arguments = ", ".join(
                [names.text(a) for a in node.args]
                + [f"{k.arg}={names.text(k.value)}" for k in node.keywords]
            )
            text = f"{what}.{node.func.attr}({arguments})"
            yield Operation(table, match[1] if match else "", text, node.lineno)
