"""The result's unit tests pass, those that need no service and no database."""

from __future__ import annotations

from extractor.verification.check import CheckResult, Context, Result, does_not_apply
from extractor.verification.checks.tests import run_all
from extractor.verification.comparisons.suites import suite_of_result

NEEDS = "environment"


def check(result: Result, context: Context) -> CheckResult:
    """The part of ``tests`` that is over in seconds."""
    if not context.settings.unit_tests:
        return does_not_apply("unit_tests", "the plan names no unit tests ([verify] unit_tests)")
    suite = suite_of_result(result, context, context.settings.unit_tests)
    return run_all("unit_tests", suite, context)
