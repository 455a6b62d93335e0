"""Markdown: short for a change, and no text of the repository is markup in it."""

import re

import pytest
from extractor_reports.markdown import code, prose, render_markdown
from extractor_reports.schema import Check

from tests.reports.conftest import HOSTILE, make_change, make_run


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.b", "`a.b`"),
        ("a`b", "``a`b``"),
        ("`a", "`` `a ``"),
        ("a|b", "`a\\|b`"),
        ("a\nb", "`a b`"),
        ("", "` `"),
    ],
)
def test_code(text, expected):
    assert code(text) == expected


def test_prose_has_no_markup_left():
    escaped = prose(HOSTILE + "\n# head\n- item")
    assert "\n" not in escaped
    assert not re.search(r"(?<!\\)[<>`\[\]@|*_#]", escaped)


def test_hostile_text_is_never_bare(make):
    text = render_markdown(make(HOSTILE))
    without_code = re.sub(r"(?<!\\)(`+)(?!`).*?(?<!`)\1(?!`)", "", text)
    assert "<script>" not in without_code
    assert not re.search(r"(?<!\\)@all", without_code)
    assert "](javascript" not in without_code


def test_same_report_same_text(make):
    assert render_markdown(make()) == render_markdown(make())


def test_nothing_to_say_is_one_line():
    empty = dict.fromkeys(("added", "removed", "cascades", "borders", "violations", "caveats"), ())
    text = render_markdown(make_change().model_copy(update=empty))
    assert text == "plain: this change does not touch the boundary.\n"


@pytest.mark.parametrize("crossings", [0, 30, 60, 500])
def test_a_comment_has_at_most_sixty_lines(crossings):
    report = make_change(crossings=crossings)
    lines = render_markdown(report).splitlines()
    assert len(lines) <= 60
    assert ("see the whole report" in lines[-1]) == (crossings >= 60)
    linked = render_markdown(report, "https://a.example/(b)").splitlines()
    assert len(linked) <= 60
    told = "see [the whole report](<https://a.example/(b)>)" in linked[-1]
    assert told == (crossings >= 60)


def test_places_of_one_import_share_a_line():
    text = render_markdown(make_change(crossings=4))
    places = ", ".join(f"`plain:{n}`" for n in (1, 2, 3))
    assert f"* the rest imports `plain` at {places} and 1 more\n" in text


def test_the_worst_comes_first():
    text = render_markdown(make_change())
    assert text.index("module more") < text.index("across the boundary added")
    assert "now loads **1 module more** (1 → 2, +20 lines), through `plain`" in text


def test_a_broken_check_is_said_at_the_top():
    lines = render_markdown(make_run()).splitlines()
    assert lines[4] == "* **Proven:** 1 check did not hold: tests"
    unasked = Check(name="style", outcome="not asked")
    held = make_run().checks[:1]
    report = make_run().model_copy(update={"checks": (*held, unasked)})
    lines = render_markdown(report).splitlines()
    assert lines[4] == "* **Proven:** 1 of 1 checks asked held; 1 not asked"


def test_only_the_first_authors_are_listed():
    report = make_run()
    (one,) = report.history.authors
    many = tuple(one.model_copy(update={"name": f"author{n}"}) for n in range(23))
    history = report.history.model_copy(update={"authors": many})
    text = render_markdown(report.model_copy(update={"history": history}))
    assert text.count("| author") == 21, "twenty and the head"
    assert text.endswith("\nand 3 more authors: the page has them all.\n")
