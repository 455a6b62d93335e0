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
"""The configuration tests start from."""

import fixtures
from oslo_config import fixture as config_fixture
from oslo_policy import opts as policy_opts

from placement import conf
# Imported for the options it registers.
from placement.tests import database  # noqa

CONF = conf.CONF


class ConfFixture(config_fixture.Config):
    """Defaults that need neither a file nor another service."""

    def __init__(self, conf=CONF):
        super(ConfFixture, self).__init__(conf)

    def setUp(self):
        super(ConfFixture, self).setUp()
        # An enforcer that an earlier test made knows that test's options.
        self.useFixture(fixtures.MonkeyPatch(
            'placement.policy._ENFORCER_PLACEMENT', None))
        self.conf.set_default('auth_strategy', 'noauth2', group='api')
        for group in ('placement_database', 'api_database'):
            self.conf.set_default('connection', 'sqlite://', group=group)
            self.conf.set_default('sqlite_synchronous', False, group=group)
        policy_opts.set_defaults(self.conf)
        self.conf([], default_config_files=[])
