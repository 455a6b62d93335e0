"""Moves and renames of a published project: do its imports and its own tests end as before?

    python -m tests.benchmarks.moves NAME==VERSION TASKS [--python PY]

The sdist of the project is fetched from the package index. TASKS is a file with a line for each
task: a rewrite with its options as ``extractor rewrite`` takes them, then ``;`` and the tests
that concern it as pytest takes them (the folder ``moves`` beside this file has some). Each task
gets a fresh tree. The tests run there and in an untouched tree with PY, which has the project's
requirements, and are compared one by one.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

from extractor.source.package_index import get_sdist

_OUTCOME = re.compile(r"^(\S+::.*?) (PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS)", re.MULTILINE)


def unpacked(requirement: str, folder: Path) -> Path:
    """The tree of the sdist called ``NAME==VERSION``."""
    name, _, version = requirement.partition("==")
    with tarfile.open(get_sdist(name, version).path) as archive:
        archive.extractall(folder, filter="data")
    return next(folder.iterdir())


def outcomes(tree: Path, tests: list[str], python: str) -> dict[str, str]:
    """How each of the ``tests`` ends, by its name."""
    command = [python, "-m", "pytest", "-v", "-p", "no:cacheprovider", "--no-header", *tests]
    paths = os.pathsep.join([str(tree / "src"), str(tree)])
    done = subprocess.run(
        command,
        cwd=tree,
        env=os.environ | {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )
    found = dict(_OUTCOME.findall(done.stdout))
    if "PASSED" not in found.values():
        raise SystemExit(
            f"no test of {shlex.join(tests)} passed:\n{done.stdout[-2000:]}{done.stderr}"
        )
    return found


def run_task(line: str, source: Path, python: str, scratch: Path) -> dict[str, object]:
    """What one line of TASKS comes to."""
    words, _, tests = line.partition(";")
    tree = scratch / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    shutil.copytree(source, tree, symlinks=True)
    command = [sys.executable, "-m", "extractor", "rewrite", *shlex.split(words)]
    started = time.perf_counter()
    done = subprocess.run([*command, "--write", "."], cwd=tree, capture_output=True, text=True)
    said: dict[str, object] = {
        "task": words.strip(),
        "exit_code": done.returncode,
        "seconds": round(time.perf_counter() - started, 2),
        "last_line": (done.stderr.strip().splitlines() or [""])[-1],
    }
    if done.returncode == 0:
        before = outcomes(source, shlex.split(tests), python)
        after = outcomes(tree, shlex.split(tests), python)
        passed = {name for name, outcome in before.items() if outcome == "PASSED"}
        said["passed_before"] = len(passed)
        said["broken"] = sorted(name for name in passed if after.get(name) != "PASSED")
    return said


def main() -> None:
    """Print one JSON object for each task."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("requirement")
    parser.add_argument("tasks", type=Path)
    parser.add_argument("--python", default=sys.executable)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        source = unpacked(arguments.requirement, scratch / "sdist")
        for line in arguments.tasks.read_text("utf-8").splitlines():
            if line.strip() and not line.startswith("#"):
                print(json.dumps(run_task(line, source, arguments.python, scratch)), flush=True)


if __name__ == "__main__":
    main()
