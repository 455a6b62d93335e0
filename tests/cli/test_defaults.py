"""Defaults from pyproject.toml: the nearest file, one verb's table over the shared one."""

import click
import pytest

from extractor.cli._defaults import defaults_of, read_defaults
from extractor.cli.contracts import command as contracts
from extractor.cli.run import command as run
from extractor.errors import UsageError


@pytest.fixture
def project(tmp_path):
    def write(text):
        (tmp_path / "pyproject.toml").write_text(text)
        folder = tmp_path / "a" / "b"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    return write


@pytest.mark.parametrize("text", ["", "[tool.other]\nplan = 'x'\n", "not = [toml"])
def test_no_defaults(project, text):
    assert read_defaults(project(text)) == {}


def test_the_nearest_file_is_read(project):
    folder = project("[tool.extractor]\nplan = 'outer'\n")
    assert read_defaults(folder) == {"plan": "outer"}
    (folder / "pyproject.toml").write_text("")
    assert read_defaults(folder) == {}


def test_one_verb_wins_over_all():
    table = {"plan": "shared", "quiet": True, "run": {"plan": "own", "history": "rewritten"}}
    assert defaults_of(run, "run", table) == {
        "plan": "own",
        "quiet": True,
        "form": "rewritten",
    }


def test_commands_of_a_verb_have_tables_too():
    table = {"contracts": {"check": {"config": "rules.toml"}}, "plan": "x"}
    found = defaults_of(contracts, "contracts", table)
    assert set(found["check"].values()) == {"rules.toml"}
    assert found["baseline"] == {}


def test_a_key_of_a_verb_with_commands_is_for_those_that_have_it():
    table = {"contracts": {"since": "v1", "baseline": "known.toml"}}
    found = defaults_of(contracts, "contracts", table)
    assert set(found["history"].values()) == {"v1"}
    assert set(found["check"].values()) == {"known.toml"}
    with pytest.raises(UsageError, match="has no option 'sinse'"):
        defaults_of(contracts, "contracts", {"contracts": {"sinse": "v1"}})


def test_what_is_no_option_is_refused():
    with pytest.raises(UsageError, match=r"\[tool\.extractor\.run\] has no option 'plann'"):
        defaults_of(run, "run", {"run": {"plann": "x"}})


def test_shared_keys_that_a_verb_lacks_are_passed_over():
    @click.command()
    def small(): ...

    assert defaults_of(small, "small", {"plan": "x"}) == {}


def test_a_table_is_a_table(project):
    with pytest.raises(UsageError, match="not a table"):
        read_defaults(project("[tool]\nextractor = 1\n"))
