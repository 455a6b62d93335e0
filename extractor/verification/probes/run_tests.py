"""List or run tests in the interpreter of an environment, and write what happened as JSON lines.

Usage: run_tests.py TOP OUTPUT SPEC, with SPEC the path of a JSON file:
    {"where": [folders and files], "mode": "list"}
    {"where": [...], "mode": "run", "groups": [lists of ids, in order], "seed": 0 or a number,
     "backwards": whether each class runs its last test first,
     "first": whether to end with the first broken test}

A group is what must stay together: a test class, or a suite with a life of its own (a suite
class that is not unittest's, which sets something up around its tests, and always runs whole).
Of a class only the tests whose ids are asked for run. A group's key is the first id asked for.
"""

import gc
import importlib
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
            found.append((place, unittest.TestLoader().discover(full, top_level_dir=top)))
        elif os.path.isfile(full):
            found.append((place, load_module(loader, os.path.splitext(place)[0].replace("/", "."))))
    return found


def load_module(loader, name):
    # As discovery does: one module that cannot be loaded is one broken test, not the end.
    try:
        module = importlib.import_module(name)
    except unittest.SkipTest as skip:
        return unittest.TestSuite([NotLoaded(name, skip)])
    except Exception:
        return unittest.TestSuite([NotLoaded(name, ImportError(traceback.format_exc()))])
    return loader.loadTestsFromModule(module)


class NotLoaded(unittest.TestCase):
    def __init__(self, name, reason):
        super().__init__("fail_to_load")
        self.name = name
        self.reason = reason

    def id(self):
        return "unittest.loader._FailedTest." + self.name

    def fail_to_load(self):
        raise self.reason


def groups_of(suites):
    groups = {}
    order = []

    def walk(node, place):
        if isinstance(node, unittest.TestSuite):
            # A suite class of its own (gabbi's) holds fixtures around its tests.
            own = type(node).run is not unittest.TestSuite.run
            if own and type(node).__module__ != "unittest.suite":
                tests = list(leaves(node))
                if tests:
                    order.append((tests, node, place))
                return
            for child in node:
                walk(child, place)
        elif hasattr(node, "id"):
            own_name = node.id() if isinstance(node, NotLoaded) else type(node).__name__
            key = (type(node).__module__, own_name)
            if key not in groups:
                groups[key] = []
                order.append((groups[key], None, place))
            groups[key].append(node)

    for place, suite in suites:
        walk(suite, place)
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
            for tests, _, place in order:
                record = {"ids": [test.id() for test in tests], "place": place}
                out.write(json.dumps(record) + "\n")
            return
        groups = {test.id(): (tests, suite) for tests, suite, _ in order for test in tests}
        # What a test made goes with it: thousands in one process make every collection slow.
        del order
        if hasattr(gc, "freeze"):
            gc.collect()
            gc.freeze()
        chance = random.Random(spec["seed"])
        result = Recorder(out)
        for ids in spec["groups"]:
            if spec.get("first") and result.broken:
                break
            tests, suite = groups.get(ids[0], ([], None))
            for test in tests:
                groups.pop(test.id(), None)
            if suite is None:
                wanted = set(ids)
                tests = [test for test in tests if test.id() in wanted]
                if spec["seed"]:
                    chance.shuffle(tests)
                if spec.get("backwards"):
                    tests.reverse()
                suite = unittest.TestSuite(tests)
            suite.run(result)
            del tests, suite
            out.write(json.dumps({"ended": ids[0]}) + "\n")
            out.flush()
        out.write(json.dumps({"done": True}) + "\n")
    # Threads that a test left behind must not hold the process.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
