"""The page as text: everything in it is escaped, nothing is asked from elsewhere."""

import json
import re
from html.parser import HTMLParser

import pytest
from extractor_reports.charts import charts, icicle
from extractor_reports.html import breakable, headed, render_html, ticked
from extractor_reports.markdown import render_markdown
from extractor_reports.schema import Cascades, parse_report, report_bytes

from tests.reports.conftest import HOSTILE, SHOWN, make_run


class Elements(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.found = []
        self.text = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text.append(data)


def tags(page):
    """All but the places where a name may be broken: their number is the name's."""
    return sorted(tag for tag, _ in Elements(page).found if tag != "wbr")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.b_c:d", "a.<wbr>b_<wbr>c:<wbr>d"),
        ("a/__init__.py:3", "a/<wbr>__init__.<wbr>py:3"),
        ("plain", "plain"),
        ("", ""),
        ("<a>.<b>", "&lt;a&gt;.<wbr>&lt;b&gt;"),
    ],
)
def test_breakable(name, expected):
    assert str(breakable(name)) == expected


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("run `a b` & ``c``", "run <code>a b</code> &amp; <code>c</code>"),
        ("`<b>`", "<code>&lt;b&gt;</code>"),
        ("one ` alone", "one ` alone"),
        ("", ""),
    ],
)
def test_ticked(sentence, expected):
    assert str(ticked(sentence)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# a\n# b\n\nx = 1\n", ("# a\n# b\n", "x = 1\n")),
        ("x = 1\n# a\n", ("", "x = 1\n# a\n")),
        ("# only\n", ("# only\n", "")),
        ("", ("", "")),
    ],
)
def test_headed(text, expected):
    assert headed(text) == expected


def test_hostile_text_makes_no_element(make):
    assert tags(render_html(make(HOSTILE))) == tags(render_html(make("plain")))


def test_hostile_text_makes_no_attribute(make):
    elements = Elements(render_html(make(HOSTILE)))
    for tag, attributes in elements.found:
        assert not any(name.startswith("on") for name in attributes), tag
        assert not str(attributes.get("href", "")).lower().startswith("javascript:")


def test_hostile_text_is_shown_as_it_is(make):
    assert any(SHOWN in text for text in Elements(render_html(make(HOSTILE))).text)


def test_what_a_terminal_or_the_eye_would_obey_is_spelled_out(make):
    report = make(HOSTILE)
    for text in (render_html(report), render_markdown(report), report_bytes(report).decode()):
        assert not re.search("[\x1b\u202e]", text)
        assert "x1b" in text and "u202egnp" in text


def test_labels_can_be_read_on_their_colours():
    def luminance(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    report = make_run()
    origins = ("moved", "carried", "written", "")
    modules = tuple(
        report.cascades.after.modules[0].model_copy(update={"module": f"m{n}", "origin": origin})
        for n, origin in enumerate(origins)
    )
    after = report.cascades.after.model_copy(update={"modules": modules})
    drawn = charts(report.model_copy(update={"cascades": Cascades(before=after, after=after)}))
    for name in ("cascade-before", "cascade-after"):
        assert drawn[name]["modules"]
        for m in drawn[name]["modules"]:
            dark, light = sorted((luminance(m["colour"]), luminance(m["ink"])))
            assert (light + 0.05) / (dark + 0.05) >= 4.5, m


def test_an_icicle_counts_its_levels():
    before = make_run().cascades.before

    def levels(modules):
        cascade = before.model_copy(update={"modules": tuple(modules)})
        return icicle(cascade, {m.module: "#000000" for m in modules})["levels"]

    assert levels(before.modules) == 3
    assert levels(before.modules[::-1]) == 3, "whatever their order"
    assert levels(before.modules[:2]) == 2


def test_nothing_is_asked_from_elsewhere(make):
    page = render_html(make())
    for tag, attributes in Elements(page).found:
        for name in ("src", "href", "data", "action", "poster"):
            value = attributes.get(name) or ""
            assert not re.match(r"(?i)(https?:)?//", value), (tag, value)
    policy = next(a["content"] for t, a in Elements(page).found if "http-equiv" in a)
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy
    assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]


def test_the_page_is_drawn_from_the_json_alone(make):
    report = make(HOSTILE)
    assert render_html(parse_report(report_bytes(report))) == render_html(report)


def test_every_id_is_there_once_and_every_link_in_the_page_leads_somewhere(make):
    elements = Elements(render_html(make(HOSTILE))).found
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for tag, attributes in elements:
        target = attributes.get("href") or ""
        if tag == "a" and target.startswith("#"):
            assert target[1:] in ids
        if tag in ("label", "output"):
            assert attributes["for"] in ids


@pytest.mark.parametrize("section", ["cascades", "coupling", "history", "symbols", "pictures"])
def test_a_section_may_be_empty(section):
    values = json.loads(report_bytes(make_run()))
    del values[section]
    page = render_html(parse_report(json.dumps(values).encode()))
    assert "<h1>" in page


def test_the_page_stays_small():
    assert len(render_html(make_run()).encode()) < 5_500_000
