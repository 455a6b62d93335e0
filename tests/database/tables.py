"""A small subsystem's tables, with every kind of column that servers hold differently."""

from __future__ import annotations

import sqlalchemy as sa

from extractor.database.connect import parse
from extractor.plan.model import Database

SETTINGS = Database(
    tables=["rack", "slot", "tag"],
    revision="0123456789ab",
    version_table="shelf_version",
    models="shelf/models.py",
    migrations="shelf/versions",
    source_models="old/models.py",
    source_migrations="old/versions",
    source_version_table="old_version",
    source_versions=(3, 5),
)


def metadata(order=list):
    """The tables, as SQLAlchemy knows them; ``order`` arranges the columns of each."""
    meta = sa.MetaData()
    sa.Table(
        "rack",
        meta,
        *order(
            [
                sa.Column("created_at", sa.DateTime),
                sa.Column("id", sa.Integer, primary_key=True),
                sa.Column("uuid", sa.String(36), nullable=False),
                sa.Column("name", sa.Unicode(200)),
                sa.Column("parent_id", sa.Integer, sa.ForeignKey("rack.id")),
            ]
        ),
        sa.UniqueConstraint("uuid", name="uniq_rack0uuid"),
        sa.Index("rack_name_idx", "name"),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
    )
    sa.Table(
        "slot",
        meta,
        *order(
            [
                sa.Column("id", sa.Integer, primary_key=True),
                sa.Column("rack_id", sa.Integer, sa.ForeignKey("rack.id"), nullable=False),
                sa.Column("ratio", sa.Float, nullable=False),
                sa.Column("used", sa.Integer, nullable=False, server_default=sa.text("0")),
            ]
        ),
        mysql_engine="InnoDB",
    )
    sa.Table(
        "tag",
        meta,
        *order(
            [
                sa.Column("rack_id", sa.Integer, sa.ForeignKey("rack.id"), primary_key=True),
                sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
            ]
        ),
        mysql_engine="InnoDB",
    )
    return meta


def make(url, version=None, old_version=None):
    """Create the tables and stamp them."""
    engine = sa.create_engine(parse(url), poolclass=sa.pool.NullPool)
    metadata().create_all(engine)
    with engine.begin() as connection:
        for name, column, kind, value in (
            ("shelf_version", "version_num", "VARCHAR(32)", version),
            ("old_version", "version", "INTEGER", old_version),
        ):
            if value is not None:
                connection.execute(sa.text(f"CREATE TABLE {name} ({column} {kind} NOT NULL)"))
                connection.execute(sa.text(f"INSERT INTO {name} VALUES (:v)"), {"v": value})
    return engine
