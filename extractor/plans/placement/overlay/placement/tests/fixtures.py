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
"""What tests write, kept from the terminal and shown when they fail."""

from __future__ import absolute_import

import logging

import fixtures
from oslotest import output

OutputStreamCapture = output.CaptureOutput


class StandardLogging(fixtures.FakeLogger):
    """Collects log messages of every level, so every one gets formatted."""

    def __init__(self):
        super(StandardLogging, self).__init__(level=logging.DEBUG)
