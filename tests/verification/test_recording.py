"""Request tests are recorded as they run: what was sent, and the rows that stood there before."""

import json
import subprocess
import sys
from pathlib import Path

import extractor.verification
from extractor.verification.checks.api_parity import read_recordings

PROBE = (
    Path(extractor.verification.__file__).parent / "laboratory" / "probes" / "record_requests.py"
)

# As much of the library of 2018 as the script takes hold of.
GABBI = """
import io
import unittest


class GabbiSuite(unittest.TestSuite):
    def _get_intercept(self):
        first = next(iter(self))
        return first.fixtures, first.intercept, "localhost", 8001, ""

    def run(self, result, debug=False):
        fixtures, factory, host, port, prefix = self._get_intercept()
        application = factory()
        for test in self:
            body = test.body.encode()
            environ = {
                "REQUEST_METHOD": "PUT",
                "PATH_INFO": test.path,
                "QUERY_STRING": "a=b",
                "CONTENT_LENGTH": str(len(body)),
                "CONTENT_TYPE": "application/json",
                "HTTP_X_AUTH_TOKEN": "admin",
                "wsgi.input": io.BytesIO(body),
            }
            application(environ, lambda status, headers: None)
        return result
"""

TESTS = """
import unittest

import sqlalchemy
from gabbi import suite

engine = sqlalchemy.create_engine("sqlite://", poolclass=sqlalchemy.pool.StaticPool)
with engine.begin() as connection:
    connection.execute(sqlalchemy.text("create table shops (name text)"))
    connection.execute(sqlalchemy.text("insert into shops values ('baker')"))


class Fixture:
    pass


def application(environ, start_response):
    start_response("204 No Content", [])
    return [b""]


class Requests(unittest.TestCase):
    fixtures = [Fixture]
    path, body = "/shops/1", "{}"

    @staticmethod
    def intercept():
        return application

    def test_put(self):
        pass


def load_tests(loader, tests, pattern):
    return unittest.TestSuite([suite.GabbiSuite([Requests("test_put")])])
"""


def test_a_suite_is_recorded_with_its_rows_and_requests(tmp_path):
    top = tmp_path / "top"
    (top / "gabbi").mkdir(parents=True)
    (top / "gabbi" / "__init__.py").write_text("")
    (top / "gabbi" / "suite.py").write_text(GABBI)
    (top / "shop").mkdir()
    (top / "shop" / "__init__.py").write_text("")
    (top / "shop" / "test_api.py").write_text(TESTS)
    spec = tmp_path / "spec.json"
    spec.write_text(json.dumps({"where": ["shop"], "tables": ["shops"]}))
    output = tmp_path / "recorded.jsonl"
    subprocess.run(
        [sys.executable, str(PROBE), str(top), str(output), str(spec)],
        check=True,
        env={"PYTHONPATH": str(top)},
    )
    (recorded,) = read_recordings(output.read_text())
    assert recorded.fixtures == ("Fixture",)
    assert recorded.rows == {"shops": [{"name": "baker"}]}
    (request,) = recorded.requests
    assert (request.method, request.path, request.body) == ("PUT", "/shops/1?a=b", "{}")
    assert dict(request.headers) == {
        "x-auth-token": "admin",
        "content-type": "application/json",
    }
