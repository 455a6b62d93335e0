"""The result's unit tests pass, those that need no service and no database."""

from __future__ import annotations

from extractor.verification.check import CheckResult, Context, Result
from extractor.verification.checks.tests import run_all, suite_of_result

NEEDS = "environment"


def check(result: Result, context: Context) -> CheckResult:
    """The part of ``tests`` that is over in seconds."""
    suite = suite_of_result(result, context, context.settings.unit_tests)
    return run_all("unit_tests", suite, context)
