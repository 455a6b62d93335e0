"""Run the suites of a request-test library against the application in process, and record them.

Usage: record_requests.py TOP OUTPUT SPEC, with SPEC a JSON file:
    {"where": [folders and files], "tables": [tables that tell the database]}

OUTPUT gets one JSON line a suite: its name, the fixtures it asked for, the rows that stood in the
tables before its first request, and every request with the status it got.
"""

import json
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
CONNECTIONS = []


def rows_of(tables):
    """The rows of the named tables, from the newest live SQLite connection that has them all."""
    for connection in reversed(CONNECTIONS):
        try:
            found = connection.execute("select name from sqlite_master where type = 'table'")
            if not set(tables) <= {row[0] for row in found}:
                continue
            dump = {}
            for table in tables:
                cursor = connection.execute("select * from " + table)
                names = [column[0] for column in cursor.description]
                dump[table] = [dict(zip(names, row)) for row in cursor]
            return dump
        except Exception:
            continue
    return {}


class Recorder:
    """A WSGI application in front of another, noting what goes through."""

    def __init__(self, application, requests):
        self.application = application
        self.requests = requests

    def __call__(self, environ, start_response):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        import io

        environ["wsgi.input"] = io.BytesIO(body)
        headers = {
            key[5:].replace("_", "-").lower(): value
            for key, value in environ.items()
            if key.startswith("HTTP_") and key != "HTTP_HOST"
        }
        if environ.get("CONTENT_TYPE"):
            headers["content-type"] = environ["CONTENT_TYPE"]
        # The path as it came on the wire: WSGI hands it over decoded.
        path = environ.get("wsgi_intercept.path") or self.quoted(environ.get("PATH_INFO", ""))
        if environ.get("QUERY_STRING"):
            path += "?" + environ["QUERY_STRING"]
        request = {
            "method": environ["REQUEST_METHOD"],
            "path": path,
            "headers": headers,
            "body": body.decode("utf-8", "surrogateescape"),
        }
        self.requests.append(request)

        def noting(status, headers, *more):
            request["status"] = int(status.split()[0])
            return start_response(status, headers, *more)

        return self.application(environ, noting)

    @staticmethod
    def quoted(path):
        from urllib.parse import quote

        return quote(path.encode("latin-1"), safe="/:@!$&'()*+,;=~%")


def main():
    top, output, spec_path = sys.argv[1:4]
    sys.path[0] = top
    sys.path.append(HERE)
    os.chdir(top)
    with open(spec_path, encoding="utf-8") as handle:
        spec = json.load(handle)
    import run_tests
    import sqlalchemy.event
    import sqlalchemy.pool
    from gabbi import suite as gabbi_suite

    sqlalchemy.event.listen(
        sqlalchemy.pool.Pool, "connect", lambda connection, record: CONNECTIONS.append(connection)
    )
    current = {}
    plain = gabbi_suite.GabbiSuite._get_intercept

    def recording(self):
        fixtures, intercept, host, port, prefix = plain(self)
        current["fixtures"] = [fixture.__name__ for fixture in fixtures]

        def factory():
            if "rows" not in current:
                current["rows"] = rows_of(spec["tables"])
            return Recorder(intercept(), current["requests"])

        return fixtures, factory if intercept else None, host, port, prefix

    gabbi_suite.GabbiSuite._get_intercept = recording
    with open(output, "w", encoding="utf-8") as out:
        for tests, suite, _ in run_tests.groups_of(run_tests.load(top, spec["where"])):
            if suite is None or not isinstance(suite, gabbi_suite.GabbiSuite):
                continue
            current.clear()
            current["requests"] = []
            result = unittest.TestResult()
            suite.run(result)
            first = type(tests[0])
            record = {
                "name": os.path.basename(str(getattr(first, "suite_name", "")) or tests[0].id()),
                "fixtures": current.get("fixtures", []),
                "rows": current.get("rows", {}),
                "requests": current["requests"],
                "broken": len(result.errors) + len(result.failures),
                "tests": len(tests),
            }
            out.write(json.dumps(record) + "\n")
    os._exit(0)


if __name__ == "__main__":
    main()
