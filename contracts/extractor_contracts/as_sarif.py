"""Verdicts as SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from extractor_contracts.verdict import Unread, Verdict, Violation

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def report_values(
    verdicts: Sequence[Verdict],
    baseline: str = "baseline",
    configuration: str = "contracts",
    unreadable: Sequence[Unread] = (),
) -> dict[str, Any]:
    """A log of one run: a rule a contract, a result a violation, a notification a file unread.

    Known violations are left out: many readers show every result as an open alert, suppressed or
    not. Entries no longer needed are results at the file ``baseline``; what is about no file of the
    project is at ``configuration``.
    """
    results: list[dict[str, Any]] = []
    for index, verdict in enumerate(verdicts):
        for violation, brought in verdict.leaders():
            results.append(_result(verdict, index, violation, brought, configuration))
        for key in verdict.unused:
            text = f"the baseline's entry {key!r} is no longer needed: remove it"
            results.append(
                {
                    "ruleId": verdict.contract,
                    "ruleIndex": index,
                    "level": "error",
                    "message": {"text": text},
                    "locations": [_location(baseline, 0)],
                }
            )
    rules = [
        {"id": v.contract, "shortDescription": {"text": v.name}, "properties": {"type": v.type}}
        for v in verdicts
    ]
    driver = {"name": "extractor contracts", "rules": rules}
    run: dict[str, Any] = {"tool": {"driver": driver}, "results": results}
    if unreadable:
        notifications = [
            {
                "level": "warning",
                "message": {"text": not_known(file)},
                "locations": [_location(file.path, file.line)],
            }
            for file in unreadable
        ]
        run["invocations"] = [
            {"executionSuccessful": True, "toolExecutionNotifications": notifications}
        ]
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(
    verdict: Verdict, index: int, violation: Violation, brought: int, configuration: str
) -> dict[str, Any]:
    return {
        "ruleId": verdict.contract,
        "ruleIndex": index,
        "level": "error",
        "message": {"text": message(violation, brought)},
        "locations": [_location(violation.path or configuration, violation.line)],
        "partialFingerprints": {"contractKey/v1": f"{verdict.contract}: {violation.key}"},
    }


def _location(path: str, line: int) -> dict[str, Any]:
    # A path relative to the checked folder, as a reference in the sense of RFC 3986.
    uri = quote(path, safe="/@:+,;=~", errors="surrogateescape")
    place: dict[str, Any] = {"artifactLocation": {"uri": uri}}
    if line:
        place["region"] = {"startLine": line}
    return {"physicalLocation": place}


def not_known(file: Unread) -> str:
    """What to say of a file that cannot be parsed."""
    return f"This file cannot be parsed, so its imports are unknown: {file.reason}"


def message(violation: Violation, brought: int) -> str:
    """One violation as running text, with its chain and the way out."""
    more = f" (and {brought} more through it)" if brought else ""
    lines = [f"{violation.message}{more}", *violation.chain]
    if violation.way_out:
        lines.append(f"Fix: {violation.way_out}.")
    return "\n".join(lines)
