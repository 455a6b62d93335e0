"""Writers at once on a service that comes and goes; what they were told is held against it."""

import contextlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from extractor.plan.load import load_plan
from extractor.plan.verify_settings import KnownError
from extractor.verification.checks import many_instances
from extractor.verification.comparisons.replay import Request
from extractor.verification.comparisons.writers import (
    Client,
    Counts,
    drive,
    inspect,
    load_of,
    run_writers,
)
from extractor.verification.laboratory.service import Answer


class Shop:
    """A counter behind HTTP; a forgetful one loses what comes at the same time."""

    def __init__(self, forgetful=False):
        self.total, self.lock = 0, threading.Lock()
        shop = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                shop.add(forgetful)
                self.answer()

            def do_GET(self):
                self.answer()

            def answer(self):
                body = str(shop.total).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                # A writer that has seen enough goes away in the middle.
                with contextlib.suppress(ConnectionError):
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def add(self, forgetful):
        if not forgetful:
            with self.lock:
                self.total += 1
            return
        seen = self.total
        time.sleep(0.005)
        self.total = seen + 1

    def connect(self, timeout=10):
        import http.client

        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    @property
    def port(self):
        return self.server.server_port


class Load:
    """Each writer adds ``steps`` times; all of it must be there."""

    def __init__(self, writers, steps):
        self.steps, self.added = steps, [0] * writers

    def writer(self, number):
        for _ in range(self.steps):
            answer = yield Request("POST", "/")
            if answer is not None:
                self.added[number] += 1

    def inspect(self):
        yield Request("GET", "/")

    def judge(self, answers):
        total = int(answers[0].body)
        return [] if total == sum(self.added) else [f"{total}, not {sum(self.added)}"]

    def kind(self, request, answer):
        return f"{request.method} {answer.status}"


def instances(*shops):
    there = list(shops)
    return SimpleNamespace(pick=lambda turn: there[turn % len(there)], setups=there)


@pytest.mark.parametrize("forgetful", [False, True])
def test_a_lost_update_is_found(forgetful):
    shop, load = Shop(forgetful), Load(6, 20)
    counts = run_writers(load, 6, instances(shop), seconds=30)
    assert counts.answered == 120
    wrong = load.judge([answer for _, answer in inspect(load, instances(shop))])
    assert bool(wrong) == forgetful


def test_a_connection_that_breaks_under_way_may_mean_either():
    class Broken(Shop):
        def connect(self, timeout=10):
            connection = super().connect(timeout)
            connection.getresponse = lambda: (_ for _ in ()).throw(OSError("gone"))
            return connection

    client = Client(instances(Broken()), 0)
    assert client.send(Request("POST", "/")) is None


def test_one_that_is_gone_before_anything_was_sent_is_passed_over():
    gone, there = Shop(), Shop()
    gone.server.shutdown()
    gone.server.server_close()
    load, counts = Load(1, 10), Counts()
    drive(load.writer(0), Client(instances(gone, there), 0), load, counts, time.monotonic() + 20)
    assert (there.total, counts.unanswered) == (10, 0)


def test_writers_stop_when_their_time_has_come():
    shop, load = Shop(), Load(2, 10**9)
    counts = run_writers(load, 2, instances(shop), seconds=0.3)
    assert counts.seconds < 10
    # Whatever was answered was told to its writer before it stopped.
    assert load.judge([answer for _, answer in inspect(load, instances(shop))]) == []


def test_errors_are_told_apart_by_their_text():
    counts = Counts()
    counts.note("PUT: 500", Answer(500, (), b"Deadlock found, request req-1"))
    counts.note("PUT: 500", Answer(500, (), b"Deadlock found, request req-2"))
    counts.note("PUT: 500", Answer(500, (), b"something else"))
    known = KnownError(kind="^PUT", text="Deadlock", reason="it happens")
    (wrong,), (reason,) = counts.unforeseen([known])
    assert "something else" in wrong
    assert reason.startswith("2 x PUT: 500")
    assert reason.endswith("it happens")


def seen(subject, counts, wrong=()):
    return many_instances.Seen(subject, "store", counts, wrong, (), 3, 1.5, 100, 50)


def test_what_is_wrong_in_the_source_as_well_is_told_and_not_held_against_the_result():
    counts = Counts()
    counts.note("PUT: 200", Answer(200, (), b""))
    judged = many_instances.judge([seen("result", counts), seen("source", counts, ("x",))], (), ())
    assert judged.held
    assert "in the source, store: x" in judged.evidence
    assert not many_instances.judge([seen("result", counts, ("x",))], (), ()).held
    assert "NOT TESTED" in many_instances.judge([seen("result", counts)], ("m",), ()).evidence[1]


# -- the load that ships -----------------------------------------------------------------------


def shipped(tight=True):
    path = load_plan("placement").folder / "concurrent_load.py"
    load = load_of(path, 1, 2, tight=tight, steps=3)
    load.newest = 30
    return load


def answers(load, used=0, total=100000, generation=0, traits=(), consumers=None):
    """The final state as the service would tell it, the same for every provider."""
    inventory = {"total": 48, "reserved": 0, "allocation_ratio": 1.0}
    counter = {"total": total, "reserved": 0, "allocation_ratio": 1.0}
    documents = {
        "inventories": {"inventories": {"VCPU": inventory, "MEMORY_MB": counter}},
        "traits": {"traits": list(traits)},
        "usages": {"usages": {"VCPU": used}},
        "allocations": {},
        "aggregates": {},
    }
    found = []
    for request in load.inspect():
        last = request.path.rpartition("/")[2]
        if request.path.startswith("/allocations/"):
            document = {"allocations": (consumers or {}).get(last, {})}
        else:
            document = documents.get(last, {"generation": generation})
        found.append(Answer(200, (), json.dumps(document).encode()))
    return found


def test_the_load_judges_the_final_state_by_what_its_writers_were_told():
    load = shipped()
    provider = load.providers[0]
    assert load.judge(answers(load)) == []
    assert "49 of VCPU allocated" in load.judge(answers(load, used=49))[0]
    load.ledgers[0].raised[provider] = [2, 1]
    assert "the counter is 100000, not 100002 to 100003" in load.judge(answers(load))[0]
    load = shipped()
    load.ledgers[1].traits[provider] = {True}
    assert "writer 1's trait is False" in load.judge(answers(load))[0]
    load.ledgers[1].traits[provider] = {True, False}
    assert load.judge(answers(load)) == []
    load.ledgers[0].claims[provider] = 3
    assert "generation 2 after more writes" in load.judge(answers(load, generation=2))[0]


def test_the_load_holds_consumers_to_what_was_answered():
    load = shipped()
    provider = load.providers[0]
    amounts = {f"{provider}/VCPU": 2}
    load._book(load.ledgers[0], {"c": amounts}, Answer(204, (), b""))
    there = {"c": {provider: {"resources": {"VCPU": 2}}}}
    assert load.judge(answers(load, generation=1, consumers=there)) == []
    assert "consumer c has {}" in load.judge(answers(load, generation=1))[0]
    # No answer: either may be true, and a third thing may not.
    load._book(load.ledgers[0], {"c": {}}, None)
    assert load.judge(answers(load, generation=1)) == []
    there["c"][provider]["resources"]["VCPU"] = 1
    assert load.judge(answers(load, generation=1, consumers=there))
