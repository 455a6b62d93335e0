import pytest
import sqlalchemy as sa

from extractor.database.connect import engine_for
from extractor.database.schema import compare, compare_models, reflect
from tests.database.tables import SETTINGS, make, metadata


def _reflected(url):
    return reflect(engine_for(url), SETTINGS.tables)


def test_two_databases_made_alike_do_not_differ(server):
    one, other = server.create_database("one"), server.create_database("other")
    make(one)
    make(other)

    assert compare(_reflected(one), _reflected(other)) == ()
    assert [table.name for table in _reflected(one).tables] == ["rack", "slot", "tag"]


def test_other_tables_beside_them_are_not_looked_at(server):
    one, other = server.create_database("one"), server.create_database("other")
    make(one)
    make(other, version="0123456789ab", old_version=4)

    assert compare(_reflected(one), _reflected(other)) == ()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(
            lambda meta: meta.tables["rack"].append_column(sa.Column("more", sa.Integer)),
            "rack.more: column: missing / there",
            id="a column",
        ),
        pytest.param(
            lambda meta: setattr(meta.tables["rack"].c.uuid, "type", sa.String(40)),
            "rack.uuid: length: 36 / 40",
            id="a length",
        ),
        pytest.param(
            lambda meta: setattr(meta.tables["slot"].c.ratio, "nullable", True),
            "slot.ratio: nullable: False / True",
            id="NULL",
        ),
        pytest.param(
            lambda meta: sa.Index("slot_used_idx", meta.tables["slot"].c.used),
            "slot.used: index slot_used_idx (used): missing / there",
            id="an index",
        ),
        pytest.param(
            lambda meta: setattr(
                meta.tables["slot"].c.used, "server_default", sa.DefaultClause(sa.text("7"))
            ),
            "slot.used: default: 0 / 7",
            id="a default",
        ),
    ],
)
def test_a_change_is_named_with_its_column(server, change, expected):
    one, other = server.create_database("one"), server.create_database("other")
    make(one)
    meta = metadata()
    change(meta)
    meta.create_all(sa.create_engine(other))

    assert [str(d) for d in compare(_reflected(one), _reflected(other))] == [expected]


def test_across_servers_names_and_shapes_are_compared(servers):
    urls = [servers(engine).create_database("one") for engine in ("sqlite", "postgresql")]
    for url in urls:
        make(url)

    assert compare(*map(_reflected, urls)) == ()


def test_models_say_nothing_of_the_order_of_columns(server):
    one, other = server.create_database("one"), server.create_database("other")
    make(one)
    turned = metadata(order=lambda columns: columns[::-1] if len(columns) > 2 else columns)
    turned.create_all(sa.create_engine(other))

    assert compare(_reflected(one), _reflected(other)) != ()
    assert compare_models(_reflected(one), _reflected(other)) == ()
