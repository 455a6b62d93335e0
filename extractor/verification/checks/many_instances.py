"""Many small services on one store: writers at once, instances killed, nothing lost or overdrawn.

On every database server that can be had here. The source's own service, under the same load, is
the comparison: what it answers as well is told, not held against the result.
"""

from __future__ import annotations

import statistics
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extractor.plan.verify_settings import KnownError
from extractor.verification import labs
from extractor.verification.check import CheckResult, Context, Result, does_not_apply, verdict
from extractor.verification.comparisons.writers import (
    Counts,
    Instances,
    inspect,
    load_of,
    prepare,
    run_writers,
    sample,
)
from extractor.verification.laboratory.environment import NoEnvironment
from extractor.verification.laboratory.service import ServiceDied, Setup

if TYPE_CHECKING:
    from extractor.database.servers import Server

NEEDS = "environment"
STORES = ("postgresql", "mariadb")


@dataclass(frozen=True)
class Subject:
    """One of the two services, and the script of the plan that makes its tables."""

    name: str
    setup: Setup

    def on(self, server: Server, script: Path) -> tuple[Setup, str]:
        """Its tables made in a database of its own; the set-up, and the database's URL."""
        from extractor.database.sides import Maker

        url = server.create_database(f"{self.name}_store")
        # Drivers of the time do not know today's character sets.
        known = url.replace("charset=utf8mb4", "charset=utf8")
        Maker(self.name, self.setup.folder, str(self.setup.environment.python), script).make(
            "migrate", known
        )
        return replace(self.setup, database=known), url


@dataclass(frozen=True)
class Seen:
    """What one service did under the load on one store."""

    subject: str
    store: str
    counts: Counts
    wrong: tuple[str, ...]
    beyond: tuple[str, ...]
    kills: int
    start_seconds: float
    modules: int
    memory: int

    def line(self) -> str:
        """The figures, for a person."""
        answers = ", ".join(f"{n} x {s}" for s, n in sorted(self.counts.statuses.items()))
        return (
            f"{self.store}, {self.subject}: {self.counts.answered} answers in "
            f"{self.counts.seconds:.0f} s ({answers}), {self.counts.unanswered} lost with "
            f"{self.kills} killed instances; an instance: listening after "
            f"{self.start_seconds:.1f} s, {self.modules} modules, {self.memory} MiB"
        )


def check(result: Result, context: Context) -> CheckResult:
    """The load on each store, on the result's service and on the source's."""
    rules = context.settings.stores
    if not rules.load:
        return does_not_apply("many_instances", "the plan has no [verify.stores]")
    stores, missing = stores_here()
    seen: list[Seen] = []
    try:
        subjects_here = subjects(result, context)
        if context.first:
            subjects_here, stores = subjects_here[-1:], stores[:1]
        for store in stores:
            with server_of(store) as server:
                for subject in subjects_here:
                    context.report(f"{store}: {rules.instances} instances of the {subject.name}")
                    seen.append(under_load(subject, store, server, context))
    except ServiceDied as error:
        return verdict("many_instances", [str(error)], [one.line() for one in seen])
    return judge(seen, missing, rules.errors)


def judge(seen: Sequence[Seen], missing: Sequence[str], known: Sequence[KnownError]) -> CheckResult:
    """Findings about the result; the same about the source is evidence."""
    findings: list[str] = []
    evidence = []
    compared = any(one.subject == "source" for one in seen)
    for one in seen:
        evidence.append(one.line())
        errors, reasons = one.counts.unforeseen(known)
        wrong = [f"{one.store}: {text}" for text in (*one.wrong, *one.beyond, *errors)]
        evidence += [f"{one.store}, {one.subject}: {text}" for text in reasons]
        if one.subject == "source":
            evidence += [f"in the source, {text}" for text in wrong]
        else:
            findings += wrong
    if missing:
        evidence.append(f"NOT TESTED, not installed here: {', '.join(missing)}")
    if seen and not compared:
        evidence.append("no source to compare with (--against)")
    figures: dict[str, float] = {}
    for one in seen:
        name = f"{one.store}_{one.subject}"
        figures |= {
            f"{name}_answers": one.counts.answered,
            f"{name}_conflicts": one.counts.statuses.get(409, 0),
            f"{name}_kills": one.kills,
            f"{name}_start_seconds": round(one.start_seconds, 2),
            f"{name}_modules": one.modules,
            f"{name}_memory_mib": one.memory,
        }
    return verdict("many_instances", findings, evidence, figures, compared=len(seen))


def stores_here() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Servers to be had and those that are not; ``NoEnvironment`` when there is none."""
    labs.require_drivers("database servers are reached")
    from extractor.database.servers import PREFIX, find

    there = tuple(store for store in STORES if find(store) is not None)
    if not there:
        raise NoEnvironment(
            f"neither {' nor '.join(STORES)} is installed here: install one, or unpack its "
            f"packages into a folder and name that in {PREFIX}"
        )
    return there, tuple(store for store in STORES if store not in there)


@contextmanager
def server_of(store: str) -> Iterator[Server]:
    """A server of ours on loopback while the block runs."""
    from extractor.database.servers import running

    with running(store) as server:
        yield server


def subjects(result: Result, context: Context) -> list[Subject]:
    """The source's service, when there is a source, and the result's, with drivers for stores."""
    found = []
    for place in labs.places(result, context):
        root = context.scratch / f"{place.name}-drivers"
        environment = labs.with_drivers(place.environment, root, context)
        state = context.scratch / f"{place.name}-store"
        found.append(Subject(place.name, Setup(place.serve, environment, place.tree, state)))
    return found


def under_load(subject: Subject, store: str, server: Server, context: Context) -> Seen:
    """All writers against several instances, one of which is killed now and then."""
    rules = context.settings.stores
    setup, url = subject.on(server, context.plan.folder / f"database/{subject.name}.py")
    load = load_of(context.plan.folder / rules.load, rules.seed, rules.writers, tight=True)
    setups = [replace(setup, state=setup.state / f"{store}-{n}") for n in range(rules.instances)]
    over = threading.Event()
    beyond: list[str] = []
    sampler = threading.Thread(
        target=lambda: beyond.extend(sample(url, load.beyond, 1.0, over)), daemon=True
    )
    with Instances(setups, rules.threads) as instances:
        first = list(instances.start_seconds)
        refused = prepare(load, instances)
        sampler.start()
        try:
            counts = run_writers(
                load,
                rules.writers,
                instances,
                seconds=rules.seconds / 3 if context.first else rules.seconds,
                kill=rules.kill,
            )
        finally:
            over.set()
            sampler.join(30)
        wrong = load.judge([answer for _, answer in inspect(load, instances)])
        told: list[Mapping[str, Any]] = [one for one in instances.stop() if one]
        later = instances.start_seconds[len(first) :]
    return Seen(
        subject.name,
        store,
        counts,
        tuple(refused + wrong),
        tuple(f"beyond capacity: {row}" for row in sorted(set(beyond))),
        instances.kills,
        # Those started again had the machine's other core for themselves.
        statistics.median(later or first),
        max((len(one["start"]["modules"]) for one in told), default=0),
        max((one["memory"] // 1024 for one in told), default=0),
    )
