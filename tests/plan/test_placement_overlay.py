"""The tests' database of the placement plan, beside stand-ins for the libraries it uses."""

import subprocess
import sys
from pathlib import Path

import pytest

import extractor
from tests.repositories import write

DATABASE = "placement/tests/database.py"
ONCE = """
def once(function):
    def wrapper(conf):
        if not wrapper.called:
            wrapper.called = True
            return function(conf)
    wrapper.called = False
    wrapper.reset = lambda: setattr(wrapper, 'called', False)
    return wrapper

"""
DB_API = (
    "asked = []\n\n{decorator}def configure(conf):\n    asked.append(conf)\n\n\n"
    "def get_placement_engine():\n    pass\n"
)
FILES = {
    "fixtures.py": "class Fixture(object):\n    pass\n",
    "oslo_db/__init__.py": "",
    "oslo_db/options.py": "def set_defaults(conf):\n    pass\n",
    "placement/__init__.py": "",
    "placement/conf.py": "CONF = 'the configuration'\n",
    "placement/db/__init__.py": "",
    "placement/db/sqlalchemy/__init__.py": "",
    "placement/db/sqlalchemy/migration.py": "",
    "placement/objects/__init__.py": "",
    "placement/objects/resource_provider.py": "",
    "placement/tests/__init__.py": "",
}
USE = """
from placement import db_api
from placement.tests import database
db_api.configure.called = True  # as a test of it leaves it
database.configure()
database.configure()
assert db_api.asked == ['the configuration'], db_api.asked
"""


@pytest.mark.parametrize("decorator", ["", "@once\n"], ids=["each time", "once only"])
def test_the_database_is_configured_once_whatever_ran_before(tmp_path, decorator):
    overlay = Path(extractor.__file__).parent / "plans/placement/overlay"
    db_api = ONCE + DB_API.format(decorator=decorator)
    database = (overlay / DATABASE).read_text()
    write(tmp_path, {**FILES, DATABASE: database, "placement/db_api.py": db_api})
    subprocess.run([sys.executable, "-c", USE], cwd=tmp_path, check=True)
