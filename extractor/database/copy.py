"""Carry the rows of some tables from one database to another, checked and restartable.

What was copied is kept in a table of the target (``JOURNAL``) in the same transaction as the rows,
so that a run that was killed is continued by the next. While it goes on, the target bears no
version; it gets it back when counts and checksums agree.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from extractor.database.connect import engine_for, hidden, parse, same, told
from extractor.database.rows import Cutter, Dialect, Row, ahead, dialect_for
from extractor.database.schema import Schema, Table, reflect, require
from extractor.errors import DidNotHold, SourceError, UsageError
from extractor.plan.model import Database
from extractor.progress import Progress, Stage
from extractor.wording import counted

JOURNAL = "extractor_copy"
_SHELF = "to make again"
# From this size on the servers' own short ways are worth their price.
_MANY = 20_000
_T = TypeVar("_T")


@dataclass(frozen=True)
class TableCopy:
    """What is to be done, or was done, with one table. ``cut`` counts values made narrower."""

    table: str
    rows: int
    copied_before: int = 0
    checksum: str = ""
    cut: int = 0


@dataclass(frozen=True)
class CopyReport:
    """One copy, or what it would do: ``written`` says which."""

    source: str
    target: str
    source_version: str
    target_version: str
    written: bool
    continued: bool
    tables: tuple[TableCopy, ...]
    snapshot: str = ""

    def values(self) -> dict[str, Any]:
        """The report as plain data."""
        return {
            "source": self.source,
            "target": self.target,
            "source_version": self.source_version,
            "target_version": self.target_version,
            "written": self.written,
            "continued": self.continued,
            "snapshot": self.snapshot,
            "tables": [vars(table) for table in self.tables],
        }

    def text(self) -> str:
        """The report for a person."""
        verb = "copied" if self.written else "to copy"
        lines = [
            f"{self.source} (version {self.source_version}) -> "
            f"{self.target} (version {self.target_version})"
        ]
        for t in self.tables:
            more = f", {t.copied_before} were there already" if t.copied_before else ""
            check = f", checksum {t.checksum[:16]}" if t.checksum else ""
            cut = f", {counted(t.cut, 'value')} cut to what the target holds" if t.cut else ""
            lines.append(f"  {t.table}: {counted(t.rows, 'row')} {verb}{more}{check}{cut}")
        lines.append(f"snapshot: {self.snapshot}")
        if not self.written:
            lines.append("nothing was written: this was a dry run, --write copies")
        return "\n".join(lines)


@dataclass
class _Ends:
    """The two databases, opened, looked at and found fit for each other."""

    source: Dialect
    target: Dialect
    schema: Schema
    target_schema: Schema
    source_version: str
    target_version: str
    journal: dict[str, dict[str, Any]] = field(default_factory=dict)
    shelved: dict[str, list[str]] = field(default_factory=dict)
    snapshot: str = ""
    begun: bool = False

    def order(self) -> list[Table]:
        """Tables, those before others that others refer to."""
        done: list[str] = []
        tables = {t.name: t for t in self.schema.tables}
        while len(done) < len(tables):
            ready = [
                t.name
                for t in self.schema.tables
                if t.name not in done
                and {k.table for k in t.foreign_keys} & set(tables) <= {*done, t.name}
            ]
            if not ready:
                raise SourceError("the tables' foreign keys form a cycle")
            done += ready
        return [tables[name] for name in done]


def copy(
    from_url: str,
    to_url: str,
    settings: Database,
    progress: Progress,
    *,
    write: bool = False,
    quiet_source: bool = False,
) -> CopyReport:
    """Copy the tables of ``settings``; without ``write`` only say what would be done.

    ``quiet_source``: the caller knows that nobody writes to the source. Raises ``SourceError``
    when a database cannot be used, ``UsageError`` when they do not fit, ``DidNotHold`` when what
    arrived is not what was sent.
    """
    if same(parse(from_url), parse(to_url)):
        raise UsageError("--from and --to name the same database")
    source_engine = engine_for(from_url, read_only=True)
    target_engine = engine_for(to_url)
    ends = _look(source_engine, target_engine, settings)
    with _connection(ends.source, "cannot read") as reader:
        _hold(ends, reader, settings, quiet_source)
        order = ends.order()
        counts = {t.name: _count(ends.source, reader, t) for t in order}
        if not write:
            tables = tuple(
                TableCopy(t.name, counts[t.name], ends.journal.get(t.name, {}).get("rows", 0))
                for t in order
            )
            return _report(ends, False, tables)
        try:
            with _connection(ends.target, "cannot write to") as writer:
                return _copy(ends, reader, writer, order, counts, settings, progress)
        except SourceError as error:
            if not ends.begun:
                raise
            raise SourceError(f"{error}; the same command resumes the copy") from None


def _report(ends: _Ends, written: bool, tables: tuple[TableCopy, ...]) -> CopyReport:
    return CopyReport(
        hidden(ends.source.engine.url),
        hidden(ends.target.engine.url),
        ends.source_version,
        ends.target_version,
        written,
        bool(ends.journal),
        tuple(sorted(tables, key=lambda t: t.table)),
        ends.snapshot,
    )


def _look(source: Engine, target: Engine, settings: Database) -> _Ends:
    tables = settings.tables
    schema = reflect(source, tables)
    require(schema, tables, source)
    version = _source_version(source, settings)
    target_schema = reflect(target, tables)
    if len(target_schema.tables) < len(tables):
        there = {t.name for t in target_schema.tables}
        missing = ", ".join(sorted(set(tables) - there))
        raise UsageError(
            f"{hidden(target.url)}: no table {missing}; let the new repository's own command make "
            "its tables first"
        )
    _require_same_columns(source, schema, target, target_schema)
    journal = _read_journal(target)
    shelved = journal.pop(_SHELF, {})
    target_version = _target_version(target, settings, journal)
    if journal:
        begun = next(iter(journal.values()))["source"]
        if begun != hidden(source.url):
            raise UsageError(
                f"{hidden(target.url)} holds half of a copy of {begun}: resume that one, "
                "or empty the target"
            )
    else:
        full = _tables_with_rows(target, target_schema, settings)
        if full:
            raise UsageError(
                f"{hidden(target.url)} holds data already in {', '.join(full)}: "
                "a copy needs an empty target"
            )
    return _Ends(
        dialect_for(source),
        dialect_for(target),
        schema,
        target_schema,
        version,
        target_version,
        journal,
        shelved,
    )


def _require_same_columns(
    source: Engine, schema: Schema, target: Engine, target_schema: Schema
) -> None:
    for table in schema.tables:
        other = target_schema.table(table.name)
        assert other is not None
        mine = {c.name for c in table.columns}
        theirs = {c.name for c in other.columns}
        for name in sorted(mine ^ theirs):
            lacking = source if name in theirs else target
            raise UsageError(
                f"{hidden(lacking.url)} has no column {table.name}.{name}, which the other side "
                "has: bring both to the same release first"
            )


def _source_version(engine: Engine, settings: Database) -> str:
    """The source's own version; ``UsageError`` when it is none that the plan knows."""
    found = _versions(engine, settings.version_table, "version_num")
    if found == [settings.revision]:
        return settings.revision
    numbers = _versions(engine, settings.source_version_table, "version")
    low, high = settings.source_versions
    if len(numbers) == 1 and low <= int(numbers[0]) <= high:
        return str(numbers[0])
    told = ", ".join(map(str, [*found, *numbers])) or "none"
    raise UsageError(
        f"{hidden(engine.url)} has version {told}; a copy knows {low} to {high} and "
        f"{settings.revision}"
    )


def _target_version(engine: Engine, settings: Database, journal: dict[str, dict[str, Any]]) -> str:
    if journal:
        return str(next(iter(journal.values()))["version"])
    found = _versions(engine, settings.version_table, "version_num")
    if found != [settings.revision]:
        told = ", ".join(map(str, found)) or "none"
        raise UsageError(
            f"{hidden(engine.url)} has version {told}; a copy writes to {settings.revision} only"
        )
    return settings.revision


def _versions(engine: Engine, table: str, column: str) -> list[Any]:
    with told("cannot read", engine.url), engine.connect() as connection:
        if not sa.inspect(connection).has_table(table):
            return []
        found: sa.Result[Any] = connection.execute(
            sa.select(sa.column(column)).select_from(sa.table(table))
        )
        return sorted(row[0] for row in found)


def _tables_with_rows(engine: Engine, schema: Schema, settings: Database) -> list[str]:
    with told("cannot read", engine.url), engine.connect() as connection:
        return [
            t.name
            for t in schema.tables
            if connection.execute(sa.text(f"SELECT 1 FROM {t.name} LIMIT 1")).first()
        ]


def _read_journal(engine: Engine) -> dict[str, dict[str, Any]]:
    with told("cannot read", engine.url), engine.connect() as connection:
        if not sa.inspect(connection).has_table(JOURNAL):
            return {}
        rows = connection.execute(sa.text(f"SELECT name, state FROM {JOURNAL}"))
        return {name: json.loads(state) for name, state in rows}


@contextmanager
def _connection(dialect: Dialect, what: str) -> Iterator[Any]:
    with told(what, dialect.engine.url):
        connection = dialect.connect()
        try:
            yield connection
        finally:
            # Nothing half-done stays, and a connection that is gone cannot be closed.
            with suppress(Exception):
                dialect.rollback(connection)
            with suppress(Exception):
                connection.close()


def _hold(ends: _Ends, reader: Any, settings: Database, quiet_source: bool) -> None:
    why_not = ends.source.no_snapshot(reader, settings.tables)
    if why_not and not quiet_source:
        raise UsageError(
            f"{hidden(ends.source.engine.url)}: no consistent snapshot is possible ({why_not}): "
            "stop everything that writes to it, then add --source-is-quiet"
        )
    ends.snapshot = f"none, {why_not}" if why_not else "consistent"
    ends.source.begin_snapshot(reader)


def _count(dialect: Dialect, connection: Any, table: Table) -> int:
    rows = dialect.run(connection, f"SELECT count(*) FROM {dialect.quoted(table.name)}")
    return int(rows[0][0])


def _copy(
    ends: _Ends,
    reader: Any,
    writer: Any,
    order: Sequence[Table],
    counts: dict[str, int],
    settings: Database,
    progress: Progress,
) -> CopyReport:
    ends.target.prepare_target(writer)
    ends.begun = bool(ends.journal)
    if not ends.begun:
        _begin(ends, writer, order, counts, settings)
        ends.begun = True
    else:
        with progress.stage("compare what was copied before"):
            _reconcile(ends, reader, writer, order)
    done = []
    for table in order:
        with progress.stage(table.name) as stage:
            done.append(_copy_table(ends, reader, writer, table, counts[table.name], stage))
    _link(ends, reader, writer, order)
    _make_indexes(ends, writer, progress)
    for table in order:
        ends.target.finish(writer, _target_table(ends, table))
        ends.target.commit(writer)
    verified = _verify(ends, reader, writer, order, {t.table: t for t in done}, progress)
    _finish(ends, writer, settings)
    return _report(ends, True, verified)


def _begin(
    ends: _Ends,
    writer: Any,
    order: Sequence[Table],
    counts: dict[str, int],
    settings: Database,
) -> None:
    target = ends.target
    target.begin(writer)
    target.run(
        writer,
        f"CREATE TABLE IF NOT EXISTS {JOURNAL} "
        "(name VARCHAR(64) NOT NULL PRIMARY KEY, state TEXT NOT NULL)",
    )
    target.run(writer, f"DELETE FROM {JOURNAL}")
    for table in order:
        state = _state(ends, 0, None)
        target.run(
            writer, f"INSERT INTO {JOURNAL} (name, state) VALUES (?, ?)", (table.name, state)
        )
    for table in order:
        if counts[table.name] >= _MANY:
            again = target.shelve(writer, table)
            if again:
                ends.shelved[table.name] = again
    target.run(
        writer,
        f"INSERT INTO {JOURNAL} (name, state) VALUES (?, ?)",
        (_SHELF, json.dumps(ends.shelved)),
    )
    target.run(writer, f"DELETE FROM {settings.version_table}")
    target.commit(writer)


def _make_indexes(ends: _Ends, writer: Any, progress: Progress) -> None:
    target = ends.target
    if not ends.shelved:
        return
    with progress.stage("indexes and constraints"):
        target.begin(writer)
        for sql in itertools.chain.from_iterable(ends.shelved.values()):
            target.run(writer, sql)
        target.run(
            writer,
            f"UPDATE {JOURNAL} SET state = ? WHERE name = ?",
            ("{}", _SHELF),
        )
        target.commit(writer)


def _state(ends: _Ends, rows: int, key: Row | None) -> str:
    return json.dumps(
        {
            "source": hidden(ends.source.engine.url),
            "version": ends.target_version,
            "rows": rows,
            "key": list(key) if key is not None else None,
        }
    )


def _note(ends: _Ends, writer: Any, table: Table, rows: int, key: Row | None) -> None:
    ends.target.run(
        writer,
        f"UPDATE {JOURNAL} SET state = ? WHERE name = ?",
        (_state(ends, rows, key), table.name),
    )


def _target_table(ends: _Ends, table: Table) -> Table:
    """The target's idea of a table, with the source's order of columns."""
    other = ends.target_schema.table(table.name)
    assert other is not None
    by_name = {c.name: c for c in other.columns}
    columns = tuple(by_name[c.name] for c in table.columns)
    return Table(other.name, columns, table.primary_key, foreign_keys=other.foreign_keys)


def _key_of(table: Table) -> list[int]:
    names = [c.name for c in table.columns]
    return [names.index(name) for name in table.primary_key]


def _self_references(table: Table) -> list[int]:
    """Positions of columns that refer to a row of the same table by its one key."""
    names = [c.name for c in table.columns]
    return sorted(
        names.index(k.columns[0])
        for k in table.foreign_keys
        if k.table == table.name and k.targets == table.primary_key and len(k.columns) == 1
    )


def _copy_table(
    ends: _Ends, reader: Any, writer: Any, table: Table, count: int, stage: Stage
) -> TableCopy:
    state = ends.journal.get(table.name, {})
    before = rows = int(state.get("rows", 0))
    after = tuple(state["key"]) if state.get("key") else None
    target_table = _target_table(ends, table)
    cutter = Cutter(ends.source, ends.target, target_table)
    key, references = _key_of(table), _self_references(table)
    poured = None
    # Where references are shelved, rows may come before those they refer to.
    if _is_same_kind(ends, count) and (not references or table.name in ends.shelved):
        poured = ends.source.pour(reader, writer, table, after)
    if poured is not None:
        for written, last in poured:
            rows += written
            _note(ends, writer, table, rows, last)
            ends.target.commit(writer)
            stage.update(rows, count, "rows")
        return TableCopy(table.name, count, before)
    checksum = Checksum()
    with closing(ahead(ends.source.read(reader, table, after))) as batches:
        for batch in batches:
            cut = cutter(batch)
            checksum.update(cut)
            sent = _without_later(cut, key, references)
            ends.target.begin(writer)
            ends.target.write(writer, target_table, sent)
            rows += len(batch)
            after = tuple(batch[-1][i] for i in key)
            _note(ends, writer, table, rows, after)
            ends.target.commit(writer)
            stage.update(rows, count, "rows")
    whole = "" if before else checksum.text()
    return TableCopy(table.name, count, before, whole, cutter.changed)


def _is_same_kind(ends: _Ends, count: int) -> bool:
    return ends.source.name == ends.target.name and count >= _MANY


def _without_later(rows: list[Row], key: list[int], references: list[int]) -> list[Row]:
    """Rows without references to rows that come later; ``_link`` sets these at the end."""
    if not references:
        return rows
    result = []
    for row in rows:
        values = list(row)
        for i in references:
            if values[i] is not None and values[i] > row[key[0]]:
                values[i] = None
        result.append(tuple(values))
    return result


def _link(ends: _Ends, reader: Any, writer: Any, order: Iterable[Table]) -> None:
    """Set the references to later rows, now that all rows are there."""
    for table in order:
        names = [c.name for c in table.columns]
        for i in _self_references(table):
            q, t = ends.source.quoted, ends.target.quoted
            key, column = table.primary_key[0], names[i]
            later = ends.source.run(
                reader,
                f"SELECT {q(key)}, {q(column)} FROM {q(table.name)} WHERE {q(column)} > {q(key)}",
            )
            ends.target.begin(writer)
            for row_key, value in later:
                ends.target.run(
                    writer,
                    f"UPDATE {t(table.name)} SET {t(column)} = ? WHERE {t(key)} = ?",
                    (value, row_key),
                )
            ends.target.commit(writer)


def _reconcile(ends: _Ends, reader: Any, writer: Any, order: Sequence[Table]) -> None:
    """Bring what a killed run left to the state the source is in now.

    First what the source no longer has is deleted, tables that refer to others first; then what
    it changed or got in between is written.
    """
    for insert in (False, True):
        for table in order if insert else reversed(order):
            state = ends.journal.get(table.name, {})
            if state.get("key"):
                _reconcile_table(ends, reader, writer, table, tuple(state["key"]), insert)


def _reconcile_table(
    ends: _Ends, reader: Any, writer: Any, table: Table, upto: Row, insert: bool
) -> None:
    target_table = _target_table(ends, table)
    cutter = Cutter(ends.source, ends.target, target_table)
    key, references = _key_of(table), _self_references(table)
    changed: list[Row] = []
    new: list[Row] = []
    gone: list[Row] = []
    rows = 0
    with _connection(ends.target, "cannot read") as other:
        ends.target.begin_snapshot(other)
        here = _flat(ends.source.read(reader, table, None, upto))
        there = _flat(ends.target.read(other, target_table, None, upto))
        for left, right in _merge(here, there, key):
            rows += left is not None
            if left is None:
                assert right is not None
                gone.append(tuple(right[i] for i in key))
            else:
                wanted = _without_later(cutter([left]), key, references)[0]
                if right is None:
                    new.append(wanted)
                elif _without_later([right], key, references)[0] != wanted:
                    changed.append(wanted)
    target = ends.target
    where = " AND ".join(f"{target.quoted(name)} = ?" for name in table.primary_key)
    target.begin(writer)
    if not insert:
        for row in gone:
            target.run(writer, f"DELETE FROM {target.quoted(table.name)} WHERE {where}", row)
    else:
        sets = ", ".join(f"{target.quoted(c.name)} = ?" for c in table.columns)
        for row in target.own(changed, target_table):
            target.run(
                writer,
                f"UPDATE {target.quoted(table.name)} SET {sets} WHERE {where}",
                (*row, *(row[i] for i in key)),
            )
        if new:
            target.write(writer, target_table, new)
        _note(ends, writer, table, rows, upto)
        ends.journal[table.name]["rows"] = rows
    target.commit(writer)


def _flat(batches: Iterable[list[Row]]) -> Iterator[Row]:
    for batch in batches:
        yield from batch


def _merge(
    left: Iterator[Row], right: Iterator[Row], key: list[int]
) -> Iterator[tuple[Row | None, Row | None]]:
    """Pairs of rows with the same key; both sides come in the order of the key."""
    a, b = next(left, None), next(right, None)
    while a is not None or b is not None:
        ka = tuple(a[i] for i in key) if a is not None else None
        kb = tuple(b[i] for i in key) if b is not None else None
        if kb is None or (ka is not None and ka < kb):
            yield a, None
            a = next(left, None)
        elif ka is None or kb < ka:
            yield None, b
            b = next(right, None)
        else:
            yield a, b
            a, b = next(left, None), next(right, None)


def _verify(
    ends: _Ends,
    reader: Any,
    writer: Any,
    order: Sequence[Table],
    done: dict[str, TableCopy],
    progress: Progress,
) -> tuple[TableCopy, ...]:
    for table in order:
        target_table = _target_table(ends, table)
        old = done[table.name]
        if _is_same_kind(ends, old.rows):
            with progress.stage(f"verify {table.name}"):
                both = _server_checksums(ends, reader, writer, table)
            # Servers set up differently may tell the same rows in different words.
            if both is not None and both[0] == both[1]:
                text, count = both[0]
                done[table.name] = TableCopy(old.table, count, old.copied_before, text, old.cut)
                continue
        with progress.stage(f"verify {table.name}") as stage:
            sent, sent_rows = old.checksum, old.rows
            if not sent:
                # An earlier run sent a part: the whole is read once more.
                cutter = Cutter(ends.source, ends.target, target_table)
                whole = Checksum().over(map(cutter, ends.source.read(reader, table)))
                sent, sent_rows = whole.text(), whole.rows
            there = Checksum().over(ends.target.read(writer, target_table), stage)
            got, got_rows = there.text(), there.rows
            ends.target.commit(writer)
        if (sent, sent_rows) != (got, got_rows):
            raise DidNotHold(
                f"{table.name}: {counted(sent_rows, 'row')} with checksum {sent[:16]} were sent, "
                f"{got_rows} "
                f"with {got[:16]} arrived; the target has no version stamp and must not be used"
            )
        done[table.name] = TableCopy(old.table, got_rows, old.copied_before, got, old.cut)
    return tuple(done.values())


def _server_checksums(
    ends: _Ends, reader: Any, writer: Any, table: Table
) -> tuple[tuple[str, int], tuple[str, int]] | None:
    """Both servers' own checksums, made at the same time; ``None`` where one has none."""
    found: list[tuple[str, int] | None] = []
    failed: list[BaseException] = []

    def there() -> None:
        try:
            with told("cannot read", ends.source.engine.url):
                found.append(ends.source.server_checksum(reader, table))
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=there, daemon=True)
    thread.start()
    try:
        here = ends.target.server_checksum(writer, table)
        ends.target.commit(writer)
    finally:
        thread.join()
    if failed:
        raise failed[0]
    return (found[0], here) if found[0] is not None and here is not None else None


class Checksum:
    """BLAKE2 over rows in order of the key; how they come in batches makes no difference."""

    def __init__(self) -> None:
        self._digest = hashlib.blake2b(digest_size=32)
        self.rows = 0

    def update(self, batch: list[Row]) -> None:
        """Add some rows."""
        self.rows += len(batch)
        text = "\n".join(map(repr, batch)) + "\n"
        self._digest.update(text.encode("utf-8", "surrogatepass"))

    def over(self, batches: Iterable[list[Row]], stage: Stage | None = None) -> Checksum:
        """Add all of them."""
        for batch in batches:
            self.update(batch)
            if stage is not None:
                stage.update(self.rows, None, "rows")
        return self

    def text(self) -> str:
        """The checksum as hexadecimal digits."""
        return self._digest.hexdigest()


def _finish(ends: _Ends, writer: Any, settings: Database) -> None:
    target = ends.target
    target.begin(writer)
    target.run(
        writer,
        f"INSERT INTO {settings.version_table} (version_num) VALUES (?)",
        (ends.target_version,),
    )
    target.run(writer, f"DROP TABLE {JOURNAL}")
    target.commit(writer)
