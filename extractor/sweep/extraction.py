"""One unit of a sweep: the plan at one revision, and what came of it."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extractor.errors import ExitCode, ExtractorError, MachineError
from extractor.scratch import workspace

if TYPE_CHECKING:
    from extractor.manifest import Manifest
    from extractor.pipeline import Checks


def extract_at(
    source: str,
    revision: str | None,
    plan: str,
    checks: Checks,
    python: str | None,
    keep: str | None,
) -> dict[str, Any]:
    """Run the plan and return what an ``Observation`` holds of it, as JSON values.

    The result goes to the folder ``keep``, or is thrown away.
    """
    started, used = time.monotonic(), time.process_time()
    with workspace() as scratch:
        output = Path(keep) if keep else scratch / "output"
        if output.exists():
            # Of a run that was ended between its result and the note of it.
            shutil.rmtree(output)
        output.parent.mkdir(parents=True, exist_ok=True)
        try:
            manifest = _extract(source, revision, plan, checks, python, output, scratch)
            seen = _seen(manifest, _tests(output / manifest.results[0].path, plan))
        except MachineError:
            # It says nothing of this revision.
            raise
        except ExtractorError as error:
            seen = {"exit_code": int(error.exit_code), "message": str(error)}
    times = {
        "seconds": round(time.monotonic() - started, 1),
        "cpu_seconds": round(time.process_time() - used, 1),
    }
    return seen | times


def _extract(
    source: str,
    revision: str | None,
    plan: str,
    checks: Checks,
    python: str | None,
    output: Path,
    scratch: Path,
) -> Manifest:
    # Loaded here: a worker that only lists what is kept needs none of it.
    from extractor.pipeline import run
    from extractor.plan.load import load_plan
    from extractor.progress import Progress
    from extractor.source.opening import open_source

    progress = Progress()
    chosen = load_plan(plan)
    with open_source(source, revision, workspace=scratch, progress=progress) as ready:
        interpreter = Path(python) if python else None
        return run(ready, chosen, output, checks=checks, python=interpreter, progress=progress)


def _tests(result: Path, plan: str) -> int:
    """How many tests and requests the result has."""
    from extractor.plan.load import load_plan
    from extractor.source.tree import FolderTree
    from extractor.verification.checks.tests_carried import tests_in

    return len(tests_in(FolderTree(result), load_plan(plan).data))


def _seen(manifest: Manifest, tests: int) -> dict[str, Any]:
    held = manifest.everything_held
    return {
        "exit_code": int(ExitCode.DONE if held else ExitCode.DID_NOT_HOLD),
        "message": "",
        "date": manifest.source.commit_date[:10],
        "revision": manifest.results[0].revision,
        "checks": {check.name: str(check.outcome) for check in manifest.checks},
        "decisions": {
            f"{decision.kind} {decision.subject}": decision.outcome
            for decision in manifest.decisions
        },
        "overlay_lines": sum(record.code_lines for record in manifest.overlay),
        "counts": {**manifest.counts, "tests": tests},
        "failed": [f"{record.path or record.step}: {record.reason}" for record in manifest.failed],
        "questions": [f"{task.subject}: {task.task}" for task in manifest.left_for_a_person],
    }
