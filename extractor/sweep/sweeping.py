"""The job of ``sweep``: units for the points, what is kept of them, and bisection."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from extractor import __version__
from extractor.errors import ExitCode
from extractor.execution.kept import Kept, run_units
from extractor.execution.unit import Ending, Executor, Unit
from extractor.plan.load import load_plan
from extractor.progress import Progress
from extractor.sweep.points import Line, Point
from extractor.sweep.record import (
    Observation,
    Sweep,
    boundaries,
    in_order,
    lost_since,
    read_sweep,
    write_sweep,
)
from extractor.sweep.table import as_markdown

RECORD = "sweep.json"
PAGE = "sweep.md"


@dataclass(frozen=True)
class Job:
    """What is done at each revision. ``plan`` is a plan's name or folder."""

    plan: str
    checks: str = "quick"
    python: str | None = None
    keep: bool = False


class Sweeper:
    """One sweep that ends in ``folder``: its record, its page, and what units came to."""

    def __init__(
        self, folder: Path, job: Job, executor: Executor, progress: Progress | None = None
    ) -> None:
        self.folder = folder
        self._job = job
        self._plan = load_plan(job.plan)
        self._executor = executor
        self._progress = progress or Progress()
        self._kept = Kept(folder / "state")
        self._tool = tool_digest()

    def merge(self, files: Sequence[Path]) -> None:
        """Take over what other machines saw, from their ``sweep.json``."""
        for file in files:
            for seen in read_sweep(file).observations:
                if seen.exit_code != ExitCode.BUG:
                    self._kept.put(seen.key, seen.model_dump(mode="json"))

    def previous(self) -> Sweep | None:
        """The record of the sweep before, if there is one."""
        path = self.folder / RECORD
        return read_sweep(path) if path.exists() else None

    def sweep(
        self,
        source: str,
        points: Sequence[Point],
        line: Line | None = None,
        known: Sequence[Observation] = (),
    ) -> Sweep:
        """Look at ``points`` and write record and page; with ``line`` find each boundary.

        ``known`` is taken as it is, whatever it was seen with.
        """
        before = self.previous()
        seen = {observed.identity: observed for observed in known}
        seen |= dict(self._look(points))
        while line is not None and (middle := between(list(seen.values()))):
            seen |= dict(self._look([line.point(position) for position in middle]))
        observations = in_order(seen.values())
        made = Sweep(
            plan=self._plan.data.name,
            plan_digest=self._plan.digest,
            source=source,
            observations=observations,
            boundaries=boundaries(observations),
            lost=lost_since(before, observations),
        )
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / PAGE).write_text(as_markdown(made), encoding="utf-8")
        write_sweep(self.folder / RECORD, made)
        return made

    def _look(self, points: Sequence[Point]) -> Iterator[tuple[str, Observation]]:
        units = {self._key(point): point for point in points}
        made = [self._unit(key, point) for key, point in units.items()]
        with self._progress.stage("sweep") as stage:
            for count, ending in enumerate(run_units(made, self._executor, self._kept), 1):
                point = units[ending.unit.key]
                seen = observation(point, ending)
                stage.update(count, len(made), f"{seen.name} {seen.state}")
                yield point.identity, seen

    def _key(self, point: Point) -> str:
        parts = [point.identity, self._plan.digest, self._tool, self._job.checks]
        parts += [self._job.python or "", str(self._job.keep)]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]

    def _unit(self, key: str, point: Point) -> Unit:
        keep = str(self.folder.absolute() / "results" / point.name) if self._job.keep else None
        arguments: Mapping[str, str | None] = {
            "source": point.source,
            "revision": point.revision,
            "plan": self._job.plan,
            "checks": self._job.checks,
            "python": self._job.python,
            "keep": keep,
        }
        return Unit(key, point.name, "extractor.sweep.extraction:extract_at", arguments)


def observation(point: Point, ending: Ending) -> Observation:
    """What the ending of a unit says of its point."""
    values = dict(ending.value or {"exit_code": int(ExitCode.BUG), "message": ending.error})
    values["date"] = point.date or values.get("date", "")
    about = {"name": point.name, "identity": point.identity, "position": point.position}
    return Observation(**{**values, **about, "key": ending.unit.key})


def between(observations: Sequence[Observation]) -> list[int]:
    """The positions halfway between neighbours that fare differently; none where none lies."""
    ordered = in_order(observations)
    return [
        (earlier.position + later.position) // 2
        for earlier, later in pairwise(ordered)
        if earlier.state != later.state and later.position - earlier.position > 1
    ]


def tool_digest() -> str:
    """Names the tool by its own files: another version may see something else."""
    digest = hashlib.sha256(__version__.encode())
    top = Path(__file__).parent.parent
    for path in sorted(top.rglob("*.py")):
        if "plans" not in path.relative_to(top).parts:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
