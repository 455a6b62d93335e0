"""Two servers are compared request by request; a difference is shrunk and printed."""

import json

import yaml

from extractor.plan.verify_settings import Explained
from extractor.verification.comparisons.replay import (
    Difference,
    Normaliser,
    Request,
    Tally,
    as_gabbi,
    compare,
    play,
    shrink,
)
from extractor.verification.laboratory.service import Answer

PLAIN = Normaliser(ignore=("date",), present=("x-id",), substitute=((r"req-\d+", "req-<id>"),))


class Counter:
    """A service with state: it adds what is posted; a faulty one forgets after ``limit``."""

    def __init__(self, limit=None):
        self.total = 0
        self.limit = limit

    def send(self, method, path, headers=None, body=b""):
        if method == "POST":
            self.total += int(body)
        shown = self.total
        if self.limit is not None and self.total > self.limit:
            shown = 0
        return Answer(200, (("date", path),), json.dumps({"total": shown}).encode())


def posts(*amounts):
    return [Request("POST", "/", (), str(n)) for n in amounts]


def test_equal_servers_do_not_differ():
    tally = play(posts(1, 2, 3), Counter(), Counter(), PLAIN)
    assert (tally.sent, tally.differences, tally.statuses) == (3, [], {200: 3})


def test_the_first_difference_stops_the_play():
    tally = play(posts(1, 2, 3, 4), Counter(), Counter(limit=4), PLAIN)
    assert len(tally.differences) == 1
    assert tally.sent == 3
    assert tally.differences[0].requests == tuple(posts(1, 2, 3))


def test_the_generator_is_told_the_left_answers():
    seen = []
    play(posts(5), Counter(), Counter(), PLAIN, saw=lambda r, a: seen.append(json.loads(a.body)))
    assert seen == [{"total": 5}]


def test_what_may_differ_is_an_explicit_list():
    def answer(body=b"", **headers):
        return Answer(200, tuple((k.replace("_", "-"), v) for k, v in headers.items()), body)

    assert compare(answer(date="1"), answer(date="2"), PLAIN) == ""
    assert compare(answer(x_id="1"), answer(x_id="2"), PLAIN) == ""
    assert compare(answer(x_id="1"), answer(), PLAIN).startswith("header x-id")
    assert compare(answer(b"req-1"), answer(b"req-2"), PLAIN) == ""
    assert compare(answer(b"req-1"), answer(b"rex-2"), PLAIN).startswith("body from character 2")
    assert compare(answer(vary="a"), answer(vary="b"), PLAIN) == "header vary: vary: a | vary: b"
    assert compare(Answer(200, (), b""), Answer(404, (), b""), PLAIN).startswith("status 200")


def test_the_order_of_keys_means_nothing_and_that_of_lists_does():
    def answer(text):
        return Answer(200, (), text)

    assert compare(answer(b'{"a": 1, "b": 2}'), answer(b'{"b": 2, "a": 1}'), PLAIN) == ""
    assert compare(answer(b"[1, 2]"), answer(b"[2, 1]"), PLAIN)


def test_shrinking_leaves_what_the_difference_needs():
    requests = [*posts(*range(1, 30)), Request("GET", "/")]

    def fails(candidate):
        found = play(candidate, Counter(), Counter(limit=40), PLAIN).differences
        return bool(found) and len(found[0].requests) == len(candidate)

    # The last post alone may not pass the limit; what is left must, only with the last request.
    def reads(candidate):
        total = sum(int(r.body) for r in candidate if r.body)
        return total > 40 and candidate[-1].method == "GET"

    shorter = shrink(requests, reads)
    assert reads(shorter)
    assert all(not reads(shorter[:i] + shorter[i + 1 :]) for i in range(len(shorter) - 1))
    assert fails([*posts(41)])


def test_a_difference_becomes_a_gabbi_file():
    request = Request("PUT", "/a?b=1", (("content-type", "application/json"),), '{"a": [1]}')
    difference = Difference((request,), Answer(201, (), b""), Answer(500, (), b""), "status")
    loaded = yaml.safe_load(as_gabbi(difference, "difference"))
    assert loaded["tests"] == [
        {
            "name": "difference 1",
            "PUT": "/a?b=1",
            "request_headers": {"content-type": "application/json"},
            "data": {"a": [1]},
            "status": 201,
        }
    ]


class Maker:
    """A service that makes up an identifier for what is posted and gives it back."""

    def __init__(self, first):
        self.next = first

    def send(self, method, path, headers=None, body=b""):
        if method == "POST":
            self.next += 1
            return Answer(201, (("location", f"/{self.made()}"),), b"")
        return Answer(200, (), f"{self.made()} {path[1:]}".encode())

    def made(self):
        return f"00000000-0000-4000-8000-{self.next:012d}"


def test_identifiers_the_services_make_up_are_matched_by_order():
    requests = [Request("POST", "/"), Request("GET", "/"), Request("POST", "/")]
    assert play(requests, Maker(10), Maker(70), PLAIN).differences == []


def test_an_identifier_that_was_sent_must_come_back():
    asked = "00000000-0000-4000-8000-000000000010"
    (difference,) = play([Request("GET", f"/{asked}")], Maker(10), Maker(70), PLAIN).differences
    assert difference.what.startswith("body")


class Failing:
    def __init__(self, status, text, **headers):
        self.answer = Answer(status, tuple(headers.items()), text)

    def send(self, method, path, headers=None, body=b""):
        return self.answer


def test_only_exactly_what_was_decided_may_differ():
    rule = Explained(500, there="old [0-9]", here="new", reason="why", headers=("kind",))
    rules = Normaliser(explained=(rule,))

    def differ(left, right):
        tally = play([Request("GET", "/")], left, right, rules)
        assert bool(tally.differences) != bool(tally.explained)
        return bool(tally.differences)

    assert not differ(Failing(500, b"old 1", kind="a"), Failing(500, b"new", kind="b"))
    assert differ(Failing(500, b"old 1 and more"), Failing(500, b"new"))
    assert differ(Failing(500, b"old 1"), Failing(500, b"newer"))
    assert differ(Failing(500, b"old 1", other="a"), Failing(500, b"new", other="b"))
    assert differ(Failing(500, b"old 1"), Failing(501, b"new"))
    assert differ(Failing(404, b"old 1"), Failing(404, b"new"))


def test_kinds_of_requests_and_values_of_a_header_are_counted():
    def asked(path, version):
        return Request("GET", path, (("version", version),))

    requests = [asked("/things/one/parts", "1.0"), asked("/things/two/parts?a=b", "1.1")]
    tally = play(requests, Counter(), Counter(), PLAIN, tally=Tally(watch="version"))
    assert tally.shapes == {"GET /things/*/parts": {200}}
    assert tally.values == {"1.0": 1, "1.1": 1}
