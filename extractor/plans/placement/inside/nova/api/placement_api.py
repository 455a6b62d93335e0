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
"""What nova-placement-api names: Placement has a package of its own.

Web servers that are configured to run nova-placement-api get the service
from there, with the configuration file that they had.
"""

import os

from oslo_log import log as logging

LOG = logging.getLogger(__name__)


def init_application():
    try:
        from placement import wsgi
    except ImportError as error:
        raise ImportError('%s: Placement is not part of nova any more. '
                          'Install openstack-placement, and let the web '
                          'server run its placement-api instead of '
                          'nova-placement-api.' % error)
    # nova.conf is found there; the package would look in /etc/placement.
    os.environ.setdefault('OS_PLACEMENT_CONFIG_DIR', '/etc/nova')
    application = wsgi.init_application()
    LOG.warning('nova-placement-api is now placement-api, of the package '
                'openstack-placement: let the web server run that.')
    return application
