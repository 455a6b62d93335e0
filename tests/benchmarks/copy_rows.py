"""Copy a cloud's worth of rows with us and with the servers' own dump and client, in one run.

    python -m tests.benchmarks.copy_rows TREE PYTHON [--engine ENGINE] [--rounds N] [--across]

TREE is an extracted placement, PYTHON an interpreter that can run its ``placement-manage`` and
has drivers of the servers. Rows are made by a seeded generator; then, in turns, ``extractor data
copy --write`` and ``mariadb-dump | mariadb`` or ``pg_dump | psql`` carry the same tables from one
database to another of the same server. Printed is JSON: seconds of each round, by the clock and
of CPU (processes and server; a busy machine lengthens only the first), the ratios of the medians,
and the peak memory of our process in MB. With --across the rows of each server are then copied to
the other kind once, for which no rival is known. Runs on Linux.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from itertools import islice, permutations
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from extractor.database.connect import engine_for
from extractor.database.rows import dialect_for
from extractor.database.schema import reflect
from extractor.database.servers import Server, find, running
from tests.database.drills import PLAN, Subject

BATCH = 20_000
SETTINGS = PLAN.data.database
CLASSES = {"VCPU": 0, "MEMORY_MB": 1, "DISK_GB": 2, "SRIOV_NET_VF": 7}

Rows = Iterator[dict[str, Any]]


class Cloud:
    """Rows of all tables, the same for the same seed: one host for 50 allocations.

    A third of the hosts have two NUMA nodes below them and each of these a network card; hosts
    have 15 traits and are in one to three aggregates; a consumer has three allocations.
    """

    def __init__(self, seed: int, allocations: int) -> None:
        self._rng = random.Random(seed)
        self._consumers = allocations // 3
        self._hosts = max(1, allocations // 50)
        self._providers: list[tuple[int, int | None, str]] = []
        for host in range(self._hosts):
            root = self._add(None, f"compute-{host:06}.example.org")
            if host % 3 == 0:
                for node in range(2):
                    numa = self._add(root, f"compute-{host:06}_NUMA{node}")
                    self._add(numa, f"compute-{host:06}_NUMA{node}_ens{node}f0")

    def _add(self, parent: int | None, name: str) -> int:
        self._providers.append((len(self._providers) + 1, parent, name))
        return len(self._providers)

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self._rng.getrandbits(128)))

    def _times(self) -> dict[str, str | None]:
        made = datetime(2016, 10, 6) + timedelta(seconds=self._rng.randrange(50_000_000))
        again = made + timedelta(seconds=self._rng.randrange(1, 10_000_000))
        updated = None if self._rng.random() < 0.4 else f"{again:%Y-%m-%d %H:%M:%S}"
        return {"created_at": f"{made:%Y-%m-%d %H:%M:%S}", "updated_at": updated}

    def tables(self) -> Iterator[tuple[str, Rows]]:
        """Tables in an order that foreign keys accept."""
        yield "traits", self._named(f"HW_CPU_X86_{n:03}" for n in range(150))
        yield "resource_classes", self._named(f"CUSTOM_BAREMETAL_{n:02}" for n in range(20))
        yield "placement_aggregates", self._owners("uuid", (self._uuid() for _ in range(200)))
        yield "projects", self._owners("external_id", (self._uuid() for _ in range(2_000)))
        yield "users", self._owners("external_id", (self._uuid() for _ in range(5_000)))
        yield "resource_providers", self._resource_providers()
        yield "inventories", self._inventories()
        yield "resource_provider_traits", self._pairs("trait_id", 150, 15, 15)
        yield "resource_provider_aggregates", self._pairs("aggregate_id", 200, 1, 3)
        yield "consumers", self._owned()
        yield "allocations", self._allocations()

    def _named(self, names: Iterable[str]) -> Rows:
        for number, name in enumerate(names, 1):
            yield {"id": number, "name": name, **self._times()}

    def _owners(self, column: str, values: Iterable[str]) -> Rows:
        for number, value in enumerate(values, 1):
            yield {"id": number, column: value, **self._times()}

    def _roots(self) -> Iterator[int]:
        return (number for number, parent, _ in self._providers if parent is None)

    def _resource_providers(self) -> Rows:
        roots: dict[int, int] = {}
        for number, parent, name in self._providers:
            roots[number] = number if parent is None else roots[parent]
            yield {
                "id": number,
                "uuid": self._uuid(),
                "name": name,
                "generation": self._rng.randrange(1, 500),
                "can_host": None,
                "root_provider_id": roots[number],
                "parent_provider_id": parent,
                **self._times(),
            }

    def _inventories(self) -> Rows:
        number = 0
        for provider, parent, name in self._providers:
            held = {"SRIOV_NET_VF": (8, 1.0)} if "_ens" in name else {}
            if parent is None:
                held = {"VCPU": (64, 16.0), "MEMORY_MB": (262_144, 1.5), "DISK_GB": (4_000, 1.0)}
            for kind, (total, ratio) in held.items():
                number += 1
                yield {
                    "id": number,
                    "resource_provider_id": provider,
                    "resource_class_id": CLASSES[kind],
                    "total": total,
                    "reserved": 512 if kind == "MEMORY_MB" else 0,
                    "min_unit": 1,
                    "max_unit": total,
                    "step_size": 1,
                    "allocation_ratio": ratio,
                    **self._times(),
                }

    def _pairs(self, other: str, of: int, low: int, high: int) -> Rows:
        for provider in self._roots():
            for number in self._rng.sample(range(1, of + 1), self._rng.randint(low, high)):
                yield {"resource_provider_id": provider, other: number, **self._times()}

    def _owned(self) -> Rows:
        for number in range(1, self._consumers + 1):
            yield {
                "id": number,
                "uuid": self._consumer(number),
                "project_id": self._rng.randint(1, 2_000),
                "user_id": self._rng.randint(1, 5_000),
                "generation": 1,
                **self._times(),
            }

    @staticmethod
    def _consumer(number: int) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, str(number)))

    def _allocations(self) -> Rows:
        roots = list(self._roots())
        for number in range(1, self._consumers + 1):
            provider = self._rng.choice(roots)
            size = self._rng.choice([1, 2, 4, 8])
            used = {"VCPU": size, "MEMORY_MB": size * 2048, "DISK_GB": size * 20}
            for place, (kind, amount) in enumerate(used.items()):
                yield {
                    "id": 3 * (number - 1) + place + 1,
                    "resource_provider_id": provider,
                    "consumer_id": self._consumer(number),
                    "resource_class_id": CLASSES[kind],
                    "used": amount,
                    **self._times(),
                }


def fill(url: str, cloud: Cloud) -> dict[str, int]:
    """Put all rows into a migrated database; returns how many are in each table."""
    engine = engine_for(url)
    schema = reflect(engine, SETTINGS.tables)
    dialect = dialect_for(engine)
    counts: dict[str, int] = {}
    connection = dialect.connect()
    dialect.prepare_target(connection)
    for name, made in cloud.tables():
        table = schema.table(name)
        assert table is not None
        while batch := list(islice(made, BATCH)):
            dialect.begin(connection)
            dialect.write(
                connection, table, [tuple(row.get(c.name) for c in table.columns) for row in batch]
            )
            dialect.commit(connection)
            counts[name] = counts.get(name, 0) + len(batch)
    connection.close()
    return counts


class Spent:
    """Seconds of a block by the clock, and of CPU in its processes and in a server's."""

    def __init__(self, server: Server) -> None:
        name = "pid" if server.engine == "mariadb" else "data/postmaster.pid"
        self._pid = (server.folder / name).read_text().split()[0]
        self.clock = self.cpu = 0.0

    def _cpu(self) -> float:
        ours = resource.getrusage(resource.RUSAGE_CHILDREN)
        # Of the process and of its children that are gone, user and system.
        fields = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()[11:15]
        return ours.ru_utime + ours.ru_stime + sum(map(int, fields)) / os.sysconf("SC_CLK_TCK")

    def __enter__(self) -> Spent:
        self.clock, self.cpu = time.monotonic(), self._cpu()
        return self

    def __exit__(self, *_: object) -> None:
        self.clock = time.monotonic() - self.clock
        # Connections that were just closed are still being ended.
        time.sleep(0.5)
        self.cpu = self._cpu() - self.cpu


def megabytes_of(command: Sequence[str]) -> float:
    """Peak MB of a process, which must succeed."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, command[:5]
    return usage.ru_maxrss / 1024


def dump_and_load(server: Server, source: str, target: str) -> None:
    """The server's own way, with all tables of the plan."""
    assert server.bin is not None
    installed = find(server.engine)
    assert installed is not None
    where = ["-h", "127.0.0.1"]
    if server.engine == "mariadb":
        secret = {"MYSQL_PWD": server.password}
        where += ["-P", str(server.port), "-u", "owner"]
        dump = ["mariadb-dump", "--no-defaults", *where, "--single-transaction", source]
        dump += SETTINGS.tables
        load = ["mariadb", "--no-defaults", *where, target]
    else:
        secret = {"PGPASSWORD": server.password}
        where += ["-p", str(server.port), "-U", "owner"]
        dump = ["pg_dump", *where, source, *(f"--table={name}" for name in SETTINGS.tables)]
        load = ["psql", "-q", "-v", "ON_ERROR_STOP=1", *where, target]
    environment = installed.environment() | secret
    read, write = (
        [str(server.bin / dump[0]), *dump[1:]],
        [str(server.bin / load[0]), *load[1:]],
    )
    dumping = subprocess.Popen(read, env=environment, stdout=subprocess.PIPE)
    loading = subprocess.run(
        write, env=environment, stdin=dumping.stdout, stdout=subprocess.DEVNULL
    )
    assert dumping.wait() == 0
    assert loading.returncode == 0


def measure(
    server: Server, migrate: Callable[[str], None], allocations: int, rounds: int
) -> dict[str, Any]:
    """All rounds on one server."""
    source = server.create_database("cloud")
    migrate(source)
    counts = fill(source, Cloud(1, allocations))
    ours: list[Spent] = []
    theirs: list[Spent] = []
    memory = 0.0
    command = [sys.executable, "-m", "extractor", "data", "copy", "--from", source, "--write"]
    for _ in range(rounds):
        target = server.create_database("copied")
        migrate(target)
        with Spent(server) as spent:
            memory = max(memory, megabytes_of([*command, "--to", target, "--quiet"]))
        ours.append(spent)
        server.create_database("loaded")
        with Spent(server) as spent:
            dump_and_load(server, "cloud", "loaded")
        theirs.append(spent)
    for name in SETTINGS.tables:
        assert count(target, name) == count(server.url("loaded"), name) == counts[name], name
    return {
        "engine": server.engine,
        "rows": counts,
        "seconds": {
            "extractor": [round(one.clock, 1) for one in ours],
            "dump and load": [round(one.clock, 1) for one in theirs],
            "ratio of medians": _ratio([s.clock for s in ours], [s.clock for s in theirs]),
        },
        "CPU seconds": {
            "extractor": [round(one.cpu, 1) for one in ours],
            "dump and load": [round(one.cpu, 1) for one in theirs],
            "ratio of medians": _ratio([s.cpu for s in ours], [s.cpu for s in theirs]),
        },
        "MB": round(memory),
    }


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    return round(statistics.median(ours) / statistics.median(theirs), 2)


def across(source: Server, target: Server, migrate: Callable[[str], None]) -> dict[str, Any]:
    """One copy of what ``measure`` left on one server to a server of another kind."""
    to = target.create_database("from_elsewhere")
    migrate(to)
    command = [sys.executable, "-m", "extractor", "data", "copy", "--write", "--quiet"]
    started = time.monotonic()
    megabytes = megabytes_of([*command, "--from", source.url("cloud"), "--to", to])
    return {
        "from": source.engine,
        "to": target.engine,
        "seconds": round(time.monotonic() - started, 1),
        "MB": round(megabytes),
    }


def count(url: str, table: str) -> int:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one()
    engine.dispose()
    return int(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("tree", type=Path)
    parser.add_argument("python")
    parser.add_argument("--engine", action="append", choices=["mariadb", "postgresql"])
    parser.add_argument("--allocations", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--across", action="store_true")
    given = parser.parse_args()
    subject = Subject("result", given.tree, given.python)
    with ExitStack() as stack:
        servers = [
            stack.enter_context(running(engine))
            for engine in given.engine or ["mariadb", "postgresql"]
        ]
        told = [measure(s, subject.migrate, given.allocations, given.rounds) for s in servers]
        if given.across:
            told += [across(*pair, subject.migrate) for pair in permutations(servers, 2)]
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
