"""Every drill on both services of one run, with as many bent rows as wanted: for the night.

    python -m tests.benchmarks.drills OUTPUT SOURCE [--rev REV] [--bent N] [-k WORDS]

OUTPUT is what ``extractor run SOURCE`` made. Both trees get an environment of their time and the
servers' drivers; then the tests of ``tests/database/test_drills.py`` run against the two on each
server, and say row by row what was healed, what was named, and why. -k chooses among the tests.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from extractor.progress import Progress
from extractor.source.opening import open_source
from extractor.verification.run import export
from tests.database.drills import made_subject


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("source")
    parser.add_argument("--rev")
    parser.add_argument("--bent", type=int, default=200)
    parser.add_argument("-k", default="")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="extractor-drills-") as name:
        scratch = Path(name)
        with open_source(
            given.source, given.rev, workspace=scratch, progress=Progress(), need_history=False
        ) as source:
            tree = export(source.tree, scratch / "source")
        named = []
        for side in ("result", "source"):
            folder = scratch / f"made-{side}"
            folder.mkdir()
            made = made_subject(side, given.output, tree, folder)
            named.append(f"{side}={made.tree}={made.python}")
        settings = {"EXTRACTOR_DRILLS": ";".join(named), "EXTRACTOR_CORRUPTIONS": str(given.bent)}
        return subprocess.run(
            [sys.executable, "-m", "pytest", "tests/database/test_drills.py", "-s", "-k", given.k],
            env={**os.environ, **settings},
        ).returncode


if __name__ == "__main__":
    sys.exit(main())
