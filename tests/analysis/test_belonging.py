from extractor.analysis.belonging import find_owned, find_tests
from extractor.project.named_tests import is_test

USES = {
    "top": {},
    "top.sub.a": {"top:tool.X": [1], "top:common.Y": [2]},
    "top.tool": {"top:part.Z": [3]},
    "top.part": {},
    "top.common": {},
    "top.rest": {"top:common.Y": [1], "tool=top:tool": []},
    "top.tests.unit.sub.test_a": {"top.sub.a:f": [1, 2], "top:rest.g": [3]},
    "top.tests.unit.test_tool": {},
    "top.tests.unit.test_many": {"top:tool.X": [1, 2], "top:common.Y": [3, 4, 5]},
    "top.tests.unit.sub.test_client": {"top:sub.a.f": [1], "top:rest.g": [2, 3]},
    "top.tests.unit.test_rest": {"top:rest.g": [1]},
}


def test_what_only_the_subsystem_uses_is_its_own():
    # An import alone, as a registry makes it, is no use.
    assert find_owned(["top.sub.a"], USES, USES) == ("top.part", "top.tool")


def test_what_is_not_reached_is_not_asked_for():
    assert find_owned(["top.sub.a"], ["top.common"], USES) == ()


def test_tests_belong_by_what_they_use_or_by_name():
    found = find_tests(["top.sub", "top.sub.a", "top.tool"], ["top.common"], USES)
    assert {t.module: (t.uses_subsystem, t.uses_any, t.mirrors, t.belongs) for t in found} == {
        "top.tests.unit.sub.test_a": (2, 3, "top.sub.a", True),
        "top.tests.unit.sub.test_client": (1, 3, "top.sub", False),
        "top.tests.unit.test_many": (2, 2, "", True),
        "top.tests.unit.test_tool": (0, 0, "top.tool", True),
    }


def test_tests_are_told_by_name():
    assert is_test("a.tests.b") and is_test("a.test_b") and is_test("a.conftest")
    assert not is_test("a.testament") and not is_test("a.b")
