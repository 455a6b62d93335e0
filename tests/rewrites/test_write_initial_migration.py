import ast
from textwrap import dedent

import pytest

from extractor.errors import UsageError
from extractor.plan.model import Database
from extractor.rewrites.write_initial_migration import absent_tables, initial_migration

MODELS = dedent(
    """\
    # A licence.

    from sqlalchemy import Column, ForeignKey, Index, Integer, String
    from sqlalchemy import schema

    class Slot(Base):
        __tablename__ = 'slot'
        id = Column(Integer, primary_key=True)
        rack_id = Column(Integer, ForeignKey('rack.id'), nullable=False, default=4)

    class Rack(Base):
        __tablename__ = 'rack'
        __table_args__ = (
            schema.UniqueConstraint('uuid', name='uniq_rack0uuid'),
            Index('rack_name_idx', 'name', 'uuid'),
        )
        id = Column(Integer, primary_key=True)
        uuid = Column(String(36), nullable=False, index=True)
        name = Column(String(200))
    """
).encode()


def _settings(**more):
    values = {
        "tables": ["rack", "slot"],
        "revision": "0123456789ab",
        "version_table": "v",
        "models": "shelf/models.py",
        "migrations": "shelf/versions",
        "source_models": "m",
        "source_migrations": "n",
        "source_version_table": "w",
        "source_versions": (1, 2),
    }
    return Database(**{**values, **more})


def _written(**more):
    text = initial_migration(MODELS, _settings(**more), "shelf/models.py").decode()
    ast.parse(text)
    return text


def test_tables_that_others_refer_to_come_first():
    text = _written()

    assert text.index("'rack',\n        sa.Column") < text.index("'slot',\n        sa.Column")
    assert text.startswith("# A licence.\n")
    assert "revision = '0123456789ab'" in text


def test_defaults_of_python_are_no_part_of_the_schema():
    assert "sa.Column('rack_id', sa.Integer, nullable=False),\n" in _written()


def test_indexes_and_constraints_are_written():
    text = _written()

    assert "        sa.UniqueConstraint('uuid', name='uniq_rack0uuid'),\n" in text
    assert "'rack_name_idx',\n        'rack',\n        ['name', 'uuid'],\n" in text
    assert "'ix_rack_uuid',\n        'rack',\n        ['uuid'],\n" in text
    assert "        sa.ForeignKeyConstraint(['rack_id'], ['rack.id']),\n" in text


def test_the_plan_says_what_migrations_left_otherwise():
    text = _written(
        inherited={"made": "sa.DateTime"},
        order={"rack": ["name", "id", "later"]},
        options={"mysql_engine": "InnoDB"},
        columns=[
            {
                "table": "rack",
                "column": "old",
                "definition": "sa.Text",
                "in_no_model": True,
                "reason": "nobody dropped it",
            },
            {
                "table": "slot",
                "column": "later",
                "definition": "sa.Text",
                "reason": "no model has it at this revision",
            },
        ],
    )
    rack = text[text.index("'rack',\n        sa.") : text.index("sa.PrimaryKeyConstraint")]

    assert [line.split("'")[1] for line in rack.splitlines()[1:] if "'" in line] == [
        "name",
        "id",
        "made",
        "uuid",
        "old",
    ]
    assert "later" not in text
    assert text.count("mysql_engine='InnoDB',") == 2


def test_a_table_that_the_plan_does_not_name_is_refused():
    with pytest.raises(UsageError, match=r"the plan's \[database\] does not name: slot"):
        _written(tables=["rack"])


def test_a_table_that_is_not_there_yet_is_left_out_and_told():
    assert _written(tables=["rack", "rail", "slot"]) == _written(tables=["rack", "slot"])
    settings = _settings(tables=["rack", "rail", "slot"])
    assert absent_tables(MODELS, settings) == ["rail"]


def test_no_line_is_longer_than_the_style_of_the_source_allows():
    assert max(map(len, _written().splitlines())) < 80


def test_a_circle_of_references_is_refused():
    models = MODELS.replace(
        b"name = Column(String(200))", b"name = Column(Integer, ForeignKey('slot.id'))"
    )
    with pytest.raises(UsageError, match="refer to each other in a cycle: rack, slot"):
        initial_migration(models, _settings(), "shelf/models.py")
