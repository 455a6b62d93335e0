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
"""How the service behaves."""

from oslo_config import cfg

DEFAULT_CONSUMER_MISSING_ID = '00000000-0000-0000-0000-000000000000'

placement_group = cfg.OptGroup(
    'placement',
    title='Placement Service Options',
    help='Options of the placement service.')

placement_opts = [
    cfg.BoolOpt(
        'randomize_allocation_candidates',
        default=False,
        help="""
Whether a limited list of allocation candidates is a random sample of all of
them. If not, the same request gets the same candidates in the same order, as
long as nothing else changes; which order that is, is not defined.
"""),
    cfg.StrOpt(
        'policy_file',
        default='placement-policy.yaml',
        help="""
The file that overrides the default policies: an absolute path, or one that is
relative to the configuration file.
"""),
    cfg.StrOpt(
        'incomplete_consumer_project_id',
        default=DEFAULT_CONSUMER_MISSING_ID,
        help="""
The project recorded for a consumer whose allocations are made through an old
microversion (before 1.8), where none can be given.
"""),
    cfg.StrOpt(
        'incomplete_consumer_user_id',
        default=DEFAULT_CONSUMER_MISSING_ID,
        help="""
The user recorded for a consumer whose allocations are made through an old
microversion (before 1.8), where none can be given.
"""),
]

service_opts = [
    cfg.BoolOpt(
        'log_options',
        default=True,
        help='Whether all values are logged at start, at level DEBUG.'),
]


def register_opts(conf):
    conf.register_group(placement_group)
    conf.register_opts(placement_opts, group=placement_group)
    conf.register_opts(service_opts)


def list_opts():
    return {
        'DEFAULT': service_opts,
        placement_group: placement_opts,
    }
