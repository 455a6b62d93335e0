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
"""Which configuration file is read."""

import os

DIRECTORY = '/etc/placement'
CONFIG_FILE = 'placement.conf'
# A directory that is named in the environment may hold only this one.
OLD_CONFIG_FILE = 'nova.conf'


def config_file(env=None):
    """Return the path of the configuration file.

    :param env: a mapping that stands for the process environment. With
                OS_PLACEMENT_CONFIG_DIR in it the file is looked for in that
                directory, under its own name first.
    """
    env = os.environ if env is None else env
    told = env.get('OS_PLACEMENT_CONFIG_DIR', '').strip()
    path = os.path.join(told or DIRECTORY, CONFIG_FILE)
    if told and not os.path.exists(path):
        old_path = os.path.join(told, OLD_CONFIG_FILE)
        if os.path.exists(old_path):
            return old_path
    return path
