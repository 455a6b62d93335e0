"""Tests that left before their subsystem: they come from the last ancestor that had them."""

import json

import pytest

from tests.repositories import git, write
from tests.shop import FILES, PLAN, call

TEST = "shop/tests/till/test_door.py"
TEXT = (
    "import unittest\n\nfrom shop.till import door\n\n\nclass DoorTest(unittest.TestCase):\n"
    "    def test_it(self):\n        self.assertTrue(door.open_it)\n"
)
WITH_TESTS = PLAN.replace(
    'packages = ["shop.till"]\n', 'packages = ["shop.till"]\ntests = ["shop.tests.till"]\n'
).replace('"shop.till" = "till"\n', '"shop.till" = "till"\n"shop.tests.till" = "till.tests"\n')
ASKED = WITH_TESTS.replace("tests = [", "last_tests = true\ntests = [")


@pytest.fixture
def shop(tmp_path):
    """Three commits: tests come, tests change and go with something else, the till goes on."""
    source = tmp_path / "source"
    source.mkdir()
    git(source, "init", "-q", "-b", "main")
    tests = {"shop/tests/__init__.py": "", "shop/tests/till/__init__.py": "", TEST: TEXT}
    write(source, {**FILES, **tests})
    commit(source, "Test the door")
    write(source, {TEST: TEXT.replace("test_it", "test_that_it_opens")})
    commit(source, "Name the test")
    git(source, "rm", "-rq", "shop/tests/till")
    commit(source, "Test elsewhere")
    write(source, {"shop/till/more.py": "def more():\n    return open_it\n"})
    commit(source, "More of the till")
    return tmp_path


def commit(source, subject):
    git(source, "add", "-A")
    git(source, "commit", "-qm", subject)


def run(folder, plan, *more, out="out"):
    write(folder / "plan", {"plan.toml": plan})
    return call("run", folder / "source", folder / out, "--plan", folder / "plan", "--quiet", *more)


def test_without_the_key_a_revision_without_tests_does_not_hold(shop):
    assert run(shop, WITH_TESTS) == 1


def test_they_come_with_their_history_and_the_manifest_names_the_ancestor(shop):
    assert run(shop, ASKED) == 0
    manifest = json.loads((shop / "out" / "manifest.json").read_text())
    ancestor = git(shop / "source", "rev-parse", "main~2").strip()
    assert manifest["source"]["tests_from"] == ancestor
    assert manifest["source"]["revision"] == git(shop / "source", "rev-parse", "main").strip()
    result = shop / "out" / "till"
    assert "test_that_it_opens" in (result / "till/tests/test_door.py").read_text()
    subjects = git(result, "log", "--format=%s", "upstream", "--", "till/tests/test_door.py")
    assert subjects.splitlines() == ["Name the test", "Test the door"]
    assert (result / "till/more.py").is_file()


def test_checks_against_the_source_find_the_same_tests(shop, capsys):
    assert run(shop, ASKED) == 0
    asked = [shop / "out" / "till", "--against", shop / "source", "--plan", shop / "plan"]
    only = [word for name in ("tests_carried", "history") for word in ("--only", name)]
    assert call("verify", *asked, *only, "--quiet") == 0
    assert "2 checks that ran held" in capsys.readouterr().out
    assert call("history", "check", *asked, "--quiet") == 0


def test_a_sync_that_would_take_them_away_is_refused(shop, capsys):
    assert run(shop, ASKED) == 0
    assert call("sync", shop / "out", "--plan", shop / "plan", "--quiet") == 2
    assert "extract the newer revision anew" in capsys.readouterr().err


def test_the_same_revision_gives_the_same_result(shop):
    assert run(shop, ASKED) == run(shop, ASKED, out="again") == 0
    tips = {git(shop / out / "till", "rev-parse", "main") for out in ("out", "again")}
    assert len(tips) == 1


def test_a_revision_with_tests_keeps_its_own(shop):
    assert run(shop, ASKED, "--rev", "main~3") == run(shop, WITH_TESTS, "--rev", "main~3", out="b")
    assert "test_it" in (shop / "out/till/till/tests/test_door.py").read_text()
    tips = {git(shop / out / "till", "rev-parse", "main") for out in ("out", "b")}
    assert len(tips) == 1


def test_a_source_that_never_had_any_does_not_hold(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    git(source, "init", "-q", "-b", "main")
    write(source, FILES)
    commit(source, "No tests")
    assert run(tmp_path, ASKED) == 1
