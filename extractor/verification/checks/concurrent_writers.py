"""Concurrent writers leave the same final state with both services, and nothing is lost.

Which of two comes first is chance, so single answers are not compared: the writers try again
until they succeed, and what is there in the end must not depend on their order.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from extractor.verification.check import CheckResult, Context, Result, does_not_apply, verdict
from extractor.verification.checks.many_instances import Subject, server_of, stores_here, subjects
from extractor.verification.comparisons.replay import Request
from extractor.verification.comparisons.writers import (
    Counts,
    Instances,
    inspect,
    load_of,
    prepare,
    run_writers,
)
from extractor.verification.laboratory.service import Answer, ServiceDied

if TYPE_CHECKING:
    from extractor.database.servers import Server

NEEDS = "source"
# Writers that never get through must not hold the check for ever.
_SECONDS = 300.0


def check(result: Result, context: Context) -> CheckResult:
    """The same writers against one process of each service, with several threads."""
    rules = context.settings.stores
    if context.against is None:
        return does_not_apply("concurrent_writers", "no source to compare with (--against)")
    if not rules.load:
        return does_not_apply("concurrent_writers", "the plan has no [verify.stores]")
    store = stores_here()[0][0]
    ends = {}
    findings = []
    evidence = []
    figures: dict[str, float] = {"writers": rules.writers, "steps": rules.steps}
    try:
        with server_of(store) as server:
            for subject in subjects(result, context):
                counts, wrong, end = to_the_end(subject, server, context)
                ends[subject.name] = end
                answers = ", ".join(f"{n} x {s}" for s, n in sorted(counts.statuses.items()))
                evidence.append(
                    f"{subject.name} on {store}: {rules.writers} writers, {counts.answered} "
                    f"answers in {counts.seconds:.0f} s ({answers})"
                )
                figures[f"{subject.name}_answers"] = counts.answered
                if subject.name == "result":
                    findings += wrong
                else:
                    evidence += [f"in the source: {text}" for text in wrong]
    except ServiceDied as error:
        return verdict("concurrent_writers", [str(error)], evidence)
    findings += compare_ends(ends["source"], ends["result"])
    evidence.append(f"final state: {len(ends['source'])} documents compared")
    return verdict("concurrent_writers", findings, evidence, figures, compared=len(ends["source"]))


def to_the_end(
    subject: Subject, server: Server, context: Context
) -> tuple[Counts, list[str], list[tuple[Request, Answer]]]:
    """Counts, what is wrong, and the final state."""
    rules = context.settings.stores
    setup, _ = subject.on(server, context.plan.folder / f"database/{subject.name}.py")
    load = load_of(
        context.plan.folder / rules.load, rules.seed, rules.writers, tight=False, steps=rules.steps
    )
    setup = replace(setup, state=setup.state / "concurrent")
    with Instances([setup], rules.writers) as instances:
        refused = prepare(load, instances)
        counts = run_writers(load, rules.writers, instances, seconds=_SECONDS)
        end = inspect(load, instances)
    wrong = [*refused, *load.judge([answer for _, answer in end])]
    wrong += counts.unforeseen(rules.errors)[0]
    if counts.seconds > _SECONDS:
        wrong.append(f"the writers were not done after {_SECONDS:.0f} s")
    return counts, wrong, end


def compare_ends(
    there: list[tuple[Request, Answer]], here: list[tuple[Request, Answer]]
) -> list[str]:
    """Documents of the final state that are not the same, the order of lists apart."""
    wrong = []
    if [request for request, _ in there] != [request for request, _ in here]:
        wrong.append("the two final states are not of the same things")
    for (request, one), (_, two) in zip(there, here, strict=False):
        left, right = (one.status, _sorted(one.body)), (two.status, _sorted(two.body))
        if left != right:
            wrong.append(f"{request.path}: {str(left)[:200]} there, {str(right)[:200]} here")
    return wrong


def _sorted(body: bytes) -> Any:
    def ordered(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: ordered(one) for key, one in sorted(value.items())}
        if isinstance(value, list):
            return sorted((ordered(one) for one in value), key=repr)
        return value

    try:
        return ordered(json.loads(body))
    except ValueError:
        return body
