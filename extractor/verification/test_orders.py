"""The tests pass in any order: one after the other, at random, and each module alone.

State of the process (caches, flags, registered options) makes tests depend on one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from extractor.verification.check import CheckResult, Context, Result, verdict
from extractor.verification.test_runs import Group, Outcomes, Suite, list_tests, run_tests
from extractor.verification.tests import suite_of_result

NEEDS = "environment"
SEEDS = (20180228, 20180830)


@dataclass(frozen=True)
class Order:
    """One way to run the tests, and what they came to in it."""

    title: str
    outcomes: Outcomes


def check(result: Result, context: Context) -> CheckResult:
    """Run serially, twice at random and module by module; every broken id is a finding."""
    suite = suite_of_result(result, context)
    groups = list_tests(suite, context.scratch)
    orders = [Order("serial", run_tests(suite, groups, context.scratch, workers=1))]
    context.report(f"serial: {orders[0].outcomes.seconds:.0f} s")
    for seed in SEEDS:
        outcomes = run_tests(suite, groups, context.scratch, workers=context.workers, seed=seed)
        orders.append(Order(f"random order {seed}", outcomes))
        context.report(f"random order {seed}: {outcomes.seconds:.0f} s")
    for module, own in modules_of(groups).items():
        alone = _alone(suite, own, context)
        orders.append(Order(f"{module} alone", alone))
    return judge(orders)


def judge(orders: Sequence[Order]) -> CheckResult:
    """Findings name the order in which a test broke."""
    findings = [
        f"{order.title}: {name}: {order.outcomes.of.get(name, 'never finished')}"
        for order in orders
        for name in order.outcomes.broken()
    ]
    wide = [order for order in orders if not order.title.endswith(" alone")]
    evidence = [
        f"{order.title}: "
        + ", ".join(f"{n} {what}" for what, n in order.outcomes.counts().items())
        + f" in {order.outcomes.seconds:.0f} s"
        for order in wide
    ]
    alone = [order for order in orders if order not in wide]
    ran = sum(len(order.outcomes.of) for order in alone)
    evidence.append(f"each of {len(alone)} modules alone: {ran} tests")
    return verdict("test_orders", findings, evidence, {"orders": len(orders)})


def modules_of(groups: Sequence[Group]) -> dict[str, list[Group]]:
    """Groups by the module their ids name: what stands before the class."""
    found: dict[str, list[Group]] = {}
    for group in groups:
        found.setdefault(group.key.rsplit(".", 2)[0], []).append(group)
    return dict(sorted(found.items()))


def _alone(suite: Suite, groups: Sequence[Group], context: Context) -> Outcomes:
    return run_tests(suite, groups, context.scratch, workers=1)
