"""Ten contracts of ours beside one of ``lint-imports``, on the same checkout in the same run.

    python -m tests.benchmarks.contracts CHECKOUT [--config FILE] [--baseline FILE] [--rounds N]

Whole processes, ours and theirs in turn: cold (neither has anything cached), warm (nothing
changed since), and after an edit of one file. Seconds are medians, wall clock and processor;
what counts is the median of the ratios of the pairs. Both are compiled, as installed packages are,
whatever the environment says about bytecode.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parents[2]
FORBIDDEN = """
[tool.importlinter]
root_packages = ["{package}"]

[[tool.importlinter.contracts]]
id = "one"
name = "One"
type = "forbidden"
source_modules = ["{source}"]
forbidden_modules = ["{forbidden}"]
"""


class Side:
    """A command with its cache: how long it takes, and what it said."""

    def __init__(self, command: list[str], cache: Path, folder: Path) -> None:
        self.command = command
        self.cache = cache
        self.folder = folder

    def run(self) -> tuple[float, float]:
        """Wall and processor seconds of one run; it must not crash."""
        path = os.pathsep.join([*filter(None, [os.environ.get("PYTHONPATH")]), "."])
        environment = {
            **os.environ,
            "EXTRACTOR_CACHE": str(self.cache),
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPATH": path,
            "PYTHONPYCACHEPREFIX": str(self.folder.parent / "bytecode"),
        }
        started = time.perf_counter()
        process = subprocess.Popen(
            self.command,
            cwd=self.folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        code = os.waitstatus_to_exitcode(status)
        if code not in (0, 1):
            assert process.stderr is not None
            sys.exit(f"{' '.join(self.command)} failed: {process.stderr.read().decode()}")
        return wall, used.ru_utime + used.ru_stime

    def forget(self) -> None:
        shutil.rmtree(self.cache, ignore_errors=True)


def measured(name: str, ours: Side, theirs: Side, rounds: int, edit: Path | None = None) -> None:
    """Print one row; ``edit`` is a file that gets one more line before each run."""
    pairs = []
    for number in range(rounds):
        pair = []
        for side in (ours, theirs) if number % 2 else (theirs, ours):
            if name == "cold":
                side.forget()
            if edit is not None:
                with edit.open("a", encoding="utf-8") as file:
                    file.write(f"# edited {number} {time.time_ns()}\n")
                # Younger files are read anew in any case.
                time.sleep(0.1)
            pair.append(side.run())
        pairs.append(pair if number % 2 else pair[::-1])
    for column, what in enumerate(("wall", "processor")):
        mine = statistics.median(pair[0][column] for pair in pairs)
        other = statistics.median(pair[1][column] for pair in pairs)
        ratio = statistics.median(pair[0][column] / pair[1][column] for pair in pairs)
        print(f"{name:8} {what:10} {mine:6.2f} s {other:6.2f} s {ratio:6.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("checkout", type=Path)
    parser.add_argument(
        "--config", type=Path, default=HERE / "contracts" / "extractor_contracts" / "nova.toml"
    )
    parser.add_argument("--baseline", type=Path, help="known violations")
    parser.add_argument("--package", default="nova")
    parser.add_argument("--source", default="nova.compute", help="theirs: this must not import")
    parser.add_argument("--forbidden", default="nova.api.openstack.placement", help="... this")
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    binaries = Path(sys.executable).parent
    with tempfile.TemporaryDirectory(prefix="benchmark-") as scratch:
        # A copy: a file is edited, and lint-imports keeps its cache beside the source.
        folder = Path(scratch) / "checkout"
        shutil.copytree(options.checkout, folder, ignore=shutil.ignore_patterns(".*"))
        config = Path(scratch) / "forbidden.toml"
        config.write_text(FORBIDDEN.format(**vars(options)), encoding="utf-8")
        known = ["--baseline", str(options.baseline.resolve())] if options.baseline else []
        ours = Side(
            [
                str(binaries / "extractor"),
                *("contracts", "check", ".", "--config", str(options.config.resolve()), *known),
            ],
            Path(scratch) / "cache",
            folder,
        )
        theirs = Side(
            [str(binaries / "lint-imports"), "--config", str(config)],
            folder / ".import_linter_cache",
            folder,
        )
        edited = folder / options.package / "__init__.py"
        for side in (ours, theirs):
            side.run()
        print(f"{'':8} {'':10} {'ours':>8} {'theirs':>8} {'ratio':>6}")
        measured("cold", ours, theirs, options.rounds)
        for side in (ours, theirs):
            side.run()
        measured("warm", ours, theirs, options.rounds)
        measured("edited", ours, theirs, options.rounds, edited)


if __name__ == "__main__":
    main()
