import os
import subprocess

import pytest

from extractor.errors import UsageError
from extractor.history.carry import carry_history
from extractor.history.commits import Identity, checkout, commit_tree
from extractor.moves import WholeMove
from extractor.source.tree import GitTree, git_environment, run_git

STREAM = """\
commit refs/heads/main
committer C <c@d> 1 +0000
data 4
one
M 100755 inline old/run
data 3
run
M 100644 inline old/a.py
data 6
x = 1
"""
AUTHOR = Identity("A Person", "a@example.org")


@pytest.fixture
def target(source, tmp_path):
    source.load(STREAM)
    moves = [WholeMove("old/run", "bin/run"), WholeMove("old/a.py", "new/a.py")]
    carry_history(source.path, source.head(), moves, tmp_path / "out")
    return tmp_path / "out"


def upstream(target):
    return run_git(target / ".git", "rev-parse", "upstream").decode().strip()


def test_nothing_to_change_makes_no_commit(target):
    tip = upstream(target)
    files = {"new/a.py": b"x = 1\n", "never/there": None}
    assert commit_tree(target, tip, files, "no", author=AUTHOR, date=5) == tip


def test_a_commit_changes_adds_and_takes_out(target):
    tip = upstream(target)
    files = {"bin/run": b"new", "new/a.py": None, "x/y": b"y"}
    commit = commit_tree(
        target, tip, files, "Say why", author=AUTHOR, date=86400, modes={"x/y": "100755"},
        branch="main",
    )  # fmt: skip
    with GitTree(target / ".git", commit) as tree:
        assert {p: tree.entry(p).mode for p in tree.paths()} == {
            "bin/run": "100755",
            "x/y": "100755",
        }
        assert tree.read("bin/run") == b"new"
    raw = run_git(target / ".git", "cat-file", "commit", "main").decode()
    assert raw.splitlines()[1:] == [
        f"parent {tip}",
        "author A Person <a@example.org> 86400 +0000",
        "committer A Person <a@example.org> 86400 +0000",
        "",
        "Say why",
    ]
    run_git(target / ".git", "fsck", "--strict")


def test_checkout_gives_a_clean_work_tree_and_runs_nothing(target, tmp_path, monkeypatch):
    hooks = target / ".git" / "hooks"
    hooks.mkdir()
    (hooks / "post-checkout").write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\n")
    (hooks / "post-checkout").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    checkout(target, "main", upstream(target))
    assert os.access(target / "bin" / "run", os.X_OK)
    assert (target / "new" / "a.py").read_bytes() == b"x = 1\n"
    status = subprocess.run(
        ["git", "-C", target, "status", "--porcelain", "--branch"],
        capture_output=True, check=True, env=git_environment(),
    )  # fmt: skip
    assert status.stdout == b"## main\n"
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("text", ["nobody", "A <b", "<a@b>", "A <b> c", "A\nB <c>"])
def test_not_an_author(text):
    with pytest.raises(UsageError):
        Identity.parse(text)


def test_an_author():
    assert Identity.parse("A. Person <a@example.org>") == Identity("A. Person", "a@example.org")
