"""Tests that only pytest runs are listed, chosen, ordered and told apart as unittest's are."""

import subprocess
import sys
from pathlib import Path

import pytest

from extractor.verification.checks.test_parity import compare, outcomes_of_source
from extractor.verification.comparisons.suites import suite_of_result, suite_of_source
from extractor.verification.laboratory.environment import (
    Environment,
    NoEnvironment,
    ask,
    environment,
    recipe,
)
from extractor.verification.laboratory.test_runs import (
    FAILED_IMPORT,
    Outcomes,
    Suite,
    list_tests,
    run_tests,
)
from tests.repositories import write

pytestmark = pytest.mark.slow

CASES = """\
import os
import unittest

import pytest


def test_plain(opened):
    assert opened == "open"


@pytest.mark.parametrize("text", ["a.b", "c::d"])
def test_parameters(text, times):
    assert len(text) > 2


class TestGroup:
    def test_fails(self):
        assert 1 == 2

    def test_dies(self):
        if os.environ.get("DIE"):
            os._exit(3)

    @pytest.mark.skip(reason="not today")
    def test_skipped(self):
        pass

    @pytest.mark.xfail
    def test_expected(self):
        assert False

    @pytest.mark.own
    def test_no_fixture(self, nowhere):
        pass


class CaseTest(unittest.TestCase):
    def test_unit(self):
        self.assertEqual("yes", os.environ["AUTO"])
"""
CONFTEST = """\
import os

import pytest


@pytest.fixture
def opened():
    return "open"


@pytest.fixture(autouse=True)
def auto(monkeypatch):
    monkeypatch.setenv("AUTO", "yes")


def pytest_generate_tests(metafunc):
    if "times" in metafunc.fixturenames:
        metafunc.parametrize("times", [1, 2])
"""
PREFIX = "tests.test_cases."
RUNNER = ("pytest", ("src/", ""))


@pytest.fixture
def here():
    said = ask(sys.executable)
    assert said is not None
    return Environment(Path(sys.prefix), said, 0.0)


@pytest.fixture
def made(tmp_path, here):
    top = tmp_path / "top"
    files = {
        "src/tests/conftest.py": CONFTEST,
        "src/tests/test_cases.py": CASES,
        "pytest.ini": "[pytest]\nmarkers = own: ours\naddopts = --strict-markers -x\n",
    }
    write(top, files)
    return Suite(top, ("src/tests",), here, {}, (), (), *RUNNER)


def test_outcomes_of_every_kind(made, tmp_path):
    groups = list_tests(made, tmp_path)
    outcomes = run_tests(made, groups, tmp_path)
    assert outcomes.of == {
        PREFIX + "CaseTest.test_unit": "passed",
        PREFIX + "TestGroup.test_dies": "passed",
        PREFIX + "TestGroup.test_expected": "expected failure",
        PREFIX + "TestGroup.test_fails": "failed",
        PREFIX + "TestGroup.test_no_fixture": "error",
        PREFIX + "TestGroup.test_skipped": "skipped",
        **{
            f"{PREFIX}test_parameters[{n}-{text}]": "passed"
            for n in (1, 2)
            for text in ("a.b", "c::d")
        },
        PREFIX + "test_plain": "passed",
    }
    assert not outcomes.lost
    assert "assert 1 == 2" in outcomes.details[PREFIX + "TestGroup.test_fails"]
    assert "not today" in outcomes.details[PREFIX + "TestGroup.test_skipped"]
    assert [group.place for group in groups] == ["src/tests"]


def test_what_cannot_be_collected_is_one_broken_test(made, tmp_path):
    write(made.top, {"src/tests/sub/test_more.py": "import mall_that_is_not_there\n"})
    outcomes = run_tests(made, list_tests(made, tmp_path), tmp_path)
    name = f"{FAILED_IMPORT}.tests.sub.test_more"
    assert outcomes.of[name] == "error" and "mall_that_is_not_there" in outcomes.details[name]
    assert outcomes.of[PREFIX + "test_plain"] == "passed"


def test_a_conftest_that_fails_is_said_at_once(made, tmp_path):
    write(made.top, {"src/tests/conftest.py": "import mall_that_is_not_there\n"})
    with pytest.raises(NoEnvironment, match="mall_that_is_not_there"):
        list_tests(made, tmp_path)


def test_a_worker_that_dies_loses_its_file_and_no_other(made, tmp_path):
    write(made.top, {"src/tests/test_later.py": "def test_x():\n    pass\n"})
    dying = Suite(made.top, made.where, made.environment, {"DIE": "1"}, (), (), *RUNNER)
    outcomes = run_tests(dying, list_tests(dying, tmp_path), tmp_path, workers=1)
    assert PREFIX + "TestGroup.test_dies" in outcomes.lost
    assert outcomes.of["tests.test_later.test_x"] == "passed" and len(outcomes.deaths) == 1


def test_backwards_and_the_first_broken_test(made, tmp_path):
    body = "seen = []\n\n\ndef test_a():\n    seen.append(1)\n\n\ndef test_b():\n    assert seen\n"
    write(made.top, {"src/tests/test_cases.py": body})
    groups = list_tests(made, tmp_path)
    assert not run_tests(made, groups, tmp_path).broken()
    outcomes = run_tests(made, groups, tmp_path, backwards=True, first=True)
    assert outcomes.of == {PREFIX + "test_b": "failed"} and not outcomes.lost


def test_a_parameter_whose_text_has_a_new_name_is_no_loss():
    def renamed(name):
        return name.replace("old.", "new.", 1)

    there = Outcomes({"old.t.test[old.a]": "passed", "old.t.test[b]": "passed"})
    here = Outcomes({"new.t.test[new.a]": "passed", "new.t.test[b]": "passed"})
    done = compare(there, here, renamed)
    assert done.held and done.figures["matched"] == 2
    fewer = Outcomes({"new.t.test[b]": "passed"})
    assert compare(there, fewer, renamed).findings == (
        "lost: new.t.test[old.a] (was old.t.test[old.a])",
    )


def test_what_the_source_cannot_load_is_not_lost():
    there = Outcomes({f"{FAILED_IMPORT}.t": "error", "u.test": "passed"})
    done = compare(there, Outcomes({"u.test": "passed"}), str)
    assert done.held and f"cannot be loaded in the source: {FAILED_IMPORT}.t" in done.evidence


@pytest.fixture
def both(shop, here, monkeypatch, tmp_path):
    """Source and result of the shop, run where we are."""
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("extractor.verification.labs._environment", lambda *given: here)
    source = tmp_path / "source"
    test = "def test_sells():\n    assert True\n\n\ndef test_more():\n    assert True\n"
    beside = "def test_beside():\n    assert True\n"
    write(
        source,
        {
            "mall/__init__.py": "",
            "mall/shop/__init__.py": "",
            "mall/shop/test_beside.py": beside,
            "mall/tests/__init__.py": "",
            "mall/tests/shop/__init__.py": "",
            "mall/tests/shop/test_sells.py": test,
        },
    )
    write(shop.root, {"shop/tests/unit/test_sells.py": test, "shop/test_beside.py": beside})
    return source


def test_tests_are_found_by_the_layout_where_the_plan_names_no_folders(both, shop, tmp_path):
    context = shop.context(against=both)
    object.__setattr__(context.settings, "tests", ())
    ours = suite_of_result(shop.result(), context)
    theirs = suite_of_source(context, both)
    assert (ours.runner, theirs.runner) == ("pytest", "pytest")
    assert "shop/test_beside.py" in ours.where and "mall/shop/test_beside.py" in theirs.where
    ids = {i for group in list_tests(theirs, tmp_path) for i in group.ids}
    assert ids == {
        "mall.shop.test_beside.test_beside",
        "mall.tests.shop.test_sells.test_more",
        "mall.tests.shop.test_sells.test_sells",
    }


def test_single_tests_of_the_source_can_be_named(both, shop, tmp_path):
    context = shop.context(against=both)
    context.plan.data.roots.tests[:] = ["mall.tests.shop.test_sells:test_more"]
    ids = {i for group in list_tests(suite_of_source(context, both), tmp_path) for i in group.ids}
    assert ids == {"mall.shop.test_beside.test_beside", "mall.tests.shop.test_sells.test_more"}


def test_a_source_none_of_whose_tests_passes_proves_nothing(both, shop):
    for path in both.rglob("test_*.py"):
        path.write_text("import mall_that_is_not_there\n\n\ndef test_x():\n    pass\n")
    with pytest.raises(NoEnvironment, match="none of the 2 tests passes in the source's environ"):
        outcomes_of_source(shop.context(against=both), both)
    for path in both.rglob("test_*.py"):
        path.unlink()
    assert outcomes_of_source(shop.context(against=both), both) is None


@pytest.mark.pypi
def test_python_2_runs_tests_too(tmp_path):
    found = next((p for p in _pythons_2() if p), None)
    if found is None:
        pytest.skip("there is no Python 2.7 here")
    made = environment(recipe([], build=["wheel<0.38"]), found, cache=tmp_path / "environments")
    top = tmp_path / "top"
    write(
        top,
        {
            "shop/__init__.py": "",
            "shop/test_old.py": "import unittest\n\n\nclass T(unittest.TestCase):\n"
            "    def test_x(self):\n        print 'x'\n",
            "shop/test_bad.py": "import nothing_there\n",
        },
    )
    suite = Suite(top, ("shop",), made)
    outcomes = run_tests(suite, list_tests(suite, tmp_path), tmp_path)
    assert outcomes.of == {
        "shop.test_old.T.test_x": "passed",
        f"{FAILED_IMPORT}.shop.test_bad": "error",
    }


def _pythons_2():
    from extractor.verification.laboratory.environment import candidates

    for path in sorted(set(candidates())):
        if "2.7" in path and subprocess.run([path, "-V"], capture_output=True).returncode == 0:
            yield ask(path)
