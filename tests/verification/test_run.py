"""The list of checks, the exit code and the page a person reads."""

import json

import pytest
from click.testing import CliRunner

from extractor.cli.verify import command
from extractor.errors import ExitCode, UsageError
from extractor.outcome import CheckOutcome
from extractor.verification import run
from extractor.verification.check import CheckResult, cannot_run, does_not_apply, verdict


def test_every_check_says_what_it_is_for():
    for name in run.CHECKS:
        assert run.purpose(name).endswith(".")
        assert run.needs(name) in {"nothing", "environment", "source"}


def test_the_sets_of_checks():
    static = run.choose(which="static")
    assert static == tuple(name for name in run.CHECKS if run.needs(name) == "nothing")
    assert run.choose(which="quick") == (*static, "unit_tests")
    # All of them, each test once.
    assert set(run.CHECKS) - set(run.choose()) == {"unit_tests"}
    assert run.choose(["unit_tests"], "static") == ("unit_tests",)


def test_an_unknown_check_is_named():
    with pytest.raises(UsageError, match="there is no check 'nothing'"):
        run.choose(["nothing"])


def test_exit_codes():
    held, broken = (
        CheckResult("a", CheckOutcome.HELD),
        CheckResult("b", CheckOutcome.BROKEN, findings=("x",)),
    )
    missing, skipped = (
        cannot_run("c", "no Python"),
        does_not_apply("d", "x"),
    )
    assert run.exit_code([held, skipped]) == ExitCode.DONE
    assert run.exit_code([held, missing]) == ExitCode.DID_NOT_HOLD
    assert run.exit_code([missing, broken]) == ExitCode.DID_NOT_HOLD


def test_the_summary_ends_with_what_to_look_at():
    broken = CheckResult("imports", CheckOutcome.BROKEN, look_at="a.py:3", findings=("a.py:3",))
    assert run.summary([broken]).splitlines()[-1] == "Look first at imports: a.py:3"


def verify(shop, *words):
    plan = str(shop.folder / "plan")
    return CliRunner().invoke(
        command, [str(shop.root), "--plan", plan, "--quiet", *words], standalone_mode=False
    )


def test_the_verb_ends_with_one_when_something_is_broken(shop):
    words = [word for name in run.choose(which="static") for word in ("--only", name)]
    assert verify(shop, *words).return_value == ExitCode.DONE
    shop.write("shop/more.py", "import mall\n")
    done = verify(shop, *words)
    assert done.return_value == ExitCode.DID_NOT_HOLD
    assert "Look first at imports: shop/more.py:1: imports mall" in done.output


def test_a_result_of_another_plan_is_refused(shop):
    plan = shop.folder / "plan" / "plan.toml"
    text = plan.read_text()
    made = {"plan": {"name": "shop"}}
    (shop.root.parent / "manifest.json").write_text(json.dumps(made))
    for word, other, said in (
        ("name", "stall", "was made by the plan 'shop', not by 'stall'"),
        ("target_package", "stall", "has no package 'stall', which the plan 'shop' makes"),
    ):
        plan.write_text(text.replace(f'{word} = "shop"', f'{word} = "{other}"', 1))
        refused = verify(shop, "--only", "imports").exception
        assert isinstance(refused, UsageError)
        assert said in str(refused)


def test_a_check_with_a_bug_stops_no_other(shop, monkeypatch):
    def broken(result, context):
        raise KeyError("x")

    monkeypatch.setattr("extractor.verification.checks.imports.check", broken)
    done = verify(shop, "--only", "imports", "--only", "words", "--json")
    assert done.return_value == ExitCode.DID_NOT_HOLD
    imports, words = json.loads(done.output)
    assert imports["findings"] == ["a bug in extractor: KeyError: 'x'"]
    assert words["outcome"] == "held"


def test_what_could_not_run_is_counted():
    held, missing = CheckResult("a", CheckOutcome.HELD), cannot_run("c", "no Python")
    last = run.summary([held, missing]).splitlines()[-1]
    assert last == "The one check that ran held; 1 could not, see above."


def test_the_verb_speaks_json(shop):
    done = verify(shop, "--only", "imports", "--json")
    (record,) = json.loads(done.output)
    assert record["name"] == "imports"
    assert record["outcome"] == "held"


def test_a_missing_interpreter_is_said_and_is_no_failure_of_the_result(shop, monkeypatch, tmp_path):
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path))
    done = verify(shop, "--only", "tests", "--python", "/nowhere/python")
    assert done.return_value == ExitCode.DID_NOT_HOLD
    assert "/nowhere/python is not a Python with venv and ensurepip" in done.output


def test_nothing_compared_is_not_held():
    silent = verdict("words", [], ["0 files"])
    assert silent.outcome is CheckOutcome.DOES_NOT_APPLY
    assert silent.reason == "there is nothing to compare"
    assert verdict("words", [], [], compared=1).held
    assert verdict("words", ["x"], []).outcome is CheckOutcome.BROKEN
