"""The tests of a series as units of work: they run first, and the judge finds them done."""

import json

import pytest

from extractor.cli import _options
from extractor.execution.unit import Ending
from extractor.execution.worker import make_call
from extractor.refactor.revision_tests import RevisionTests
from tests.refactor.test_prove import output, proofs, run

__all__ = ["output"]


@pytest.fixture
def units(monkeypatch):
    """Have units carried out in this process; the list of those that were."""
    done = []

    def carry_out(self, units):
        for unit in units:
            done.append(unit)
            arguments = json.loads(json.dumps(dict(unit.arguments)))
            yield Ending(unit, json.loads(json.dumps(make_call(unit.call, arguments))))

    monkeypatch.setattr(_options.Executing, "run", carry_out)
    return done


@pytest.mark.slow
def test_every_package_of_every_revision_is_a_unit_and_runs_once(output, units, monkeypatch):
    made = output()
    ran = []
    real = RevisionTests.run

    def note(self, revision, modules, *more):
        ran.append((revision, tuple(modules)))
        return real(self, revision, modules, *more)

    monkeypatch.setattr(RevisionTests, "run", note)
    assert run("prove", made, "--jobs", 2) == 0
    assert len(proofs(made)) == 6 * 3
    assert {proof["outcome"] for proof in proofs(made).values()} == {"held"}
    first = [(u.arguments["revision"], tuple(u.arguments["modules"])) for u in units]
    # What ends otherwise runs again alone, whoever ran it first.
    assert ran[: len(first)] == first
    assert {modules for _, modules in ran[len(first) :]} == {("big.tests.test_needy",)}
    assert len({u.key for u in units}) == len(units) > 1
    units.clear()
    assert run("prove", made, "--jobs", 2) == 0
    assert units == []


@pytest.mark.slow
def test_the_same_is_seen_without(output, units):
    made = output()
    assert run("prove", made, "--jobs", 2) == 0
    seen = proofs(made)
    assert run("prove", made) == 0
    assert proofs(made) == seen


def test_a_unit_that_nobody_can_carry_out_is_named(output, monkeypatch, capsys):
    def lose(self, units):
        for unit in units:
            yield Ending(unit, error="its process ended with signal 9, 3 times", tries=3)

    monkeypatch.setattr(_options.Executing, "run", lose)
    assert run("prove", output(), "--jobs", 2) == 2
    assert "could not be run: its process ended with signal 9, 3 times" in capsys.readouterr().err
