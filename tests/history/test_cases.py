"""Degenerate histories, written as fast-export streams with the expected result below."""

import os
import re
from pathlib import Path

import pytest

from extractor.history.carry import carry_history
from extractor.history.check import check_history
from extractor.moves import SliceMove, WholeMove
from extractor.source.tree import run_git

CASES = sorted(Path(__file__).with_name("cases").glob("*.txt"))


def read(case):
    """A case's text; what is not UTF-8 in it comes back as the bytes it was."""
    return case.read_bytes().decode("utf-8", "surrogateescape")


def steer(source, text):
    """Put in the way what git would obey: a graft that cuts off a commit's parents, a stand-in."""
    names = {}
    for line in os.fsdecode(source.git("log", "--all", "--format=%H %s")).splitlines():
        name, _, subject = line.partition(" ")
        names[subject] = name
    for subject in directives(text, "graft"):
        (source.path / "info").mkdir(exist_ok=True)
        (source.path / "info" / "grafts").write_text(f"{names[subject]}\n")
    for line in directives(text, "replace"):
        old, new = line.split(" by ")
        source.git("update-ref", f"refs/replace/{names[old]}", names[new])


def directives(text, name):
    return re.findall(rf"^# {name}: (.*)$", text, re.MULTILINE)


def read_moves(text):
    for line in directives(text, "move"):
        yield WholeMove(*line.split(" -> "))
    for line in directives(text, "slice"):
        paths, _, symbols = line.partition(": ")
        yield SliceMove(*paths.split(" -> "), frozenset(symbols.split()))


def render(git_dir):
    """One line a commit: subject, subjects of its parents, what it changed."""
    log = run_git(git_dir, "log", "--topo-order", "--reverse", "--format=%H|%P|%s", "upstream")
    rows = [line.split("|") for line in os.fsdecode(log).splitlines()]
    subjects = {name: subject for name, _parents, subject in rows}
    for name, parents, subject in rows:
        ask = " ".join([name, *parents.split()[:1]]).encode()
        diff = run_git(
            git_dir, "diff-tree", "--stdin", "--no-commit-id", "--root", "-r", "--name-status",
            stdin=ask + b"\n",
        )  # fmt: skip
        known = " ".join(subjects[parent] for parent in parents.split())
        yield f"{subject} <- {known}: {' '.join(diff.decode().split())}"


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_case(case, source, tmp_path):
    text = read(case)
    source.load(os.fsencode(text))
    steer(source, text)
    carried = carry_history(source.path, source.head(), list(read_moves(text)), tmp_path / "out")
    git_dir = tmp_path / "out" / ".git"
    assert sorted(render(git_dir)) == sorted(
        line + " " * line.endswith(":") for line in directives(text, "expect")
    )
    subjects = {
        name: os.fsdecode(source.git("log", "-1", "--format=%s", name)).strip()
        for name in carried.commit_map
    }
    assert sorted(f"{subjects[old]}: {why}" for old, why in carried.reasons.items()) == sorted(
        directives(text, "not kept")
    )
    checked = check_history(source.path, tmp_path / "out")
    assert checked.problems == checked.lost == ()
    run_git(git_dir, "fsck", "--strict")
    refs = run_git(git_dir, "for-each-ref", "--format=%(refname)").decode().split()
    assert refs == ["refs/heads/upstream", "refs/notes/origin"]


def test_every_case_says_what_it_expects():
    assert CASES
    for case in CASES:
        assert read(case).startswith("# ")
        assert directives(read(case), "expect")
