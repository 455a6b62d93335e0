from textwrap import dedent

import pytest

from extractor.analysis.tables import models_in, operations_in
from extractor.parsing import UnreadableSource


def _source(text):
    return dedent(text).encode()


MODELS = _source(
    """
    from sqlalchemy import Column, Integer as Int
    import sqlalchemy as sa
    from sqlalchemy import schema

    class Base(object):
        id = Column(Int)

    class Rack(Base):
        __tablename__ = 'rack'
        uniq = 'uniq_rack0name'
        __table_args__ = (schema.UniqueConstraint('name', name=uniq),)
        id = Column(Int, primary_key=True)
        name = sa.Column('label', sa.String(20), nullable=False)
        parent = Column(Int, sa.ForeignKey('rack.id', ondelete='CASCADE'))
        async = 1
    """
)


def test_a_class_without_a_table_is_no_model():
    assert [model.name for model in models_in(MODELS)] == ["Rack"]


def test_columns_are_told_with_library_names_only():
    (rack,) = models_in(MODELS)

    assert [(c.name, c.definition, c.line) for c in rack.columns] == [
        ("id", "Integer, primary_key=True", 13),
        ("label", "String(20), nullable=False", 14),
        ("parent", "Integer, ForeignKey('rack.id', ondelete='CASCADE')", 15),
    ]
    assert [str(a) for a in rack.arguments] == ["UniqueConstraint('name', name='uniq_rack0name')"]


def test_a_column_without_a_type_cannot_be_read():
    source = _source(
        """
        from sqlalchemy import Column
        class Rack(Base):
            __tablename__ = 'rack'
            id = Column(primary_key=True)
        """
    )
    with pytest.raises(UnreadableSource, match="column id has no type") as caught:
        models_in(source)
    assert caught.value.line == 5


def _told(text, tables=("rack", "slot")):
    return [(o.table, o.column, o.text) for o in operations_in(_source(text), tables)]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("from sqlalchemy import Table\nTable('racks', meta)", id="another table"),
        pytest.param("'rack of lamb'", id="prose"),
        pytest.param("Column('rack', Integer)", id="not the library's"),
        pytest.param(
            "from sqlalchemy import Table, Column\nTable('other', meta, Column('rack', X))",
            id="a column of that name elsewhere",
        ),
    ],
)
def test_other_things_are_no_operations(text):
    assert _told(text) == []


def test_a_table_made_is_told_column_by_column():
    text = """
        from sqlalchemy import Table, Column, Integer, Index
        def upgrade(engine):
            Table('rack', meta, Column('id', Integer), Index('rack_idx', 'id'))
            Table('other', meta, Column('id', Integer))
        """
    assert _told(text) == [
        ("rack", "", "Index('rack_idx', 'id')"),
        ("rack", "id", "Column('id', Integer)"),
    ]


def test_a_column_added_altered_and_dropped_is_told():
    text = """
        from sqlalchemy import Table, Column, Integer
        def upgrade(engine):
            rack = Table('rack', meta, autoload=True)
            rack.create_column(Column('more', Integer))
            old = rack.c.old
            old.alter(type=Integer)
            rack.c.gone.drop()
        """
    assert _told(text) == [
        ("rack", "more", "Column('more', Integer)"),
        ("rack", "old", "rack.c.old.alter(type=Integer)"),
        ("rack", "gone", "rack.c.gone.drop()"),
    ]


def test_operations_of_alembic_are_told():
    text = """
        from alembic import op
        import sqlalchemy as sa
        def upgrade():
            op.add_column('slot', sa.Column('more', sa.Integer))
            op.drop_column('rack', 'old')
            op.create_index('slot_idx', 'slot', ['more'])
            op.drop_index('slot_idx', table_name='slot')
            op.drop_index('rack_idx', 'rack')
            op.alter_column(table_name='rack', column_name='old', type_=sa.Text)
            op.drop_column('other', 'old')
            op.execute("SELECT 1")
        """
    assert _told(text) == [
        ("slot", "more", "Column('more', Integer)"),
        ("rack", "old", "drop_column('rack', 'old')"),
        ("slot", "", "create_index('slot_idx', 'slot', ['more'])"),
        ("slot", "", "drop_index('slot_idx', table_name='slot')"),
        ("rack", "", "drop_index('rack_idx', 'rack')"),
        ("rack", "old", "alter_column(table_name='rack', column_name='old', type_=Text)"),
    ]


def test_operations_of_alembic_in_a_batch_are_told():
    text = """
        from alembic import op
        from sqlalchemy import Column, Integer
        def upgrade():
            with op.batch_alter_table('rack') as batch:
                batch.alter_column('old', nullable=True)
                batch.add_column(Column('more', Integer))
                batch.drop_constraint('uniq_rack0uuid')
            with op.batch_alter_table('other') as batch_of_other:
                batch_of_other.drop_column('old')
        """
    assert _told(text) == [
        ("rack", "old", "alter_column('old', nullable=True)"),
        ("rack", "more", "Column('more', Integer)"),
        ("rack", "", "drop_constraint('uniq_rack0uuid')"),
    ]


def test_what_a_star_import_brings_is_known():
    text = """
        from sqlalchemy import *
        def upgrade(engine):
            rack = Table('rack', meta, autoload=True)
            rack.create_column(Column('more', Integer))
        """
    assert _told(text) == [("rack", "more", "Column('more', Integer)")]


@pytest.mark.parametrize(
    ("statement", "columns"),
    [
        ("ALTER TABLE rack DROP COLUMN x", ["x"]),
        ("ALTER TABLE rack MODIFY x BIGINT, ADD COLUMN y INT", ["x", "y"]),
        ("ALTER TABLE rack ALTER COLUMN x TYPE bigint", ["x"]),
        ("ALTER TABLE rack DROP INDEX rack_idx", [""]),
        ("ALTER TABLE rack ADD CONSTRAINT uniq UNIQUE (x)", [""]),
        ("UPDATE rack SET x = 1", [""]),
    ],
)
def test_plain_statements_are_told(statement, columns):
    assert _told(f"engine.execute('{statement}')") == [
        ("rack", column, statement) for column in columns
    ]
