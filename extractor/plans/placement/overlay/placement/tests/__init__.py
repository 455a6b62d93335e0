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
"""What every test of this package finds, also when it is run alone."""

from __future__ import absolute_import

import logging

from keystonemiddleware import opts as keystone_opts
from oslo_policy import opts as policy_opts
import webob.dec  # noqa: tests use it through "import webob"

from placement import conf

# The application asks for one of them while it is put together.
policy_opts.set_defaults(conf.CONF)

# Tests give values to some of these before the middleware that has them is
# made.
for _group, _options in keystone_opts.list_auth_token_opts():
    conf.CONF.register_opts(_options, group=_group)

# Code that asks whether a level is enabled before it logs is tested as well.
logging.getLogger('placement').setLevel(logging.DEBUG)
