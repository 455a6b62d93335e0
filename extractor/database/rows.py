"""Rows out of one kind of server and into another, as the same values.

A row on the way is a tuple of ``None``, ``int``, ``float`` and ``str``; a timestamp is the text
``YYYY-MM-DD HH:MM:SS`` with a fraction only where there is one. What a server cannot hold
(fractions of a second, double precision on MySQL) is cut before anything is compared, and counted.
"""

from __future__ import annotations

import contextlib
import io
import os
import queue
import struct
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.engine import Engine

from extractor.database.connect import told
from extractor.database.schema import Table

Row = tuple[Any, ...]
Cut = Callable[[Any], Any]

_FETCH = 5000
_POUR = 50000
_PIPE = 1 << 16
_T = TypeVar("_T")
_TIMES = frozenset(["DATETIME", "TIMESTAMP"])
_FLOATS = frozenset(["FLOAT", "REAL", "DOUBLE", "DOUBLE_PRECISION"])


def plain_time(text: str) -> str:
    """A timestamp without zeros at the end of its fraction."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def shortest_single(value: float) -> float:
    """The shortest decimal that is the same number in single precision."""
    try:
        wanted = struct.pack("f", value)
    except OverflowError:
        return value
    for digits in range(6, 9):
        short = float(f"{value:.{digits}g}")
        try:
            if struct.pack("f", short) == wanted:
                return short
        except OverflowError:
            continue
    return float(f"{value:.9g}")


@dataclass(frozen=True)
class Kinds:
    """Which columns of a table hold timestamps, and which hold floating point numbers."""

    times: tuple[int, ...]
    floats: tuple[int, ...]


def kinds(table: Table) -> Kinds:
    """The columns of ``table`` that servers hold differently."""
    return Kinds(
        tuple(i for i, c in enumerate(table.columns) if c.type in _TIMES),
        tuple(i for i, c in enumerate(table.columns) if c.type in _FLOATS),
    )


class Dialect:
    """How one kind of server is read and written through its driver."""

    name = "sqlite"
    quote = '"'
    mark = "?"
    whole_seconds = False
    single_precision = False

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def quoted(self, name: str) -> str:
        return self.quote + name.replace(self.quote, self.quote * 2) + self.quote

    def connect(self) -> Any:
        """A driver's connection with transactions begun and ended by us alone."""
        proxied = self.engine.raw_connection()
        connection = proxied.driver_connection
        proxied.detach()
        return connection

    def begin_snapshot(self, connection: Any) -> None:
        """From here on ``connection`` sees one state, whatever others write."""
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchall()

    def no_snapshot(self, connection: Any, tables: Sequence[str]) -> str:
        """Why a snapshot is not possible, or nothing."""
        return ""

    def prepare_target(self, connection: Any) -> None:
        """Settings of a connection that writes."""

    def begin(self, connection: Any) -> None:
        connection.execute("BEGIN IMMEDIATE")

    def commit(self, connection: Any) -> None:
        connection.commit()

    def rollback(self, connection: Any) -> None:
        connection.rollback()

    def run(self, connection: Any, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """One small statement with all its rows; ``?`` marks a value."""
        cursor = connection.cursor()
        try:
            cursor.execute(sql.replace("?", self.mark), tuple(values))
            return list(cursor.fetchall()) if cursor.description else []
        finally:
            cursor.close()

    def column(self, table: Table, index: int) -> str:
        return self.quoted(table.columns[index].name)

    def select(self, table: Table, after: Row | None = None, upto: Row | None = None) -> str:
        """Text of the query for all rows in order of the key, with ``?`` for key values."""
        columns = ", ".join(self.column(table, i) for i in range(len(table.columns)))
        keys = [self.quoted(name) for name in table.primary_key]
        conditions = []
        if after is not None:
            conditions.append(_beyond(keys, ">"))
        if upto is not None:
            conditions.append(f"NOT ({_beyond(keys, '>')})")
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        order = ", ".join(keys)
        return f"SELECT {columns} FROM {self.quoted(table.name)}{where} ORDER BY {order}"

    def read(
        self, connection: Any, table: Table, after: Row | None = None, upto: Row | None = None
    ) -> Iterator[list[Row]]:
        """All rows in order of the key, some thousand at a time."""
        sql = self.select(table, after, upto).replace("?", self.mark)
        values = [*_repeated(after), *_repeated(upto)]
        with told("cannot read", self.engine.url):
            cursor = self.stream(connection)
            try:
                cursor.execute(sql, values)
                while rows := cursor.fetchmany(_FETCH):
                    yield self.plain(rows, table)
            finally:
                # A connection that is gone has no cursor to close.
                with contextlib.suppress(Exception):
                    cursor.close()

    def stream(self, connection: Any) -> Any:
        """A cursor that holds few rows in memory."""
        return connection.cursor()

    def plain(self, rows: Sequence[Row], table: Table) -> list[Row]:
        """Driver's rows as rows on the way."""
        times = kinds(table).times
        if not times:
            return list(rows)
        result = []
        for row in rows:
            values = list(row)
            for i in times:
                if values[i] is not None:
                    values[i] = plain_time(str(values[i]))
            result.append(tuple(values))
        return result

    def own(self, rows: Sequence[Row], table: Table) -> Sequence[Row]:
        """Rows on the way as this server keeps them: here with six digits of a fraction."""
        times = kinds(table).times
        result = []
        for row in rows:
            values = list(row)
            for i in times:
                if values[i] is not None:
                    whole, _, fraction = values[i].partition(".")
                    values[i] = f"{whole}.{fraction:0<6}"
            result.append(tuple(values))
        return result

    def write(self, connection: Any, table: Table, rows: Sequence[Row]) -> None:
        """Insert rows; the transaction is the caller's."""
        columns = ", ".join(self.quoted(c.name) for c in table.columns)
        marks = ", ".join([self.mark] * len(table.columns))
        cursor = connection.cursor()
        try:
            cursor.executemany(
                f"INSERT INTO {self.quoted(table.name)} ({columns}) VALUES ({marks})",
                self.own(rows, table),
            )
        finally:
            cursor.close()

    def finish(self, connection: Any, table: Table) -> None:
        """After all rows of a table: whatever counts its keys goes on behind the last."""

    def shelve(self, connection: Any, table: Table) -> list[str]:
        """Drop what only slows down the filling of a table; returns statements that make it again.

        Keys stay. Where it drops anything, it drops all references to other rows.
        """
        return []

    def pour(
        self, reader: Any, writer: Any, table: Table, after: Row | None
    ) -> Iterator[tuple[int, Row]] | None:
        """Rows from one server of this kind to another, in the server's own text.

        Yields how many were written and the last key, for the caller to commit; ``None`` where
        there is no such short way.
        """
        return None

    def server_checksum(self, connection: Any, table: Table) -> tuple[str, int] | None:
        """A checksum over all rows in any order, made by the server; comparable within a kind."""
        return None


class MySQL(Dialect):
    name = "mysql"
    quote = "`"
    mark = "%s"
    whole_seconds = True
    single_precision = True

    def connect(self) -> Any:
        from pymysql.constants import FIELD_TYPE

        connection = super().connect()
        # Text is what we want of a timestamp, and decoding it takes most of the time.
        connection.decoders.pop(FIELD_TYPE.DATETIME, None)
        connection.decoders.pop(FIELD_TYPE.TIMESTAMP, None)
        connection.autocommit(True)
        return connection

    def begin_snapshot(self, connection: Any) -> None:
        self.run(connection, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        self.run(connection, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")

    def no_snapshot(self, connection: Any, tables: Sequence[str]) -> str:
        marks = ", ".join("?" for _ in tables)
        others = self.run(
            connection,
            "SELECT table_name FROM information_schema.tables WHERE table_schema = database() "
            f"AND engine <> 'InnoDB' AND table_name IN ({marks}) ORDER BY table_name",
            tables,
        )
        return f"{', '.join(o[0] for o in others)} not in InnoDB" if others else ""

    def prepare_target(self, connection: Any) -> None:
        # Nothing may be cut silently, and a key of 0 is a key.
        modes = "STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO"
        self.run(connection, f"SET SESSION sql_mode = '{modes}'")

    def begin(self, connection: Any) -> None:
        connection.begin()

    def column(self, table: Table, index: int) -> str:
        name = self.quoted(table.columns[index].name)
        # As text, the server would round single precision to six digits.
        return f"{name} + 0e0" if table.columns[index].type in _FLOATS else name

    def stream(self, connection: Any) -> Any:
        from pymysql.cursors import SSCursor

        class Stream(SSCursor):  # type: ignore[misc]
            """Closes quietly over a connection that is gone, whose rest cannot be read."""

            def close(self) -> None:
                result = self._result
                try:
                    super().close()
                except Exception:
                    result.unbuffered_active = False

            __del__ = close

        return Stream(connection)

    def plain(self, rows: Sequence[Row], table: Table) -> list[Row]:
        floats = kinds(table).floats
        if not floats:
            return list(rows)
        result = []
        for row in rows:
            values = list(row)
            for i in floats:
                if values[i] is not None:
                    values[i] = shortest_single(float(values[i]))
            result.append(tuple(values))
        return result

    def own(self, rows: Sequence[Row], table: Table) -> Sequence[Row]:
        return rows

    def _as_text(self, table: Table) -> str:
        # QUOTE makes the word NULL of a NULL.
        columns = [self.column(table, i) for i in range(len(table.columns))]
        return f"CONCAT_WS(',', {', '.join(f'QUOTE({column})' for column in columns)})"

    def pour(
        self, reader: Any, writer: Any, table: Table, after: Row | None
    ) -> Iterator[tuple[int, Row]]:
        names = ", ".join(self.quoted(c.name) for c in table.columns)
        insert = f"INSERT INTO {self.quoted(table.name)} ({names}) VALUES ("
        self.run(writer, "SET SESSION unique_checks = 0")
        with contextlib.closing(ahead(self._texts(reader, table, after))) as batches:
            for rows in batches:
                self.begin(writer)
                with contextlib.closing(writer.cursor()) as sink:
                    sink.execute(insert + "),(".join([row[-1] for row in rows]) + ")")
                yield len(rows), rows[-1][:-1]

    def _texts(self, reader: Any, table: Table, after: Row | None) -> Iterator[Sequence[Row]]:
        keys = [self.quoted(name) for name in table.primary_key]
        order = ", ".join(keys)
        where = f" WHERE {_beyond(keys, '>')}".replace("?", self.mark) if after else ""
        with (
            told("cannot read", self.engine.url),
            contextlib.closing(self.stream(reader)) as cursor,
        ):
            cursor.execute(
                f"SELECT {order}, {self._as_text(table)} FROM {self.quoted(table.name)}{where} "
                f"ORDER BY {order}",
                _repeated(after),
            )
            while rows := cursor.fetchmany(_FETCH):
                yield rows

    def server_checksum(self, connection: Any, table: Table) -> tuple[str, int] | None:
        digest = f"CONV(LEFT(MD5({self._as_text(table)}), 15), 16, 10)"
        ((rows, total),) = self.run(
            connection,
            f"SELECT count(*), COALESCE(SUM(CAST({digest} AS UNSIGNED)), 0) "
            f"FROM {self.quoted(table.name)}",
        )
        return f"{int(total):x}", int(rows)


class PostgreSQL(Dialect):
    name = "postgresql"
    mark = "%s"

    def connect(self) -> Any:
        from psycopg2 import extensions

        connection = super().connect()
        text = extensions.new_type((1114,), "TEXT_TIMESTAMP", lambda value, cursor: value)
        extensions.register_type(text, connection)
        self.run(connection, "SET datestyle = 'ISO'")
        self.run(connection, "SET extra_float_digits = 3")
        connection.commit()
        return connection

    def begin_snapshot(self, connection: Any) -> None:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        # The snapshot is taken by the first query.
        self.run(connection, "SELECT 1")

    def begin(self, connection: Any) -> None:
        """The driver begins by itself."""

    def stream(self, connection: Any) -> Any:
        cursor = connection.cursor("extractor_copy")
        cursor.itersize = _FETCH
        return cursor

    def own(self, rows: Sequence[Row], table: Table) -> Sequence[Row]:
        return rows

    def plain(self, rows: Sequence[Row], table: Table) -> list[Row]:
        return list(rows)

    def write(self, connection: Any, table: Table, rows: Sequence[Row]) -> None:
        columns = ", ".join(self.quoted(c.name) for c in table.columns)
        text = io.StringIO("".join("\t".join(map(_copy_text, row)) + "\n" for row in rows))
        cursor = connection.cursor()
        try:
            cursor.copy_expert(f"COPY {self.quoted(table.name)} ({columns}) FROM STDIN", text)
        finally:
            cursor.close()

    def finish(self, connection: Any, table: Table) -> None:
        for column in table.columns:
            if column.autoincrement:
                self.run(
                    connection,
                    f"SELECT setval(pg_get_serial_sequence(?, ?), max({self.quoted(column.name)})) "
                    f"FROM {self.quoted(table.name)} HAVING max({self.quoted(column.name)}) > 0",
                    (self.quoted(table.name), column.name),
                )

    def shelve(self, connection: Any, table: Table) -> list[str]:
        name = self.quoted(table.name)
        # A constraint that others refer to cannot go, and what others own is not ours to drop.
        constraints = self.run(
            connection,
            "SELECT c.conname, pg_get_constraintdef(c.oid) FROM pg_constraint c "
            "JOIN pg_class t ON t.oid = c.conrelid WHERE c.conrelid = to_regclass(?) "
            "AND pg_has_role(t.relowner, 'USAGE') AND (c.contype = 'f' OR c.contype = 'u' AND NOT "
            "EXISTS (SELECT 1 FROM pg_constraint f WHERE f.contype = 'f' "
            "AND f.conindid = c.conindid)) ORDER BY c.contype DESC, c.conname",
            (name,),
        )
        again = []
        for constraint, definition in constraints:
            self.run(connection, f"ALTER TABLE {name} DROP CONSTRAINT {self.quoted(constraint)}")
            add = f"ADD CONSTRAINT {self.quoted(constraint)} {definition}"
            again.append(f"ALTER TABLE {name} {add}")
        indexes = self.run(
            connection,
            "SELECT i.relname, pg_get_indexdef(i.oid) FROM pg_index x "
            "JOIN pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = to_regclass(?) "
            "AND pg_has_role(i.relowner, 'USAGE') AND NOT x.indisunique ORDER BY i.relname",
            (name,),
        )
        for index, _ in indexes:
            self.run(connection, f"DROP INDEX {self.quoted(index)}")
        return [*(definition for _, definition in indexes), *again]

    def pour(
        self, reader: Any, writer: Any, table: Table, after: Row | None
    ) -> Iterator[tuple[int, Row]]:
        name = self.quoted(table.name)
        keys = [self.quoted(one) for one in table.primary_key]
        key, backwards = ", ".join(keys), ", ".join(f"{one} DESC" for one in keys)
        columns = ", ".join(self.quoted(c.name) for c in table.columns)
        # Half the work of a server is to write and read timestamps as text.
        is_alike = self._types(reader, name) == self._types(writer, name)
        how = " WITH (FORMAT binary)" if is_alike else ""
        while True:
            beyond = f" WHERE ({key}) > ({self._literals(reader, after)})" if after else ""
            with told("cannot read", self.engine.url):
                upto = self.run(
                    reader,
                    f"SELECT {key} FROM {name}{beyond} ORDER BY {key} OFFSET {_POUR - 1} LIMIT 1",
                ) or self.run(  # the last batch is not full
                    reader, f"SELECT {key} FROM {name}{beyond} ORDER BY {backwards} LIMIT 1"
                )
            if not upto:
                return
            rows = self._pipe(
                reader,
                writer,
                f"COPY (SELECT {columns} FROM {name}{beyond} ORDER BY {key} LIMIT {_POUR}) "
                f"TO STDOUT{how}",
                f"COPY {name} ({columns}) FROM STDIN{how}",
            )
            after = upto[0]
            yield rows, after

    def _types(self, connection: Any, name: str) -> list[Row]:
        return self.run(
            connection,
            "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute "
            "WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped ORDER BY attname",
            (name,),
        )

    @staticmethod
    def _literals(connection: Any, key: Sequence[Any]) -> str:
        from psycopg2.sql import Literal

        return ", ".join(Literal(value).as_string(connection) for value in key)

    def _pipe(self, reader: Any, writer: Any, query: str, into: str) -> int:
        """What ``query`` sends goes into ``into``; returns the number of rows."""
        output, entry = os.pipe()
        failed: list[BaseException] = []

        def send() -> None:
            try:
                with (
                    os.fdopen(entry, "wb", _PIPE) as sink,
                    contextlib.closing(reader.cursor()) as cursor,
                ):
                    cursor.copy_expert(query, sink)
            except BaseException as error:
                failed.append(error)

        thread = threading.Thread(target=send, daemon=True)
        # Either side may lose its connection as soon as the thread runs.
        with _unprinted():
            thread.start()
            try:
                with (
                    os.fdopen(output, "rb", _PIPE) as stream,
                    contextlib.closing(writer.cursor()) as cursor,
                ):
                    cursor.copy_expert(into, stream, _PIPE)
                    rows = int(cursor.rowcount)
            finally:
                thread.join()
        if failed:
            with told("cannot read", self.engine.url):
                raise failed[0]
        return rows

    def server_checksum(self, connection: Any, table: Table) -> tuple[str, int] | None:
        if connection.server_version < 110000:
            return None
        row = f"ROW({', '.join(self.quoted(c.name) for c in table.columns)})"
        # Hashing a row as text takes three times as long.
        has_records = connection.server_version >= 140000
        digest = f"hash_record_extended({row}, 0)"
        if not has_records:
            digest = f"hashtextextended({row}::text, 0)"
        ((rows, total),) = self.run(
            connection,
            f"SELECT count(*), COALESCE(sum({digest}), 0) FROM {self.quoted(table.name)}",
        )
        return f"{int(total) % 2**128:x}", int(rows)


@contextlib.contextmanager
def _unprinted() -> Iterator[None]:
    """Keep the driver from printing the first of two errors; it raises the second."""
    hook = sys.excepthook
    sys.excepthook = lambda *_: None
    try:
        yield
    finally:
        sys.excepthook = hook


def ahead(batches: Iterator[_T]) -> Generator[_T, None, None]:
    """The same batches, read by a thread while the last one is still being written."""
    ready: queue.Queue[tuple[str, Any]] = queue.Queue(maxsize=2)
    stop = threading.Event()

    def put(what: str, value: Any) -> None:
        while not stop.is_set():
            try:
                ready.put((what, value), timeout=0.1)
                return
            except queue.Full:
                continue

    def work() -> None:
        try:
            for batch in batches:
                put("batch", batch)
                if stop.is_set():
                    break
        except BaseException as error:
            put("error", error)
        else:
            put("end", None)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while True:
            what, value = ready.get()
            if what == "error":
                raise value
            if what == "end":
                return
            yield value
    finally:
        stop.set()
        thread.join()


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _copy_text(value: Any) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    return repr(value)


def _beyond(keys: Sequence[str], sign: str) -> str:
    """Rows beyond a key in the order of the key, spelt so that every server uses its index."""
    parts = []
    for end in range(len(keys)):
        equal = [f"{key} = ?" for key in keys[:end]]
        parts.append(" AND ".join([*equal, f"{keys[end]} {sign} ?"]))
    return "(" + " OR ".join(parts) + ")"


def _repeated(key: Row | None) -> list[Any]:
    values: list[Any] = []
    for end in range(len(key or ())):
        values += (key or ())[: end + 1]
    return values


def dialect_for(engine: Engine) -> Dialect:
    """The dialect of an engine's server."""
    known: dict[str, type[Dialect]] = {"sqlite": Dialect, "mysql": MySQL, "postgresql": PostgreSQL}
    return known[engine.dialect.name](engine)


class Cutter:
    """Cuts values to what both sides can hold; ``changed`` counts values that were cut."""

    def __init__(self, source: Dialect, target: Dialect, table: Table) -> None:
        found = kinds(table)
        narrow = target.single_precision and not source.single_precision
        self._floats = found.floats if narrow else ()
        self._times = found.times if target.whole_seconds and not source.whole_seconds else ()
        self.changed = 0

    def __call__(self, rows: list[Row]) -> list[Row]:
        if not self._floats and not self._times:
            return rows
        result = []
        for row in rows:
            values = list(row)
            for i in self._floats:
                if values[i] is not None:
                    values[i] = shortest_single(float(values[i]))
            for i in self._times:
                if values[i] is not None:
                    values[i] = values[i].partition(".")[0]
            cut = tuple(values)
            self.changed += sum(a != b for a, b in zip(cut, row, strict=True))
            result.append(cut)
        return result
