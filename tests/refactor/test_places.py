"""Where tests are after what a series moved."""

import pytest

from extractor.refactor.places import Places
from extractor.verification.laboratory.outcome_store import ModuleOutcomes

MOVED = (
    {
        "big.tests.test_a": "big.tests.sub.test_a",
        "big.tests.test_all:TestB": "big.tests.test_b:TestB",
        "big.tests.base": "big.tests.func.base",
    },
    {"big.tests.sub.test_a": "big.tests.func.test_a", "big.tests.test_b": "big.tests.func.test_b"},
)


@pytest.mark.parametrize(
    ("module", "before", "after"),
    [
        pytest.param(
            "big.tests.test_c",
            "big.tests.test_c.T.test_x",
            "big.tests.test_c.T.test_x",
            id="stays",
        ),
        pytest.param(
            "big.tests.test_a",
            "big.tests.test_a.T.test_x",
            "big.tests.func.test_a.T.test_x",
            id="module, twice",
        ),
        pytest.param(
            "big.tests.test_all",
            "big.tests.test_all.TestB.test_x",
            "big.tests.func.test_b.TestB.test_x",
            id="class, then its module",
        ),
        pytest.param(
            "big.tests.test_all",
            "big.tests.test_all.TestBoth.test_x",
            "big.tests.test_all.TestBoth.test_x",
            id="begins like a class that moved",
        ),
        pytest.param(
            "big.tests.base.test_d",
            "big.tests.base.test_d.T.test_x",
            "big.tests.base.test_d.T.test_x",
            id="stays below a package that moved",
        ),
        pytest.param(
            "big.tests.test_a",
            "unittest.loader._FailedTest.big.tests.test_a",
            "unittest.loader._FailedTest.big.tests.func.test_a",
            id="cannot be loaded",
        ),
    ],
)
def test_an_id_follows_what_moved(module, before, after):
    assert Places(MOVED).test(before, module) == after
    assert Places(()).test(before, module) == before


def test_outcomes_follow_and_leave_their_modules_behind():
    before = {
        "big.tests.test_all": ModuleOutcomes(
            {"big.tests.test_all.TestA.x": "passed", "big.tests.test_all.TestB.x": "failed"},
            {"big.tests.test_all.TestB.x": "no"},
        ),
        "big.tests.test_empty": ModuleOutcomes(),
    }
    new = "big.tests.func.test_b"
    assert Places(MOVED).followed(before) == {
        new: ModuleOutcomes({f"{new}.TestB.x": "failed"}, {f"{new}.TestB.x": "no"}),
        "big.tests.test_all": ModuleOutcomes({"big.tests.test_all.TestA.x": "passed"}),
        "big.tests.test_empty": ModuleOutcomes(),
    }


def test_both_ends_of_a_move_belong_together():
    places = Places(MOVED)
    assert places.with_other_ends({"big.tests.test_all", "big.tests.test_c"}) == {
        "big.tests.test_all",
        "big.tests.test_c",
        "big.tests.func.test_b",
    }
    assert places.with_other_ends({"big.tests.func.test_a"}) == {
        "big.tests.func.test_a",
        "big.tests.test_a",
        "big.tests.sub.test_a",
    }
