"""A shell asks as it does: by an environment variable; values are completed."""

import os
import subprocess
import sys

import pytest


def complete(*words, cwd=None):
    done = subprocess.run(
        [sys.executable, "-c", "from extractor.cli import main; main()"],
        env=os.environ
        | {
            "_EXTRACTOR_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(["extractor", *words]),
            "COMP_CWORD": str(len(words)),
        },
        capture_output=True,
        text=True,
        cwd=cwd,
    )
    assert done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["ver"], ["verify"]),
        (["run", "--pl"], ["--plan"]),
        (["verify", "--only", "import"], ["imports", "importable"]),
        (["rewrite", "drop_c"], ["drop_calls", "drop_config_entries"]),
        (["run", "py"], ["pypi:"]),
        (["completion", "z"], ["zsh"]),
        (["analyze", "c"], ["cascade", "cuts"]),
        (["analyze", "cuts", ".", "--bu"], ["--budget"]),
        (["analyze", ".", "--bu"], ["--budget"]),
    ],
)
def test_what_is_offered(words, expected):
    assert sorted(complete(*words)) == sorted(expected)


def test_plans_are_offered():
    from extractor.plan.load import PLANS

    known = sorted(path.parent.name for path in PLANS.glob("*/plan.toml"))
    assert known
    assert sorted(complete("run", "--plan", "")) == known


def test_revisions_of_the_source_are_offered(tmp_path):
    run = ["git", "-C", tmp_path, "-c", "user.name=a", "-c", "user.email=b"]
    subprocess.run([*run, "init", "-q", "-b", "main"], check=True)
    subprocess.run([*run, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    subprocess.run([*run, "tag", "v1.0"], check=True)
    assert complete("run", str(tmp_path), "out", "--rev", "v") == ["v1.0"]
    assert complete("run", str(tmp_path / "none"), "out", "--rev", "v") == [""]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell(shell):
    done = subprocess.run(
        [sys.executable, "-m", "extractor", "completion", shell], capture_output=True, text=True
    )
    assert done.returncode == 0
    assert "_EXTRACTOR_COMPLETE" in done.stdout
