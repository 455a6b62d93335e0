"""A small shop over its releases-to-be: what is seen, kept, found between, merged and told."""

import json

import pytest

from extractor.execution.unit import Ending
from extractor.sweep.points import Line
from extractor.sweep.sweeping import Job, Sweeper
from extractor.sweep.table import as_markdown
from tests.repositories import git, write
from tests.shop import FILES, PLAN, call

BROKEN = FILES["shop/till/door.py"] + "\n\ndef count(:\n"


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """Nine commits: the till is not there in 0, broken from 4 to 6, and has left in 8."""
    folder = tmp_path_factory.mktemp("sweep")
    source = folder / "source"
    source.mkdir()
    write(folder / "plan", {"plan.toml": PLAN})
    git(source, "init", "-q", "-b", "main")
    write(source, {path: text for path, text in FILES.items() if "till" not in path})
    for number in range(9):
        if number == 1:
            write(source, FILES)
        if number == 4:
            write(source, {"shop/till/door.py": BROKEN})
        if number == 7:
            write(source, FILES)
        if number == 8:
            git(source, "rm", "-rq", "shop/till")
        write(source, {"number": str(number)})
        git(source, "add", "-A")
        git(source, "commit", "-qm", str(number))
    return folder


class Counting:
    """Carries out units in this process, and remembers which."""

    def __init__(self):
        self.done = []

    def run(self, units):
        from extractor.execution.worker import make_call

        for unit in units:
            self.done.append(unit.title)
            yield Ending(unit, make_call(unit.call, unit.arguments))


@pytest.fixture
def line(shop):
    return Line(str(shop / "source"), shop / "source" / ".git", "", "main")


def sweeper(shop, folder, executor=None):
    return Sweeper(folder, Job(str(shop / "plan")), executor or Counting())


def states(sweep):
    return {seen.position: str(seen.state) for seen in sweep.observations}


def test_each_boundary_is_found_by_looking_between(shop, line, tmp_path):
    executor = Counting()
    made = sweeper(shop, tmp_path, executor).sweep("shop", line.every(4), line)
    seen = states(made)
    assert seen[4] == "did not hold"
    assert seen[3] == seen[7] == "held"
    assert [(b.was, b.is_now, b.gap) for b in made.boundaries][1:3] == [
        ("held", "did not hold", 0),
        ("did not hold", "held", 0),
    ]
    assert len(executor.done) == len(set(executor.done)) == len(seen)


def test_the_page_counts_the_tests_of_a_result(shop, line, tmp_path):
    (seen,) = sweeper(shop, tmp_path).sweep("shop", line.every(9)[-1:]).observations
    assert seen.state == "nothing to do"
    (seen,) = sweeper(shop, tmp_path).sweep("shop", line.every(1)[7:8]).observations
    assert seen.counts["tests"] == 0
    assert "| held | 0 |" in (tmp_path / "sweep.md").read_text()


def test_nothing_is_done_twice_and_the_record_is_the_same(shop, line, tmp_path):
    first = sweeper(shop, tmp_path).sweep("shop", line.every(4), line)
    executor = Counting()
    again = sweeper(shop, tmp_path, executor).sweep("shop", line.every(4), line)
    assert executor.done == []
    assert again == first
    assert (tmp_path / "sweep.md").read_text() == as_markdown(first)


def test_what_another_machine_saw_is_not_done_here(shop, line, tmp_path):
    points = line.every(4)
    sweeper(shop, tmp_path / "a").sweep("shop", points[:1])
    sweeper(shop, tmp_path / "b").sweep("shop", points[1:])
    executor = Counting()
    here = sweeper(shop, tmp_path / "c", executor)
    here.merge([tmp_path / "a" / "sweep.json", tmp_path / "b" / "sweep.json"])
    assert len(here.sweep("shop", points).observations) == 3
    assert executor.done == []


def test_a_revision_that_does_not_hold_any_more_is_named(shop, line, tmp_path):
    points = line.every(1)
    sweeper(shop, tmp_path).sweep("shop", points[7:8])
    record = tmp_path / "sweep.json"
    before = json.loads(record.read_text())
    # As if the broken one had held under an older plan.
    before["observations"][0]["identity"] = points[5].identity
    record.write_text(json.dumps(before))
    made = sweeper(shop, tmp_path).sweep("shop", points[5:6])
    assert made.lost == [points[5].name]
    assert f"Held in the last sweep and no longer does: {points[5].name}." in as_markdown(made)


def test_a_unit_that_nobody_can_carry_out_is_not_known(shop, line, tmp_path):
    class Poisoned:
        def run(self, units):
            for unit in units:
                yield Ending(unit, error="its process ended with signal 9, 3 times")

    (seen,) = sweeper(shop, tmp_path, Poisoned()).sweep("shop", line.every(9)).observations
    assert (seen.state, seen.reason) == ("not known", "its process ended with signal 9, 3 times")


def test_the_command_line(shop, tmp_path):
    source, out = shop / "source", tmp_path / "out"
    asked = ["sweep", source, out, "--plan", shop / "plan", "--revisions", "..main", "--every", 4]
    assert call(*asked, "--jobs", 2, "--quiet") == 1
    # Nothing held before that does not hold now.
    assert call(*asked, "--quiet") == 0
    assert call(*asked, "--only-new", "--quiet") == 4


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ([], "choose revisions with"),
        (["--releases", "1.0", "--revisions", "..main"], "choose revisions with"),
        (["--revisions", "..main"], "--every N or --sample N"),
        (["--releases", "1.0"], "goes with a SOURCE like pypi:NAME"),
        (["--revisions", "main", "--every", 1], "give A..B"),
    ],
)
def test_wrong_usage(shop, tmp_path, capsys, more, words):
    asked = ["sweep", shop / "source", tmp_path / "out", "--plan", shop / "plan"]
    assert call(*asked, *more) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
