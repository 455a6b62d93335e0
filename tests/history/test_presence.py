"""A subsystem that has left or is not there yet is nothing to do; one that never was is wrong."""

import subprocess

import pytest

from tests.repositories import git, write
from tests.shop import FILES, PLAN, call


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """Before the till, with it below src, and after it left."""
    folder = tmp_path_factory.mktemp("presence")
    source = folder / "source"
    source.mkdir()
    write(folder / "plan", {"plan.toml": PLAN})
    write(folder / "typo", {"plan.toml": PLAN.replace("shop.till", "shop.tlil")})
    git(source, "init", "-q", "-b", "main")
    write(source, {path: text for path, text in FILES.items() if "till" not in path})
    for name in ("before", "with", "after"):
        if name == "with":
            write(source, FILES)
        if name == "after":
            git(source, "rm", "-rq", "shop/till")
        git(source, "add", "-A")
        git(source, "commit", "-qm", name)
        git(source, "tag", name)
    return folder


def short(shop, name):
    command = ["git", "-C", shop / "source", "rev-parse", "--short", name]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def run(shop, rev, out, plan="plan"):
    return call("run", shop / "source", out, "--plan", shop / plan, "--rev", rev, "--quiet")


def test_where_it_is_there_it_goes_on(shop, tmp_path):
    assert run(shop, "with", tmp_path / "out") == 0


def test_one_that_left(shop, tmp_path, capsys):
    assert run(shop, "after", tmp_path / "out") == 4
    left = short(shop, "after")
    assert f"shop.till left the source in {left} of 1970-01-01" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_one_that_is_still_to_come(shop, tmp_path, capsys):
    assert run(shop, "before", tmp_path / "out") == 4
    came = short(shop, "with")
    assert f"shop.till first appears in {came} of 1970-01-01" in capsys.readouterr().err


def test_one_that_never_was(shop, tmp_path, capsys):
    assert run(shop, "with", tmp_path / "out", plan="typo") == 2
    assert "root package 'shop.tlil' does not exist" in capsys.readouterr().err
