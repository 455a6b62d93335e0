"""List or run tests in the interpreter of an environment, and write what happened as JSON lines.

Usage: run_tests.py TOP OUTPUT SPEC, with SPEC the path of a JSON file:
    {"where": [folders and files], "mode": "list"}
    {"where": [...], "mode": "run", "groups": [lists of ids, in order], "seed": 0 or a number,
     "backwards": whether each class runs its last test first,
     "first": whether to end with the first broken test}

A group is what must stay together: a test class, or a suite with a life of its own (a suite
class that is not unittest's, which sets something up around its tests, and always runs whole).
Of a class only the tests whose ids are asked for run. A group's key is the first id asked for.
Runs on every Python since 2.7.
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

FAILED_IMPORT = "unittest.loader._FailedTest."


def load(top, where, folders=()):
    loader = unittest.TestLoader()
    found = []
    for place in where:
        full = os.path.join(top, place)
        if os.path.isdir(full):
            inner = without_folder(place, folders)
            around = os.path.join(top, place[: len(place) - len(inner)])
            found.append((place, discover(full, inner, around)))
        elif os.path.isfile(full):
            name = os.path.splitext(without_folder(place, folders))[0].replace("/", ".")
            found.append((place, load_module(loader, name)))
    return found


def without_folder(place, folders):
    around = sorted((f for f in folders if f and place.startswith(f)), key=len)
    return place[len(around[-1]) :] if around else place


def discover(full, place, top):
    # Discovery refuses folders that are no packages; what is in them is imported all the same.
    if os.path.isfile(os.path.join(full, "__init__.py")):
        return unittest.TestLoader().discover(full, top_level_dir=top)
    suite = unittest.TestSuite()
    for child in sorted(os.listdir(full)):
        path = os.path.join(full, child)
        if os.path.isdir(path):
            suite.addTest(discover(path, place + "/" + child, top))
        elif child.startswith("test") and child.endswith(".py"):
            name = (place + "/" + child[:-3]).replace("/", ".")
            suite.addTest(load_module(unittest.TestLoader(), name))
    return suite


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
        super(NotLoaded, self).__init__("fail_to_load")
        self.name = name
        self.reason = reason

    def id(self):
        return FAILED_IMPORT + self.name

    def fail_to_load(self):
        raise self.reason


def id_of(test):
    # Python 2 calls what cannot be imported otherwise.
    return test.id().replace("unittest.loader.ModuleImportFailure.", FAILED_IMPORT, 1)


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
        super(Recorder, self).__init__()
        self.output = output
        self.started = {}
        self.broken = False

    def note(self, test, outcome, detail=""):
        self.broken = self.broken or outcome in ("error", "failed")
        name = id_of(test) if hasattr(test, "id") else str(test)
        seconds = time.time() - self.started.pop(name, time.time())
        record = {"id": name, "outcome": outcome, "seconds": round(seconds, 3)}
        if detail:
            if isinstance(detail, bytes):
                detail = detail.decode("utf-8", "replace")
            record["detail"] = detail[-4000:]
        self.output.write(json.dumps(record) + "\n")
        self.output.flush()

    def startTest(self, test):
        self.started[id_of(test)] = time.time()
        super(Recorder, self).startTest(test)

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
    os.chdir(top)
    with open(spec_path) as handle:
        spec = json.load(handle)
    sys.path[0:1] = [os.path.join(top, f) for f in spec["folders"] if f] + [top]
    order = groups_of(load(top, spec["where"], spec["folders"]))
    with open(output, "w") as out:
        if spec["mode"] == "list":
            for tests, _, place in order:
                record = {"ids": [id_of(test) for test in tests], "place": place}
                out.write(json.dumps(record) + "\n")
            return
        groups = {id_of(test): (tests, suite) for tests, suite, _ in order for test in tests}
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
                groups.pop(id_of(test), None)
            if suite is None:
                wanted = set(ids)
                tests = [test for test in tests if id_of(test) in wanted]
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
