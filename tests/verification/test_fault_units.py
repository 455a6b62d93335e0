"""Faults as units of work: in processes, on what they have in common, and what is not known."""

import json

import pytest

from extractor.execution.unit import Ending
from extractor.execution.worker import make_call
from extractor.plan.load import load_plan
from extractor.verification.fault_units import Bench, inject_by
from extractor.verification.faults import Kept, as_lines, as_table, as_value, load_faults
from tests.repositories import git, write
from tests.shop import FILES, PLAN, call

CATALOGUE = """\
[[faults]]
name = "an import left"
check = "imports"
fault = [{ path = "till/door.py", find = "def open_it", put = "import shop\\n\\n\\ndef open_it" }]
twin = [{ path = "till/door.py", find = "def open_it", put = "import os\\n\\n\\ndef open_it" }]

[[faults]]
name = "a name lost"
check = "imports"
fault = [{ path = "till/errors.py", find = "class Broken", put = "class Whole" }]
twin = [{ path = "till/errors.py", find = "class Broken", put = "\\nclass Broken" }]

[[faults]]
name = "not here"
check = "imports"
fault = [{ path = "till/none.py" }]
twin = [{ path = "till/none.py" }]
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faults")
    source = folder / "source"
    source.mkdir()
    write(folder / "plan", {"plan.toml": PLAN, "faults.toml": CATALOGUE})
    git(source, "init", "-q", "-b", "main")
    write(source, FILES)
    git(source, "add", "-A")
    git(source, "commit", "-qm", "all")
    plan = folder / "plan"
    assert call("run", source, folder / "out", "--plan", plan, "--quiet") == 0
    return folder


class Here:
    """Carries out units in this process; those whose call has ``lost`` in it end badly."""

    def __init__(self, lost=""):
        self.lost = lost
        self.done = []

    def run(self, units):
        for unit in units:
            self.done.append(unit.title)
            if self.lost and self.lost in unit.call:
                yield Ending(unit, error="its process ended with signal 9, 3 times", tries=3)
            else:
                arguments = json.loads(json.dumps(dict(unit.arguments)))
                yield Ending(unit, make_call(unit.call, arguments))


def bench(made):
    return Bench(str(made / "out" / "till"), str(made / "plan"))


def inject(made, executor, kept=None):
    faults = load_faults(load_plan(str(made / "plan")))
    done = inject_by(executor, faults, bench(made), "content", kept)
    return {one.fault.name: one for one in done}


def test_a_unit_for_the_check_and_one_for_each_fault(made):
    executor = Here()
    done = inject(made, executor)
    assert executor.done == ["imports", "an import left", "a name lost", "not here"]
    assert done["an import left"].good
    assert done["a name lost"].good
    assert done["not here"].absent == "no file till/none.py"


def test_what_is_kept_is_not_asked_again(made, tmp_path):
    kept = Kept(tmp_path / "state", "content")
    for one in inject(made, Here(), kept).values():
        kept.add(one)
    executor = Here()
    assert len(inject(made, executor, Kept(tmp_path / "state", "content"))) == 3
    assert executor.done == []


@pytest.mark.parametrize(("lost", "count"), [("look", 3), ("try_fault", 3)])
def test_what_nobody_can_carry_out_is_not_known_and_not_kept(made, tmp_path, lost, count):
    kept = Kept(tmp_path / "state", "content")
    done = inject(made, Here(lost), kept)
    assert len(done) == count
    for one in done.values():
        assert not one.good
        assert not one.absent
        kept.add(one)
        assert kept.get(one.fault) is None
        assert "NOT KNOWN: its process ended with signal 9" in as_lines(one)[0]
        assert as_value(one)["error"].endswith("3 times")
    assert "**not known**" in as_table(done.values())


def test_the_command_line(made, capsys):
    asked = ["verify", made / "out" / "till", "--plan", made / "plan", "--quiet"]
    assert call(*asked, "--faults", "--jobs", 2, "--against", made / "source") == 0
    assert "2 of 2 faults told apart from their twins" in capsys.readouterr().out
    assert call(*asked, "--jobs", 2) == 2
    assert "--jobs and --scheduler need --faults" in capsys.readouterr().err
