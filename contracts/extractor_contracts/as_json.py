"""Verdicts for a program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from extractor_contracts.verdict import Unread, Verdict


def report_values(verdicts: Sequence[Verdict], unreadable: Sequence[Unread] = ()) -> dict[str, Any]:
    """Everything known about every contract, in plain values."""
    return {
        "kept": all(verdict.kept for verdict in verdicts),
        "contracts": [
            {
                "id": verdict.contract,
                "name": verdict.name,
                "type": verdict.type,
                "kept": verdict.kept,
                "summary": verdict.summary,
                "new": [asdict(violation) for violation in verdict.new],
                "known": [
                    {"key": violation.key, "reason": reason}
                    for violation, reason in verdict.accepted
                ],
                "no_longer_needed": list(verdict.unused),
            }
            for verdict in verdicts
        ],
        "unreadable": [file._asdict() for file in unreadable],
    }
