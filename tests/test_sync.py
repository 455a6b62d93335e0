"""`extractor sync`, from the command line: what the source did since is appended."""

import shutil

import pytest

from tests.repositories import committed, git, write
from tests.shop import FILES, PLAN, call

MORE = {
    "shop/other.py": "x = 1\n",
    "shop/till/door.py": FILES["shop/till/door.py"] + "\n\ndef close_it():\n    open_it()\n",
}


@pytest.fixture
def place(tmp_path, monkeypatch):
    write(tmp_path, {"plan/plan.toml": PLAN})
    committed(tmp_path / "shop", FILES)
    # A source that is named as one would from where it is; what follows is asked elsewhere.
    monkeypatch.chdir(tmp_path)
    assert call("run", "shop", tmp_path / "out", "--plan", tmp_path / "plan", "--quiet") == 0
    monkeypatch.chdir(tmp_path / "plan")
    return tmp_path


def test_what_is_new_is_appended_and_the_tree_is_a_fresh_run_s(place, capsys):
    before = git(place / "out/till", "rev-parse", "upstream").strip()
    write(place / "shop", MORE)
    git(place / "shop", "add", "-A")
    git(place / "shop", "commit", "-qm", "Turn the door")
    capsys.readouterr()

    assert call("sync", place / "out", "--rev", "HEAD", "--plan", place / "plan", "--quiet") == 0

    assert "1 new commit" in capsys.readouterr().out
    assert call("run", place / "shop", place / "fresh", "--plan", place / "plan", "--quiet") == 0
    of_both = [
        git(place / folder / "till", "rev-parse", "HEAD^{tree}", "upstream")
        for folder in ("out", "fresh")
    ]
    assert of_both[0] == of_both[1]
    git(place / "out/till", "merge-base", "--is-ancestor", before, "upstream")
    assert call("sync", place / "out", "--plan", place / "plan", "--quiet") == 4
    assert call("history", "check", place / "out/till", "--plan", place / "plan", "--quiet") == 0


def test_a_source_that_went_elsewhere_is_to_be_named(place, capsys):
    shutil.move(place / "shop", place / "moved")
    assert call("sync", place / "out", "--plan", place / "plan", "--quiet") == 3
    assert str(place / "shop") in capsys.readouterr().err

    (place / "out/till/.git/extractor/source").unlink()
    assert call("sync", place / "out", "--plan", place / "plan", "--quiet") == 2
    assert "give it with --from" in capsys.readouterr().err
    command = ["sync", place / "out", "--plan", place / "plan", "--quiet"]
    assert call(*command, "--from", "../moved") == 4
    assert call(*command) == 4, "it knows the new place"


@pytest.mark.parametrize("verb", [("sync",), ("history", "check")])
def test_a_clone_of_a_result_is_none_and_is_told_so(place, capsys, verb):
    git(place, "clone", "-q", "out/till", "copy/till")
    where = place / ("copy" if verb == ("sync",) else "copy/till")
    assert call(*verb, where, "--plan", place / "plan", "--quiet") == 2
    assert "neither has a clone of a result" in capsys.readouterr().err


@pytest.mark.parametrize("verb", [("sync",), ("history", "check")])
def test_a_repository_that_lies_elsewhere_is_told_to_come_back(place, capsys, verb):
    shutil.move(place / "out/till/.git", place / "elsewhere")
    (place / "out/till/.git").write_text(f"gitdir: {place / 'elsewhere'}\n")
    where = place / ("out" if verb == ("sync",) else "out/till")
    assert call(*verb, where, "--plan", place / "plan", "--quiet") == 2
    assert f"is a file that leads to {place / 'elsewhere'}" in capsys.readouterr().err
