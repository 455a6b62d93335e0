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
"""The outermost answer to an error that nothing else handled."""

from oslo_log import log as logging
import six
import webob.dec
import webob.exc

from placement import util

LOG = logging.getLogger(__name__)


class FaultWrapper(object):
    """WSGI middleware that answers an exception with status 500."""

    def __init__(self, application):
        self.application = application

    @webob.dec.wsgify
    def __call__(self, req):
        try:
            return req.get_response(self.application)
        except Exception as exc:
            LOG.exception('Placement API unexpected error: %s', exc)
            return webob.exc.HTTPInternalServerError(
                six.text_type(exc), json_formatter=util.json_error_formatter)
