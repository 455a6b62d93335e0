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
"""A database for tests, in memory."""

# Python 2 would take the module beside this file for the library.
from __future__ import absolute_import

import fixtures
from oslo_db import options

from placement import conf
from placement.db.sqlalchemy import migration
from placement import db_api
from placement.objects import resource_provider

CONF = conf.CONF
# Tests that came from where there were more databases configure this one too,
# so that nothing is read from the disk.
options.set_defaults(CONF)

_configured = False


def configure():
    """Say which database tests mean, at first only.

    oslo.db refuses to be configured again once an engine was made.
    """
    global _configured
    if not _configured:
        # Where it runs once only, a test of it may have been that once.
        reset = getattr(db_api.configure, 'reset', None)
        if reset is not None:
            reset()
        db_api.configure(CONF)
        _configured = True


class Database(fixtures.Fixture):
    """An empty database, with all tables, until the fixture is cleaned up.

    :param database: the name a caller knows it under. There is one only, so
                     every name means that.
    """

    def __init__(self, database='placement'):
        super(Database, self).__init__()
        self.database = database
        self.get_engine = db_api.get_placement_engine

    def reset(self):
        configure()
        # The last connection closed, a database in memory is gone.
        self.cleanup()
        migration.db_sync(self.get_engine())

    def cleanup(self):
        self.get_engine().dispose()
        # What was remembered of one database is not true of the next.
        resource_provider._TRAITS_SYNCED = False
        resource_provider._RC_CACHE = None

    def setUp(self):
        super(Database, self).setUp()
        self.reset()
        self.addCleanup(self.cleanup)
