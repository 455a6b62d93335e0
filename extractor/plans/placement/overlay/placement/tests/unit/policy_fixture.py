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
"""Policies for tests."""

import os

import fixtures
from oslo_policy import policy as oslo_policy

from placement import conf
from placement import policy

CONF = conf.CONF


class PlacementPolicyFixture(fixtures.Fixture):
    """The policies that are in the code, whatever files say."""

    def setUp(self):
        super(PlacementPolicyFixture, self).setUp()
        directory = self.useFixture(fixtures.TempDir()).path
        CONF.set_override('policy_file', os.path.join(directory, 'absent'),
                          group='placement')
        policy.reset()
        policy.init()
        self.addCleanup(policy.reset)

    @staticmethod
    def set_rules(rules, overwrite=True):
        """Replace, or else update, the rules: a dict of action to rule."""
        policy.get_enforcer().set_rules(
            oslo_policy.Rules.from_dict(rules), overwrite=overwrite)
