"""List or run tests in the interpreter of an environment, and write what happened as JSON lines.

Usage: run_tests.py TOP OUTPUT SPEC, with SPEC the path of a JSON file:
    {"where": [folders and files], "mode": "list"}
    {"where": [...], "mode": "run", "groups": [keys in order], "seed": 0 or a number,
     "first": whether to end with the first broken test}

A group is what must stay together: a test class, or a suite with a life of its own (a suite
class that is not unittest's, which sets something up around its tests). Its key is its first id.
"""

import json
import os
import random
import sys
import time
import traceback
import unittest


def load(top, where):
    loader = unittest.TestLoader()
    found = []
    for place in where:
        full = os.path.join(top, place)
        if os.path.isdir(full):
            found.append(unittest.TestLoader().discover(full, top_level_dir=top))
        elif os.path.isfile(full):
            name = os.path.splitext(place)[0].replace("/", ".")
            found.append(loader.loadTestsFromName(name))
    return found


def groups_of(suites):
    groups = {}
    order = []

    def walk(node):
        if isinstance(node, unittest.TestSuite):
            # A suite class of its own (gabbi's) holds fixtures around its tests.
            own = type(node).run is not unittest.TestSuite.run
            if own and type(node).__module__ != "unittest.suite":
                tests = list(leaves(node))
                if tests:
                    order.append((tests, node))
                return
            for child in node:
                walk(child)
        elif hasattr(node, "id"):
            key = (type(node).__module__, type(node).__name__)
            if key not in groups:
                groups[key] = []
                order.append((groups[key], None))
            groups[key].append(node)

    for suite in suites:
        walk(suite)
    return order


def leaves(node):
    if hasattr(node, "__iter__"):
        for child in node:
            for leaf in leaves(child):
                yield leaf
    else:
        yield node


class Recorder(unittest.TestResult):
    def __init__(self, output):
        super().__init__()
        self.output = output
        self.started = {}
        self.broken = False

    def note(self, test, outcome, detail=""):
        self.broken = self.broken or outcome in ("error", "failed")
        name = test.id() if hasattr(test, "id") else str(test)
        seconds = time.time() - self.started.pop(name, time.time())
        record = {"id": name, "outcome": outcome, "seconds": round(seconds, 3)}
        if detail:
            record["detail"] = detail[-4000:]
        self.output.write(json.dumps(record) + "\n")
        self.output.flush()

    def startTest(self, test):
        self.started[test.id()] = time.time()
        super().startTest(test)

    def addSuccess(self, test):
        self.note(test, "passed")

    def addError(self, test, err):
        self.note(test, "error", self.text(err))

    def addFailure(self, test, err):
        self.note(test, "failed", self.text(err))

    def addSkip(self, test, reason):
        self.note(test, "skipped", str(reason))

    def addExpectedFailure(self, test, err):
        self.note(test, "expected failure")

    def addUnexpectedSuccess(self, test):
        self.note(test, "unexpected success")

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.note(subtest, "failed", self.text(err))

    @staticmethod
    def text(err):
        try:
            return "".join(traceback.format_exception(*err))
        except Exception:
            return str(err[1])


def main():
    top, output, spec_path = sys.argv[1:4]
    sys.path[0] = top
    os.chdir(top)
    with open(spec_path, encoding="utf-8") as handle:
        spec = json.load(handle)
    order = groups_of(load(top, spec["where"]))
    with open(output, "w", encoding="utf-8") as out:
        if spec["mode"] == "list":
            for tests, suite in order:
                record = {"ids": [test.id() for test in tests], "suite": suite is not None}
                out.write(json.dumps(record) + "\n")
            return
        by_key = {tests[0].id(): (tests, suite) for tests, suite in order}
        chance = random.Random(spec["seed"])
        result = Recorder(out)
        for key in spec["groups"]:
            if key not in by_key:
                continue
            if spec.get("first") and result.broken:
                break
            tests, suite = by_key[key]
            if suite is not None:
                suite.run(result)
                continue
            if spec["seed"]:
                chance.shuffle(tests)
            unittest.TestSuite(tests).run(result)
        out.write(json.dumps({"done": True}) + "\n")
    # Threads that a test left behind must not hold the process.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
