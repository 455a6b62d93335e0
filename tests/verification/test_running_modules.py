"""What is said of a module while its tests run."""

from extractor.verification.laboratory.outcome_store import ModuleOutcomes
from extractor.verification.laboratory.running_modules import NO_OUTCOME, RunningModules
from extractor.verification.laboratory.test_runs import Group

GROUPS = [
    Group(("t.a.A.x", "t.a.A.y"), "t/a.py"),
    Group(("t.a.B.z",), "t/a.py"),
    Group(("t.b.C.x",), "t/b.py"),
]
OWNERS = {"t/a.py": "t.a", "t/b.py": "t.b", "t/empty.py": "t.empty"}


def ended(test, outcome="passed", **more):
    return {"id": test, "outcome": outcome, **more}


def test_a_module_is_whole_once_all_its_groups_have_ended():
    running = RunningModules(GROUPS, OWNERS)
    assert running.tests == 4
    assert running.hear(()) == {"t.empty": ModuleOutcomes()}
    broken = ended("t.a.A.y", "failed", detail="Traceback\nValueError: no\n")
    assert running.hear([ended("t.a.A.x"), broken, {"ended": "t.a.A.x"}]) == {}
    assert running.hear([ended("t.a.B.z"), ended("t.b.C.x")]) == {}, "what tears down is not over"
    assert running.ended == 4
    assert running.hear([{"ended": "t.a.B.z"}]) == {
        "t.a": ModuleOutcomes(
            {"t.a.A.x": "passed", "t.a.A.y": "failed", "t.a.B.z": "passed"},
            {"t.a.A.y": "ValueError: no"},
        )
    }
    assert running.hear([{"ended": "t.b.C.x"}]).keys() == {"t.b"}, "each is told once"


def test_what_gave_no_outcome_is_told_so():
    running = RunningModules(GROUPS, OWNERS)
    own_name = "setUpClass (t.a.A)"
    heard = running.hear([ended(own_name, "error", detail="no shop"), {"ended": "t.a.A.x"}])
    assert heard.keys() == {"t.empty"}
    assert running.outcomes()["t.a"] == ModuleOutcomes(
        {
            own_name: "error",
            "t.a.A.x": NO_OUTCOME,
            "t.a.A.y": NO_OUTCOME,
            "t.a.B.z": NO_OUTCOME,
        },
        {own_name: "no shop"},
    )
    running.hear([ended("elsewhere.T.x"), ended("setUpClass (t.a.A)", "skipped")])
    assert running.outcomes()["t.a"].of[own_name] == "error", "what was not asked for is dropped"


def test_scenarios_answer_for_the_test_that_was_listed():
    running = RunningModules(GROUPS, OWNERS)
    running.hear([ended("t.b.C.x(v1)"), ended("t.b.C.x(v2)", "failed")])
    assert running.outcomes()["t.b"].of == {"t.b.C.x(v1)": "passed", "t.b.C.x(v2)": "failed"}
    assert running.ended == 1
