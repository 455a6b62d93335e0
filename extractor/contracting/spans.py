"""A history judged in spans of commits, as units of work: each begins where another ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from extractor_contracts.configuration import load
from extractor_contracts.verdict import Violation

from extractor.contracting.history import JudgedCommit, judge, listed
from extractor.errors import MachineError
from extractor.execution.unit import Executor, Unit
from extractor.scratch import workspace
from extractor.source.opening import open_source

# Commits of a unit: the first has to read its whole tree, what follows only what changes.
_AT_ONCE = 50


@dataclass(frozen=True)
class History:
    """``source`` up to ``revision``, whose git directory is ``git_dir`` on this machine."""

    source: str
    git_dir: Path
    since: str
    revision: str


def replay_by(executor: Executor, history: History, config: Path) -> Iterator[JudgedCommit]:
    """Judge every commit of the history that is no merge, oldest first.

    ``MachineError`` when nobody can carry out one of the spans: what it would have said is not
    known.
    """
    total = len(listed(history.git_dir, history.since, history.revision))
    units = []
    for first in range(0, total, _AT_ONCE):
        arguments: dict[str, Any] = {
            "source": history.source,
            "git_dir": str(history.git_dir),
            "since": history.since,
            "revision": history.revision,
            "config": str(config.resolve()),
            "first": first,
            "count": min(_AT_ONCE, total - first),
        }
        key = f"contracts-{history.revision}-{first}"
        title = f"commits {first + 1} to {first + arguments['count']}"
        units.append(Unit(key, title, "extractor.contracting.spans:judge_span", arguments))
    ready: dict[str, list[JudgedCommit]] = {}
    waiting = [unit.key for unit in units]
    for ending in executor.run(units):
        if ending.error:
            raise MachineError(f"{ending.unit.title} could not be judged: {ending.error}")
        ready[ending.unit.key] = [_read(value) for value in ending.value]
        while waiting and waiting[0] in ready:
            yield from ready.pop(waiting.pop(0))


def judge_span(
    source: str, git_dir: str, since: str, revision: str, config: str, first: int, count: int
) -> list[dict[str, Any]]:
    """The commits from number ``first`` on, as JSON values."""
    configuration = load(Path(config))
    if Path(git_dir).is_dir():
        lines = listed(Path(git_dir), since, revision)[first : first + count]
        return [asdict(one) for one in judge(Path(git_dir), lines, configuration)]
    with workspace() as scratch, open_source(source, revision, workspace=scratch) as found:
        lines = listed(found.git_dir, since, revision)[first : first + count]
        return [asdict(one) for one in judge(found.git_dir, lines, configuration)]


def _read(value: dict[str, Any]) -> JudgedCommit:
    stopped_by = {
        contract: tuple(_violation(one) for one in found)
        for contract, found in value["stopped_by"].items()
    }
    return JudgedCommit(**{**value, "stopped_by": stopped_by})


def _violation(value: dict[str, Any]) -> Violation:
    lists = {name: tuple(value[name]) for name in ("chain", "behind")}
    return Violation(**{**value, **lists})
