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

import os

import mock
import six

from nova.api import placement_api
from nova import test


class TestPlacementApi(test.NoDBTestCase):
    """The old name of Placement's application, for configured web servers."""

    def setUp(self):
        super(TestPlacementApi, self).setUp()
        environ = mock.patch.dict(os.environ)
        environ.start()
        self.addCleanup(environ.stop)
        os.environ.pop('OS_PLACEMENT_CONFIG_DIR', None)

    def test_the_package_gets_the_old_configuration(self):
        package = mock.Mock()
        modules = {'placement': package, 'placement.wsgi': package.wsgi}
        with mock.patch.dict('sys.modules', modules):
            application = placement_api.init_application()
        self.assertIs(package.wsgi.init_application.return_value, application)
        self.assertEqual('/etc/nova', os.environ['OS_PLACEMENT_CONFIG_DIR'])

    def test_another_place_of_the_configuration_stays(self):
        os.environ['OS_PLACEMENT_CONFIG_DIR'] = '/elsewhere'
        package = mock.Mock()
        modules = {'placement': package, 'placement.wsgi': package.wsgi}
        with mock.patch.dict('sys.modules', modules):
            placement_api.init_application()
        self.assertEqual('/elsewhere', os.environ['OS_PLACEMENT_CONFIG_DIR'])

    def test_without_the_package_it_says_what_to_install(self):
        with mock.patch.dict('sys.modules', {'placement': None}):
            error = self.assertRaises(ImportError,
                                      placement_api.init_application)
        self.assertIn('openstack-placement', six.text_type(error))
