"""Tests are listed and run in an interpreter's process; broken, lost and skipped are told apart."""

import sys
from pathlib import Path

import pytest

from extractor.verification.checks import test_orders, tests
from extractor.verification.checks.test_parity import compare
from extractor.verification.comparisons.suites import id_map
from extractor.verification.laboratory.environment import Environment, ask
from extractor.verification.laboratory.test_runs import (
    Group,
    Outcomes,
    Suite,
    limited,
    list_tests,
    listed_as,
    prepare_tree,
    run_tests,
)

CASES = """\
import os
import time
import unittest


class PlainTest(unittest.TestCase):
    def test_good(self):
        pass

    def test_bad(self):
        self.fail("no")

    @unittest.skip("not today")
    def test_skipped(self):
        pass


class DyingTest(unittest.TestCase):
    def test_dies(self):
        if os.environ.get("DIE"):
            os._exit(3)
        if os.environ.get("HANG"):
            time.sleep(600)


class Own(unittest.TestSuite):
    def run(self, result, debug=False):
        os.environ["SET_UP"] = "1"
        try:
            return super(Own, self).run(result, debug)
        finally:
            del os.environ["SET_UP"]


class InSuite(unittest.TestCase):
    def test_needs_suite(self):
        self.assertEqual("1", os.environ["SET_UP"])


def load_tests(loader, standard, pattern):
    for suite in list(standard):
        standard._tests.remove(suite)
        tests = list(suite)
        if tests and isinstance(tests[0], InSuite):
            standard.addTest(Own(tests))
        else:
            standard.addTest(suite)
    return standard
"""

TRACING = """\
import unittest


class TestTrace(unittest.TestCase):
    def setUp(self):
        with open("trace", "a") as file:
            file.write(self._testMethodName + "\\n")

    def test_a(self):
        pass

    def test_b(self):
        pass

    def test_c(self):
        pass
"""


@pytest.fixture
def here():
    said = ask(sys.executable)
    assert said is not None
    return Environment(Path(sys.prefix), said, 0.0)


def suite(tmp_path, here, **variables):
    top = tmp_path / "top"
    (top / "shop" / "tests").mkdir(parents=True)
    (top / "shop" / "__init__.py").write_text("")
    (top / "shop" / "tests" / "__init__.py").write_text("")
    (top / "shop" / "tests" / "test_cases.py").write_text(CASES)
    return Suite(top, ("shop/tests",), here, variables)


def test_outcomes_of_every_kind(tmp_path, here):
    made = suite(tmp_path, here)
    groups = list_tests(made, tmp_path)
    outcomes = run_tests(made, groups, tmp_path)
    prefix = "shop.tests.test_cases."
    assert outcomes.of == {
        prefix + "DyingTest.test_dies": "passed",
        prefix + "InSuite.test_needs_suite": "passed",
        prefix + "PlainTest.test_bad": "failed",
        prefix + "PlainTest.test_good": "passed",
        prefix + "PlainTest.test_skipped": "skipped",
    }
    assert outcomes.broken() == [prefix + "PlainTest.test_bad"]
    assert "AssertionError: no" in outcomes.details[prefix + "PlainTest.test_bad"]
    assert outcomes.details[prefix + "PlainTest.test_skipped"] == "not today"


def test_of_a_class_only_what_is_asked_for_runs(tmp_path, here):
    made = suite(tmp_path, here)
    (made.top / "shop/tests/test_trace.py").write_text(TRACING)
    prefix = "shop.tests.test_trace.TestTrace."
    groups = limited(list_tests(made, tmp_path), [prefix + "test_b", "not.listed"])
    assert groups == [Group((prefix + "test_b",), "shop/tests")]
    outcomes = run_tests(made, groups, tmp_path)
    assert (outcomes.of, outcomes.lost) == ({prefix + "test_b": "passed"}, ())
    assert (made.top / "trace").read_text() == "test_b\n", "nothing ran to be dropped later"


def test_a_worker_that_dies_loses_its_tests(tmp_path, here):
    made = suite(tmp_path, here, DIE="1")
    outcomes = run_tests(made, list_tests(made, tmp_path), tmp_path, workers=1)
    assert "shop.tests.test_cases.DyingTest.test_dies" in outcomes.lost
    assert set(outcomes.lost) <= set(outcomes.broken())


@pytest.mark.parametrize("how", ["DIE", "HANG"])
def test_the_tests_behind_one_that_ends_its_worker_run_all_the_same(tmp_path, here, how):
    made = suite(tmp_path, here, **{how: "1"})
    outcomes = run_tests(made, list_tests(made, tmp_path), tmp_path, workers=1, silence=1.5)
    assert outcomes.lost == ("shop.tests.test_cases.DyingTest.test_dies",)
    assert len(outcomes.of) == 4
    assert len(outcomes.deaths) == 1


def test_what_does_not_import_is_broken(tmp_path, here):
    made = suite(tmp_path, here)
    (made.top / "shop" / "tests" / "test_more.py").write_text("import mall_that_is_not_there\n")
    outcomes = run_tests(made, list_tests(made, tmp_path), tmp_path)
    assert any("_FailedTest" in name for name in outcomes.broken())


SCENARIOS = """
import copy
import unittest


class ScenarioTest(unittest.TestCase):
    scenario = ""

    def id(self):
        return super().id() + self.scenario

    def run(self, result=None):
        if self.scenario:
            return super().run(result)
        for name in ("(one)", "(two)"):
            again = copy.copy(self)
            again.scenario = name
            again.run(result)

    def test_x(self):
        for n in range(2):
            with self.subTest(n=n):
                self.assertTrue(n == 1 or self.scenario == "(one)")
"""


def test_a_test_that_runs_as_several_is_not_lost(tmp_path, here):
    made = suite(tmp_path, here)
    (made.top / "shop" / "tests" / "test_cases.py").write_text(SCENARIOS)
    outcomes = run_tests(made, list_tests(made, tmp_path), tmp_path)
    name = "shop.tests.test_cases.ScenarioTest.test_x"
    assert outcomes.of == {f"{name}(one)": "passed", f"{name}(two) (n=0)": "failed"}
    assert not outcomes.lost


@pytest.mark.parametrize(
    ("test", "listed"),
    [
        ("a.T.x", "a.T.x"),
        ("a.T.x(v2)", "a.T.x"),
        ("a.T.x (n=1)", "a.T.x"),
        ("a.T.y", ""),
        ("setUpClass (a.T)", ""),
    ],
)
def test_under_which_id_a_test_was_listed(test, listed):
    assert listed_as(test, {"a.T.x"}) == listed


def test_a_seed_changes_the_order_and_nothing_else(tmp_path, here):
    made = suite(tmp_path, here)
    groups = list_tests(made, tmp_path)
    assert run_tests(made, groups, tmp_path, seed=7).of == run_tests(made, groups, tmp_path).of


def test_preparing_a_tree_leaves_the_original_alone(tmp_path, here):
    made = suite(tmp_path, here)
    (made.top / "shop" / "old.py").write_text("def f(async=False):\n    return async\n")
    copy = prepare_tree(made.top, tmp_path / "scratch", here, "1.0")
    assert "async" in (made.top / "shop" / "old.py").read_text()
    # So its libraries spell it today.
    assert (copy / "shop" / "old.py").read_text() == "def f(async_=False):\n    return async_\n"


def test_judging_outcomes():
    good = tests.judge("tests", Outcomes({"a": "passed"}), 1)
    assert good.held
    bad = tests.judge("tests", Outcomes({"a": "failed"}, {"a": "trace\nValueError: x"}), 1)
    assert bad.look_at == "a: ValueError: x"
    assert tests.judge("tests", Outcomes({}), 0).findings == ("no test was found at all",)


def test_parity_tells_lost_changed_and_new_ids(shop):
    mapped = id_map(shop.plan.data)
    there = Outcomes(
        {
            "mall.tests.shop.test_till.T.test_a": "passed",
            "mall.tests.shop.test_till.T.test_b": "passed",
            "mall.tests.shop.test_till.T.test_c": "failed",
        }
    )
    here = Outcomes(
        {
            "shop.tests.unit.test_till.T.test_a": "skipped",
            "shop.tests.unit.test_till.T.test_c": "failed",
            "shop.tests.unit.test_till.T.test_new": "passed",
        }
    )
    done = compare(there, here, mapped)
    assert done.findings == (
        "different outcome: shop.tests.unit.test_till.T.test_a: passed there, skipped here",
        "lost: shop.tests.unit.test_till.T.test_b (was mall.tests.shop.test_till.T.test_b)",
    )
    assert "only in the result: shop.tests.unit.test_till.T.test_new" in done.evidence


def test_alone_a_module_has_loaded_no_other_test(tmp_path, here, shop):
    made = suite(tmp_path / "x", here)
    folder = made.top / "shop" / "tests"
    (folder / "test_cases.py").write_text("import shop\nshop.lent = True\n" + CASES)
    (folder / "test_borrows.py").write_text(
        "import unittest\nimport shop\n\n\nclass T(unittest.TestCase):\n"
        "    def test_lent(self):\n        self.assertTrue(shop.lent)\n"
    )
    orders = dict(test_orders.in_every_order(made, shop.context()))
    name = "shop.tests.test_borrows.T.test_lent"
    assert orders["serial"].of[name] == "passed"
    assert orders[test_orders.ALONE].of[name] == "error"
    assert set(orders[test_orders.ALONE].of) == set(orders["serial"].of)


def test_backwards_nothing_that_came_before_helps(tmp_path, here, shop):
    made = suite(tmp_path / "x", here)
    (made.top / "shop" / "tests" / "test_cases.py").write_text(
        "import unittest\nimport shop\n\n\nclass ATest(unittest.TestCase):\n    marked = []\n\n"
        "    def test_a(self):\n        self.marked.append(1)\n        shop.lent = True\n\n"
        "    def test_b(self):\n        self.assertTrue(self.marked)\n\n\n"
        "class BTest(unittest.TestCase):\n    def test_c(self):\n"
        "        self.assertTrue(shop.lent)\n"
    )
    orders = dict(test_orders.in_every_order(made, shop.context()))
    # Each module alone is no help here: all of them are in one.
    assert not orders["serial"].broken()
    assert not orders[test_orders.ALONE].broken()
    prefix = "shop.tests.test_cases."
    assert orders[test_orders.BACKWARDS].broken() == [
        prefix + "ATest.test_b",
        prefix + "BTest.test_c",
    ]


def test_with_first_a_worker_ends_with_its_first_broken_test(tmp_path, here):
    made = suite(tmp_path, here)
    (made.top / "shop" / "tests" / "test_later.py").write_text(
        "import unittest\n\n\nclass T(unittest.TestCase):\n    def test_x(self):\n        pass\n"
    )
    outcomes = run_tests(made, list_tests(made, tmp_path), tmp_path, workers=1, first=True)
    assert outcomes.broken() == ["shop.tests.test_cases.PlainTest.test_bad"]
    assert "shop.tests.test_later.T.test_x" not in outcomes.of


def test_orders_name_the_order_that_broke():
    good, bad = Outcomes({"m.T.a": "passed"}), Outcomes({"m.T.a": "error"})
    done = test_orders.judge({"serial": good, "alone": bad}, {})
    assert done.findings == ("alone: m.T.a: error",)


def test_what_breaks_in_the_same_order_of_the_source_is_told():
    good, bad = Outcomes({"m.T.a": "passed"}), Outcomes({"m.T.a": "error"})
    done = test_orders.judge({"serial": good, "alone": bad}, {"serial": good, "alone": bad})
    assert done.held
    assert "also fails in the source: alone: m.T.a: error" in done.evidence
    done = test_orders.judge({"serial": bad, "alone": good}, {"serial": good, "alone": bad})
    assert done.findings == ("serial: m.T.a: error",)


def test_groups_are_told_apart_by_module():
    groups = [Group((i,)) for i in ("a.b.T.x", "a.c.T.x", "a.b.U.x", "_Failed.x")]
    groups.append(Group(("a.c.title_with/a_slash_(1.7).test_request",)))
    found = test_orders.modules_of(groups, {"a.b", "a.c"}.__contains__)
    assert {name: len(own) for name, own in found.items()} == {"a.b": 2, "a.c": 2, "": 1}
