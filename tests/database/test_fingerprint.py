import json
from textwrap import dedent

import pytest
from click.testing import CliRunner

from extractor.cli import cli
from extractor.database import fingerprint
from extractor.database.connect import engine_for
from extractor.database.fingerprint import Side, check_declared, check_made, declared, freeze, load
from extractor.database.schema import reflect
from extractor.errors import SourceError, UsageError
from tests.database.tables import SETTINGS, make

MODELS = """\
from sqlalchemy import Column, Integer, String
class Rack(Base):
    __tablename__ = 'rack'
    id = Column(Integer, primary_key=True)
    uuid = Column(String(36))
class Other(Base):
    __tablename__ = 'other'
    id = Column(Integer)
"""
MIGRATION = """\
from sqlalchemy import Column, Integer, String, Table
def upgrade(engine):
    Table('rack', meta, Column('id', Integer), Column('uuid', String(36)))
"""
LATER = """\
from sqlalchemy import Column, Integer, Table
def upgrade(engine):
    rack = Table('rack', meta, autoload=True)
    rack.create_column(Column('more', Integer))
"""


@pytest.fixture
def side(tmp_path):
    (tmp_path / "old/versions").mkdir(parents=True)
    (tmp_path / "old/models.py").write_text(MODELS)
    (tmp_path / "old/versions/001_rack.py").write_text(MIGRATION)
    return Side("source", tmp_path, "old/models.py", "old/versions")


@pytest.fixture
def frozen(side):
    return json.loads(freeze(SETTINGS.tables, {"source": declared(side, SETTINGS.tables)}, {}))


def _changes(frozen, side):
    return [str(change) for change in check_declared(frozen, side)]


def test_nothing_changed_is_nothing_said(frozen, side):
    # What is moved about, commented on, or about other tables is no change.
    path = side.folder / "old/models.py"
    path.write_text("# more\n\n" + MODELS.replace("id = Column(Integer)", "id = Column(String)"))
    (side.folder / "old/versions/002_other.py").write_text(LATER.replace("'rack'", "'other'"))

    assert _changes(frozen, side) == []


def test_a_new_migration_is_named_with_file_line_and_column(frozen, side):
    (side.folder / "old/versions/002_more.py").write_text(LATER)

    assert _changes(frozen, side) == [
        "old/versions/002_more.py:4: rack.more is new: Column('more', Integer)"
    ]


def test_a_changed_column_of_a_model_is_named_with_both_definitions(frozen, side):
    path = side.folder / "old/models.py"
    path.write_text(MODELS.replace("String(36)", "String(40)"))

    assert _changes(frozen, side) == [
        "old/models.py:5: rack.uuid is changed: String(36) -> String(40)"
    ]


def test_a_column_that_is_gone_is_named(frozen, side):
    path = side.folder / "old/models.py"
    path.write_text(MODELS.replace("    uuid = Column(String(36))\n", ""))

    assert _changes(frozen, side) == ["old/models.py: rack.uuid is gone: String(36)"]


def test_a_migration_that_is_gone_is_named(frozen, side):
    (side.folder / "old/versions/001_rack.py").unlink()

    assert _changes(frozen, side) == [
        "old/versions/001_rack.py: rack.id is gone: Column('id', Integer)",
        "old/versions/001_rack.py: rack.uuid is gone: Column('uuid', String(36))",
    ]


def test_what_migrations_make_is_compared_and_found_in_its_file(server, side):
    url, other = server.create_database("one"), server.create_database("other")
    engine = make(url)
    schema = reflect(engine_for(url), SETTINGS.tables)
    name = server.engine
    frozen = json.loads(
        freeze(
            SETTINGS.tables, {"source": declared(side, SETTINGS.tables)}, {"source": {name: schema}}
        )
    )
    assert check_made(frozen, side, name, schema) == ()

    make(other)
    with engine_for(other).begin() as connection:
        connection.exec_driver_sql("ALTER TABLE rack ADD COLUMN more INTEGER")
    (side.folder / "old/versions/002_more.py").write_text(LATER)
    changes = check_made(frozen, side, name, reflect(engine_for(other), SETTINGS.tables))

    assert [str(change) for change in changes] == [
        f"old/versions/002_more.py:4: on {name}: rack.more is changed: missing -> INTEGER"
    ]
    engine.dispose()


def test_a_tree_of_something_else_is_refused(side):
    with pytest.raises(SourceError, match=r"nowhere.py does not exist: is that the source's tree"):
        declared(Side("source", side.folder, "nowhere.py", "old/versions"), SETTINGS.tables)


def test_a_file_that_does_not_parse_is_named(side):
    (side.folder / "old/versions/002_bad.py").write_text("def (:\n")
    with pytest.raises(SourceError, match=r"old/versions/002_bad\.py:1: "):
        declared(side, SETTINGS.tables)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not a fingerprint"),
        ("[]", "lists no tables"),
        ('{"tables": [], "format": 99}', "has format 99; known is 1"),
    ],
)
def test_a_file_that_is_no_fingerprint_is_refused(tmp_path, text, message):
    path = tmp_path / "f.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=message):
        load(path)


def test_the_verbs_freeze_and_check_and_exit_with_a_meaning(tmp_path, side):
    plan = tmp_path / "plan"
    plan.mkdir()
    (plan / "plan.toml").write_text(
        dedent(
            """
            name = "shelf"
            source_package = "old"
            target_package = "shelf"
            [roots]
            packages = ["old"]
            [layout.modules]
            "old" = "shelf"
            [packaging]
            distribution = "shelf"
            requirements = "r"
            test_requirements = "t"
            [database]
            tables = ["rack"]
            revision = "0123456789ab"
            version_table = "v"
            models = "shelf/models.py"
            migrations = "shelf/versions"
            source_models = "old/models.py"
            source_migrations = "old/versions"
            source_version_table = "w"
            source_versions = [1, 2]
            """
        )
    )
    out = tmp_path / "f.json"
    common = ["--plan", str(plan), "--source", str(tmp_path)]
    run = CliRunner().invoke

    frozen = run(cli, ["schema", "freeze", *common, "-o", str(out)], standalone_mode=False)
    assert frozen.exception is None
    same = run(cli, ["schema", "check", str(out), *common], standalone_mode=False)
    assert (same.return_value, same.output) == (0, "nothing has changed\n")

    (side.folder / "old/versions/002_more.py").write_text(LATER)
    other = run(cli, ["schema", "check", str(out), *common, "--json"], standalone_mode=False)
    assert other.return_value == 1
    assert json.loads(other.output)["changes"][0]["where"] == "old/versions/002_more.py:4"


def test_lines_are_readable(server):
    url = server.create_database("one")
    make(url)
    lines = fingerprint.schema_lines(reflect(engine_for(url), SETTINGS.tables))

    (key,) = [line for line in lines["rack"] if line.startswith("id: ")]
    assert key.startswith("id: INTEGER NOT NULL ") and key.endswith(" AUTOINCREMENT")
    assert "uuid: VARCHAR(36) NOT NULL" in lines["rack"]
    assert "unique constraint uniq_rack0uuid: (uuid)" in lines["rack"]
    assert "primary key: (rack_id, number)" in lines["tag"]
