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
"""Where the data lives.

Two groups take the same options. ``[placement_database]`` is the service's
own; as long as it names no connection, ``[api_database]`` is used, so that a
deployment can keep its data in the database it already has.
"""

import copy

from oslo_config import cfg
from oslo_db import options

api_db_group = cfg.OptGroup(
    'api_database',
    title='API database options',
    help='Used when [placement_database] has no connection.')

placement_db_group = cfg.OptGroup(
    'placement_database',
    title='Placement database options',
    help='The database of the service.')


def _database_opts():
    # The names that oslo.db still accepts for [database] would make both
    # groups answer to that one, so copies go without them.
    opts = []
    for opt in options.database_opts:
        opt = copy.copy(opt)
        opt.deprecated_opts = []
        if opt.name == 'connection_recycle_time':
            opt.deprecated_opts = [cfg.DeprecatedOpt('idle_timeout')]
        elif opt.name in ('max_pool_size', 'max_overflow'):
            # What is not set is left to SQLAlchemy, as it always was.
            opt.default = None
        opts.append(opt)
    return opts


api_db_opts = _database_opts()
placement_db_opts = _database_opts()


def register_opts(conf):
    conf.register_opts(api_db_opts, group=api_db_group)
    conf.register_opts(placement_db_opts, group=placement_db_group)


def list_opts():
    return {
        api_db_group: api_db_opts,
        placement_db_group: placement_db_opts,
    }
