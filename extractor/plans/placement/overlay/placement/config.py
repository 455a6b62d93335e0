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
"""Reads the configuration of a process that serves or manages placement."""

from oslo_log import log
from oslo_middleware import cors

from placement import conf
from placement import db_api
from placement import version


def set_middleware_defaults():
    """Say which headers and methods CORS allows when no option does."""
    cors.set_defaults(
        allow_headers=['X-Auth-Token', 'X-Openstack-Request-Id',
                       'X-Identity-Status', 'X-Roles', 'X-Service-Catalog',
                       'X-User-Id', 'X-Tenant-Id'],
        expose_headers=['X-Auth-Token', 'X-Openstack-Request-Id',
                        'X-Subject-Token', 'X-Service-Token'],
        allow_methods=['GET', 'PUT', 'POST', 'DELETE', 'PATCH'])


def parse_args(argv, default_config_files=None, configure_db=True,
               init_rpc=False):
    """Read the options of the command line and the configuration files.

    :param argv: the command line, the name of the program first
    :param default_config_files: paths that are read when argv names none
    :param configure_db: whether the database connection is set up as well
    :param init_rpc: kept for callers that say they want none; there is none
    """
    log.register_options(conf.CONF)
    set_middleware_defaults()
    conf.CONF(argv[1:], project='placement',
              version=version.version_info.version_string(),
              default_config_files=default_config_files)
    if configure_db:
        db_api.configure(conf.CONF)
