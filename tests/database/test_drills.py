"""A populated service, its database lost or bent, and what its clients make of it.

The services are named in ``EXTRACTOR_DRILLS``: one ``side=tree=interpreter`` each, separated by
``;``. The side is ``source`` (the repository before) or ``result`` (what was extracted of it).
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.schema import CreateTable

from extractor.database import replay as replaying
from extractor.database.connect import parse
from extractor.database.service import Client
from extractor.progress import Progress
from tests.database.drills import PLAN, TOKEN, Subject, rows, serving

MODULE = replaying.plugin(PLAN.folder)
SUBJECTS = [
    Subject(side, Path(tree), python)
    for side, tree, python in (
        entry.split("=") for entry in os.environ.get("EXTRACTOR_DRILLS", "").split(";") if entry
    )
]
CORRUPTIONS = int(os.environ.get("EXTRACTOR_CORRUPTIONS", "200"))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SUBJECTS, reason="EXTRACTOR_DRILLS names no service to drill"),
]


@pytest.fixture(params=SUBJECTS, ids=lambda subject: subject.name)
def subject(request):
    return request.param


def _uuids(rng):
    while True:
        yield str(uuid.UUID(int=rng.getrandbits(128)))


def population(seed=1, hosts=4, consumers=12):
    """A whole state: trees three deep, traits, aggregates, custom things, shared consumers."""
    rng = random.Random(seed)
    new = _uuids(rng)
    aggregates = sorted(next(new) for _ in range(3))
    providers, roots, told = {}, [], {}
    for host in range(hosts):
        root = next(new)
        roots.append(root)
        providers[root] = {
            "name": f"höst-{host}",
            "parent": None,
            "inventories": {
                "VCPU": _inventory(64, 16.0, reserved=rng.choice([0, 2])),
                "MEMORY_MB": _inventory(65536, 1.5, reserved=512),
                "CUSTOM_IRON": _inventory(4, 1.0),
            },
            "traits": sorted(rng.sample(["CUSTOM_GOLD", "HW_CPU_X86_AVX", "HW_CPU_X86_SSE"], 2)),
            "aggregates": sorted(rng.sample(aggregates, 2)),
        }
        for node in range(2):
            child, leaf = next(new), next(new)
            inventory = {"SRIOV_NET_VF": _inventory(8, 1.0)}
            providers[child] = _provider(f"numa-{host}-{node}", root, inventory)
            providers[leaf] = _provider(f"pf-{host}-{node}", child, {})
    for number in range(consumers):
        root = rng.choice(roots)
        amounts = {root: {"VCPU": rng.randrange(1, 5), "MEMORY_MB": rng.randrange(64, 1024)}}
        if number % 3 == 0:
            amounts[roots[(roots.index(root) + 1) % hosts]] = {"VCPU": 1}
        told[next(new)] = {
            "project_id": f"project-{number % 3}",
            "user_id": f"user-{number % 4}",
            "allocations": amounts,
        }
    return {
        "format": 1,
        "scope": "whole",
        "traits": ["CUSTOM_GOLD"],
        "resource_classes": ["CUSTOM_IRON"],
        "resource_providers": providers,
        "consumers": told,
    }


def _provider(name, parent, inventories):
    return {
        "name": name,
        "parent": parent,
        "inventories": inventories,
        "traits": [],
        "aggregates": [],
    }


def _inventory(total, ratio, reserved=0):
    return {
        "total": total,
        "reserved": reserved,
        "min_unit": 1,
        "max_unit": total,
        "step_size": 1,
        "allocation_ratio": ratio,
    }


def client_files(state, folder):
    """What each host knows: its own tree, and what its consumers have of it."""
    providers = state["resource_providers"]

    def root(provider):
        while providers[provider]["parent"] is not None:
            provider = providers[provider]["parent"]
        return provider

    parts = {}
    for provider, told in providers.items():
        empty = {"format": 1, "scope": "part", "resource_providers": {}, "consumers": {}}
        parts.setdefault(root(provider), empty)["resource_providers"][provider] = told
    for consumer, told in state["consumers"].items():
        for provider, resources in told["allocations"].items():
            known = parts[root(provider)]["consumers"]
            place = known.setdefault(consumer, {**told, "allocations": {}})
            place["allocations"][provider] = resources
    files = []
    for name, part in sorted(parts.items()):
        path = folder / f"{name}.json"
        replaying.write_state(path, part)
        files.append(path)
    return files


def _service(url):
    return replaying.open_service(Client(url, TOKEN), MODULE)


def _replay(url, state, **options):
    merged = replaying.merge_states({"state": state}, MODULE)
    return replaying.replay(_service(url), merged, Progress(), **options)


@pytest.fixture
def populated(server, subject, tmp_path):
    """The URL of a populated database, what its service exported, and its rows."""
    database = server.create_database("first")
    subject.migrate(database)
    with serving(subject, database, tmp_path / "first") as url:
        assert _replay(url, population()).holds
        state = _service(url).export()
    return database, state, rows(database)


def _fresh(server, subject):
    database = server.create_database("second")
    subject.migrate(database)
    return database


def test_an_export_tells_what_was_put_in(populated):
    _, state, _ = populated
    assert state == population()


def test_a_lost_database_is_remade_from_an_export(server, subject, populated, tmp_path):
    _, state, before = populated
    database = _fresh(server, subject)
    with serving(subject, database, tmp_path / "second") as url:
        assert _replay(url, state).holds
        again = _replay(url, state)

    assert again.items == ()
    assert rows(database) == before


@pytest.mark.parametrize("seed", [1, 2])
def test_a_lost_database_is_remade_by_all_clients_one_after_the_other(
    server, subject, populated, tmp_path, seed
):
    _, state, before = populated
    files = client_files(state, tmp_path)
    random.Random(seed).shuffle(files)
    database = _fresh(server, subject)
    with serving(subject, database, tmp_path / "second") as url:
        service = _service(url)
        for path in files:
            state_of_client = replaying.states_of([path], MODULE)
            assert replaying.replay(service, state_of_client, Progress()).holds
        # Whoever came first is still content.
        for path in files:
            state_of_client = replaying.states_of([path], MODULE)
            assert replaying.replay(service, state_of_client, Progress(), check=True).items == ()

    assert rows(database) == before


def test_a_lost_database_is_remade_by_all_clients_at_the_same_time(servers, subject, tmp_path):
    # SQLite has one writer at a time.
    server = servers("postgresql")
    first = server.create_database("first")
    subject.migrate(first)
    with serving(subject, first, tmp_path / "first") as url:
        assert _replay(url, population()).holds
        newest = _service(url).version
    if newest < (1, 28):
        pytest.skip("without generations of consumers, clients that share one can undo each other")
    files = client_files(population(), tmp_path)
    database = _fresh(server, subject)
    with serving(subject, database, tmp_path / "second") as url:
        command = [sys.executable, "-m", "extractor", "data", "replay", "--url", url, "--quiet"]
        environment = {**os.environ, "OS_TOKEN": "admin"}
        running = [
            subprocess.Popen(
                [*command, "--wait", "60", str(path)],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for path in files
        ]
        told = [process.communicate()[0] for process in running]
        assert [process.returncode for process in running] == [0] * len(files), told

    assert rows(database) == rows(first)


def _everything(database):
    """Every table of a database: its shape as the server tells it, and its rows."""
    engine = sa.create_engine(parse(database), poolclass=sa.pool.NullPool)
    meta = sa.MetaData()
    meta.reflect(engine)
    with engine.connect() as connection:
        return {
            table.name: (
                str(CreateTable(table).compile(engine)),
                sorted(map(repr, connection.execute(sa.select(table)))),
            )
            for table in meta.sorted_tables
        }


def test_beside_the_old_tables_only_a_version_is_added(server, tmp_path):
    by_side = {subject.name: subject for subject in SUBJECTS}
    if set(by_side) != {"source", "result"} or len(SUBJECTS) != 2:
        pytest.skip("EXTRACTOR_DRILLS does not name one source and the result made of it")
    database = server.create_database("shared")
    by_side["source"].migrate(database)
    with serving(by_side["source"], database, tmp_path / "old") as url:
        assert _replay(url, population()).holds
    before = _everything(database)

    by_side["result"].migrate(database)

    after = _everything(database)
    assert set(after) - set(before) == {PLAN.data.database.version_table}
    assert {name: after[name] for name in before} == before
    with serving(by_side["result"], database, tmp_path / "new") as url:
        assert _replay(url, population(), check=True).items == ()


def _bend(connection, rng):
    """Change or delete one row, not looking at whether that makes sense; says what it did."""
    meta = sa.MetaData()
    meta.reflect(connection, only=PLAN.data.database.tables)
    left = {"id", "created_at", "updated_at", "generation", "can_host"}
    while True:
        table = meta.tables[rng.choice(sorted(meta.tables))]
        found = connection.execute(sa.select(table).order_by(*table.primary_key)).all()
        if not found:
            continue
        row = rng.choice(found)._mapping
        key = sa.and_(*(column == row[column.name] for column in table.primary_key))
        columns = [c for c in table.columns if c.name not in left and not c.primary_key]
        try:
            with connection.begin_nested():
                if not columns or rng.random() < 0.3:
                    connection.execute(table.delete().where(key))
                    return f"delete from {table.name}"
                column = rng.choice(columns)
                old = row[column.name]
                if old is None or isinstance(old, int | float):
                    value = (old or 1) + rng.choice([1, 2, 7])
                else:
                    value = str(uuid.UUID(int=rng.getrandbits(128)))
                    value = value if len(old) == 36 else f"CUSTOM_{value[:8].upper()}"
                connection.execute(table.update().where(key).values({column.name: value}))
                return f"{table.name}.{column.name}: {old!r} -> {value!r}"
        except sa.exc.IntegrityError:
            # The database itself does not let that happen.
            continue


def test_rows_that_were_bent_are_healed_or_named(servers, subject, tmp_path):
    server = servers("sqlite")
    database = server.create_database("first")
    subject.migrate(database)
    with serving(subject, database, tmp_path / "first") as url:
        assert _replay(url, population(), prune=True).holds
    before = rows(database)
    file = Path(parse(database).database)
    good = file.read_bytes()
    rng = random.Random(20180228)
    healed, unseen = 0, []
    for _ in range(CORRUPTIONS):
        engine = sa.create_engine(database, poolclass=sa.pool.NullPool)
        with engine.begin() as connection:
            did = _bend(connection, rng)
        with serving(subject, database, tmp_path / "first") as url:
            report = _replay(url, population(), prune=True)
        named = [item for item in report.items if item.outcome not in {"written", "removed"}]
        if rows(database) == before:
            healed += 1
        elif not named:
            unseen.append(did)
        assert all(item.reason for item in named)
        file.write_bytes(good)

    assert unseen == []
    assert healed > CORRUPTIONS / 2
