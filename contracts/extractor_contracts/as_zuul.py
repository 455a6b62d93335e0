"""Verdicts as Zuul's inline comments.

The format is that of ``zuul_return``'s file: https://zuul-ci.org/docs/zuul/latest/job-content.html,
"Leaving file comments".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from extractor_contracts.as_sarif import message, not_known
from extractor_contracts.verdict import Unread, Verdict


def report_values(
    verdicts: Sequence[Verdict],
    baseline: str = "baseline",
    configuration: str = "contracts",
    unreadable: Sequence[Unread] = (),
) -> dict[str, Any]:
    """Comments by path; entries no longer needed are comments on the file ``baseline``.

    What is about no file of the project is a comment on the file ``configuration``.
    """
    comments: dict[str, list[dict[str, Any]]] = {}
    for verdict in verdicts:
        for violation, brought in verdict.leaders():
            comments.setdefault(violation.path or configuration, []).append(
                {
                    # Gerrit has no line 0.
                    "line": violation.line or 1,
                    "message": f"{verdict.name}: {message(violation, brought)}",
                    "level": "error",
                }
            )
        for key in verdict.unused:
            text = f"{verdict.name}: {key!r} is no longer needed: remove it"
            comments.setdefault(baseline, []).append({"line": 1, "message": text, "level": "error"})
    for file in unreadable:
        comments.setdefault(file.path, []).append(
            {"line": file.line or 1, "message": not_known(file), "level": "warning"}
        )
    return {"zuul": {"file_comments": dict(sorted(comments.items()))}}
