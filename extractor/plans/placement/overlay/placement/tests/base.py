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
"""Base classes of tests."""

# Python 2 would take the module beside this file for the library.
from __future__ import absolute_import

import fixtures
from oslotest import output
import testtools

from placement import conf
from placement import context
from placement.tests import database
from placement.tests import fixtures as test_fixtures
from placement.tests.unit import conf_fixture

CONF = conf.CONF


class TestCase(testtools.TestCase):
    """A test with a database, its own configuration and no output."""

    USES_DB = True
    # Set by tests that bring the database fixture themselves.
    USES_DB_SELF = False

    def setUp(self):
        super(TestCase, self).setUp()
        self.useFixture(output.CaptureOutput())
        self.useFixture(test_fixtures.StandardLogging())
        self.useFixture(conf_fixture.ConfFixture(CONF))
        if self.USES_DB:
            self.useFixture(database.Database())
        elif not self.USES_DB_SELF:
            self.useFixture(fixtures.MonkeyPatch(
                'oslo_db.sqlalchemy.enginefacade._TransactionFactory.'
                '_create_session', self._refuse_session))

    @staticmethod
    def _refuse_session(*args, **kwargs):
        raise AssertionError('This test says that it uses no database.')

    def flags(self, group=None, **options):
        """Set options for the time of the test."""
        for name, value in options.items():
            CONF.set_override(name, value, group)


class NoDBTestCase(TestCase):
    """A test that must not touch the database."""

    USES_DB = False


class ObjectTestCase(TestCase):
    """A test of objects, as some user."""

    def setUp(self):
        super(ObjectTestCase, self).setUp()
        self.user_id = 'fake-user'
        self.project_id = 'fake-project'
        self.context = context.RequestContext(self.user_id, self.project_id)
