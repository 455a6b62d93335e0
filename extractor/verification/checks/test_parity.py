"""Every test that ran in the source runs in the result, under its new name, and ends the same.

The source's outcomes are kept in the cache: a revision's tests end as they end.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from extractor.kept import keep, read_kept
from extractor.verification import labs
from extractor.verification.check import CheckResult, Context, Result, does_not_apply, verdict
from extractor.verification.comparisons.suites import id_map, suite_of_result, suite_of_source
from extractor.verification.laboratory.environment import NoEnvironment, cache_folder
from extractor.verification.laboratory.test_runs import (
    FAILED_IMPORT,
    PASSED,
    Outcomes,
    Suite,
    list_tests,
    run_tests,
)
from extractor.wording import counted

NEEDS = "source"
# Of what is kept of the source's outcomes: part of its name.
_FORMAT = 4


def check(result: Result, context: Context) -> CheckResult:
    """Run both sides and match id by id under the plan's layout."""
    if context.against is None:
        return does_not_apply("test_parity", "no source to compare with (--against)")
    source = outcomes_of_source(context, context.against)
    if source is None:
        return does_not_apply("test_parity", "no tests: nothing is proven")
    suite = suite_of_result(result, context)
    groups = list_tests(suite, context.scratch)
    context.report(f"running {counted(sum(len(g.ids) for g in groups), 'test')} of the result")
    ours = run_tests(suite, groups, context.scratch, workers=context.workers)
    return compare(source, ours, id_map(context.plan.data))


def compare(source: Outcomes, ours: Outcomes, mapped: Callable[[str], str]) -> CheckResult:
    """Findings for ids lost, added, ended otherwise or skipped only here."""
    expected = {mapped(i): (i, outcome) for i, outcome in source.of.items()}
    renamed = _other_parameters(source, ours, expected)
    findings = []
    cured = []
    for name, (old, outcome) in expected.items():
        got = ours.of.get(renamed.get(name, name))
        if got is None and name.startswith(FAILED_IMPORT):
            cured.append(f"cannot be loaded in the source: {old}")
        elif got is None:
            findings.append(f"lost: {name} (was {old})")
        elif got == PASSED and outcome in {"failed", "error"}:
            # A test that needs others to run before it in the source is no loss when it does not.
            cured.append(f"{outcome} in the source, passes here: {name}")
        elif got != outcome:
            findings.append(f"different outcome: {name}: {outcome} there, {got} here")
    matched = {renamed.get(name, name) for name in expected} & set(ours.of)
    added = sorted(set(ours.of) - matched)
    clashing = len(source.of) - len(expected)
    if clashing:
        findings.append(f"{clashing} ids of the source coincide under the layout")
    findings += [f"never finished: {name}" for name in ours.lost]
    there = ", ".join(f"{n} {what}" for what, n in source.counts().items())
    here = ", ".join(f"{n} {what}" for what, n in ours.counts().items())
    evidence = [
        f"in the source: {there}; in the result: {here}",
        f"{len(matched)} matched by id, {len(added)} only in the result",
        *(f"only in the result: {name}" for name in added[:5]),
        *(f"never finished in the source: {name}" for name in source.lost[:5]),
        *cured[:5],
    ]
    figures = {"source": len(source.of), "result": len(ours.of), "matched": len(matched)}
    return verdict("test_parity", findings, evidence, figures, compared=len(source.of))


def _other_parameters(
    source: Outcomes, ours: Outcomes, expected: Mapping[str, tuple[str, str]]
) -> dict[str, str]:
    """Ids that differ only in what stands in brackets: a parameter's text may have a new name.

    They are paired where as many of a test are left on both sides, those that end alike first.
    """
    left: dict[str, list[str]] = {}
    for name in ours.of:
        if "[" in name and name not in expected:
            left.setdefault(name.partition("[")[0], []).append(name)
    wanted: dict[str, list[str]] = {}
    for name in expected:
        if "[" in name and name not in ours.of:
            wanted.setdefault(name.partition("[")[0], []).append(name)
    pairs: dict[str, str] = {}
    for test, names in wanted.items():
        others = left.get(test, [])
        if len(others) == len(names):
            names.sort(key=lambda name: (expected[name][1], name))
            others.sort(key=lambda name: (ours.of[name], name))
            pairs.update(zip(names, others, strict=True))
    return pairs


def outcomes_of_source(context: Context, against: Path) -> Outcomes | None:
    """What the tests come to in the source, in the order they are found; ``None`` without any.

    ``NoEnvironment`` when not one of them passes: what does not run there proves nothing here.
    """

    def run(suite: Suite) -> dict[str, Outcomes]:
        if not suite.where:
            return {"": Outcomes({})}
        groups = list_tests(suite, context.scratch)
        context.report(f"running {counted(sum(len(g.ids) for g in groups), 'test')} in the source")
        return {"": run_tests(suite, groups, context.scratch, workers=context.workers)}

    found = kept_outcomes(context, against, "", run)[""]
    if not found.of and not found.lost:
        return None
    if PASSED not in found.of.values() and found.broken():
        first = found.broken()[0]
        told = found.details.get(first, "").strip().splitlines()
        raise NoEnvironment(
            f"none of the {counted(len(found.of), 'test')} passes in the source's environment, "
            f"first {first}: "
            f"{told[-1] if told else 'never finished'}: name what they need in [verify.source]"
        )
    return found


def kept_outcomes(
    context: Context, against: Path, how: str, run: Callable[[Suite], dict[str, Outcomes]]
) -> dict[str, Outcomes]:
    """What ``run`` gives for the source; from the cache when this content ran before.

    ``how`` tells apart what is run in several ways.
    """
    roots = json.dumps(context.plan.data.roots.model_dump(mode="json"))
    runner = labs.runner(context, against)
    key = labs.source_key(context, against, f"{_FORMAT} {how} {runner} {roots}")
    kept = cache_folder().parent / "outcomes" / f"{key}.json"
    known = read_kept(kept, _read_outcomes)
    if known is not None:
        return known
    found = run(suite_of_source(context, against))
    if any(one.lost for one in found.values()):
        # Whatever ended a worker may not do so again.
        return found
    values = {
        name: {"of": dict(one.of), "details": dict(one.details), "seconds": one.seconds}
        for name, one in found.items()
    }
    keep(kept, json.dumps(values, indent=1).encode("utf-8"))
    return found


def _read_outcomes(text: str) -> dict[str, Outcomes]:
    return {
        name: Outcomes(of=dict(one["of"]), details=dict(one["details"]), seconds=one["seconds"])
        for name, one in json.loads(text).items()
    }
