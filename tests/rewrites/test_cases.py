import ast

import pytest

from docs.rewrite_pages import PAGES, page_for
from extractor.outcome import Rewritten, Unchanged
from extractor.rewrites import load, registered
from extractor.rewrites.parts.source_file import Review
from tests.rewrites.cases import all_cases

NAMES = [rewrite.name for rewrite in registered()]
# These work on a whole tree, and are no rewrites of one file.
ON_TREES = {"driver", "packaging", "write_initial_migration"}


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: f"{case.rewrite}: {case.title}")
def test_case(case):
    outcome = case.run(case.before)
    assert isinstance(outcome, Rewritten if case.after is not None else Unchanged)
    if isinstance(outcome, Rewritten):
        assert outcome.content.decode() == case.after
        again = case.run(case.after)
        assert isinstance(again, Unchanged)
        if case.is_python:
            ast.parse(case.after)
    reported = "".join(f"{found.line}: {found.message}\n" for found in outcome.findings)
    assert reported == case.findings


@pytest.mark.parametrize("name", NAMES)
def test_first_case_of_every_rewrite_is_one_that_it_leaves_alone(name):
    cases = [case for case in all_cases() if case.rewrite == name]
    assert cases, f"write cases for {name}"
    assert cases[0].after is None
    assert any(case.after is not None for case in cases)


@pytest.mark.parametrize("name", NAMES)
def test_page_is_what_the_cases_say(name):
    page = PAGES / f"{name}.md"
    assert page.read_text("utf-8") == page_for(load(name)), "run python -m docs.rewrite_pages"


def test_every_page_is_of_a_rewrite():
    assert sorted(page.stem for page in PAGES.glob("*.md")) == NAMES


def test_every_module_is_a_rewrite_or_known_not_to_be_one():
    from extractor import rewrites

    assert set(rewrites._module_names()) - set(NAMES) <= ON_TREES


@pytest.mark.parametrize("name", NAMES)
def test_names_and_docstrings_tell(name):
    rewrite = load(name)
    assert isinstance(rewrite.review, Review)
    assert rewrite.summary.endswith(".")
    assert rewrite.reason
    assert load(name) == rewrite


def test_unknown_rewrite():
    with pytest.raises(KeyError):
        load("make_coffee")
    with pytest.raises(KeyError):
        load("parts")
