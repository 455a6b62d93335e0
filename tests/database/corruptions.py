"""Single rows bent at random, and everything put back as it was."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

# What no call of the service shows, or what it changes by itself with every write.
_LEFT = {"id", "created_at", "updated_at", "generation", "can_host"}
_WITHOUT_FOREIGN_KEYS = {
    "sqlite": "SELECT 1",
    "mysql": "SET SESSION foreign_key_checks = 0",
    "postgresql": "SET LOCAL session_replication_role = replica",
}


@dataclass(frozen=True)
class Rows:
    """All rows of some tables, as one database held them."""

    engine: sa.Engine
    tables: tuple[sa.Table, ...]
    held: tuple[tuple[dict[str, Any], ...], ...]

    @classmethod
    def of(cls, engine: sa.Engine, tables: Sequence[str]) -> Rows:
        meta = sa.MetaData()
        meta.reflect(engine, only=tables)
        found = tuple(meta.tables[name] for name in sorted(tables))
        with engine.connect() as connection:
            held = tuple(
                tuple(dict(row._mapping) for row in connection.execute(_in_order(table)))
                for table in found
            )
        return cls(engine, found, held)

    def put_back(self) -> None:
        """Every row as it was held, and no other."""
        with self.engine.begin() as connection:
            connection.execute(sa.text(_WITHOUT_FOREIGN_KEYS[self.engine.dialect.name]))
            for table, rows in zip(self.tables, self.held, strict=True):
                connection.execute(table.delete())
                if rows:
                    connection.execute(table.insert(), list(rows))

    def changed(self) -> set[str]:
        """The tables that differ from what was held, in what an API might show."""
        now = Rows.of(self.engine, [table.name for table in self.tables])
        return {
            table.name
            for table, before, after in zip(self.tables, self.held, now.held, strict=True)
            if sorted(map(_seen, before)) != sorted(map(_seen, after))
        }


def _in_order(table: sa.Table) -> sa.Select[Any]:
    return sa.select(table).order_by(*table.primary_key)


def _seen(row: dict[str, Any]) -> str:
    dated = row["created_at"] is not None
    return repr([dated, *((name, value) for name, value in row.items() if name not in _LEFT)])


def bend(rows: Rows, rng: Any) -> tuple[str, str]:
    """Change, delete or add one row, not looking at whether that makes sense.

    Returns its table and what was done.
    """
    while True:
        place = rng.randrange(len(rows.tables))
        table = rows.tables[place]
        if not rows.held[place]:
            continue
        row = rng.choice(rows.held[place])
        key = sa.and_(*(column == row[column.name] for column in table.primary_key))
        columns = [c for c in table.columns if c.name not in _LEFT]
        how = rng.choice(["change"] * 4 + ["delete"] * 2 + ["add"] * 2 + ["forget when"])
        column = rng.choice(columns)
        value = _other(row[column.name], rng)
        try:
            with rows.engine.begin() as connection:
                if how == "delete":
                    connection.execute(table.delete().where(key))
                    return table.name, f"delete from {table.name}"
                if how == "change":
                    connection.execute(table.update().where(key).values({column.name: value}))
                    told = f"{table.name}.{column.name}: {row[column.name]!r} -> {value!r}"
                    return table.name, told
                if how == "forget when":
                    never = {"created_at": None, "updated_at": None}
                    connection.execute(table.update().where(key).values(never))
                    return table.name, f"forget when {table.name} was made"
                copied = {k: v for k, v in row.items() if k != "id"} | {column.name: value}
                connection.execute(table.insert().values(copied))
                return table.name, f"add to {table.name}, with {column.name} {value!r}"
        except sa.exc.DBAPIError:
            # The database itself does not let that happen.
            continue


def _other(value: Any, rng: Any) -> Any:
    if value is None or isinstance(value, int | float):
        return value + rng.choice([-1, 1, 2, 7]) if value else rng.choice([1, 2, 7])
    made = str(uuid.UUID(int=rng.getrandbits(128)))
    return made if len(value) == 36 else f"CUSTOM_{made[:8].upper()}"
