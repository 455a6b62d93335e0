"""Make nova's API database as nova does: ``source.py migrate|models``.

Runs on an interpreter with nova's requirements, nova's tree first on its path. The database's
URL is in the environment, where a list of processes does not show it.
"""

import os
import sys
import warnings

warnings.simplefilter("ignore")


def migrate(url):
    import nova.conf
    from nova import config  # noqa
    from nova import objects
    from nova.db.sqlalchemy import api
    from nova.db.sqlalchemy import migration
    from sqlalchemy.dialects.postgresql import base

    # PostgreSQL 12 dropped a column that SQLAlchemy of those days asks for; no table here has
    # the kind of constraint it asked about.
    base.PGDialect.get_check_constraints = lambda *args, **kwargs: []
    objects.register_all()
    conf = nova.conf.CONF
    conf([], project="nova", default_config_files=[])
    conf.set_override("connection", url, "api_database")
    api.configure(conf)
    migration.db_sync(database="api")


def models(url):
    import sqlalchemy
    from nova.db.sqlalchemy import api_models

    api_models.API_BASE.metadata.create_all(sqlalchemy.create_engine(url))


if __name__ == "__main__":
    {"migrate": migrate, "models": models}[sys.argv[1]](os.environ["DATABASE_URL"])
