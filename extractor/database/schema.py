"""The schema of some tables as their server tells it, and where two schemas differ."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from extractor.database.connect import hidden, told
from extractor.errors import SourceError


@dataclass(frozen=True)
class Column:
    """One column; ``length`` is in characters, ``default`` the server's, as it tells it."""

    name: str
    type: str
    length: int | None = None
    collation: str | None = None
    nullable: bool = True
    default: str | None = None
    autoincrement: bool = False


@dataclass(frozen=True)
class Index:
    """An index or a unique constraint over columns in order."""

    name: str
    columns: tuple[str, ...]
    unique: bool = False


@dataclass(frozen=True)
class ForeignKey:
    """Columns that hold another table's key; ``name`` is the server's where it has one."""

    name: str
    columns: tuple[str, ...]
    table: str
    targets: tuple[str, ...]
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Table:
    """One table: columns in order, everything else sorted by name."""

    name: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()
    indexes: tuple[Index, ...] = ()
    unique: tuple[Index, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    options: tuple[tuple[str, str], ...] = ()

    def column(self, name: str) -> Column | None:
        """The column of that name, or ``None``."""
        return next((c for c in self.columns if c.name == name), None)


@dataclass(frozen=True)
class Schema:
    """Tables as one kind of server has them; ``engine`` is sqlite, mysql or postgresql."""

    engine: str
    tables: tuple[Table, ...]

    def table(self, name: str) -> Table | None:
        """The table of that name, or ``None``."""
        return next((t for t in self.tables if t.name == name), None)


@dataclass(frozen=True, order=True)
class Difference:
    """One thing that two schemas do not share; ``column`` is empty for what is the table's."""

    table: str
    column: str
    what: str
    one: str
    other: str

    def __str__(self) -> str:
        where = f"{self.table}.{self.column}" if self.column else self.table
        return f"{where}: {self.what}: {self.one} / {self.other}"


def reflect(engine: Engine, tables: Collection[str]) -> Schema:
    """What the server says of ``tables``; a missing one is left out.

    ``SourceError`` when the database cannot be read.
    """
    with told("cannot read the schema of", engine.url), engine.connect() as connection:
        inspector = sa.inspect(connection)
        there = set(inspector.get_table_names())
        return Schema(
            engine.dialect.name,
            tuple(_table(inspector, name) for name in sorted(tables) if name in there),
        )


def require(schema: Schema, tables: Collection[str], engine: Engine) -> None:
    """``SourceError`` naming every table that is not there."""
    missing = sorted(set(tables) - {table.name for table in schema.tables})
    if missing:
        word = "table" if len(missing) == 1 else "tables"
        raise SourceError(f"{hidden(engine.url)}: no {word} {', '.join(missing)}")


def _table(inspector: sa.Inspector, name: str) -> Table:
    primary = inspector.get_pk_constraint(name)["constrained_columns"]
    options: Mapping[str, Any] = {}
    if inspector.engine.dialect.name == "mysql":
        options = inspector.get_table_options(name)
    uniques = [
        Index(str(u["name"]), tuple(u["column_names"]), True)
        for u in inspector.get_unique_constraints(name)
    ]
    # MySQL and PostgreSQL tell a unique constraint a second time as an index.
    known = {u.name for u in uniques}
    indexes = [
        Index(str(i["name"]), tuple(str(c) for c in i["column_names"]), bool(i["unique"]))
        for i in inspector.get_indexes(name)
        if i["name"] not in known
    ]
    keys = [
        ForeignKey(
            str(k["name"] or ""),
            tuple(k["constrained_columns"]),
            k["referred_table"],
            tuple(k["referred_columns"]),
            tuple(sorted((o, str(v)) for o, v in k.get("options", {}).items())),
        )
        for k in inspector.get_foreign_keys(name)
    ]
    return Table(
        name,
        tuple(_column(c, primary, inspector) for c in inspector.get_columns(name)),
        tuple(primary),
        tuple(sorted(indexes, key=lambda i: i.name)),
        tuple(sorted(uniques, key=lambda u: u.name)),
        tuple(sorted(keys, key=lambda k: (k.name, k.columns))),
        tuple(sorted((o, str(v)) for o, v in options.items())),
    )


def _column(told_: Mapping[str, Any], primary: Sequence[str], inspector: sa.Inspector) -> Column:
    kind = told_["type"]
    default = told_["default"]
    increments = told_.get("autoincrement") is True
    if inspector.engine.dialect.name == "sqlite":
        # An INTEGER that alone is the key gets the next number there.
        increments = list(primary) == [told_["name"]] and isinstance(kind, sa.Integer)
    return Column(
        told_["name"],
        type(kind).__name__.upper(),
        getattr(kind, "length", None),
        getattr(kind, "collation", None),
        bool(told_["nullable"]),
        None if default is None else str(default),
        increments,
    )


def compare(one: Schema, other: Schema) -> tuple[Difference, ...]:
    """Every difference between the two, sorted; of two kinds of server only names and shapes."""
    if one.engine != other.engine:
        one, other = _portable(one), _portable(other)
    return tuple(sorted(_compare(one, other)))


def compare_models(schema: Schema, models: Schema) -> tuple[Difference, ...]:
    """What models declare otherwise than the schema has it, on one kind of server.

    Models say nothing about the order of columns, collations, options of tables and the names
    a server gives to unnamed keys, so none of these is compared.
    """
    return tuple(sorted(_compare(_as_models(schema), _as_models(models))))


def _as_models(schema: Schema) -> Schema:
    tables = []
    for table in schema.tables:
        columns = tuple(
            replace(c, collation=None, default=c.default and c.default.strip("'"))
            for c in sorted(table.columns, key=lambda c: c.name)
        )
        keys = sorted((replace(k, name="") for k in table.foreign_keys), key=lambda k: k.columns)
        tables.append(replace(table, columns=columns, foreign_keys=tuple(keys), options=()))
    return replace(schema, tables=tuple(tables))


def _portable(schema: Schema) -> Schema:
    tables = []
    for table in schema.tables:
        columns = tuple(
            Column(c.name, "", c.length, None, c.nullable, None, c.autoincrement)
            for c in table.columns
        )
        keys = tuple(
            sorted(
                (ForeignKey("", k.columns, k.table, k.targets) for k in table.foreign_keys),
                key=lambda k: k.columns,
            )
        )
        indexes, unique = table.indexes, table.unique
        tables.append(Table(table.name, columns, table.primary_key, indexes, unique, keys))
    return Schema("", tuple(tables))


def _compare(one: Schema, other: Schema) -> Iterator[Difference]:
    for name in sorted({t.name for t in (*one.tables, *other.tables)}):
        left, right = one.table(name), other.table(name)
        if left is None or right is None:
            yield Difference(name, "", "table", _there(left), _there(right))
            continue
        yield from _compare_columns(left, right)
        for what in ("primary_key", "options"):
            a, b = getattr(left, what), getattr(right, what)
            if a != b:
                yield Difference(name, "", what.replace("_", " "), str(a), str(b))
        for what in ("indexes", "unique", "foreign_keys"):
            yield from _compare_named(name, what, getattr(left, what), getattr(right, what))


def _there(thing: object) -> str:
    return "missing" if thing is None else "there"


def _compare_columns(left: Table, right: Table) -> Iterator[Difference]:
    names = {c.name for c in (*left.columns, *right.columns)}
    for name in sorted(names):
        a, b = left.column(name), right.column(name)
        if a is None or b is None:
            yield Difference(left.name, name, "column", _there(a), _there(b))
            continue
        for what in ("type", "length", "collation", "nullable", "default", "autoincrement"):
            x, y = getattr(a, what), getattr(b, what)
            if x != y:
                yield Difference(left.name, name, what, str(x), str(y))
    shared = [c.name for c in left.columns if right.column(c.name)]
    shared_right = [c.name for c in right.columns if left.column(c.name)]
    if shared != shared_right:
        yield Difference(
            left.name, "", "order of columns", ", ".join(shared), ", ".join(shared_right)
        )


def _compare_named(
    table: str, what: str, left: Sequence[Any], right: Sequence[Any]
) -> Iterator[Difference]:
    singular = {"indexes": "index", "unique": "unique constraint", "foreign_keys": "foreign key"}
    for thing in sorted({*left, *right} - ({*left} & {*right}), key=str):
        column = thing.columns[0] if len(thing.columns) == 1 else ""
        yield Difference(
            table,
            column,
            f"{singular[what]} {_said(thing)}",
            "there" if thing in left else "missing",
            "there" if thing in right else "missing",
        )


def _said(thing: Index | ForeignKey) -> str:
    name = f"{thing.name} " if thing.name else ""
    text = f"{name}({', '.join(thing.columns)})"
    if isinstance(thing, ForeignKey):
        text += f" to {thing.table} ({', '.join(thing.targets)})"
    return text
