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
"""Alembic's way into the migrations; run by migration.py, never by hand."""

from alembic import context

from placement.db.sqlalchemy import migration
from placement.db.sqlalchemy import models


def _is_ours(item, name, type_, reflected, compare_to):
    # Other tables may stand beside these in the database.
    table = item if type_ == 'table' else item.table
    return table.name in models.ResourceProvider.metadata.tables


context.configure(
    connection=context.config.attributes['connection'],
    target_metadata=models.ResourceProvider.metadata,
    version_table=migration.VERSION_TABLE,
    include_object=_is_ours)
with context.begin_transaction():
    context.run_migrations()
