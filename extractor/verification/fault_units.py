"""The faults of a plan as units of work: one for each check with its twins, then one a fault."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from extractor.execution.unit import Executor, Unit
from extractor.history.last_tests import with_last_tests
from extractor.plan.load import Plan, load_plan
from extractor.scratch import workspace
from extractor.source.opening import open_source
from extractor.verification.check import CheckResult, Result
from extractor.verification.faults import Fault, Injection, Kept, load_faults, on_copy, twins
from extractor.verification.laboratory.environment import text_key
from extractor.verification.run import export, refuse_another_plan, run_checks

_HERE = "extractor.verification.fault_units"


@dataclass(frozen=True)
class Bench:
    """What all the units of a run have in common, as JSON values.

    ``root`` is the result, ``plan`` a name or folder. ``against`` is a tree of the source and
    ``history`` its git directory, where this machine has them; another one opens ``source`` at
    ``rev`` itself. ``shared`` is a folder for what is made of the source.
    """

    root: str
    plan: str
    against: str | None = None
    history: str | None = None
    source: str | None = None
    rev: str | None = None
    python: str | None = None
    shared: str | None = None


def inject_by(
    executor: Executor, faults: Sequence[Fault], bench: Bench, revision: str, kept: Kept | None
) -> Iterator[Injection]:
    """What came of each fault; those that ``kept`` knows first, the others as they end.

    ``revision`` names the content of the result. A fault whose unit nobody could carry out comes
    back with the ``error``. ``UsageError`` when the result was made by another plan.
    """
    refuse_another_plan(Result.at(Path(bench.root)), load_plan(bench.plan))
    waiting = []
    for fault in faults:
        known = kept.get(fault) if kept is not None else None
        if known is None:
            waiting.append(fault)
        else:
            yield known
    by_check: dict[str, list[Fault]] = {}
    for fault in waiting:
        by_check.setdefault(fault.check, []).append(fault)
    first = {
        _key(revision, check, group): (check, group)
        for check, group in sorted(by_check.items(), key=lambda item: waiting.index(item[1][0]))
    }
    second: dict[str, tuple[Fault, Unit]] = {}
    units = [
        _unit("look", key, check, bench, check=check, names=[fault.name for fault in group])
        for key, (check, group) in first.items()
    ]
    for ending in executor.run(units):
        check, group = first[ending.unit.key]
        for fault in group:
            if ending.error:
                yield Injection(fault, error=ending.error)
                continue
            key = _key(revision, check, [fault], "fault")
            told = {"name": fault.name, "known": ending.value["known"]}
            told["flagged"] = ending.value["flagged"][fault.name]
            second[key] = fault, _unit("try_fault", key, fault.name, bench, **told)
    for ending in executor.run([unit for _, unit in second.values()]):
        fault = second[ending.unit.key][0]
        if ending.error:
            yield Injection(fault, error=ending.error)
        else:
            yield Injection(fault, **ending.value)


def look(bench: Mapping[str, Any], check: str, names: Sequence[str]) -> dict[str, Any]:
    """What ``check`` finds in the untouched result, and what it says of the twins of ``names``."""
    with _Asking(Bench(**bench)) as asking:
        group = [fault for fault in load_faults(asking.plan) if fault.name in names]
        known = set(asking.run(asking.root, check).findings)
        flagged = twins(asking.root, group, known, asking.run, asking.scratch)
    return {"known": sorted(known), "flagged": flagged}


def try_fault(
    bench: Mapping[str, Any], name: str, known: Sequence[str], flagged: str
) -> dict[str, str]:
    """What the check of the fault ``name`` says of it, beside what it found without: ``known``."""
    with _Asking(Bench(**bench)) as asking:
        (fault,) = (fault for fault in load_faults(asking.plan) if fault.name == name)
        done = on_copy(asking.root, fault, set(known), flagged, asking.run, asking.scratch)
    return {"caught": done.caught, "twin_flagged": done.twin_flagged, "absent": done.absent}


class _Asking(ExitStack):
    """Everything that a unit needs to ask a check of a copy of the result."""

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self.plan: Plan = load_plan(bench.plan)
        self.root = Path(bench.root)
        self.scratch = self.enter_context(workspace())
        self._python = Path(bench.python) if bench.python else None
        self._against, self._history = self._source(bench)
        there = bench.shared and Path(bench.shared).is_dir()
        self._shared = Path(bench.shared or "") if there else self.enter_context(workspace())

    def _source(self, bench: Bench) -> tuple[Path | None, Path | None]:
        if bench.source is None:
            return None, None
        if bench.against and Path(bench.against).is_dir():
            return Path(bench.against), Path(bench.history) if bench.history else None
        place = self.enter_context(workspace())
        opened = open_source(bench.source, bench.rev, workspace=place, need_history=False)
        asked = with_last_tests(self.enter_context(opened), self.plan.data)
        source = self.enter_context(asked).source
        tree = export(source.tree, place / "source-tree")
        return tree, None if source.shallow else source.git_dir

    def run(self, root: Path, check: str) -> CheckResult:
        """The result of ``check`` on a copy of the result at ``root``."""
        return run_checks(
            root,
            self.plan,
            [check],
            against=self._against,
            history=self._history,
            python=self._python,
            first=True,
            shared=self._shared,
        )[0]


def _key(revision: str, check: str, group: Sequence[Fault], what: str = "look") -> str:
    return text_key(f"{what} {revision} {check} {group!r}")


def _unit(call: str, key: str, title: str, bench: Bench, **arguments: object) -> Unit:
    return Unit(key, title, f"{_HERE}:{call}", {"bench": vars(bench), **arguments})
