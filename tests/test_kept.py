"""What is kept from earlier runs is done without where it is broken or cannot be written."""

import json
import os

import pytest

from extractor.kept import keep, read_kept
from extractor.verification.laboratory import day_pins
from extractor.verification.laboratory.outcome_store import ModuleOutcomes, OutcomeStore

BROKEN = [b"", b"\xff\xfe", b"[" * 100_000, b"[]", b"3", b'{"of": 1}', b'{"of": {}, "said": 2}']


def test_what_is_kept_is_read(tmp_path):
    path = tmp_path / "deep/er/file.json"
    assert read_kept(path, json.loads) is None
    keep(path, b"[1]")
    assert read_kept(path, json.loads) == [1]


@pytest.mark.parametrize("content", BROKEN)
def test_outcomes_that_make_no_sense_are_none(tmp_path, monkeypatch, content):
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path))
    store = OutcomeStore("tree", "environment", {})
    store.put("module", ModuleOutcomes(of={"a": "ok"}))
    assert store.get("module").of == {"a": "ok"}
    (path,) = tmp_path.rglob("module.json")
    path.write_bytes(content)
    assert store.get("module") is None


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert read_kept(tmp_path / "pipe", str) is None


def test_a_place_that_cannot_be_written_costs_time_only(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    keep(tmp_path / "file/below", b"x")
    assert (tmp_path / "file").read_bytes() == b""


@pytest.mark.parametrize("content", ["yesterday", "2020-99-99", "\x00", ""])
def test_a_day_that_is_none_is_asked_for_again(tmp_path, monkeypatch, content):
    monkeypatch.setattr(day_pins, "day_of_lower_bounds", lambda requirements: "2018-02-28")
    assert day_pins.first_day(["a>=1"], tmp_path) == "2018-02-28"
    (path,) = tmp_path.rglob("first-*")
    path.write_text(content)
    assert day_pins.first_day(["a>=1"], tmp_path) == "2018-02-28"
    assert path.read_text() == "2018-02-28\n"
