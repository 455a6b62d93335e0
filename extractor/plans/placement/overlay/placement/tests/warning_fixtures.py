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
"""Which warnings a test hears of."""

from __future__ import absolute_import

import warnings

import fixtures


class WarningsFixture(fixtures.Fixture):
    """A deprecation is told once; a string that is no UUID in a UUID field is an error."""

    def setUp(self):
        super(WarningsFixture, self).setUp()
        before = warnings.catch_warnings()
        before.__enter__()
        self.addCleanup(before.__exit__, None, None, None)
        warnings.simplefilter('once', DeprecationWarning)
        warnings.filterwarnings('ignore', module='pkg_resources')
        warnings.filterwarnings('error', message='.*invalid UUID.*')
