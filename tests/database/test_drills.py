"""A populated service, its database lost or bent, and what its clients make of it.

Drilled is what a run makes of a release, and the release itself; or, named in
``EXTRACTOR_DRILLS``, other sides: one ``side=tree=interpreter`` each, separated by ``;``. The side
is ``source`` (the repository before) or ``result`` (what was extracted of it); the interpreter
needs drivers of the servers.
``EXTRACTOR_CORRUPTIONS`` is how many rows are bent on each server; ``tests/benchmarks/drills.py``
bends 200 on each.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import uuid
from collections import Counter

import pytest
import sqlalchemy as sa
from sqlalchemy.schema import CreateTable

from extractor.database import replay as replaying
from extractor.database.connect import parse
from extractor.database.servers import ENGINES
from extractor.database.service import Client
from extractor.progress import Progress
from tests.database.corruptions import Rows, bend
from tests.database.drills import PLAN, TOKEN, rows, serving, serving_afresh

MODULE = replaying.plugin(PLAN.folder)
NAMED = [entry.split("=") for entry in os.environ.get("EXTRACTOR_DRILLS", "").split(";") if entry]
CORRUPTIONS = int(os.environ.get("EXTRACTOR_CORRUPTIONS", "20"))
PLACES = [(engine, *side) for side in NAMED for engine in ENGINES] or [
    *((engine, "result") for engine in ENGINES),
    ("mariadb", "source"),
]

pytestmark = [pytest.mark.slow, pytest.mark.pypi]


@pytest.fixture(params=PLACES, ids=lambda place: f"{place[1]}-{place[0]}")
def place(request, servers, subjects):
    """A server, and a service to drill on it."""
    engine, *side = request.param
    return servers(engine), subjects(*side)


def _uuids(rng):
    while True:
        yield str(uuid.UUID(int=rng.getrandbits(128)))


def population(seed=1, hosts=4, consumers=12, nodes=2):
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
        for node in range(nodes):
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


@pytest.fixture(scope="session")
def filled(tmp_path_factory):
    """A populated database on a server: its URL, what its service exported, and its rows."""
    known = {}

    def get(server, subject):
        key = server.engine, subject
        if key not in known:
            database = server.create_database(f"filled_{subject.name}")
            subject.migrate(database)
            with serving(subject, database, tmp_path_factory.mktemp("filled")) as url:
                assert _replay(url, population()).holds
                state = _service(url).export()
            known[key] = database, state, rows(database)
        return known[key]

    return get


@pytest.fixture
def populated(place, filled):
    return filled(*place)


def _fresh(place):
    server, subject = place
    database = server.create_database("second")
    subject.migrate(database)
    return database


def test_an_export_tells_what_was_put_in(populated):
    _, state, _ = populated
    assert state == population()


def test_a_lost_database_is_remade_from_an_export(place, populated, tmp_path):
    _, state, before = populated
    database = _fresh(place)
    with serving(place[1], database, tmp_path / "second") as url:
        assert _replay(url, state).holds
        again = _replay(url, state)

    assert again.items == ()
    assert rows(database) == before


def test_a_lost_database_is_remade_by_all_clients_one_after_the_other(place, populated, tmp_path):
    _, state, before = populated
    files = client_files(state, tmp_path)
    # Another order on each server.
    random.Random(place[0].engine).shuffle(files)
    database = _fresh(place)
    with serving(place[1], database, tmp_path / "second") as url:
        service = _service(url)
        for path in files:
            state_of_client = replaying.states_of([path], MODULE)
            assert replaying.replay(service, state_of_client, Progress()).holds
        # Whoever came first is still content.
        for path in files:
            state_of_client = replaying.states_of([path], MODULE)
            assert replaying.replay(service, state_of_client, Progress(), check=True).items == ()

    assert rows(database) == before


def test_a_lost_database_is_remade_by_all_clients_at_the_same_time(place, populated, tmp_path):
    _, _, before = populated
    files = client_files(population(), tmp_path)
    database = _fresh(place)
    with serving(place[1], database, tmp_path / "second") as url:
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

    assert rows(database) == before


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


def test_beside_the_old_tables_only_a_version_is_added(server, subjects, tmp_path):
    if NAMED and sorted(side for side, *_ in NAMED) != ["result", "source"]:
        pytest.skip("EXTRACTOR_DRILLS does not name one source and the result made of it")
    named = NAMED or [["result"], ["source"]]
    by_side = {side: subjects(side, *place) for side, *place in named}
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


def test_rows_that_were_bent_are_healed_or_named(place, tmp_path):
    server, subject = place
    database = server.create_database("first")
    subject.migrate(database)
    state = population(hosts=2, consumers=5, nodes=1)
    # Other rows on each server: eighty in all.
    rng = random.Random(f"{subject.name} on {server.engine}")
    told: Counter[str] = Counter()
    unexplained = []
    with serving_afresh(subject, database, tmp_path / "first") as (url, afresh):
        assert _replay(url, state, prune=True).holds
        before = rows(database)
        good = Rows.of(sa.create_engine(parse(database)), PLAN.data.database.tables)
        for _ in range(CORRUPTIONS):
            table, did = bend(good, rng)
            # A process keeps these two for as long as it lives.
            cached = table in ("traits", "resource_classes")
            if cached:
                afresh()
            report = _replay(url, state, prune=True)
            named = [i for i in report.items if i.outcome not in {"written", "removed"}]
            is_same = rows(database) == before
            if named or not is_same:
                outcome = "named"
                if not named or not all(item.reason for item in named):
                    unexplained.append(did)
            else:
                outcome = "healed" if report.items or not good.changed() else "shown by no call"
            told[outcome] += 1
            print(f"{outcome}: {did}", *map(str, named), sep="\n    ")
            good.put_back()
            if cached:
                afresh()

    print(f"{subject.name} on {server.engine}: {dict(told)}")
    assert unexplained == []
    assert told["healed"] > CORRUPTIONS / 3
