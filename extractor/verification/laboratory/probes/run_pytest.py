"""As ``run_tests.py``, with pytest: list or run tests, and write what happened as JSON lines.

Usage: run_pytest.py TOP OUTPUT SPEC. A group is a test file. Ids are dotted, as unittest has
them: the path without its source folder, then the parts of pytest's own id, parameters included.
Runs on every Python since 2.7.
"""

import importlib
import json
import os
import random
import sys
import time

import pytest

FAILED_IMPORT = "unittest.loader._FailedTest."
BROKEN = ("error", "failed")


class Runner(object):
    """The plug-in that notes, chooses and orders tests."""

    def __init__(self, spec, out):
        self.spec = spec
        self.out = out
        self.reports = {}
        self.left = {}
        self.files = {}
        self.broken = False
        self.session = None
        self.groups = spec.get("groups", [])
        self.keys = {name: group[0] for group in self.groups for name in group}

    def name(self, nodeid):
        bare, bracket, parameters = nodeid.partition("[")
        path, _, rest = bare.partition("::")
        folders = sorted(self.spec["folders"], key=len, reverse=True)
        around = next((f for f in folders if f and path.startswith(f)), "")
        path = path[len(around) :]
        module = (path[:-3] if path.endswith(".py") else path).replace("/", ".").strip(".")
        parts = [part for part in rest.split("::") if part not in ("", "()")]
        return ".".join([module] + parts) + bracket + parameters

    def write(self, record):
        self.out.write(json.dumps(record) + "\n")
        self.out.flush()

    def place(self, nodeid):
        path = nodeid.partition("::")[0]
        fitting = [p for p in self.spec["where"] if path == p or path.startswith(p + "/")]
        return max(fitting, key=len) if fitting else ""

    def note(self, name, outcome, seconds, detail):
        record = {"id": name, "outcome": outcome, "seconds": round(seconds, 3)}
        if detail:
            if isinstance(detail, bytes):
                detail = detail.decode("utf-8", "replace")
            record["detail"] = detail[-4000:]
        self.write(record)
        if outcome in BROKEN:
            self.broken = True
            if self.spec.get("first") and self.session is not None:
                self.session.shouldstop = "the first broken test"
        self.end(name)

    def end(self, name):
        key = self.keys.get(name)
        if key is not None:
            self.left[key].discard(name)
            if not self.left[key]:
                self.write({"ended": key})

    def pytest_sessionstart(self, session):
        self.session = session

    def pytest_collectreport(self, report):
        if report.passed:
            return
        name = FAILED_IMPORT + self.name(report.nodeid)
        outcome = "skipped" if report.skipped else "error"
        self.files[name] = (outcome, why(report), self.place(report.nodeid))

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items):
        if self.spec["mode"] == "list":
            groups = {}
            order = []
            for item in items:
                path = item.nodeid.partition("::")[0]
                if path not in groups:
                    order.append(path)
                groups.setdefault(path, []).append(self.name(item.nodeid))
            for path in order:
                self.write({"ids": groups[path], "place": self.place(path)})
            for name in sorted(self.files):
                self.write({"ids": [name], "place": self.files[name][2]})
            items[:] = []
            return
        found = {}
        for item in items:
            found.setdefault(self.name(item.nodeid), []).append(item)
        chance = random.Random(self.spec["seed"])
        self.left = {group[0]: set(group) for group in self.groups}
        chosen = []
        for group in self.groups:
            for name in group:
                if name in self.files:
                    self.note(name, self.files[name][0], 0, self.files[name][1])
            own = [item for name in group for item in found.get(name, [])]
            if self.spec["seed"]:
                chance.shuffle(own)
            if self.spec.get("backwards"):
                own.reverse()
            chosen += own
        items[:] = chosen

    def pytest_runtest_logreport(self, report):
        self.reports.setdefault(report.nodeid, []).append(report)

    # Not the hook of the end of a test: pytest before 3.4 has none.
    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item):
        started = time.time()
        yield
        outcome, detail = verdict(self.reports.pop(item.nodeid, []))
        if outcome:
            self.note(self.name(item.nodeid), outcome, time.time() - started, detail)


def verdict(reports):
    """What the phases of one test come to."""
    outcome, detail = "", ""
    for report in reports:
        expected = hasattr(report, "wasxfail")
        if report.failed:
            return "failed" if report.when == "call" else "error", why(report)
        if report.skipped:
            outcome, detail = ("expected failure" if expected else "skipped"), why(report)
        elif report.when == "call":
            outcome = "unexpected success" if expected else "passed"
    return outcome, detail


def why(report):
    """The reason that a report gives; of a skip only the sentence."""
    told = report.longrepr
    if isinstance(told, tuple):
        told = told[-1]
    return str(told or "")


def has(module):
    try:
        importlib.import_module(module)
    except ImportError:
        return False
    return True


def main():
    top, output, spec_path = sys.argv[1:4]
    with open(spec_path) as handle:
        spec = json.load(handle)
    sys.path[0:1] = [os.path.join(top, f) for f in spec["folders"] if f] + [top]
    os.chdir(top)
    arguments = ["-q", "--rootdir", top, "--continue-on-collection-errors", "--maxfail=0"]
    arguments += ["-p", "no:cacheprovider", "-p", "no:randomly"]
    # Settings of the project may spread tests over processes, which is done here already.
    arguments += ["-n0"] if has("xdist") else []
    arguments += ["--no-cov"] if has("pytest_cov") else []
    arguments += ["--collect-only"] if spec["mode"] == "list" else []
    # What it says of itself when it cannot go on is heard with the errors.
    os.dup2(2, 1)
    with open(output, "w") as out:
        runner = Runner(spec, out)
        code = pytest.main(arguments + [str(place) for place in spec["where"]], plugins=[runner])
        # pytest itself could not go on, or not begin.
        if int(code) in (3, 4):
            sys.exit(int(code))
        if spec["mode"] == "run":
            runner.write({"done": True})
    # Threads that a test left behind must not hold the process.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
