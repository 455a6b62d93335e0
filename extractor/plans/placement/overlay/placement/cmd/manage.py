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
"""The command ``placement-manage``."""

import argparse
import logging
import sys

from alembic import util as alembic_util
from oslo_config import cfg
from oslo_db import exception as db_exc
from sqlalchemy import exc as sa_exc

from placement.conf import paths
from placement import config
from placement.db.sqlalchemy import migration
from placement import db_api


def _engine():
    try:
        return db_api.get_placement_engine()
    except (sa_exc.ArgumentError, ValueError):
        # What these say holds what was set, and so the password.
        raise db_exc.CantStartEngineError(
            'what is set as connection is not the URL of a database')


def db_sync(args):
    """Create what the database lacks; stamp what is already there."""
    before, after = migration.db_sync(_engine())
    print('%s -> %s' % (before, after))
    return 0


def db_version(args):
    """Print the revision the database is stamped with."""
    print(migration.db_version(_engine()))
    return 0


def db_stamp(args):
    """Say that the database is at a revision; change no table."""
    migration.db_stamp(_engine(), args.revision)
    return 0


def db_check(args):
    """List what differs from the schema of this release; exit 1 if any."""
    differences = migration.db_check(_engine())
    for difference in differences:
        print(difference)
    return 1 if differences else 0


def _parser():
    parser = argparse.ArgumentParser(
        prog='placement-manage', description='Manage the placement service.')
    parser.add_argument(
        '--config-file', action='append', metavar='PATH',
        help='read this file instead of %s' % paths.config_file())
    groups = parser.add_subparsers(dest='group', metavar='GROUP')
    groups.required = True
    commands = groups.add_parser('db', help='the database').add_subparsers(
        dest='command', metavar='COMMAND')
    commands.required = True
    for run in (db_sync, db_version, db_stamp, db_check):
        command = commands.add_parser(run.__name__[3:], help=run.__doc__)
        command.set_defaults(run=run)
        if run is db_stamp:
            command.add_argument('revision', nargs='?', default='head')
    return parser


def main(argv=None):
    """Return what to exit with: 0, or one sentence that says what is wrong."""
    argv = sys.argv if argv is None else argv
    args = _parser().parse_args(argv[1:])
    files = args.config_file or [paths.config_file()]
    # What a database says is told once, below, and without a traceback.
    logging.getLogger('oslo_db.sqlalchemy.exc_filters').setLevel(
        logging.CRITICAL)
    try:
        config.parse_args([], default_config_files=files)
        return args.run(args)
    except (cfg.Error, db_exc.CantStartEngineError, migration.UnknownSchema,
            alembic_util.CommandError) as exc:
        return 'placement-manage: %s' % exc
    except (db_exc.DBError, sa_exc.SQLAlchemyError, ImportError) as exc:
        said = str(exc)
        for rest in ('\n', ' [SQL: ', ' (Background on '):
            said = said.partition(rest)[0]
        return 'placement-manage: the database cannot be used: %s' % said


if __name__ == '__main__':
    sys.exit(main())
