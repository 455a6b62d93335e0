"""Open a database by its URL, and say what went wrong without ever telling the password."""

from __future__ import annotations

import contextlib
import sqlite3
import sys
from collections.abc import Iterator
from urllib.parse import quote, unquote

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import URL, Engine, make_url

from extractor.errors import SourceError, UsageError

DRIVERS = {
    "mysql": "pymysql",
    "mariadb": "pymysql",
    "postgresql": "psycopg2",
    "sqlite": "pysqlite",
}


_FILE = "file:"


def parse(url: str) -> URL:
    """The URL with a driver that we bring; ``UsageError`` when there is none for it."""
    try:
        parsed = make_url(url)
    except (exc.ArgumentError, ValueError):
        raise UsageError(
            "not a database URL: write scheme://user:password@host:port/database"
        ) from None
    dialect = parsed.get_backend_name()
    driver = DRIVERS.get(dialect)
    if driver is None:
        known = ", ".join(sorted(DRIVERS))
        raise UsageError(f"{hidden(parsed)}: unknown kind of database; known are {known}")
    asked = parsed.drivername.partition("+")[2]
    if asked and asked != driver:
        raise UsageError(
            f"{hidden(parsed)}: the driver {asked} is not supported; write {dialect}+{driver}"
        )
    if dialect in {"mysql", "mariadb"}:
        parsed = parsed.set(drivername=f"mysql+{driver}").update_query_dict({"charset": "utf8mb4"})
    elif dialect == "postgresql":
        parsed = parsed.set(drivername=f"postgresql+{driver}")
    if not parsed.database:
        raise UsageError(f"{hidden(parsed)}: the URL names no database")
    return parsed


def hidden(url: URL | str) -> str:
    """The URL as it may be shown: without its password, and without its query."""
    parsed = make_url(url) if isinstance(url, str) else url
    if parsed.database and parsed.database.startswith(_FILE):
        parsed = parsed.set(database=unquote(parsed.database.removeprefix(_FILE)))
    return parsed.set(query={}).render_as_string(hide_password=True)


def same(one: URL, other: URL) -> bool:
    """Whether two URLs name one database, whoever asks for it."""

    def key(url: URL) -> tuple[object, ...]:
        return url.get_backend_name(), url.host, url.port, url.database

    return key(one) == key(other)


def engine_for(url: str, read_only: bool = False) -> Engine:
    """An engine for ``url``. A file of SQLite must be there already: none is made."""
    parsed = parse(url)
    is_sqlite = parsed.get_backend_name() == "sqlite"
    if is_sqlite:
        options = {"mode": "ro" if read_only else "rw", "uri": "true"}
        parsed = parsed.set(
            database=f"{_FILE}{quote(str(parsed.database))}", query={**parsed.query, **options}
        )
    # A reader of ours may run ahead in a thread of its own, never two at a time.
    arguments = {"check_same_thread": False} if is_sqlite else {"connect_timeout": 10}
    try:
        engine = sa.create_engine(parsed, poolclass=sa.pool.NullPool, connect_args=arguments)
    except (exc.NoSuchModuleError, ModuleNotFoundError) as error:
        raise UsageError(
            f"{hidden(parsed)}: {error}; install the extra 'database' of this package"
        ) from None
    if is_sqlite:
        sa.event.listen(engine, "connect", _sqlite_without_own_transactions)
    return engine


def _sqlite_without_own_transactions(connection: object, record: object) -> None:
    # The driver would begin and end transactions where it thinks fit.
    connection.isolation_level = None  # type: ignore[attr-defined]


@contextlib.contextmanager
def told(what: str, url: URL | str) -> Iterator[None]:
    """Turn what a driver says inside the block into one sentence: ``SourceError``."""
    try:
        yield
    except exc.DBAPIError as error:
        raise SourceError(f"{what} {hidden(url)}: {plain(error.orig or error)}") from None
    except exc.SQLAlchemyError as error:
        raise SourceError(f"{what} {hidden(url)}: {' '.join(str(error).split())}") from None
    except _driver_errors() as error:
        raise SourceError(f"{what} {hidden(url)}: {plain(error)}") from None


def _driver_errors() -> tuple[type[BaseException], ...]:
    found: list[type[BaseException]] = [sqlite3.Error]
    for name in ("pymysql", "psycopg2"):
        module = sys.modules.get(name)
        if module is not None:
            found.append(module.Error)
    return tuple(found)


def plain(error: BaseException) -> str:
    """The first line of the server's own words: what follows is statements and advice."""
    arguments: tuple[object, ...] = error.args
    text = str(error)
    if len(arguments) == 2 and isinstance(arguments[0], int):
        text = str(arguments[1])
    return text.strip().partition("\n")[0].strip() or "connection lost"
