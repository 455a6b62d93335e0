"""report.json is stable, readable again, and documented as it is."""

import re
from pathlib import Path

import pytest
from extractor_reports import schema

from tests.reports.conftest import HOSTILE, make_change, make_run

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("text", ["plain", HOSTILE])
def test_there_and_back(make, text):
    content = schema.report_bytes(make(text))
    assert schema.report_bytes(schema.parse_report(content)) == content


def test_order_of_counts_does_not_show():
    one, other = (make_run().model_copy(update={"counts": c}) for c in ({"a": 1, "b": 2}, {}))
    other = other.model_copy(update={"counts": {"b": 2, "a": 1}})
    assert schema.report_bytes(one) == schema.report_bytes(other)


def test_bytes_that_are_no_text_are_spelled_out():
    report = make_run("caf\udce9.py")
    assert b"caf\\\\xe9.py" in schema.report_bytes(report)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{}", "discriminator"),
        (b'{"kind": "run"}', "Field required"),
        (b"nothing", "JSON"),
        (schema.report_bytes(make_run()).replace(b'version": 2,', b'version": 1,', 1), "version"),
    ],
    ids=["no kind", "no content", "no json", "another version"],
)
def test_what_is_no_report_is_refused(content, words):
    with pytest.raises(schema.UnreadableReport, match=words):
        schema.parse_report(content)


def test_committed_schema_is_the_present_one():
    assert (
        ROOT / "reports/extractor_reports/report.schema.json"
    ).read_text() == schema.json_schema(), (
        "run: python -m extractor_reports.schema > reports/extractor_reports/report.schema.json"
    )


@pytest.mark.parametrize(
    ("heading", "model"),
    [("### A run", schema.RunReport), ("### A change", schema.ChangeReport)],
)
def test_every_section_is_explained(heading, model):
    page = (ROOT / "docs/report.md").read_text().split(f"{heading}\n")[1].split("\n##")[0]
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    names = [name for row in rows for name in re.findall("`(.+?)`", row)]
    assert sorted(names) == sorted(model.model_fields)


def test_a_change_that_changes_nothing_has_nothing_to_say():
    report = make_change()
    empty = dict.fromkeys(("added", "removed", "cascades", "borders", "violations", "caveats"), ())
    assert not report.nothing_to_say
    assert report.model_copy(update=empty).nothing_to_say
