"""The engine of a replay, on a service in memory that keeps versions as a real one does."""

import json

import pytest

from extractor.database.replay import (
    load_state,
    merge_states,
    plugin,
    replay,
    text_of,
    write_state,
)
from extractor.database.service import Cannot, Client, Conflict, NotYet, Unreadable
from extractor.errors import SourceError, UsageError
from extractor.plan.load import load_plan
from extractor.progress import Progress

MODULE = plugin(load_plan("placement").folder)


class Shelf:
    """Things with a value; some need another first, some are refused."""

    def __init__(self, held=(), needs=(), refused=(), conflicts=0):
        self.held = dict(held)
        self.needs = dict(needs)
        self.refused = set(refused)
        self.conflicts = conflicts
        self.written = []

    def resources(self, state):
        return [Thing(self, name, value) for name, value in sorted(state.items())]

    def seconds_to_settle(self, state):
        return 0.0

    def extras(self, state):
        if "torn" in self.held.values():
            raise Unreadable("the shelf is torn")
        return [Thing(self, name, None) for name in sorted(self.held) if name not in state]


class Thing:
    kept = "the shelf keeps it"

    def __init__(self, shelf, name, value):
        self.shelf, self.name, self.value = shelf, name, value

    def differences(self):
        held = self.shelf.held.get(self.name)
        if held == "torn":
            raise Unreadable("the shelf is torn")
        return [] if held == self.value else [f"is {held}, not {self.value}"]

    def apply(self):
        if self.shelf.conflicts:
            self.shelf.conflicts -= 1
            raise Conflict("somebody else wrote")
        need = self.shelf.needs.get(self.name)
        if need and need not in self.shelf.held:
            raise NotYet(f"{need} is not there")
        if self.name in self.shelf.refused:
            raise Cannot("refused")
        self.shelf.written.append(self.name)
        if self.value != "kept":
            self.shelf.held[self.name] = self.value

    def remove(self):
        if self.name in self.shelf.refused:
            raise Cannot("in use")
        del self.shelf.held[self.name]

    def step_aside(self):
        if self.name not in self.shelf.refused or self.shelf.held[self.name] == "aside":
            return False
        self.shelf.held[self.name] = "aside"
        return True


def _replay(shelf, state, **options):
    report = replay(shelf, state, Progress(), **options)
    return {item.resource: item.outcome for item in report.items}, report


def test_what_is_right_is_left():
    shelf = Shelf({"a": 1})

    outcomes, report = _replay(shelf, {"a": 1})

    assert (outcomes, report.right, shelf.written) == ({}, 1, [])
    assert report.holds


def test_what_is_missing_is_made_and_what_differs_corrected():
    shelf = Shelf({"a": 1, "b": 1})

    outcomes, report = _replay(shelf, {"a": 1, "b": 2, "c": 3})

    assert outcomes == {"b": "written", "c": "written"}
    assert shelf.held == {"a": 1, "b": 2, "c": 3}
    assert report.holds


def test_a_second_replay_writes_nothing():
    shelf = Shelf()
    _replay(shelf, {"a": 1})
    shelf.written.clear()

    outcomes, _ = _replay(shelf, {"a": 1})

    assert (outcomes, shelf.written) == ({}, [])


def test_a_check_writes_nothing_and_does_not_hold():
    shelf = Shelf({"a": 1, "z": 1})

    outcomes, report = _replay(shelf, {"a": 2}, check=True, prune=True)

    assert outcomes == {"a": "drift", "z": "unknown"}
    assert shelf.held == {"a": 1, "z": 1}
    assert not report.holds


def test_a_conflict_is_tried_again():
    shelf = Shelf(conflicts=3)

    outcomes, _ = _replay(shelf, {"a": 1})

    assert outcomes == {"a": "written"}


def test_conflicts_without_end_are_named():
    shelf = Shelf(conflicts=10**6)

    outcomes, report = _replay(shelf, {"a": 1})

    assert outcomes == {"a": "cannot"}
    assert "somebody else wrote" in report.text()


def test_a_later_pass_makes_what_had_to_wait():
    shelf = Shelf(needs={"a": "b"})

    outcomes, report = _replay(shelf, {"a": 1, "b": 1})

    assert outcomes == {"a": "written", "b": "written"}
    assert report.holds


def test_what_others_have_to_make_is_named():
    outcomes, report = _replay(Shelf(needs={"a": "x"}), {"a": 1})

    assert outcomes == {"a": "not yet"}
    assert "(x is not there)" in report.text()
    assert not report.holds


def test_what_others_make_in_time_is_waited_for(monkeypatch):
    shelf = Shelf(needs={"a": "x"})
    monkeypatch.setattr(
        "extractor.database.replay.time.sleep", lambda seconds: shelf.held.update(x=1)
    )

    outcomes, _ = _replay(shelf, {"a": 1}, seconds_to_wait=60)

    assert outcomes["a"] == "written"


def test_a_refusal_is_named_with_its_reason():
    outcomes, report = _replay(Shelf(refused=["a"]), {"a": 1})

    assert outcomes == {"a": "cannot"}
    assert report.text().startswith("a: cannot: is None, not 1 (refused)")


def test_a_difference_that_stays_is_named_with_its_reason():
    outcomes, report = _replay(Shelf(), {"a": "kept"})

    assert outcomes == {"a": "cannot"}
    assert "(the shelf keeps it)" in report.text()


def test_what_the_service_cannot_tell_is_named_and_does_not_stop_the_rest():
    outcomes, report = _replay(Shelf({"a": "torn"}), {"a": 1, "b": 2})

    assert outcomes == {"a": "cannot", "b": "written", "what no file describes": "cannot"}
    assert "a: cannot (the shelf is torn)" in report.text()


def test_only_prune_removes_what_no_file_knows():
    shelf = Shelf({"a": 1, "z": 1, "y": 1}, refused=["y"])

    assert _replay(shelf, {"a": 1})[0] == {"y": "unknown", "z": "unknown"}
    assert _replay(shelf, {"a": 1}, prune=True)[0] == {"y": "cannot", "z": "removed"}
    assert shelf.held == {"a": 1, "y": 1}


def test_what_was_removed_or_stepped_aside_makes_room():
    # "a" can be made when "y" and "z" let go of what it needs.
    class Full(Shelf):
        def resources(self, state):
            room = "z" not in self.held and self.held.get("y") in (None, "aside")
            self.needs = {} if room else {"a": "room"}
            self.refused = self.refused if "a" not in self.held else set()
            return super().resources(state)

    shelf = Full({"y": 1, "z": 1}, refused=["y"])

    outcomes, report = _replay(shelf, {"a": 1}, prune=True)

    assert outcomes == {"a": "written", "y": "removed", "z": "removed"}
    assert report.holds


# -- state files ------------------------------------------------------------------------------

HOST = "11111111-0000-0000-0000-000000000000"
STORE = "22222222-0000-0000-0000-000000000000"
SERVER = "33333333-0000-0000-0000-000000000000"


def _part(provider, consumer=None, **more):
    state = {"format": 1, "scope": "part", "resource_providers": {provider: {"name": provider}}}
    if consumer is not None:
        state["consumers"] = {SERVER: consumer}
    return {**state, **more}


def test_files_of_several_clients_become_one_state():
    host = _part(HOST, {"allocations": {HOST: {"VCPU": 1}}, "project_id": "p", "user_id": "u"})
    store = _part(STORE, {"allocations": {STORE: {"DISK_GB": 9}}})
    host["resource_providers"][HOST]["traits"] = ["CUSTOM_B", "HW_A"]

    merged = merge_states({"a": host, "b": store}, MODULE)

    assert merged["consumers"][SERVER] == {
        "allocations": {HOST: {"VCPU": 1}, STORE: {"DISK_GB": 9}},
        "of": {HOST, STORE},
        "project_id": "p",
        "user_id": "u",
    }
    assert merged["traits"] == {"CUSTOM_B"}
    assert merged == merge_states({"b": host, "a": store}, MODULE)


def test_files_that_contradict_each_other_are_refused():
    one, other = _part(HOST), _part(HOST)
    other["resource_providers"][HOST] = {"name": "other"}

    with pytest.raises(UsageError, match=f"a and b contradict each other about name of .*{HOST}"):
        merge_states({"a": one, "b": other}, MODULE)


def test_files_that_make_providers_each_others_parents_are_refused():
    host, store = _part(HOST), _part(STORE)
    host["resource_providers"][HOST]["parent"] = STORE
    store["resource_providers"][STORE]["parent"] = HOST

    with pytest.raises(UsageError, match="are each other's parents"):
        merge_states({"host": host, "store": store}, MODULE)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "is not a state file of format 1"),
        ({"scope": "some"}, "scope must be one of whole, part"),
        ({"more": 1}, "more is unknown"),
        ({"resource_providers": {HOST: {}}}, f"provider {HOST} has no name"),
        ({"resource_providers": {HOST: {"name": "n", "x": 1}}}, "x is not known here"),
        (
            {"resource_providers": {HOST: {"name": "n", "inventories": {"VCPU": {}}}}},
            "inventory of VCPU has no total",
        ),
        ({"consumers": {SERVER: {}}}, "has no allocations"),
        ({"consumers": {SERVER: {"allocations": {HOST: {"VCPU": 0}}}}}, "is not an amount"),
        ({"resource_providers": []}, "'list' object"),
    ],
)
def test_a_file_that_is_no_state_is_refused(tmp_path, change, message):
    path = tmp_path / "s.json"
    path.write_text(json.dumps({**_part(HOST), **change}))

    with pytest.raises(UsageError, match=message) as caught:
        load_state(path, MODULE)
    assert str(path) in str(caught.value)


def test_a_state_is_written_whole_and_read_back(tmp_path):
    path = tmp_path / "s.json"
    state = _part(HOST)

    write_state(path, state)

    assert load_state(path, MODULE) == state
    assert path.read_text() == text_of(state)
    assert [p.name for p in tmp_path.iterdir()] == ["s.json"]


@pytest.mark.parametrize("url", ["ftp://h", "nonsense", "http://", "http://h:port"])
def test_a_url_that_is_no_service_is_refused(url):
    with pytest.raises(UsageError):
        Client(url)


def test_nobody_there_is_one_sentence_without_the_password():
    client = Client("http://user:secret@127.0.0.1:1/x")

    with pytest.raises(SourceError, match=r"cannot talk to http://127\.0\.0\.1:1/x") as caught:
        client.request("GET", "/")
    assert "secret" not in str(caught.value)
