"""The ratchet: violations that are known and why, one a line, so that review can see each.

A TOML file with a table a contract; a key names the violation, its value is the reason:

    [till-does-not-import]
    "p.sub.handler -> p.utils" = "moves over with the exceptions"
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

from extractor_contracts.verdict import Verdict, Violation

Baseline = dict[str, dict[str, str]]


class BadBaseline(ValueError):
    """The file is not a baseline; the message says where."""


def load(path: Path) -> Baseline:
    """Reasons by key by contract; an entry without a reason is ``BadBaseline``."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadBaseline(f"{path}: {error}") from None
    problems = []
    for contract, entries in values.items():
        if not isinstance(entries, dict):
            problems.append(f"{contract} is not a table")
            continue
        for key, reason in entries.items():
            if not isinstance(reason, str) or not reason.strip():
                problems.append(f"[{contract}] {key!r} has no reason")
    if problems:
        raise BadBaseline(f"{path}: {'; '.join(problems)}")
    return dict(values)


def dump(baseline: Mapping[str, Mapping[str, str]]) -> str:
    """The file's text: contracts and keys sorted, one entry a line."""
    lines = [
        "# Known violations, each with its reason. This file may only get shorter:",
        "# an entry that nothing needs any more fails the check just as a new violation does.",
    ]
    for contract in sorted(baseline):
        if not baseline[contract]:
            continue
        lines += ["", f"[{_quoted_if_needed(contract)}]"]
        entries = baseline[contract]
        lines += [f"{_quoted(key)} = {_quoted(entries[key])}" for key in sorted(entries)]
    return "\n".join(lines) + "\n"


def updated(verdicts: list[Verdict], reason: Callable[[str, Violation], str] | None) -> Baseline:
    """What the baseline is to be: without unused entries; with new ones where ``reason`` is given.

    A reason that somebody wrote is kept.
    """
    found: Baseline = {}
    for verdict in verdicts:
        entries = {violation.key: why for violation, why in verdict.accepted}
        if reason is not None:
            entries.update({v.key: reason(verdict.contract, v) for v in verdict.new})
        found[verdict.contract] = entries
    return found


def _quoted(text: str) -> str:
    # A TOML basic string is a JSON string, but for DEL.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def _quoted_if_needed(text: str) -> str:
    return text if text.replace("-", "").replace("_", "").isalnum() else _quoted(text)
