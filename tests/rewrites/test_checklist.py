"""Every way a name may be written, for every rewrite: the table is in ``checklist``."""

import ast
import codecs
from pathlib import Path

import pytest

from extractor.errors import UsageError
from extractor.outcome import Failed, Rewritten, Unchanged
from extractor.rewrites import registered
from tests.rewrites.cases import CHECKLIST, all_cases, checklist

WAYS = [
    "aliased import",
    "import a.b and use via a",
    "relative import in a package",
    "relative import in a module",
    "import in a function",
    "import in a try",
    "import for the type checker",
    "star import",
    "re-export and __all__",
    "bare reference left behind",
    "implicitly concatenated strings",
    "f-strings",
    "double-star arguments",
    "two statements on one line",
    "comments of a removed line",
    "only statement in a block",
    "dotted path in a string",
]
NOT_PYTHON = {"drop_config_entries", "drop_documents"}
NAMES = [rewrite.name for rewrite in registered() if rewrite.name not in NOT_PYTHON]
REWRITTEN = [
    case for case in all_cases() if case.after is not None and case.rewrite not in NOT_PYTHON
]


def of(cases):
    return pytest.mark.parametrize("case", cases, ids=lambda case: f"{case.rewrite}: {case.title}")


def test_every_rewrite_has_its_table():
    assert sorted(path.stem for path in CHECKLIST.iterdir()) == NAMES
    assert all(
        ".py" not in rewrite.suffixes for rewrite in registered() if rewrite.name in NOT_PYTHON
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_way_is_in_the_table(name):
    assert [case.title for case in checklist(name)] == WAYS


@of([case for name in NAMES for case in checklist(name)])
def test_way(case):
    outcome = case.run(case.before)
    assert isinstance(outcome, Rewritten if case.after is not None else Unchanged), outcome
    if isinstance(outcome, Rewritten):
        assert outcome.content.decode() == case.after
        ast.parse(case.after)
        assert isinstance(case.run(case.after), Unchanged), "run twice"
    reported = "".join(f"{found.line}: {found.message}\n" for found in outcome.findings)
    assert reported == case.findings


@of(REWRITTEN)
def test_bytes_that_are_not_utf8(case):
    head = "# coding: latin-1\n# caf\xe9\n\n"
    outcome = case.run((head + case.before).encode("latin-1"))
    assert isinstance(outcome, Rewritten)
    assert outcome.content.decode("latin-1") == head + case.after


@of(REWRITTEN)
def test_line_ends(case):
    outcome = case.run(case.before.replace("\n", "\r\n").encode())
    assert isinstance(outcome, Rewritten)
    assert outcome.content.decode() == case.after.replace("\n", "\r\n")


@of(REWRITTEN)
def test_byte_order_mark(case):
    outcome = case.run(codecs.BOM_UTF8 + case.before.encode())
    assert isinstance(outcome, Rewritten)
    assert outcome.content == codecs.BOM_UTF8 + case.after.encode()


@of(REWRITTEN)
def test_a_file_that_does_not_parse(case):
    path = case.values.get("file", {}).get("path", "example.py")
    try:
        outcome = case.run(case.before + "print 'x'\n")
    except UsageError as error:  # the rewrite has to know this file before all others
        assert str(error).startswith(f"{path}: ")
    else:
        assert isinstance(outcome, Failed)
        assert outcome.line == case.before.count("\n") + 1


@of(REWRITTEN)
def test_names_that_became_keywords(case):
    outcome = case.run(case.before + "\n\nthing.async = 1\n")
    assert isinstance(outcome, Rewritten)
    assert "\nthing.async = 1\n" in outcome.content.decode()


def test_the_table_is_read_as_it_is_written():
    assert Path(CHECKLIST, "drop_calls.txt").read_text("utf-8").count("\n=== ") == len(WAYS)
