"""The result passes its own linter with its own settings."""

from __future__ import annotations

import subprocess

from extractor.verification import labs
from extractor.verification.check import CheckResult, Context, Result, verdict
from extractor.wording import counted

NEEDS = "environment"


def check(result: Result, context: Context) -> CheckResult:
    """Run flake8 in the work tree; every line it prints is a finding."""
    made = labs.style_checker(context)
    done = subprocess.run(
        [str(made.python), "-m", "flake8"],
        cwd=result.root,
        env=made.variables(),
        capture_output=True,
        text=True,
    )
    said = [line.removeprefix("./") for line in done.stdout.splitlines() if line.strip()]
    if done.returncode and not said:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        said = [f"flake8 could not run: {last}"]
    settings = [n for n in ("tox.ini", "setup.cfg", ".flake8") if (result.root / n).is_file()]
    python = [path for path in result.tree.paths() if path.endswith(".py")]
    evidence = [
        f"flake8 with the settings of {', '.join(settings) or 'nobody'}: "
        f"{counted(len(said), 'line')}"
    ]
    return verdict("style", said, evidence, {"lines": len(said)}, compared=len(python))
