"""What `prove` says of a series: on a monolith small enough to read, with its real tests run."""

import json
import sys
from pathlib import Path

import pytest

from extractor.cli import main
from extractor.errors import UsageError
from extractor.refactor import revision_tests
from extractor.refactor.prove import Comparison, compare, parse_commits
from extractor.verification import labs
from extractor.verification.laboratory.environment import Environment, ask
from extractor.verification.laboratory.outcome_store import ModuleOutcomes, OutcomeStore
from extractor.verification.laboratory.stepping_tree import SteppingTree
from tests.refactor.test_refactor import PLAN, PLAN_FILES, SERIES, SOURCE
from tests.repositories import committed, git, write

VERIFY = """
[verify.series]
tests = ["big.tests"]
suites = ["big.tests.sub"]
style = { requirements = ["flake8"] }

[[verify.series.whole]]
touching = ["big"]
tests = "big.tests"
"""
BREAKING = """
[[step]]
title = "Serve another kind"
reason = "Nobody asked for it."

[[step.edit]]
files = "big/server.py"
old = "CONFIG = .*\\\\n"
new = "CONFIG = None  # and for once this line is longer than the seventy-nine columns there are\\n"
"""
# The linter of the small monolith: python -m flake8 finds it where it runs.
LINTER = """\
import sys

for path in sys.argv[1:]:
    for number, line in enumerate(open(path), 1):
        if len(line) > 80:
            print('%s:%d:80: E501 line too long' % (path, number))
"""
FILES = {
    **SOURCE,
    "heavy.py": "",
    "flake8.py": LINTER,
    "big/errors.py": SOURCE["big/errors.py"] + f"# {'long before ' * 8}\n",
    "big/tests/test_first.py": (
        "import unittest\n\n\nclass TestFirst(unittest.TestCase):\n    def test_first(self):\n"
        "        pass\n"
    ),
    # It needs what ran before it in its process: alone it fails, with and without the series.
    "big/tests/test_needy.py": (
        "import sys\nimport unittest\n\nfrom big.objects import fields\n\n\n"
        "class TestNeedy(unittest.TestCase):\n"
        "    def test_needy(self):\n"
        "        self.assertIn('big.tests.test_first', sys.modules)\n"
        "        self.assertTrue(fields)\n"
    ),
    "big/tests/test_server.py": (
        "import unittest\n\nfrom big import server\n\n\nclass TestServer(unittest.TestCase):\n"
        "    def test_config(self):\n        self.assertIsNotNone(server.CONFIG)\n"
        "    @unittest.expectedFailure\n    def test_serve(self):\n        server.nothing()\n"
    ),
}


@pytest.fixture
def output(tmp_path, monkeypatch):
    """Make OUTPUT of a series with ``more`` steps; tests and linter run in our own interpreter."""
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path / "cache"))
    said = ask(sys.executable)
    assert said is not None
    here = Environment(Path(sys.prefix), said, 0.0)
    monkeypatch.setattr(labs, "environment_of_source", lambda context: here)
    monkeypatch.setattr(labs, "style_checker_of_source", lambda context: here)
    committed(tmp_path / "source", FILES)

    def made(more="", *arguments):
        write(
            tmp_path / "plan",
            {**PLAN_FILES, "plan.toml": PLAN + VERIFY, "series.toml": SERIES + more},
        )
        assert run("refactor", tmp_path / "source", tmp_path / "output", *arguments) == 0
        return tmp_path / "output"

    return made


def run(verb, *arguments):
    plan = str(arguments[0].parent / "plan")
    with pytest.raises(SystemExit) as ended:
        main([verb, *map(str, arguments), "--plan", plan, "--quiet"])
    return ended.value.code


def proofs(output):
    """Of each commit and part: outcome, modules and tests."""
    manifest = json.loads((output / "manifest.json").read_text())
    return {
        (record["number"], proof["part"]): proof
        for record in manifest["series"]
        for proof in record["proofs"]
    }


def test_a_series_that_breaks_nothing_is_proven_commit_by_commit(output, capsys):
    made = output()
    assert run("prove", made) == 0
    seen = proofs(made)
    assert len(seen) == 6 * 3
    assert {proof["outcome"] for proof in seen.values()} == {"held"}
    assert {seen[number, "suites"]["tests"] for number in range(1, 7)} == {1}
    # The first commit touches what asks for all of the tests, as the last of a phase does, the
    # others what is named.
    assert (seen[1, "touched"]["modules"], seen[1, "touched"]["tests"]) == (3, 4)
    assert {n: seen[n, "touched"]["modules"] for n in range(2, 7)} == {2: 2, 3: 0, 4: 0, 5: 0, 6: 3}
    assert seen[3, "style"]["evidence"] == ["1 messages in 4 files, 0 of them new"]
    checks = json.loads((made / "manifest.json").read_text())["checks"]
    assert [(c["name"], c["outcome"]) for c in checks] == [
        ("series_suites", "held"),
        ("series_touched", "held"),
        ("series_style", "held"),
    ]
    assert "6 of 6 commits seen, 0 differences" in checks[0]["evidence"][0]
    table = capsys.readouterr().out
    assert "1       1 test, no difference  4 tests, no difference  2 files" in table


def test_what_ran_once_is_remembered(output, monkeypatch):
    made = output()
    assert run("prove", made, "--only", "suites", "--commits", "1..2") == 0
    before = json.loads((made / "manifest.json").read_text())

    def refuse(*args, **kwargs):
        raise AssertionError("there was nothing to run")

    monkeypatch.setattr(revision_tests, "run_tests", refuse)
    assert run("prove", made, "--only", "suites", "--commits", "..2") == 0
    after = json.loads((made / "manifest.json").read_text())
    assert after == before, "seconds too: what did not run keeps what it once took"
    assert after["checks"][0]["outcome"] == "cannot run", "four commits have not been seen"


MOVING = """
[[step]]
title = "Move tests"
reason = "They lie elsewhere."
relocate = { "big.tests.test_first" = "big.tests.test_one" }

[[step.rewrite]]
name = "move_definitions"

[step.rewrite.settings]
symbols = { "big.tests.test_server:TestServer" = "big.tests.test_two:TestServer" }
"""


def test_tests_are_followed_to_where_the_series_moves_them(output):
    made = output(MOVING)
    record = json.loads((made / "manifest.json").read_text())["series"][6]
    assert record["moved"] == {
        "big.tests.test_first": "big.tests.test_one",
        "big.tests.test_server:TestServer": "big.tests.test_two:TestServer",
    }
    assert run("prove", made, "--only", "touched", "--commits", "7") == 0
    evidence = proofs(made)[7, "touched"]["evidence"]
    assert evidence == ["1 expected failure, 3 passed", "3 have moved"]


DYING = """\
import os
import unittest


class TestDie(unittest.TestCase):
    def test_die(self):
        os._exit(3)
"""


def test_what_ran_to_its_end_is_kept_as_it_ends(output, tmp_path):
    more = {"big/tests/test_die.py": DYING, "big/tests/test_nothing.py": ""}
    write(tmp_path / "source", more)
    git(tmp_path / "source", "add", "-A")
    git(tmp_path / "source", "commit", "-qm", "Die")
    made = output()
    assert run("prove", made, "--only", "touched", "--commits", "1", "--workers", "1") == 0
    assert proofs(made)[1, "touched"]["evidence"][0].startswith("1 expected failure, 1 no outcome")
    for tree in (tmp_path / "cache" / "outcomes").iterdir():
        kept = {path.stem for path in tree.glob("big.tests.*.json")}
        assert "big.tests.test_nothing" in kept
        assert "big.tests.test_first" in kept
        assert "big.tests.test_die" not in kept, "it may end the next time"


STANDING = """\
import os
import sys
import unittest


class TestStand(unittest.TestCase):
    def test_stand(self):
        if 'big.tests.test_first' in sys.modules:
            os._exit(3)
"""


def test_what_a_module_lost_among_others_is_looked_for_alone(output, tmp_path):
    write(tmp_path / "source", {"big/tests/test_stand.py": STANDING})
    git(tmp_path / "source", "add", "-A")
    git(tmp_path / "source", "commit", "-qm", "Stand")
    made = output()
    assert run("prove", made, "--only", "touched", "--commits", "1") == 0
    evidence = proofs(made)[1, "touched"]["evidence"]
    assert evidence == ["1 expected failure, 4 passed"], "on both sides it died among others"


PATCHED = """\
import builtins
import unittest


class TestPatched(unittest.TestCase):
    def test_patched(self):
        self.assertEqual(hasattr(builtins, "patched"), %s)
"""


def test_each_package_of_tests_has_its_processes_to_itself(output, tmp_path):
    more = {
        "big/tests/real/__init__.py": "import builtins\n\nbuiltins.patched = True\n",
        "big/tests/real/test_patched.py": PATCHED % True,
        "big/tests/unit/__init__.py": "",
        "big/tests/unit/test_patched.py": PATCHED % False,
    }
    write(tmp_path / "source", more)
    git(tmp_path / "source", "add", "-A")
    git(tmp_path / "source", "commit", "-qm", "Patch")
    made = output()
    plan = tmp_path / "plan/plan.toml"
    plan.write_text(
        plan.read_text().replace(
            'tests = ["big.tests"]', 'tests = ["big.tests.real", "big.tests.unit"]'
        )
    )
    assert run("prove", made, "--only", "touched", "--commits", "1") == 0
    assert proofs(made)[1, "touched"]["evidence"] == ["2 passed"]


def test_a_broken_test_and_a_new_message_are_told_with_their_commit(output, capsys):
    made = output(BREAKING)
    assert run("prove", made) == 1
    seen = proofs(made)
    broken = {key for key, proof in seen.items() if proof["outcome"] == "did not hold"}
    assert broken == {(7, "touched"), (7, "style")}
    assert seen[7, "touched"]["findings"] == [
        "big.tests.test_server.TestServer.test_config: passed before the series, failed now: "
        "AssertionError: unexpectedly None"
    ]
    assert seen[7, "style"]["findings"] == ["big/server.py:5:80: E501 line too long"]
    told = capsys.readouterr().out
    assert "Look first at commit 7 (Serve another kind): big.tests.test_server.TestServer" in told


def test_a_test_that_needs_others_before_it_is_no_difference(output):
    made = output()
    assert run("prove", made, "--only", "touched", "--commits", "1..2") == 0
    evidence = proofs(made)[2, "touched"]["evidence"]
    assert evidence[1:] == [
        "has the same outcome when its module runs again: big.tests.test_needy.TestNeedy.test_needy"
    ]


WAVERING = """\
import os
import unittest


class TestWaver(unittest.TestCase):
    def test_waver(self):
        with open(os.environ["WAVERING"], "a+") as runs:
            runs.write("x")
            runs.seek(0)
            self.assertNotIn(len(runs.read()), %s)
"""


@pytest.mark.parametrize(
    ("failing", "code", "runs"),
    [
        pytest.param([2, 3, 6], 0, 8, id="alike the third time"),
        pytest.param([2, 4, 6, 8], 1, 8, id="never alike"),
    ],
)
def test_what_wavers_has_three_more_chances(output, tmp_path, monkeypatch, failing, code, runs):
    monkeypatch.setenv("WAVERING", str(tmp_path / "runs"))
    write(tmp_path / "source", {"big/tests/test_waver.py": WAVERING % failing})
    git(tmp_path / "source", "add", "-A")
    git(tmp_path / "source", "commit", "-qm", "Waver")
    made = output()
    one = ("--only", "touched", "--commits", "1", "--below", "big.tests.test_waver")
    assert run("prove", made, *one) == code
    assert len((tmp_path / "runs").read_text()) == runs


SPOILING = """\
import sys
import unittest


class TestMore(unittest.TestCase):
    def test_more(self):
        sys.spoilt = True
"""
SPOILT = """\
class TestSpoilt(unittest.TestCase):
    def test_spoilt(self):
        self.assertFalse(hasattr(sys, "spoilt"))
"""
PARTING = """
[[step]]
title = "Move a test"
reason = "One idea a module."

[[step.rewrite]]
name = "move_definitions"

[step.rewrite.settings]
symbols = { "%s:TestSpoilt" = "%s:TestSpoilt" }
"""


def test_a_test_that_parts_from_what_broke_it_is_no_difference(output, tmp_path):
    write(tmp_path / "source", {"big/tests/test_spoiling.py": f"{SPOILING}\n\n{SPOILT}"})
    git(tmp_path / "source", "add", "-A")
    git(tmp_path / "source", "commit", "-qm", "Spoil")
    made = output(PARTING % ("big.tests.test_spoiling", "big.tests.test_apart"))
    one = ("--only", "touched", "--commits", "7", "--workers", "1")
    assert run("prove", made, *one) == 0
    assert proofs(made)[7, "touched"]["evidence"][1:] == [
        "1 have moved",
        "failed before the series behind tests that have parted from it, passed without them: "
        "big.tests.test_apart.TestSpoilt.test_spoilt",
    ]


def test_a_test_that_moves_behind_what_breaks_it_is_a_difference(output, tmp_path):
    apart = f"import sys\nimport unittest\n\n\n{SPOILT}"
    files = {"big/tests/test_spoiling.py": SPOILING, "big/tests/test_apart.py": apart}
    write(tmp_path / "source", files)
    git(tmp_path / "source", "add", "-A")
    git(tmp_path / "source", "commit", "-qm", "Spoil")
    made = output(PARTING % ("big.tests.test_apart", "big.tests.test_spoiling"))
    one = ("--only", "touched", "--commits", "7", "--workers", "1")
    assert run("prove", made, *one) == 1
    assert proofs(made)[7, "touched"]["findings"] == [
        "big.tests.test_spoiling.TestSpoilt.test_spoilt: passed before the series, failed now: "
        "AssertionError: True is not false"
    ]


LEAVING = """
[[step]]
phase = "removed"
title = "Test with the package"
reason = "That is what runs."
outside = ["big/tests/*"]
"""
USING = """\
import unittest

from big.api.sub import app


class TestUse(unittest.TestCase):
    def test_use(self):
        self.assertTrue(app)
"""


def test_after_it_has_let_go_tests_run_on_the_result(output, tmp_path, capsys):
    write(tmp_path / "source", {"big/tests/test_use.py": USING})
    git(tmp_path / "source", "add", "-A")
    git(tmp_path / "source", "commit", "-qm", "Use it")
    made = output(LEAVING, "--until", "removed")
    assert run("prove", made, "--commits", "7", "--only", "touched") == 2
    assert "the tests of commit 7 and of those after it use" in capsys.readouterr().err
    assert run("prove", made, "--commits", "7", "--only", "style") == 0
    write(tmp_path / "result", {"small/__init__.py": "", "small/app.py": ""})
    arguments = ("--commits", "7", "--only", "touched", "--result", tmp_path / "result")
    assert run("prove", made, *arguments) == 0
    assert proofs(made)[7, "touched"]["evidence"] == ["1 expected failure, 4 passed"]
    write(tmp_path / "result", {"small/app.py": "raise ImportError\n"})
    assert run("prove", made, *arguments) == 1, "another result is another proof"


def test_what_a_commit_concerns_can_be_narrowed_and_is_a_part_then(output, capsys):
    made = output()
    touched = ("--only", "touched")
    assert run("prove", made, *touched, "--commits", "2..6") == 0
    narrowed = (*touched, "--commits", "1", "--below", "big.tests.test_first")
    assert run("prove", made, *narrowed) == 0
    proof = proofs(made)[1, "touched"]
    assert (proof["tests"], proof["below"]) == (1, ["big.tests.test_first"])
    assert proof["evidence"][-1] == "only test modules below big.tests.test_first"
    assert "1 test, no difference, in part" in capsys.readouterr().out
    check = json.loads((made / "manifest.json").read_text())["checks"][0]
    assert check["outcome"] == "cannot run"
    assert "5 of 6 commits seen, 0 differences, 1 more seen in part" in check["evidence"][0]
    assert run("prove", made, *touched, "--commits", "1") == 0
    check = json.loads((made / "manifest.json").read_text())["checks"][0]
    assert check["outcome"] == "held"


def test_a_narrowing_that_leaves_no_test_at_all_is_told(output, capsys):
    made = output()
    before = (made / "manifest.json").read_bytes()
    assert run("prove", made, "--only", "touched", "--below", "big.tests.test_firs") == 2
    assert "--below 'big.tests.test_firs': no test module of that name" in capsys.readouterr().err
    assert (made / "manifest.json").read_bytes() == before


def test_what_another_process_noted_meanwhile_stays(output, monkeypatch):
    made = output()
    run_tests = revision_tests.run_tests

    def while_another_notes(*args, **kwargs):
        monkeypatch.setattr(revision_tests, "run_tests", run_tests)
        assert run("prove", made, "--only", "style", "--commits", "4") == 0
        return run_tests(*args, **kwargs)

    monkeypatch.setattr(revision_tests, "run_tests", while_another_notes)
    assert run("prove", made, "--only", "suites", "--commits", "1") == 0
    assert proofs(made).keys() == {(1, "suites"), (4, "style")}


def test_a_module_that_cannot_be_loaded_any_more_loses_its_tests(output):
    made = output(BREAKING.replace("CONFIG = None", "import gone"))
    assert run("prove", made, "--only", "touched", "--commits", "7..") == 1
    findings = proofs(made)[7, "touched"]["findings"]
    assert [finding.partition(": ")[0] for finding in findings] == [
        "big.tests.test_server.TestServer.test_config",
        "big.tests.test_server.TestServer.test_serve",
        "unittest.loader._FailedTest.big.tests.test_server",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["--commits", "5..9"], "the series has the steps 1 to 6", id="too far"),
        pytest.param(["--commits", "one"], "give a number, A..B, A.. or ..B", id="no number"),
    ],
)
def test_commits_that_are_not_there_are_told(output, arguments, said, capsys):
    assert run("prove", output(), *arguments) == 2
    assert said in capsys.readouterr().err


def test_an_output_without_a_series_is_told(output, tmp_path, capsys):
    assert run("extract", output().parent / "source", tmp_path / "other") == 0
    assert run("prove", tmp_path / "other") == 2
    assert "holds no series" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("3", [3]), ("2..4", [2, 3, 4]), ("..2", [1, 2]), ("4..", [4, 5])],
)
def test_which_commits(text, numbers):
    assert list(parse_commits(text, 5)) == numbers


@pytest.mark.parametrize("text", ["", "..", "4..2", "0..2", "6", "1-2", "1..2..3"])
def test_which_commits_not(text):
    if text == "..":
        assert list(parse_commits(text, 5)) == [1, 2, 3, 4, 5]
        return
    with pytest.raises(UsageError, match="--commits"):
        parse_commits(text, 5)


def outcomes(**tests):
    return ModuleOutcomes(of=tests)


@pytest.mark.parametrize(
    ("before", "after", "compared"),
    [
        pytest.param({}, {}, Comparison(0, (), 0), id="nothing"),
        pytest.param(
            {"m": outcomes(a="failed")},
            {"m": outcomes(a="failed")},
            Comparison(1, (), 0),
            id="same",
        ),
        pytest.param(
            {"m": outcomes(a="passed")}, {"m": outcomes()}, Comparison(0, ("a",), 0), id="lost"
        ),
        pytest.param({"m": outcomes(a="passed")}, {}, Comparison(0, (), 1), id="module gone"),
        pytest.param(
            {"m": outcomes(a="passed")},
            {"n": outcomes(a="passed")},
            Comparison(1, (), 0),
            id="found under another module",
        ),
        pytest.param(
            {"m": outcomes()},
            {"m": outcomes(a="passed", b="failed")},
            Comparison(0, ("b",), 0),
            id="new",
        ),
        pytest.param(
            {"m": outcomes(a="failed")},
            {"m": outcomes(a="passed")},
            Comparison(0, ("a",), 0),
            id="cured, which is not the same either",
        ),
    ],
)
def test_comparing(before, after, compared):
    assert compare(before, after) == compared


def test_outcomes_are_kept_for_one_tree_under_one_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path))
    kept = ModuleOutcomes({"a.b": "failed"}, {"a.b": "no"})
    OutcomeStore("tree", "py3", {"A": "1"}).put("a", kept)
    assert OutcomeStore("tree", "py3", {"A": "1"}).get("a") == kept
    assert OutcomeStore("tree", "py3", {"A": "1"}).get("b") is None
    for other in (("other", "py3", {"A": "1"}), ("tree", "py4", {"A": "1"}), ("tree", "py3", {})):
        assert OutcomeStore(*other).get("a") is None


def test_a_tree_steps_from_revision_to_revision(tmp_path):
    source = tmp_path / "source"
    committed(source, {"a/b.py": "X = 1\n", "a/__init__.py": "", "run": "#!/bin/sh\n"})
    one = git(source, "rev-parse", "HEAD").strip()
    (source / "run").chmod(0o755)
    (source / "link").symlink_to("run")
    git(source, "rm", "-q", "-r", "a")
    write(source, {"c.py": "X = 2\n"})
    git(source, "add", "-A")
    git(source, "commit", "-qm", "Two")
    two = git(source, "rev-parse", "HEAD").strip()
    tree = SteppingTree(tmp_path / "tree", source / ".git")
    top = tree.go(one)
    write(top, {"a/__pycache__/b.cpython-38.pyc": "", "a/__pycache__/other.cpython-38.pyc": ""})
    assert (top / "a/b.py").read_text() == "X = 1\n"
    tree.go(two)
    assert sorted(path.name for path in top.iterdir()) == ["c.py", "link", "run"]
    assert (top / "link").readlink() == Path("run")
    assert (top / "run").stat().st_mode & 0o111
    tree.go(one)
    assert sorted(path.name for path in top.iterdir()) == ["a", "run"]
    assert not (top / "run").stat().st_mode & 0o111
