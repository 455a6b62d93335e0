"""Send the same requests to two services and find the first difference, as short as it gets.

What may differ is an explicit list (``Normaliser``); everything else must be equal: status,
headers and body.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

from extractor.patterns import limited
from extractor.plan.verify_settings import Explained
from extractor.verification.laboratory.service import Answer


@dataclass(frozen=True)
class Request:
    """One request; the body is text, sent as UTF-8 (surrogates as the bytes they escape)."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""

    def as_bytes(self) -> bytes:
        """The body as it is sent."""
        return self.body.encode("utf-8", "surrogateescape")


class Server(Protocol):
    """What a request can be sent to."""

    def send(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """The answer to one request."""


@dataclass(frozen=True)
class Normaliser:
    """What may differ between two answers that mean the same.

    ``ignore`` are headers not compared at all, ``present`` those of which only the presence is;
    ``substitute`` are pairs of a regular expression and what stands for its matches, applied to
    header values and bodies in order. ``explained`` are pairs of answers that differ by decision.
    """

    ignore: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    substitute: tuple[tuple[str, str], ...] = ()
    explained: tuple[Explained, ...] = ()

    def __call__(self, answer: Answer) -> tuple[int, tuple[tuple[str, str], ...], str]:
        """Status, headers (sorted, their order has no meaning) and body, normalised."""
        headers = sorted(
            (name, "present" if name in self.present else self._text(value))
            for name, value in answer.headers
            if name not in self.ignore
        )
        body = answer.body.decode("utf-8", "surrogateescape")
        return answer.status, tuple(headers), self._text(body)

    def early(self, answer: Answer) -> Answer:
        """The answer with the substitutions made, everything else as it came."""
        kept = tuple((n, self._text(v)) for n, v in answer.headers if n not in self.ignore)
        shown = tuple((n, "present" if n in self.present else v) for n, v in kept)
        body = self._text(answer.body.decode("utf-8", "surrogateescape"))
        return Answer(answer.status, shown, body.encode("utf-8", "surrogateescape"))

    def explanation(self, left: Answer, right: Answer) -> Explained | None:
        """The plan's word on two answers that differ, when it has one on exactly these."""
        one, two = self(left), self(right)
        for known in self.explained:
            others = [[h for h in side[1] if h[0] not in known.headers] for side in (one, two)]
            if (
                one[0] == two[0] == known.status
                and others[0] == others[1]
                and limited(known.there, re.DOTALL).fullmatch(one[2])
                and limited(known.here, re.DOTALL).fullmatch(two[2])
            ):
                return known
        return None

    def _text(self, text: str) -> str:
        for pattern, stand_in in self.substitute:
            text = limited(pattern).sub(stand_in, text)
        return text


_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass
class OwnNames:
    """The identifiers that one service made up itself, in the order they were first seen.

    Two services make up different ones; the first of one side is the first of the other.
    ``sent`` are those that came with requests, which must come back as they are.
    """

    sent: set[str]
    seen: dict[str, str] = field(default_factory=dict)

    def __call__(self, answer: Answer) -> Answer:
        """``answer`` with every identifier of the service's own replaced by its number."""
        body = answer.body.decode("utf-8", "surrogateescape")
        return Answer(
            answer.status,
            tuple((name, self._text(value)) for name, value in answer.headers),
            self._text(body).encode("utf-8", "surrogateescape"),
        )

    def _text(self, text: str) -> str:
        return _UUID.sub(lambda match: self._name(match.group()), text)

    def _name(self, found: str) -> str:
        if found in self.sent:
            return found
        return self.seen.setdefault(found, f"<made up {len(self.seen) + 1}>")


@dataclass(frozen=True)
class Difference:
    """Two answers to ``requests[-1]`` that are not the same after normalisation."""

    requests: tuple[Request, ...]
    left: Answer
    right: Answer
    what: str


@dataclass
class Tally:
    """What was sent and answered.

    ``statuses`` and ``explained`` (by reason) are counted; ``shapes`` are the kinds of requests
    (method and path without identifiers) with the statuses they got; ``values`` are those of the
    header ``watch``, with how often they were answered with a status below 300.
    """

    sent: int = 0
    watch: str = ""
    statuses: dict[int, int] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    explained: dict[str, int] = field(default_factory=dict)
    shapes: dict[str, set[int]] = field(default_factory=dict)
    values: dict[str, int] = field(default_factory=dict)

    def note(self, request: Request, answer: Answer) -> None:
        """Count one request and the answer to it."""
        self.sent += 1
        self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
        self.shapes.setdefault(shape(request), set()).add(answer.status)
        if self.watch and answer.status < 300:
            for name, value in request.headers:
                if name == self.watch:
                    self.values[value] = self.values.get(value, 0) + 1


def shape(request: Request) -> str:
    """What kind of request it is: every second part of a path names a thing and is left out."""
    parts = request.path.partition("?")[0].strip("/").split("/")
    kept = [part if n % 2 == 0 else "*" for n, part in enumerate(parts)]
    return f"{request.method} /{'/'.join(kept)}"


def compare(left: Answer, right: Answer, normalise: Normaliser) -> str:
    """What differs, in one line; empty when nothing does."""
    one, two = normalise(left), normalise(right)
    if one[0] != two[0]:
        return f"status {one[0]} there, {two[0]} here"
    if one[1] != two[1]:
        only = sorted(set(one[1]) ^ set(two[1]))
        names = sorted({name for name, _ in only})
        there = "; ".join(f"{n}: {v}" for n, v in one[1] if n in names) or "absent"
        here = "; ".join(f"{n}: {v}" for n, v in two[1] if n in names) or "absent"
        return f"header {', '.join(names)}: {there} | {here}"
    if one[2] != two[2]:
        if _same_json(one[2], two[2]):
            return ""
        at = next((i for i, (a, b) in enumerate(zip(one[2], two[2], strict=False)) if a != b), 0)
        return f"body from character {at}: {one[2][at : at + 60]!r} | {two[2][at : at + 60]!r}"
    return ""


def _same_json(left: str, right: str) -> bool:
    """Equal as JSON: the order of an object's keys means nothing, that of arrays does."""
    try:
        return bool(json.loads(left) == json.loads(right))
    except ValueError:
        return False


def play(
    requests: Iterable[Request],
    left: Server,
    right: Server,
    normalise: Normaliser,
    *,
    saw: Callable[[Request, Answer], None] = lambda request, answer: None,
    stop_after: int = 1,
    tally: Tally | None = None,
) -> Tally:
    """Send each request to both at once; stop after ``stop_after`` differences.

    ``saw`` is told the left answer, so that a generator can build on it.
    """
    tally = tally or Tally()
    sent: list[Request] = []
    names: set[str] = set()
    own = OwnNames(names), OwnNames(names)
    with ThreadPoolExecutor(2) as pool:
        for request in requests:
            sent.append(request)
            headers, body = dict(request.headers), request.as_bytes()
            names.update(_UUID.findall(f"{request.path} {request.headers} {request.body}"))
            futures = [
                pool.submit(server.send, request.method, request.path, headers, body)
                for server in (left, right)
            ]
            one, two = (future.result() for future in futures)
            tally.note(request, one)
            # What both made up is told apart only after the plan's own substitutions.
            there, here = own[0](normalise.early(one)), own[1](normalise.early(two))
            if what := compare(there, here, normalise):
                known = normalise.explanation(there, here)
                if known is not None:
                    tally.explained[known.reason] = tally.explained.get(known.reason, 0) + 1
                else:
                    tally.differences.append(Difference(tuple(sent), one, two, what))
                    if len(tally.differences) >= stop_after:
                        break
            saw(request, one)
    return tally


def shrink(
    requests: Sequence[Request],
    fails: Callable[[Sequence[Request]], bool],
    *,
    budget: int = 120,
) -> list[Request]:
    """A shorter sequence with the same last request that still ``fails``.

    First what shares an identifier with the last request, then delta debugging: halves, quarters
    and so on are left out as long as it still fails. ``budget`` bounds the number of tries.
    """
    last = requests[-1]
    kept = list(requests[:-1])
    tries = 0

    def still(candidate: list[Request]) -> bool:
        nonlocal tries
        tries += 1
        return fails([*candidate, last])

    if still([]):
        return [last]
    related = _related(kept, last)
    if len(related) < len(kept) and still(related):
        kept = related
    size = max(1, len(kept) // 2)
    while kept and tries < budget:
        start, shorter = 0, False
        while start < len(kept) and tries < budget:
            candidate = kept[:start] + kept[start + size :]
            if still(candidate):
                kept, shorter = candidate, True
            else:
                start += size
        if size == 1 and not shorter:
            break
        size = max(1, size // 2)
    return [*kept, last]


_IDENTIFIER = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|CUSTOM_[A-Z0-9_]+")


def _related(requests: Sequence[Request], last: Request) -> list[Request]:
    """Requests tied to the last one by identifiers, through any number of others."""
    names = [set(_IDENTIFIER.findall(r.path + r.body)) for r in requests]
    wanted = set(_IDENTIFIER.findall(last.path + last.body))
    chosen: set[int] = set()
    while True:
        more = {i for i, found in enumerate(names) if i not in chosen and found & wanted}
        if not more:
            return [requests[i] for i in sorted(chosen)]
        chosen |= more
        for i in more:
            wanted |= names[i]


def as_gabbi(difference: Difference, title: str) -> str:
    """The requests as a gabbi file whose last test states the left side's answer."""
    lines = [f"# {difference.what}", "tests:"]
    for number, request in enumerate(difference.requests, 1):
        lines.append(f"- name: {title} {number}")
        lines.append(f"  {request.method}: {json.dumps(request.path)}")
        if request.headers:
            lines.append("  request_headers:")
            lines += [f"    {name}: {json.dumps(value)}" for name, value in request.headers]
        if request.body:
            lines.append(f"  data: {_as_data(request.body)}")
    lines.append(f"  status: {difference.left.status}")
    return "\n".join(lines) + "\n"


def _as_data(body: str) -> str:
    """JSON is YAML too; anything else is given as a quoted string."""
    try:
        return json.dumps(json.loads(body))
    except ValueError:
        return json.dumps(body)
