"""Carried commits are compared with their originals: author, dates, message."""

import os
import subprocess

import pytest

from extractor.verification.checks.history import changed, check

WHO = {
    "GIT_AUTHOR_NAME": "Ada Ünal",
    "GIT_AUTHOR_EMAIL": "ada@localhost",
    "GIT_AUTHOR_DATE": "2018-02-28T10:00:00+01:00",
    "GIT_COMMITTER_NAME": "Gate",
    "GIT_COMMITTER_EMAIL": "gate@localhost",
    "GIT_COMMITTER_DATE": "2018-02-28T12:00:00+00:00",
}


def commit(folder, path, message, **who):
    """A commit of one new file; its name."""

    def git(*words):
        done = subprocess.run(
            ["git", *words],
            cwd=folder,
            env={**os.environ, **WHO, **who},
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    folder.mkdir(exist_ok=True)
    git("init", "-q")
    (folder / path).write_text(path)
    git("add", "-A")
    git("commit", "-q", "-m", message)
    return git("rev-parse", "HEAD")


@pytest.fixture
def carried(tmp_path):
    """Source and target git folders, and a function that carries one commit, changed or not."""
    old, new = tmp_path / "old", tmp_path / "new"
    origin = commit(old, "mall/shop.py", "Open the shop\n\nWith a door.\n")

    def carry(message="Open the shop\n\nWith a door.\n", **who):
        made = commit(new, "shop.py", message, **who)
        return changed(old / ".git", new / ".git", {made: origin})

    return carry


@pytest.fixture(autouse=True)
def _folder(tmp_path):
    (tmp_path / "old" / "mall").mkdir(parents=True)


def test_a_commit_under_other_paths_is_the_same(carried):
    assert carried() == []


@pytest.mark.parametrize(
    "change",
    [
        {"GIT_AUTHOR_NAME": "Someone"},
        {"GIT_AUTHOR_DATE": "2018-02-28T10:00:01+01:00"},
        {"GIT_COMMITTER_EMAIL": "x@localhost"},
        {"message": "Open a shop\n\nWith a door.\n"},
    ],
    ids=["author", "date", "committer", "message"],
)
def test_what_was_changed_is_found(carried, change):
    (finding,) = carried(**change)
    assert "does not have the author, dates and message of" in finding


def test_a_commit_that_is_not_there(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    origin = commit(old, "a", "x")
    commit(new, "a", "x", GIT_AUTHOR_NAME="y")
    (finding,) = changed(old / ".git", new / ".git", {"1" * 40: origin})
    assert finding.endswith("is not there")


def test_without_the_sources_history_it_does_not_run(shop):
    assert check(shop.result(), shop.context()).reason
