"""``placement-manage db``, run as an operator runs it, on what a real run made."""

from __future__ import annotations

import re
import sqlite3
import subprocess
from contextlib import closing

import pytest

from tests.database.drills import PLAN

REVISION = PLAN.data.database.revision
VERSION_TABLE = PLAN.data.database.version_table
TABLES = sorted(PLAN.data.database.tables)
_MAIN = "import sys; from placement.cmd import manage; sys.exit(manage.main())"

pytestmark = [pytest.mark.slow, pytest.mark.pypi]


@pytest.fixture
def manage(subjects, tmp_path):
    """Run the command with connections set in a file; returns exit code and all that it says."""
    subject = subjects("result")

    def run(*words, **connections):
        file = tmp_path / "placement.conf"
        file.write_text(
            "".join(
                f"[{group}]\nconnection = {url}\nmax_retries = 1\nretry_interval = 0\n"
                for group, url in connections.items()
            )
        )
        done = subprocess.run(
            [subject.python, "-c", _MAIN, "--config-file", str(file), "db", *words],
            env={"PYTHONPATH": str(subject.tree), "PYTHONWARNINGS": "ignore"},
            capture_output=True,
            text=True,
        )
        return done.returncode, (done.stdout + done.stderr).strip()

    return run


def _tables(path):
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        return [name for (name,) in connection.execute(query)]


def _dump(path):
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def test_its_own_setting_goes_before_the_old_one(manage, tmp_path):
    own, old = tmp_path / "own", tmp_path / "old"
    urls = {"placement_database": f"sqlite:///{own}", "api_database": f"sqlite:///{old}"}

    assert manage("sync", **urls) == (0, f"None -> {REVISION}")

    assert _tables(own) == sorted([*TABLES, VERSION_TABLE])
    assert not old.exists()
    assert manage("version", **urls) == (0, REVISION)
    assert manage("check", **urls) == (0, "")


def test_without_it_the_old_one_serves(manage, tmp_path):
    old = tmp_path / "old"

    assert manage("sync", api_database=f"sqlite:///{old}") == (0, f"None -> {REVISION}")

    assert _tables(old) == sorted([*TABLES, VERSION_TABLE])


def test_tables_that_were_there_are_stamped_and_not_touched(manage, tmp_path):
    path = tmp_path / "copied"
    url = {"placement_database": f"sqlite:///{path}"}
    manage("sync", **url)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO traits (name) VALUES ('CUSTOM_GOLD')")
        connection.execute("CREATE TABLE instance_mappings (id INTEGER)")
        connection.execute(f"DROP TABLE {VERSION_TABLE}")
        connection.commit()
    before = _dump(path)

    assert manage("check", **url) == (1, f"the version is None, not {REVISION}")
    assert manage("sync", **url) == (0, f"None -> {REVISION}")

    assert [line for line in _dump(path) if VERSION_TABLE not in line] == before


def test_tables_of_something_else_are_refused_by_name(manage, tmp_path):
    path = tmp_path / "other"
    url = {"placement_database": f"sqlite:///{path}"}
    manage("sync", **url)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"DROP TABLE {VERSION_TABLE}")
        connection.execute("DROP TABLE traits")
        connection.execute("ALTER TABLE allocations ADD COLUMN colour INTEGER")
        connection.commit()
    before = _dump(path)

    code, said = manage("sync", **url)

    assert code == 1
    assert "column allocations.colour is not known, table traits is missing" in said
    assert _dump(path) == before


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense://guest:HUSH", "is not the URL of a database"),
        ("mysql+pymysql://guest:HUSH@127.0.0.1:1/x", "cannot be used: .*Can't connect"),
        ("sqlite:////nowhere/x", "cannot be used: .*unable to open"),
    ],
)
def test_a_database_that_cannot_be_used_is_one_sentence(manage, url, said):
    code, told = manage("sync", placement_database=url)

    assert code == 1
    (sentence,) = [line for line in told.splitlines() if line.startswith("placement-manage: ")]
    assert re.search(said, sentence)
    assert "HUSH" not in told
    assert "Traceback" not in told


def test_without_any_setting_it_says_so(manage):
    said = "placement-manage: No sql_connection parameter is established"
    assert manage("sync") == (1, said)


def test_a_stamp_of_no_revision_is_refused(manage, tmp_path):
    url = {"placement_database": f"sqlite:///{tmp_path}/one"}

    code, said = manage("stamp", "nonsense", **url)

    assert (code, said) == (1, "placement-manage: Can't locate revision identified by 'nonsense'")
    assert manage("stamp", **url) == (0, "")
    assert manage("version", **url) == (0, REVISION)
