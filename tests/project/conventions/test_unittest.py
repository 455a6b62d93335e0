import pytest

from extractor.project.convention import Kind
from extractor.project.facts import project_of
from extractor.source.tree import MemoryTree

CASE = "import unittest\nclass A(unittest.TestCase): pass\n"


@pytest.mark.parametrize(
    ("path", "text", "kind"),
    [
        ("p/tests/unit/test_a.py", "", Kind.TEST),
        ("p/test/a_test.py", "", Kind.TEST),
        ("tests/test_a.py", "", Kind.TEST),
        ("p/test_a.py", CASE, Kind.TEST),
        ("p/a_test.py", CASE, Kind.TEST),
        ("p/tests.py", CASE, Kind.TEST),
        ("p/tests.py", "", Kind.TEST_HELPER),
        ("p/test_run.py", "def run(): pass\n", Kind.PRODUCTION),
        ("p/tests/base.py", "", Kind.TEST_HELPER),
        ("p/tests/__init__.py", "", Kind.TEST_HELPER),
        ("p/testing/fakes.py", "", Kind.TEST_HELPER),
        ("p/contest.py", CASE, Kind.PRODUCTION),
        ("p/latest/a.py", "", Kind.PRODUCTION),
    ],
)
def test_what_is_a_test(path, text, kind):
    assert project_of(MemoryTree({path: text.encode()})).kind_of(path) is kind


def test_what_its_loader_looks_up():
    found = project_of(MemoryTree({"p/tests/test_a.py": b""}), conventions=["unittest"])
    assert found.keeps("p/tests/test_a.py", "load_tests") == "unittest"
    assert found.keeps("p/tests/test_a.py", "helper") == ""
