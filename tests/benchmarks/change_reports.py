"""How long `report diff` takes on a project's own changes, and how long its comments are.

    python -m tests.benchmarks.change_reports SOURCE REV1 REV2 [--changes 60] [--contracts FILE]

Takes CHANGES of the commits between the two revisions that touch Python, evenly, oldest first,
and reports on each twice, every time in a process of its own. The first time its graphs are not
known, but the files of earlier changes are; the second time all is. Prints the distribution.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("first")
    parser.add_argument("last")
    parser.add_argument("--changes", type=int, default=60)
    parser.add_argument("--contracts")
    parser.add_argument("--output", type=Path, help="Keep the comments there, one file a change.")
    chosen = parser.parse_args()
    log = ["rev-list", "--no-merges", "--reverse", f"{chosen.first}..{chosen.last}", "--", "*.py"]
    changes = _git(chosen.source, *log).split()
    step = max(1, len(changes) // chosen.changes)
    changes = changes[step // 2 :: step][: chosen.changes]
    extra = ["--contracts", chosen.contracts] if chosen.contracts else []
    # What everybody has who reviews a second change: the files of the revision before.
    _report(chosen.source, changes[0], extra)
    rows = []
    for change in changes:
        new, text = _report(chosen.source, change, extra)
        again, _ = _report(chosen.source, change, extra)
        lines = len(text.splitlines())
        rows.append((change, *new, *again, lines))
        print(f"{change[:12]} {new[0]:5.2f} s {again[0]:5.2f} s {lines:3} lines", flush=True)
        if chosen.output:
            chosen.output.mkdir(parents=True, exist_ok=True)
            (chosen.output / f"{change[:12]}.md").write_text(text, encoding="utf-8")
    columns = list(zip(*rows, strict=True))
    print(f"\n{len(rows)} changes of {len(_git(chosen.source, *log).split())}")
    for name, values in zip(
        ("seconds, new", "CPU seconds, new", "seconds, known", "CPU seconds, known", "lines"),
        columns[1:],
        strict=True,
    ):
        ordered = sorted(values)
        shares = {
            "least": ordered[0],
            "median": statistics.median(ordered),
            "9 of 10": ordered[len(ordered) * 9 // 10],
            "most": ordered[-1],
        }
        print(f"{name:20}", json.dumps({k: round(v, 2) for k, v in shares.items()}))
    silent = sum(lines == 1 for *_, lines in rows)
    print(f"nothing to say: {silent}; over 60 lines: {sum(r[-1] > 60 for r in rows)}")


def _report(source: Path, change: str, extra: list[str]) -> tuple[tuple[float, float], str]:
    """Wall-clock and CPU seconds, and what was printed."""
    command = [sys.executable, "-m", "extractor", "report", "diff", str(source), f"{change}~1"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    done = subprocess.run(
        [*command, change, "--quiet", *extra], check=True, capture_output=True, text=True
    )
    took = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return (took, cpu), done.stdout


def _git(source: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(source), *arguments], check=True, capture_output=True, text=True
    ).stdout


if __name__ == "__main__":
    main()
