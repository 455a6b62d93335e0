#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.
"""Brings a database to the schema of this release.

The database may hold other tables: none but these and the version table,
which has a name of its own, is read or changed.
"""

import os

from alembic import command
from alembic import config as alembic_config
from alembic.runtime import migration as alembic_migration
from alembic import script
import sqlalchemy as sa

VERSION_TABLE = 'placement_alembic_version'


class UnknownSchema(Exception):
    """The tables that are there are not those of any release."""


def _config(connection):
    here = os.path.dirname(os.path.abspath(__file__))
    folder = os.path.join(here, 'alembic')
    config = alembic_config.Config()
    config.set_main_option('script_location', folder.replace('%', '%%'))
    config.attributes['connection'] = connection
    return config


def _version(connection):
    return alembic_migration.MigrationContext.configure(
        connection, opts={'version_table': VERSION_TABLE},
    ).get_current_revision()


def _columns(connection):
    inspector = sa.inspect(connection)
    return {table: {column['name'] for column in inspector.get_columns(table)}
            for table in inspector.get_table_names()}


def _expected(revision):
    """The columns of every table as migrations make them up to a revision."""
    with sa.create_engine('sqlite://').connect() as connection:
        command.upgrade(_config(connection), revision)
        columns = _columns(connection)
    del columns[VERSION_TABLE]
    return columns


def _differences(connection, revision):
    there = _columns(connection)
    found = []
    for table, columns in sorted(_expected(revision).items()):
        if table not in there:
            found.append('table %s is missing' % table)
            continue
        found.extend('column %s.%s is missing' % (table, name)
                     for name in sorted(columns - there[table]))
        found.extend('column %s.%s is not known' % (table, name)
                     for name in sorted(there[table] - columns))
    return found


def _recognise(connection):
    """The first revision, if its tables are there unstamped; else None."""
    scripts = script.ScriptDirectory.from_config(_config(connection))
    base = scripts.get_base()
    if not set(scripts.get_revision(base).module.TABLES) & set(
            sa.inspect(connection).get_table_names()):
        return None
    differences = _differences(connection, base)
    if differences:
        raise UnknownSchema(
            'the tables are not those of a known release: %s; bring them to '
            'the release this repository was made from with the tool that '
            'made them' % ', '.join(differences))
    return base


def db_version(engine):
    """The revision the database is stamped with, or None."""
    with engine.connect() as connection:
        return _version(connection)


def db_sync(engine):
    """Create what is missing; tables made elsewhere are checked and stamped.

    Returns the revision before and after.
    """
    with engine.connect() as connection:
        config = _config(connection)
        before = _version(connection)
        if before is None:
            known = _recognise(connection)
            if known is not None:
                command.stamp(config, known)
        command.upgrade(config, 'head')
        return before, _version(connection)


def db_stamp(engine, revision='head'):
    """Say that the database is at a revision, without changing its tables."""
    with engine.connect() as connection:
        command.stamp(_config(connection), revision)


def db_check(engine):
    """What differs from the schema of this release, one sentence each."""
    with engine.connect() as connection:
        head = script.ScriptDirectory.from_config(
            _config(connection)).get_current_head()
        version = _version(connection)
        found = _differences(connection, head)
        if version != head:
            found.insert(0, 'the version is %s, not %s' % (version, head))
        return found
