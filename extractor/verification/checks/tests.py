"""The result's own tests pass in an environment of the time, all of them, none skipped."""

from __future__ import annotations

from extractor.verification.check import CheckResult, Context, Result, does_not_apply, verdict
from extractor.verification.comparisons.suites import suite_of_result
from extractor.verification.laboratory.test_runs import Outcomes, Suite, list_tests, run_tests

NEEDS = "environment"


def check(result: Result, context: Context) -> CheckResult:
    """List and run; every id that does not pass is a finding, so is a folder without tests."""
    suite = suite_of_result(result, context)
    if not suite.where and not context.settings.tests:
        return does_not_apply("tests", "no tests: nothing is proven")
    return run_all("tests", suite, context)


def run_all(name: str, suite: Suite, context: Context) -> CheckResult:
    """The verdict on a suite that is listed and run."""
    groups = list_tests(suite, context.scratch)
    listed = sum(len(group.ids) for group in groups)
    context.report(f"running {listed} tests")
    outcomes = run_tests(
        suite, groups, context.scratch, workers=context.workers, first=context.first
    )
    return judge(name, outcomes, listed)


def judge(name: str, outcomes: Outcomes, listed: int) -> CheckResult:
    """Turn outcomes into a result: broken ids and skipped ones are told apart."""
    counts = outcomes.counts()
    findings = [f"{i}: {outcomes.of.get(i, 'never finished')}" for i in outcomes.broken()]
    skipped = sorted(i for i, outcome in outcomes.of.items() if outcome == "skipped")
    if not listed:
        findings.append("no test was found at all")
    evidence = [
        f"{listed} tests listed, "
        + (", ".join(f"{n} {what}" for what, n in counts.items()) or "none run")
        + f", in {outcomes.seconds:.0f} s"
    ]
    evidence += [f"skipped: {i}: {outcomes.details.get(i, '')}" for i in skipped[:10]]
    look_at = ""
    if outcomes.broken():
        first = outcomes.broken()[0]
        told = outcomes.details.get(first, "").strip().splitlines()
        look_at = f"{first}: {told[-1] if told else outcomes.of.get(first, 'never finished')}"
    figures = {"listed": float(listed), "seconds": round(outcomes.seconds, 1)}
    return verdict(name, findings, evidence, figures | counts, look_at, compared=listed)
