"""The tests pass in any order: as listed, backwards, at random, and each module alone.

Backwards, whatever a test needs of one before it is missing; at random it may be there by luck.
State of the process (caches, flags, registered options) makes tests depend on one another. What
breaks in the source in the same order is told; it is a finding only where it breaks here alone.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from extractor.verification.check import CheckResult, Context, Result, verdict
from extractor.verification.checks.test_parity import kept_outcomes
from extractor.verification.comparisons.suites import id_map, suite_of_result
from extractor.verification.laboratory.test_runs import (
    Group,
    Outcomes,
    Suite,
    list_tests,
    run_tests,
)

NEEDS = "environment"
SEEDS = (20180228, 20180830)
ALONE = "each module alone"
BACKWARDS = "backwards"


def check(result: Result, context: Context) -> CheckResult:
    """Serially, backwards, at random, module by module; in the source as well if there is one."""
    ours = {}
    for order, outcomes in in_every_order(suite_of_result(result, context), context):
        ours[order] = outcomes
        context.report(f"{order}: {outcomes.seconds:.0f} s")
        if context.first and outcomes.broken():
            return judge(ours, {})
    theirs: Mapping[str, Outcomes] = {}
    if context.against is not None and not context.first:
        theirs = orders_of_source(context, context.against)
    return judge(ours, theirs)


def judge(ours: Mapping[str, Outcomes], theirs: Mapping[str, Outcomes]) -> CheckResult:
    """Findings name the order in which a test broke; ``theirs`` are told under our ids."""
    findings: list[str] = []
    also: list[str] = []
    for order, outcomes in ours.items():
        there = set(theirs[order].broken()) if order in theirs else set()
        for name in outcomes.broken():
            told = f"{order}: {name}: {outcomes.of.get(name, 'never finished')}"
            (also if name in there else findings).append(told)
    evidence = [
        f"{order}: {_counted(outcomes)} in {outcomes.seconds:.0f} s"
        + (f"; in the source: {_counted(theirs[order])}" if order in theirs else "")
        for order, outcomes in ours.items()
    ]
    evidence += [f"also fails in the source: {told}" for told in also]
    if not theirs:
        evidence.append("no source to compare with (--against)")
    return verdict(
        "test_orders",
        findings,
        evidence,
        {"orders": len(ours)},
        compared=sum(len(o.of) for o in ours.values()),
    )


def _counted(outcomes: Outcomes) -> str:
    return ", ".join(f"{n} {what}" for what, n in outcomes.counts().items())


def in_every_order(suite: Suite, context: Context) -> Iterator[tuple[str, Outcomes]]:
    """The name of each order, and what the suite comes to in it."""
    groups = list_tests(suite, context.scratch)
    scratch, workers = context.scratch, context.workers
    yield "serial", run_tests(suite, groups, scratch, workers=1, first=context.first)
    yield (
        BACKWARDS,
        run_tests(suite, groups, scratch, workers=workers, backwards=True, first=context.first),
    )
    for seed in SEEDS:
        outcomes = run_tests(
            suite, groups, scratch, workers=workers, seed=seed, first=context.first
        )
        yield f"random order {seed}", outcomes
    yield ALONE, _each_alone(suite, groups, scratch, workers)


def _each_alone(suite: Suite, groups: Sequence[Group], scratch: Path, workers: int) -> Outcomes:
    """Every module in a process that has loaded no other test."""

    def path_of(name: str) -> str:
        inner = f"{name.replace('.', '/')}.py"
        paths = (f"{folder}{inner}" for folder in suite.folders or ("",))
        return next((path for path in paths if (suite.top / path).is_file()), "")

    def is_module(name: str) -> bool:
        return bool(path_of(name))

    def alone(named: tuple[str, list[Group]]) -> Outcomes:
        module, own = named
        # A module of the source may be called like one of the result, or both have no name.
        folder = Path(tempfile.mkdtemp(prefix=f"alone-{module}-", dir=scratch))
        where = (path_of(module),) if is_module(module) else suite.where
        return run_tests(replace(suite, where=where), own, folder, workers=1)

    with ThreadPoolExecutor(workers) as pool:
        done = list(pool.map(alone, modules_of(groups, is_module).items()))
    return Outcomes(
        of={name: outcome for one in done for name, outcome in one.of.items()},
        details={name: text for one in done for name, text in one.details.items()},
        lost=tuple(name for one in done for name in one.lost),
        seconds=sum(one.seconds for one in done),
    )


def orders_of_source(context: Context, against: Path) -> dict[str, Outcomes]:
    """The source's outcomes in every order, under the ids they have in the result."""
    mapped = id_map(context.plan.data)

    def run(suite: Suite) -> dict[str, Outcomes]:
        return dict(in_every_order(suite, context))

    found = kept_outcomes(context, against, f"orders {BACKWARDS} {SEEDS}", run)
    return {order: _renamed(outcomes, mapped) for order, outcomes in found.items()}


def _renamed(outcomes: Outcomes, mapped: Callable[[str], str]) -> Outcomes:
    of = {mapped(name): outcome for name, outcome in outcomes.of.items()}
    return Outcomes(of, lost=tuple(map(mapped, outcomes.lost)), seconds=outcomes.seconds)


def modules_of(groups: Sequence[Group], is_module: Callable[[str], bool]) -> dict[str, list[Group]]:
    """Groups by the module their ids begin with; what is none of a file has no name.

    The rest of an id may hold anything: tests made from data carry their titles, dots and all.
    """
    found: dict[str, list[Group]] = {}
    for group in groups:
        name = group.key
        while name and not is_module(name):
            name = name.rpartition(".")[0]
        found.setdefault(name, []).append(group)
    return dict(sorted(found.items()))
