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
"""The options of the service.

They are registered on an object of their own and not on oslo.config's global
one, so that another service may live in the same process, as in tests of
programs that use this one.
"""

# Without this, Python 2 would take the module ``placement`` beside this file
# for the package of that name.
from __future__ import absolute_import

from oslo_config import cfg

from placement.conf import api
from placement.conf import database
from placement.conf import placement

CONF = cfg.ConfigOpts()

for _group in (api, database, placement):
    _group.register_opts(CONF)
