"""The manifest is stable, readable again, and documented as it is."""

import itertools
import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from extractor.errors import UsageError
from extractor.manifest import (
    BlameRecord,
    CheckRecord,
    DecisionRecord,
    Manifest,
    PlanRecord,
    ResultRecord,
    SourceRecord,
    TroubleRecord,
    WordRecord,
    json_schema,
    manifest_bytes,
    read_manifest,
    record_checks,
    source_record,
    write_manifest,
)
from extractor.source.repository import Release, Source

DOCS = Path(__file__).parent.parent / "docs"


@pytest.fixture
def manifest():
    return Manifest(
        source=SourceRecord(described="here", revision="1" * 40, commit_date="2018-02-28"),
        plan=PlanRecord(name="some", digest="2" * 64),
    )


def test_there_and_back(manifest, tmp_path):
    manifest.counts["files"] = 3
    manifest.checks.append(CheckRecord(name="imports", outcome="held", evidence=("12 modules",)))
    manifest.timing.seconds["analyse"] = 1.23456
    write_manifest(tmp_path / "manifest.json", manifest)
    again = read_manifest(tmp_path / "manifest.json")
    assert manifest_bytes(again) == (tmp_path / "manifest.json").read_bytes()
    assert again.timing.seconds == {"analyse": 1.235}
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


def test_order_of_discovery_does_not_show(manifest):
    words = [
        WordRecord(path=path, line=line, text="x", reason="prose")
        for path in "ab"
        for line in (2, 1)
    ]
    seen = set()
    for order in itertools.permutations(words):
        manifest.remaining_words = list(order)
        manifest.counts = {word.path: word.line for word in order[:1]} | {"a": 1, "b": 1}
        seen.add(manifest_bytes(manifest))
    assert len(seen) == 1


def test_order_that_means_something_stays(manifest):
    manifest.decisions = [
        DecisionRecord(
            kind="cut", subject=subject, reason="r", outcome="applied", touched=("d", "c")
        )
        for subject in "zab"
    ]
    manifest.timing.seconds = {"read": 1.0, "analyse": 2.0}
    values = json.loads(manifest_bytes(manifest))
    assert [decision["subject"] for decision in values["decisions"]] == ["z", "a", "b"]
    assert values["decisions"][0]["touched"] == ["c", "d"]
    assert list(values["timing"]["seconds"]) == ["read", "analyse"]


def test_only_timing_may_differ_and_it_comes_last(manifest):
    before = manifest_bytes(manifest, timing=False)
    manifest.timing.seconds["read"] = 9.0
    assert manifest_bytes(manifest, timing=False) == before
    assert list(json.loads(manifest_bytes(manifest)))[-1] == "timing"
    assert "timing" not in json.loads(before)


def test_everything_held(manifest):
    assert manifest.everything_held
    manifest.skipped.append(TroubleRecord(step="move", path="a.py", reason="binary"))
    manifest.checks.append(CheckRecord(name="serves", outcome="does not apply"))
    assert manifest.everything_held
    manifest.checks[-1:] = [CheckRecord(name="serves", outcome="cannot run")]
    assert not manifest.everything_held
    manifest.checks.pop()
    manifest.checks.append(CheckRecord(name="imports", outcome="did not hold"))
    assert not manifest.everything_held
    manifest.checks.pop()
    manifest.failed.append(TroubleRecord(step="read", path="a.py", line=3, reason="bad"))
    assert not manifest.everything_held


def test_path_that_is_not_utf8(manifest, tmp_path):
    manifest.failed.append(TroubleRecord(step="read", path="a\udcff.py", reason="bad"))
    write_manifest(tmp_path / "manifest.json", manifest)
    assert read_manifest(tmp_path / "manifest.json").failed[0].path == r"a\xff.py"


def test_source_is_recorded_with_its_releases(tmp_path):
    source = Source(
        tmp_path,
        "1" * 40,
        None,
        1519819200,
        label="project 1.0",
        described="project 1.0",
        dirty=True,
        releases=(Release("project", "1.0", "f" * 64, 1519819200, "1" * 40),),
    )
    record = source_record(source)
    assert record.commit_date == "2018-02-28T12:00:00+00:00"
    assert record.dirty
    assert record.releases[0].date == record.commit_date


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"{", "not an extractor manifest", id="not JSON"),
        pytest.param(b"{}", "source: Field required", id="something else"),
        pytest.param(b'{"schema_version": 2}', "schema_version", id="another version"),
    ],
)
def test_what_is_no_manifest(tmp_path, content, message):
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(UsageError, match=message) as caught:
        read_manifest(tmp_path / "manifest.json")
    assert "\n" not in str(caught.value)


def test_missing_manifest(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        read_manifest(tmp_path / "manifest.json")


def test_checks_are_noted_beside_the_result(manifest, tmp_path):
    (tmp_path / "till").mkdir()
    assert not record_checks(tmp_path / "till", [CheckRecord(name="tests", outcome="held")])
    manifest.results = [ResultRecord(path="till", revision="3" * 40, commits=1)]
    manifest.checks = [
        CheckRecord(name="imports", outcome="held"),
        CheckRecord(name="tests", outcome="cannot run"),
    ]
    write_manifest(tmp_path / "manifest.json", manifest)
    seen = BlameRecord(path="a.py", same=1, older=0, different=0, unpaired=0)
    later = [
        CheckRecord(name="style", outcome="held"),
        CheckRecord(name="tests", outcome="did not hold"),
        CheckRecord(name="imports", outcome="cannot run"),
        CheckRecord(name="serves", outcome="cannot run"),
    ]
    assert record_checks(tmp_path / "till", later, [seen])
    again = read_manifest(tmp_path / "manifest.json")
    assert [(check.name, check.outcome) for check in again.checks] == [
        ("imports", "held"),
        ("tests", "did not hold"),
        ("style", "held"),
        ("serves", "cannot run"),
    ]
    assert again.blame == [seen]
    assert record_checks(tmp_path / "till", later)
    assert read_manifest(tmp_path / "manifest.json").blame == [seen]
    (tmp_path / "other").mkdir()
    assert not record_checks(tmp_path / "other", later)


def test_unknown_fields_are_refused(manifest):
    with pytest.raises(ValidationError):
        TroubleRecord(step="x", reason="y", why="z")
    with pytest.raises(ValidationError):
        DecisionRecord(kind="cut", subject="x", reason="y", outcome="perhaps")


def test_schema_file_is_up_to_date():
    assert (DOCS / "manifest.schema.json").read_text() == json_schema(), (
        "run: python -m extractor.manifest > docs/manifest.schema.json"
    )


def test_every_section_is_explained():
    page = (DOCS / "manifest.md").read_text()
    explained = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")]
    assert explained == list(Manifest.model_fields)
