"""The two assertions of every rewrite's tests."""

from __future__ import annotations

import ast
from collections.abc import Callable
from textwrap import dedent

from extractor.outcome import Finding, Outcome, Rewritten, Unchanged


def as_bytes(source: str | bytes) -> bytes:
    return source if isinstance(source, bytes) else dedent(source).lstrip("\n").encode()


def content_of(outcome: Outcome) -> bytes:
    """The new text; the file must have been rewritten."""
    assert isinstance(outcome, Rewritten), outcome
    return outcome.content


def check_unchanged(
    rewrite: Callable[[bytes], Outcome],
    source: str | bytes,
    findings: tuple[Finding, ...] = (),
) -> None:
    """``source`` is none of the rewrite's business, apart from ``findings``."""
    text = as_bytes(source)
    assert rewrite(text) == Unchanged(findings)


def check_rewritten(
    rewrite: Callable[[bytes], Outcome],
    before: str | bytes,
    after: str | bytes,
    findings: tuple[Finding, ...] = (),
    python: bool = True,
) -> None:
    """``before`` becomes ``after``, which is Python again and is then left alone."""
    expected = as_bytes(after)
    if python:
        ast.parse(expected)
    outcome = rewrite(as_bytes(before))
    assert isinstance(outcome, Rewritten), outcome
    assert outcome.content.decode("utf-8", "replace") == expected.decode("utf-8", "replace")
    assert outcome.content == expected
    assert outcome.findings == findings
    again = rewrite(expected)
    assert isinstance(again, Unchanged), again
