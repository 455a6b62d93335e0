"""Many writers at once against instances of a service, and what they were answered.

What the writers do and what must hold afterwards is the plan's (``Load``); here are threads,
connections, and the instances that come and go under them.
"""

from __future__ import annotations

import http.client
import random
import re
import threading
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeAlias

from extractor.patterns import limited
from extractor.plan.verify_settings import KnownError
from extractor.verification.comparisons.replay import Request
from extractor.verification.laboratory.plan_code import load_class
from extractor.verification.laboratory.service import Answer, Service, Setup, exchange

Talk: TypeAlias = Generator[Request, "Answer | None", None]
_SECONDS_WITHOUT_INSTANCE = 60.0


class Load(Protocol):
    """What a plan's ``Load(seed, writers, tight=..., steps=...)`` can do.

    ``prepare`` and ``writer`` yield requests and are sent the answers; a writer is sent ``None``
    where the connection broke, so that either may be true. ``beyond`` is an SQL query that must
    never give a row.
    """

    beyond: str

    def prepare(self) -> Talk:
        """What is sent once, before; every answer must be a success."""

    def writer(self, number: int) -> Talk:
        """What one writer does."""

    def inspect(self) -> Iterable[Request]:
        """Requests whose answers are the final state."""

    def judge(self, answers: list[Answer]) -> list[str]:
        """What is wrong with the final state."""

    def kind(self, request: Request, answer: Answer) -> str:
        """What sort of answer it is, to be counted."""


def load_of(path: Path, seed: int, writers: int, *, tight: bool, steps: int = 0) -> Load:
    """The plan's load, ready to begin."""
    made: Load = load_class(path, "Load")(seed, writers, tight=tight, steps=steps)
    return made


@dataclass
class Counts:
    """What the writers were answered, by kind; ``unanswered`` were lost with their instance.

    ``errors`` keeps the text of an answer of each kind with a status from 500 on. A kind is
    told apart by the text as well, for one may be foreseen and another not.
    """

    kinds: dict[str, int] = field(default_factory=dict)
    statuses: dict[int, int] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    unanswered: int = 0
    seconds: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def note(self, kind: str, answer: Answer | None) -> None:
        """Count one answer; safe from several threads."""
        with self._lock:
            if answer is None:
                self.unanswered += 1
                return
            self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
            if answer.status >= 500:
                text = " ".join(answer.body.decode("utf-8", "replace").split())
                kind = f"{kind} ({_without_particulars(text)})"
                self.errors.setdefault(kind, text[:800])
            self.kinds[kind] = self.kinds.get(kind, 0) + 1

    def unforeseen(self, known: Sequence[KnownError]) -> tuple[list[str], list[str]]:
        """Errors that no rule explains, and the reasons of the others with their number."""
        wrong, reasons = [], []
        for kind, text in sorted(self.errors.items()):
            told = f"{self.kinds[kind]} x {kind}"
            rule = next(
                (k for k in known if limited(k.kind).search(kind) and limited(k.text).search(text)),
                None,
            )
            if rule is None:
                wrong.append(f"{told}: {text[:400]}")
            else:
                reasons.append(f"{told}: {rule.reason}")
        return wrong, reasons

    @property
    def answered(self) -> int:
        """Requests that got an answer."""
        return sum(self.statuses.values())


def _without_particulars(text: str) -> str:
    """The words of an error without identifiers, numbers and values, to tell sorts apart."""
    words = re.findall(r"[A-Za-z]{3,}", re.sub(r"req-[0-9a-f-]+|\[SQL.*", "", text))
    return " ".join(words)[-100:]


class Instances:
    """Several instances of one service, some of which may be gone at the moment."""

    def __init__(self, setups: Sequence[Setup], threads: int) -> None:
        self.setups, self.threads = tuple(setups), threads
        self.running: list[Service | None] = [None] * len(setups)
        self.start_seconds: list[float] = []
        self.kills = 0

    def __enter__(self) -> Instances:
        with ThreadPoolExecutor(len(self.setups)) as pool:
            futures = [pool.submit(self.start, n) for n in range(len(self.setups))]
        try:
            for future in futures:
                future.result()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def start(self, number: int) -> None:
        """Start one instance and wait until it listens."""
        started = time.monotonic()
        self.setups[number].configure()
        self.running[number] = self.setups[number].launch(self.threads)
        self.start_seconds.append(time.monotonic() - started)

    def kill(self, number: int) -> None:
        """End one as a crash would; it stays away until it is started again."""
        service, self.running[number] = self.running[number], None
        if service is not None:
            service.kill()
            self.kills += 1

    def stop(self) -> list[dict[str, object]]:
        """Stop all; gives what each told of itself."""
        told = [service.stop() for service in self.running if service is not None]
        self.running = [None] * len(self.setups)
        return told

    def pick(self, turn: int) -> Service | None:
        """An instance that is there, in turn."""
        there = [service for service in tuple(self.running) if service is not None]
        return there[turn % len(there)] if there else None


class Client:
    """One client's connections to the instances, each kept while it lasts."""

    def __init__(self, instances: Instances, first: int) -> None:
        self._instances, self._turn = instances, first
        self._connections: dict[int, http.client.HTTPConnection] = {}

    def send(self, request: Request) -> Answer | None:
        """The answer of the next instance; ``None`` when the connection broke under way."""
        deadline = time.monotonic() + _SECONDS_WITHOUT_INSTANCE
        while time.monotonic() < deadline:
            self._turn += 1
            service = self._instances.pick(self._turn)
            if service is None:
                time.sleep(0.02)
                continue
            connection = self._connections.get(service.port)
            if connection is None:
                connection = service.connect()
                try:
                    connection.connect()
                except OSError:
                    # Nothing was sent: another one may have it.
                    time.sleep(0.02)
                    continue
                self._connections[service.port] = connection
            try:
                return exchange(
                    connection,
                    request.method,
                    request.path,
                    dict(request.headers),
                    request.as_bytes(),
                )
            except (http.client.HTTPException, OSError):
                connection.close()
                del self._connections[service.port]
                return None
        return None

    def close(self) -> None:
        """Close all connections."""
        for connection in self._connections.values():
            connection.close()


def drive(talk: Talk, client: Client, load: Load, counts: Counts, until: float) -> None:
    """Let one writer talk until it is done or the time (of ``time.monotonic``) has come."""
    try:
        request = next(talk)
        while True:
            answer = client.send(request)
            counts.note("" if answer is None else load.kind(request, answer), answer)
            # Every answer is told: the writer keeps its ledger by them.
            request = talk.send(answer)
            if time.monotonic() > until:
                talk.close()
                return
    except StopIteration:
        return
    finally:
        client.close()


def run_writers(
    load: Load, writers: int, instances: Instances, *, seconds: float, kill: float = 0.0
) -> Counts:
    """All writers at once for ``seconds``, while an instance is killed every ``kill`` seconds."""
    counts = Counts()
    started = time.monotonic()
    until = started + seconds
    over = threading.Event()
    with ThreadPoolExecutor(writers + 1) as pool:
        futures = [
            pool.submit(drive, load.writer(n), Client(instances, n), load, counts, until)
            for n in range(writers)
        ]
        killer = pool.submit(_kill_in_turn, instances, kill, until, over) if kill else None
        try:
            for future in futures:
                future.result()
        finally:
            over.set()
        if killer is not None:
            killer.result()
    counts.seconds = time.monotonic() - started
    return counts


def _kill_in_turn(instances: Instances, every: float, until: float, over: threading.Event) -> None:
    chance = random.Random(len(instances.setups))
    order = list(range(len(instances.setups)))
    chance.shuffle(order)
    turn = 0
    while not over.wait(every) and time.monotonic() < until - 1:
        number = order[turn % len(order)]
        instances.kill(number)
        instances.start(number)
        turn += 1


def prepare(load: Load, instances: Instances) -> list[str]:
    """Send what comes before the writers; what was refused of it."""
    client = Client(instances, 0)
    talk = load.prepare()
    refused = []
    try:
        request = next(talk)
        while True:
            answer = client.send(request)
            if answer is None or answer.status >= 400:
                told = "no answer" if answer is None else f"{answer.status} {answer.body[:200]!r}"
                refused.append(f"{request.method} {request.path}: {told}")
            request = talk.send(answer)
    except StopIteration:
        return refused
    finally:
        client.close()


def inspect(load: Load, instances: Instances) -> list[tuple[Request, Answer]]:
    """The final state, as one instance tells it."""
    client = Client(instances, 0)
    found = []
    for request in load.inspect():
        answer = client.send(request)
        found.append((request, answer or Answer(0, (), b"")))
    client.close()
    return found


def sample(url: str, query: str, every: float, over: threading.Event) -> Iterator[str]:
    """Rows that ``query`` gives now and then until ``over``; it must never give one."""
    import sqlalchemy as sa

    engine = sa.create_engine(url)
    try:
        while True:
            last = over.wait(every)
            with engine.connect() as connection:
                for row in connection.execute(sa.text(query)):
                    yield ", ".join(str(value) for value in row)
            if last:
                return
    finally:
        engine.dispose()
