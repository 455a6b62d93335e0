"""Make placement's database as placement does: ``result.py migrate|models``.

Runs on an interpreter with placement's requirements, placement's tree first on its path. The
database's URL is in the environment, where a list of processes does not show it.
"""

import os
import sys
import tempfile
import warnings

warnings.simplefilter("ignore")


def migrate(url):
    from placement.cmd import manage

    with tempfile.NamedTemporaryFile("w", suffix=".conf") as config:
        config.write("[placement_database]\nconnection = %s\n" % url.replace("$", "$$"))
        config.flush()
        code = manage.main(["placement-manage", "--config-file", config.name, "db", "sync"])
    sys.exit(code)


def models(url):
    import sqlalchemy
    from placement.db.sqlalchemy import models

    models.ResourceProvider.metadata.create_all(sqlalchemy.create_engine(url))


if __name__ == "__main__":
    {"migrate": migrate, "models": models}[sys.argv[1]](os.environ["DATABASE_URL"])
