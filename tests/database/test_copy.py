import datetime
import gc
import os
import random
import signal
import subprocess
import sys
import threading
import time

import pytest
import sqlalchemy as sa

from extractor.database import copy as copying
from extractor.database.connect import engine_for, parse
from extractor.database.copy import JOURNAL, copy
from extractor.database.schema import reflect
from extractor.database.servers import ENGINES
from extractor.errors import DidNotHold, SourceError, UsageError
from extractor.progress import Progress
from tests.database.tables import SETTINGS, make, metadata

WHEN = datetime.datetime(2018, 2, 28, 23, 59, 59)
RACKS = [
    # The parent of 2 comes after it; names hold what text formats trip over.
    {"id": 1, "uuid": "a" * 36, "name": "höst-节点-🖥", "parent_id": None, "created_at": WHEN},
    {"id": 2, "uuid": "b" * 36, "name": "tab\tline\nback\\slash'\"", "parent_id": 7},
    {"id": 3, "uuid": "c" * 36, "name": None, "parent_id": 1},
    {"id": 4, "uuid": "d" * 36, "name": "", "parent_id": None},
    {"id": 7, "uuid": "e" * 36, "name": r"\N", "parent_id": 1, "created_at": WHEN},
    {"id": 2147483647, "uuid": "f" * 36, "name": "%s ? :x", "parent_id": None},
]
SLOTS = [
    {"id": n + 1, "rack_id": 1, "ratio": ratio, "used": used}
    for n, (ratio, used) in enumerate(
        [(16.1, 0), (3.40282e38, 2147483647), (0.1, -2147483648), (1e-30, 1), (1.5, 2), (16, 3)]
    )
]
TAGS = [{"rack_id": rack, "number": number} for rack in (1, 2, 7) for number in (0, 5)]


def _fill(engine, racks=RACKS, slots=SLOTS, tags=TAGS):
    meta = metadata()
    with engine.begin() as connection:
        none = {"created_at": None}
        roots = [{**none, **row, "parent_id": None} for row in racks]
        connection.execute(meta.tables["rack"].insert(), roots)
        for row in racks:
            connection.execute(
                meta.tables["rack"].update().where(sa.column("id") == row["id"]),
                {"parent_id": row["parent_id"]},
            )
        connection.execute(meta.tables["slot"].insert(), slots)
        connection.execute(meta.tables["tag"].insert(), tags)


def _rows(url):
    engine = sa.create_engine(parse(url), poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        return {
            table.name: [
                tuple(row)
                for row in connection.execute(sa.select(table).order_by(*table.primary_key))
            ]
            for table in metadata().sorted_tables
        }


def _count(url):
    engine = sa.create_engine(parse(url), poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        counts = [f"(SELECT count(*) FROM {name})" for name in SETTINGS.tables]
        return connection.execute(sa.text(f"SELECT {' + '.join(counts)}")).scalar_one()


def _tables(url):
    return sa.inspect(sa.create_engine(parse(url), poolclass=sa.pool.NullPool)).get_table_names()


def _version(url):
    engine = sa.create_engine(parse(url), poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        return list(connection.execute(sa.text("SELECT version_num FROM shelf_version")).scalars())


def _pair(servers, one="sqlite", other="sqlite"):
    source = servers(one).create_database("source")
    target = servers(other).create_database("target")
    engine = make(source, old_version=4)
    make(target, version=SETTINGS.revision)
    return source, target, engine


def _copy(source, target, **options):
    return copy(source, target, SETTINGS, Progress(), write=True, **options)


@pytest.fixture(params=[False, True], ids=["row by row", "short ways"])
def short_ways(request, monkeypatch):
    """The servers' own short ways are taken for big tables; here for all, or none."""
    monkeypatch.setattr(copying, "_MANY", 1 if request.param else 10**9)


@pytest.mark.parametrize("one", ENGINES)
@pytest.mark.parametrize("other", ENGINES)
def test_every_value_arrives_from_every_server_on_every_server(servers, short_ways, one, other):
    source, target, engine = _pair(servers, one, other)
    _fill(engine)

    before = reflect(engine_for(target), SETTINGS.tables)

    report = _copy(source, target)

    assert _rows(target) == _rows(source)
    assert reflect(engine_for(target), SETTINGS.tables) == before
    assert [t.rows for t in report.tables] == [6, 6, 6]
    assert _version(target) == [SETTINGS.revision]
    assert JOURNAL not in _tables(target)


def test_columns_of_other_types_go_as_text(servers, monkeypatch):
    monkeypatch.setattr(copying, "_MANY", 1)
    source, target, engine = _pair(servers, "postgresql", "postgresql")
    _fill(engine)
    with engine_for(target).begin() as connection:
        connection.execute(sa.text("ALTER TABLE slot ALTER used TYPE bigint"))

    _copy(source, target)

    assert _rows(target) == _rows(source)


def test_a_dry_run_writes_nothing(server, servers):
    source, target, engine = _pair(servers, server.engine, server.engine)
    _fill(engine)

    report = copy(source, target, SETTINGS, Progress())

    assert not report.written
    assert [t.rows for t in report.tables] == [6, 6, 6]
    assert _rows(target) == {"rack": [], "slot": [], "tag": []}
    assert "nothing was written" in report.text()


def test_the_next_key_goes_on_behind_the_last(server, servers):
    source, target, engine = _pair(servers, server.engine, server.engine)
    _fill(engine, RACKS[:1], SLOTS, TAGS[:1])

    _copy(source, target)

    target_engine = sa.create_engine(parse(target), poolclass=sa.pool.NullPool)
    with target_engine.begin() as connection:
        connection.execute(metadata().tables["slot"].insert(), {"rack_id": 1, "ratio": 1.0})
        assert connection.execute(sa.text("SELECT max(id) FROM slot")).scalar() == 7


def test_fractions_of_a_second_are_cut_where_the_target_has_none_and_counted(servers):
    source, target, engine = _pair(servers, "sqlite", "mariadb")
    _fill(
        engine, [{**RACKS[0], "created_at": WHEN.replace(microsecond=120)}], [SLOTS[0]], [TAGS[0]]
    )

    report = _copy(source, target)

    assert {t.table: t.cut for t in report.tables} == {"rack": 1, "slot": 0, "tag": 0}
    assert _rows(target)["rack"][0][0] == WHEN


def test_a_target_with_rows_is_refused(server, servers):
    source, target, engine = _pair(servers, server.engine, server.engine)
    _fill(engine)
    _copy(source, target)

    with pytest.raises(UsageError, match="holds data already in rack, slot, tag"):
        _copy(source, target)


@pytest.mark.parametrize("version", [2, 6])
def test_an_unknown_version_of_the_source_is_refused(servers, version):
    source, target = (servers("sqlite").create_database(n) for n in ("source", "target"))
    make(source, old_version=version)
    make(target, version=SETTINGS.revision)

    with pytest.raises(UsageError, match=f"has version {version}; a copy knows 3 to 5"):
        _copy(source, target)


def test_a_target_without_tables_or_of_another_version_is_refused(servers):
    source, target, _ = _pair(servers)
    bare = servers("sqlite").create_database("bare")
    with pytest.raises(UsageError, match=r"no table rack, slot, tag; let the new"):
        _copy(source, bare)
    other = servers("sqlite").create_database("other")
    make(other, version="ffffffffffff")
    with pytest.raises(UsageError, match="has version ffffffffffff"):
        _copy(source, other)
    with pytest.raises(UsageError, match="same database"):
        _copy(target, target)


def test_a_missing_table_of_the_source_is_named(servers):
    source, target, engine = _pair(servers)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE tag"))

    with pytest.raises(SourceError, match="no table tag"):
        _copy(source, target)


def test_a_missing_column_is_named(servers):
    source, target, engine = _pair(servers)
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE slot ADD COLUMN more INTEGER"))

    with pytest.raises(UsageError, match=r"has no column slot\.more"):
        _copy(source, target)


class _Killed(BaseException):
    pass


def _killed_after(monkeypatch, batches):
    """Let the process die when it has written so many batches."""
    left = [batches]
    note = copying._note

    def dying(*arguments):
        if left[0] == 0:
            raise _Killed
        left[0] -= 1
        note(*arguments)

    monkeypatch.setattr(copying, "_note", dying)
    monkeypatch.setattr("extractor.database.rows._FETCH", 2)
    monkeypatch.setattr("extractor.database.rows._POUR", 2)


@pytest.mark.parametrize("batches", [0, 1, 5, 8])
def test_a_killed_copy_goes_on_and_nothing_is_lost_or_doubled(
    server, servers, short_ways, monkeypatch, batches
):
    source, target, engine = _pair(servers, server.engine, server.engine)
    _fill(engine)
    before = reflect(engine_for(target), SETTINGS.tables)
    with monkeypatch.context() as patch:
        _killed_after(patch, batches)
        with pytest.raises(_Killed):
            _copy(source, target)
    assert _version(target) == []

    report = _copy(source, target)

    assert report.continued
    assert _rows(target) == _rows(source)
    assert reflect(engine_for(target), SETTINGS.tables) == before
    assert _version(target) == [SETTINGS.revision]


_PROCESS = """
import os
from extractor.database import copy, rows
from extractor.progress import Progress
from tests.database.tables import SETTINGS
copy._MANY, rows._POUR, rows._FETCH = 1, 50, 50
copy.copy(os.environ["SOURCE"], os.environ["TARGET"], SETTINGS, Progress(), write=True)
"""


def test_processes_killed_at_random_moments_lose_and_double_nothing(server, servers):
    source, target, engine = _pair(servers, server.engine, server.engine)
    rng = random.Random(server.engine)
    numbers = range(1, 4001)
    slots = [{"id": n, "rack_id": 1, "ratio": 1.5, "used": rng.randrange(99)} for n in numbers]
    tags = [{"rack_id": rack, "number": n} for rack in (1, 2, 7) for n in numbers]
    _fill(engine, slots=slots, tags=tags)
    before = reflect(engine_for(target), SETTINGS.tables)
    left = []
    # The last one is let finish.
    for upto in (*sorted(rng.sample(range(12_000), 4)), None):
        if left and JOURNAL not in _tables(target):
            break  # the last one had done all when it was killed
        process = subprocess.Popen(
            [sys.executable, "-c", _PROCESS], env={**os.environ, "SOURCE": source, "TARGET": target}
        )
        while process.poll() is None and (upto is None or _count(target) < upto):
            time.sleep(rng.uniform(0, 0.05))
        process.kill()
        process.wait()
        left.append(_count(target))

    assert process.returncode in {0, -signal.SIGKILL}
    assert 0 < left[0] <= left[-1]
    assert _rows(target) == _rows(source)
    assert reflect(engine_for(target), SETTINGS.tables) == before
    assert _version(target) == [SETTINGS.revision]
    assert JOURNAL not in _tables(target)


def test_what_changed_in_the_source_after_a_kill_arrives_too(
    server, servers, short_ways, monkeypatch
):
    source, target, engine = _pair(servers, server.engine, server.engine)
    _fill(engine)
    with monkeypatch.context() as patch:
        _killed_after(patch, 6)
        with pytest.raises(_Killed):
            _copy(source, target)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE rack SET name = 'new' WHERE id = 1"))
        connection.execute(sa.text("UPDATE slot SET used = 99 WHERE id = 1"))
        connection.execute(sa.text("DELETE FROM slot WHERE id = 2"))
        connection.execute(sa.text("INSERT INTO slot (id, rack_id, ratio) VALUES (2000, 1, 1)"))
        connection.execute(sa.text("DELETE FROM rack WHERE id = 4"))
        connection.execute(sa.text(f"INSERT INTO rack (id, uuid) VALUES (5, '{'9' * 36}')"))

    _copy(source, target)

    assert _rows(target) == _rows(source)


def test_an_interrupted_copy_of_another_source_is_not_continued(servers, monkeypatch):
    source, target, engine = _pair(servers)
    _fill(engine)
    with monkeypatch.context() as patch:
        _killed_after(patch, 2)
        with pytest.raises(_Killed):
            _copy(source, target)
    other = servers("sqlite").create_database("another")
    make(other, old_version=4)

    with pytest.raises(UsageError, match=r"holds half of a copy of .*source\.sqlite"):
        _copy(other, target)


def test_rows_written_while_it_runs_are_not_half_seen(servers, monkeypatch):
    # SQLite has one writer and no reader beside it: servers only.
    for engine_name in ("mariadb", "postgresql"):
        source, target, engine = _pair(servers, engine_name, engine_name)
        _fill(engine)
        before = _rows(source)
        once = threading.Event()
        note = copying._note

        def writing(*arguments, engine=engine, once=once, note=note):
            note(*arguments)
            if not once.is_set():
                once.set()
                with engine.begin() as connection:
                    connection.execute(sa.text("UPDATE slot SET used = 5"))
                    connection.execute(sa.text("DELETE FROM tag"))

        with monkeypatch.context() as patch:
            patch.setattr(copying, "_note", writing)
            report = _copy(source, target)

        assert once.is_set()
        assert report.snapshot == "consistent"
        assert _rows(target) == before
        assert _rows(source) != before


def test_without_a_snapshot_it_says_so(servers):
    source, target, engine = _pair(servers, "mariadb", "mariadb")
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE tag"))
        connection.execute(
            sa.text(
                "CREATE TABLE tag (rack_id INTEGER NOT NULL, number INTEGER NOT NULL, "
                "PRIMARY KEY (rack_id, number)) ENGINE=MyISAM"
            )
        )
    _fill(engine)

    with pytest.raises(UsageError, match=r"no consistent snapshot is possible .tag not in InnoDB"):
        _copy(source, target)

    report = _copy(source, target, quiet_source=True)
    assert report.snapshot == "none, tag not in InnoDB"
    assert _rows(target) == _rows(source)


def test_what_arrives_otherwise_than_it_was_sent_is_found(servers):
    source, target, engine = _pair(servers)
    _fill(engine)
    target_engine = sa.create_engine(parse(target), poolclass=sa.pool.NullPool)
    with target_engine.begin() as connection:
        connection.execute(
            sa.text(
                "CREATE TRIGGER bad AFTER INSERT ON slot WHEN NEW.id = 3 "
                "BEGIN UPDATE slot SET used = 4 WHERE id = 3; END"
            )
        )

    with pytest.raises(DidNotHold, match="slot: 6 rows with checksum"):
        _copy(source, target)
    assert _version(target) == []


def test_a_full_disk_is_one_sentence_and_the_next_run_goes_on(servers, monkeypatch):
    source, target, engine = _pair(servers)
    many = [{"id": n, "rack_id": 1, "ratio": 1.0, "used": n} for n in range(1, 9000)]
    _fill(engine, slots=many)
    begin = copying.Dialect.prepare_target

    def small(self, connection):
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 20}")

    monkeypatch.setattr(copying.Dialect, "prepare_target", small)
    with pytest.raises(
        SourceError, match="database or disk is full; the same command resumes the copy"
    ):
        _copy(source, target)
    monkeypatch.setattr(copying.Dialect, "prepare_target", begin)

    _copy(source, target)

    assert _rows(target) == _rows(source)


def test_a_lost_connection_is_one_sentence_and_the_next_run_goes_on(servers, monkeypatch):
    for engine_name in ("mariadb", "postgresql"):
        source, target, engine = _pair(servers, engine_name, engine_name)
        _fill(engine)
        note = copying._note
        calls = []

        def losing(ends, writer, *rest, calls=calls, note=note):
            calls.append(1)
            if len(calls) == 3:
                if ends.target.name == "mysql":
                    ends.target.run(writer, "KILL CONNECTION_ID()")
                else:
                    ends.target.run(writer, "SELECT pg_terminate_backend(pg_backend_pid())")
            note(ends, writer, *rest)

        with monkeypatch.context() as patch:
            patch.setattr(copying, "_note", losing)
            patch.setattr("extractor.database.rows._FETCH", 2)
            with pytest.raises(SourceError, match="the same command resumes the copy") as caught:
                _copy(source, target)
        assert servers(engine_name).password not in str(caught.value)
        assert "\n" not in str(caught.value)

        _copy(source, target)
        assert _rows(target) == _rows(source)


@pytest.mark.parametrize("engine_name", ["mariadb", "postgresql"])
def test_a_lost_source_is_named_and_the_next_run_goes_on(
    servers, short_ways, monkeypatch, capsys, engine_name
):
    source, target, engine = _pair(servers, engine_name, engine_name)
    _fill(engine)
    note = copying._note
    calls = []

    def losing(*arguments):
        note(*arguments)
        calls.append(1)
        if len(calls) == 3:
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(
                    sa.text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname = 'source' AND pid <> pg_backend_pid()"
                    )
                    if engine_name == "postgresql"
                    else sa.text(f"KILL {reading[0]}")
                )

    reading = []
    hold = copying._hold

    def holding(ends, reader, *rest):
        hold(ends, reader, *rest)
        if engine_name == "mariadb":
            reading.append(reader.thread_id())

    with monkeypatch.context() as patch:
        patch.setattr(copying, "_note", losing)
        patch.setattr(copying, "_hold", holding)
        patch.setattr("extractor.database.rows._FETCH", 2)
        patch.setattr("extractor.database.rows._POUR", 2)
        with pytest.raises(SourceError, match=r"^cannot read .*/source: .*resumes the copy"):
            _copy(source, target)
    gc.collect()
    assert capsys.readouterr().err == ""

    _copy(source, target)
    assert _rows(target) == _rows(source)


@pytest.mark.parametrize(("lost", "said"), [("target", "write to"), ("source", "read")])
def test_a_connection_lost_in_the_middle_of_a_batch_is_one_sentence(
    servers, monkeypatch, capsys, lost, said
):
    monkeypatch.setattr("extractor.database.rows._POUR", 10**6)
    source, target, engine = _pair(servers, "postgresql", "postgresql")
    _fill(engine, slots=SLOTS[:1])
    with engine.begin() as connection:
        connection.execute(
            sa.text("INSERT INTO slot SELECT n, 1, 1.5, 2 FROM generate_series(2, 100000) n")
        )
    home = sa.create_engine(servers("postgresql").url("postgres"), isolation_level="AUTOCOMMIT")
    ended = threading.Event()

    def cut():
        with home.connect() as connection:
            while not ended.is_set():
                connection.execute(
                    sa.text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname = :name AND state = 'active' AND query LIKE 'COPY%slot%'"
                    ),
                    {"name": lost},
                )

    thread = threading.Thread(target=cut)
    thread.start()
    try:
        with pytest.raises(SourceError, match=rf"^cannot {said} .*/{lost}: .*resumes the copy"):
            _copy(source, target)
    finally:
        ended.set()
        thread.join()
    gc.collect()
    assert capsys.readouterr().err == ""

    _copy(source, target)
    assert _rows(target) == _rows(source)


def test_a_target_that_may_only_be_read_is_one_sentence(servers):
    for engine_name in ("mariadb", "postgresql"):
        server = servers(engine_name)
        source, target, engine = _pair(servers, engine_name, engine_name)
        _fill(engine)
        admin = sa.create_engine(parse(target), poolclass=sa.pool.NullPool)
        with admin.begin() as connection:
            if engine_name == "mariadb":
                connection.execute(
                    sa.text("CREATE OR REPLACE USER guest IDENTIFIED BY 'hush-hush'")
                )
                connection.execute(sa.text("GRANT SELECT ON target.* TO guest"))
            else:
                connection.execute(sa.text("CREATE USER guest PASSWORD 'hush-hush'"))
                connection.execute(sa.text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO guest"))
        url = server.url("target", "guest", "hush-hush")

        with pytest.raises(SourceError, match=r"cannot write to .*(denied|permission)") as caught:
            _copy(source, url)
        assert "hush-hush" not in str(caught.value)
        # Nothing has begun, so nothing is resumed.
        assert "resumes" not in str(caught.value)


def test_a_wrong_password_and_nobody_there_are_one_sentence(servers):
    for engine_name in ("mariadb", "postgresql"):
        server = servers(engine_name)
        source, _, _ = _pair(servers, engine_name, engine_name)
        wrong = server.url("target", password="not-the-one")
        with pytest.raises(SourceError) as caught:
            _copy(source, wrong)
        assert "not-the-one" not in str(caught.value)
        nobody = wrong.replace(f":{server.port}/", ":1/")
        with pytest.raises(SourceError) as caught:
            _copy(source, nobody)
        assert "not-the-one" not in str(caught.value)
        assert "\n" not in str(caught.value)
