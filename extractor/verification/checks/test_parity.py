"""Every test that ran in the source runs in the result, under its new name, and ends the same.

The source's outcomes are kept in the cache: a revision's tests end as they end.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from extractor.analysis.symbols import Symbol
from extractor.plan.model import PlanData
from extractor.plan.moves import target_module
from extractor.verification import labs
from extractor.verification.check import CheckResult, Context, Result, does_not_apply, verdict
from extractor.verification.checks.tests import suite_of_result
from extractor.verification.environment import cache_folder
from extractor.verification.test_runs import (
    FAILED_IMPORT,
    Outcomes,
    Suite,
    list_tests,
    prepare_tree,
    run_tests,
)

NEEDS = "source"
# Of what is kept of the source's outcomes: part of its name.
_FORMAT = 3


def check(result: Result, context: Context) -> CheckResult:
    """Run both sides and match id by id under the plan's layout."""
    if context.against is None:
        return does_not_apply("test_parity", "no source to compare with (--against)")
    source = outcomes_of_source(context, context.against)
    suite = suite_of_result(result, context)
    groups = list_tests(suite, context.scratch)
    context.report(f"running {sum(len(g.ids) for g in groups)} tests of the result")
    ours = run_tests(suite, groups, context.scratch, workers=context.workers)
    return compare(source, ours, id_map(context.plan.data))


def compare(source: Outcomes, ours: Outcomes, mapped: Callable[[str], str]) -> CheckResult:
    """Findings for ids lost, added, ended otherwise or skipped only here."""
    expected = {mapped(i): (i, outcome) for i, outcome in source.of.items()}
    findings = []
    cured = []
    for name, (old, outcome) in expected.items():
        got = ours.of.get(name)
        if got is None:
            findings.append(f"lost: {name} (was {old})")
        elif got == "passed" and outcome in {"failed", "error"}:
            # A test that needs others to run before it in the source is no loss when it does not.
            cured.append(f"{outcome} in the source, passes here: {name}")
        elif got != outcome:
            findings.append(f"ends otherwise: {name}: {outcome} there, {got} here")
    added = sorted(set(ours.of) - set(expected))
    clashing = len(source.of) - len(expected)
    if clashing:
        findings.append(f"{clashing} ids of the source fall on one another under the layout")
    findings += [f"never finished: {name}" for name in ours.lost]
    both = len(set(ours.of) & set(expected))
    there = ", ".join(f"{n} {what}" for what, n in source.counts().items())
    here = ", ".join(f"{n} {what}" for what, n in ours.counts().items())
    evidence = [
        f"in the source: {there}; in the result: {here}",
        f"{both} matched by id, {len(added)} only in the result",
        *(f"only in the result: {name}" for name in added[:5]),
        *cured[:5],
    ]
    figures = {"source": len(source.of), "result": len(ours.of), "matched": both}
    return verdict("test_parity", findings, evidence, figures, compared=len(source.of))


def id_map(data: PlanData) -> Callable[[str], str]:
    """From a test id in the source to the one it has in the result."""
    layout = dict(data.layout.modules)

    def mapped(name: str) -> str:
        prefix, dot, rest = "", "", name
        if name.startswith(FAILED_IMPORT + "."):
            prefix, dot, rest = FAILED_IMPORT, ".", name[len(FAILED_IMPORT) + 1 :]
        return prefix + dot + (target_module(rest, layout) or rest)

    return mapped


def suite_of_source(context: Context, against: Path) -> Suite:
    """The plan's test roots inside the source, on a copy of its tree."""
    made = labs.environment_of_source(context)
    copy = prepare_tree(against, context.scratch, made, context.settings.source.version)
    roots = context.plan.data.roots
    where = []
    for module in roots.tests:
        path = Symbol.parse(module).module.replace(".", "/")
        where += [p for p in (path, f"{path}.py") if (copy / p).exists()]
    deselect = tuple(f"^{module.replace('.', r'[.]')}[.]" for module in roots.exclude)
    variables = context.settings.test_environment
    return Suite(copy, tuple(where), made, variables, deselect=deselect)


def outcomes_of_source(context: Context, against: Path) -> Outcomes:
    """What the tests come to in the source, in the order they are found."""

    def run(suite: Suite) -> dict[str, Outcomes]:
        groups = list_tests(suite, context.scratch)
        context.report(f"running {sum(len(g.ids) for g in groups)} tests in the source")
        return {"": run_tests(suite, groups, context.scratch, workers=context.workers)}

    return kept_outcomes(context, against, "", run)[""]


def kept_outcomes(
    context: Context, against: Path, how: str, run: Callable[[Suite], dict[str, Outcomes]]
) -> dict[str, Outcomes]:
    """What ``run`` gives for the source; from the cache when this content ran before.

    ``how`` tells apart what is run in several ways.
    """
    roots = json.dumps(context.plan.data.roots.model_dump(mode="json"))
    key = labs.source_key(context, against, f"{_FORMAT} {how} {roots}")
    kept = cache_folder().parent / "outcomes" / f"{key}.json"
    if kept.is_file():
        loaded = json.loads(kept.read_text(encoding="utf-8"))
        return {
            name: Outcomes(of=one["of"], seconds=one["seconds"]) for name, one in loaded.items()
        }
    found = run(suite_of_source(context, against))
    if any(one.lost for one in found.values()):
        # Whatever ended a worker may not do so again.
        return found
    values = {name: {"of": dict(one.of), "seconds": one.seconds} for name, one in found.items()}
    kept.parent.mkdir(parents=True, exist_ok=True)
    partial = kept.with_suffix(f".{labs.process_tag()}")
    partial.write_text(json.dumps(values, indent=1), encoding="utf-8")
    partial.replace(kept)
    return found
