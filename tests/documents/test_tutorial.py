"""The tutorials' commands run, and print what is shown; ``...`` stands for anything."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
# What is said to need something is tried by hand; setting up the environment is done already.
_NOT_HERE = re.compile(r"# needs (the index|the network|hours)$|^(python -m venv|\. |pip install)")


def steps(page):
    """Commands of a page with the output that it shows for each."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", page.read_text(), re.S):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


def matches(shown, printed):
    pattern = "".join(
        r"(?:.*\n)*?" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*") + r"\n"
        for line in shown
    )
    return re.fullmatch(pattern, printed)


@pytest.mark.parametrize(
    ("shown", "printed", "fits"),
    [
        ([], "", True),
        (["a"], "a\n", True),
        (["a"], "a\nb\n", False),
        (["a", "..."], "a\nb\nc\n", True),
        (["...", "b"], "a\nb\nc\n", False),
        (["a...c"], "abc\n", True),
        (["a.c"], "abc\n", False),
    ],
)
def test_output_is_compared(shown, printed, fits):
    assert bool(matches(shown, printed)) == fits


def test_the_tutorial(tmp_path):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "tutorial").symlink_to(ROOT / "tests" / "tutorial")
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "extractor").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m extractor "$@"\n')
    (programs / "extractor").chmod(0o755)
    paths = os.pathsep.join(str(ROOT / part) for part in (".", "contracts", "reports"))
    environment = os.environ | {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": paths,
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    ran = 0
    for command, shown in steps(DOCS / "tutorial.md"):
        if _NOT_HERE.search(command):
            continue
        done = subprocess.run(
            ["bash", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        assert matches(shown, done.stdout), f"{command}\n{done.stdout}"
        ran += 1
    assert ran >= 10


def test_what_a_page_marks_is_not_everything():
    commands = [command for command, _ in steps(DOCS / "tutorial-nova.md")]
    assert commands and any(_NOT_HERE.search(command) for command in commands)
