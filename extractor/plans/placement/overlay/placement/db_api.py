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
"""The connection to the database."""

from oslo_db.sqlalchemy import enginefacade

api_context_manager = enginefacade.transaction_context()


def configure(conf):
    """Say which database is meant; before its first use, and only once."""
    group = conf.placement_database
    if group.connection is None:
        group = conf.api_database
    api_context_manager.configure(**dict(group.items()))


def get_placement_engine():
    return api_context_manager.get_legacy_facade().get_engine()
