"""A service to drill with: its tables made, its process started, its rows compared."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from extractor.database.sides import Maker
from extractor.plan.load import load_plan
from extractor.verification import labs
from extractor.verification.check import Context, Result
from extractor.verification.laboratory.test_runs import prepare_tree

PLAN = load_plan("placement")
SCRIPTS = PLAN.folder / "database"
TOKEN = {"X-Auth-Token": "admin"}


@dataclass(frozen=True)
class Subject:
    """A placement to drill: a tree, and an interpreter with the drivers of all servers."""

    name: str
    tree: Path
    python: str

    @property
    def package(self) -> str:
        return "placement" if self.name == "result" else "nova.api.openstack.placement"

    @property
    def config(self) -> tuple[str, str]:
        if self.name == "result":
            return "placement.conf", "placement_database"
        return "nova.conf", "api_database"

    def migrate(self, url: str) -> None:
        script = SCRIPTS / f"{self.name}.py"
        Maker(self.name, self.tree, self.python, script).make("migrate", driver_url(url))


def made_subject(side: str, output: Path, source: Path, folder: Path) -> Subject:
    """One side of a run, with an environment of its time; ``NoEnvironment`` where there is none.

    ``folder`` is where this process keeps what it adds to that environment.
    """
    settings = PLAN.data.verify
    context = Context(PLAN, settings, scratch=folder, shared=folder, against=source)
    result = Result.at(output / "placement")
    if side == "result":
        tree, plain = result.root, labs.environment_of_result(result, context)
    else:
        tree, plain = source, labs.environment_of_source(context)
    made = labs.with_drivers(plain, folder / "environment", context)
    tree = prepare_tree(tree, folder / "trees", made, settings.source.version)
    return Subject(side, tree, str(made.python))


def driver_url(url: str) -> str:
    """Drivers of 2018 know no utf8mb4."""
    return url.replace("charset=utf8mb4", "charset=utf8")


@contextlib.contextmanager
def serving(subject: Subject, url: str, folder: Path) -> Iterator[str]:
    """The URL of a fresh process that serves the database at ``url``."""
    with serving_afresh(subject, url, folder) as (served, _):
        yield served


@contextlib.contextmanager
def serving_afresh(
    subject: Subject, url: str, folder: Path
) -> Iterator[tuple[str, Callable[[], None]]]:
    """The same, and what puts another fresh process in its place."""
    folder.mkdir(parents=True, exist_ok=True)
    name, group = subject.config
    (folder / name).write_text(
        f"[DEFAULT]\nlog_file = {folder}/log\n[api]\nauth_strategy = noauth2\n"
        f"[{group}]\nconnection = {driver_url(url)}\n[placement]\n"
    )
    port = folder / "port"
    port.unlink(missing_ok=True)
    command = [subject.python, str(Path(__file__).parent / "serve.py"), subject.package, str(port)]
    environment = {
        "PYTHONPATH": str(subject.tree),
        "OS_PLACEMENT_CONFIG_DIR": str(folder),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PATH": "/usr/bin:/bin",
    }
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=out)
    try:

        def afresh() -> None:
            port.unlink()
            process.send_signal(signal.SIGHUP)
            wait()

        def wait() -> None:
            deadline = time.monotonic() + 60
            while not port.exists():
                assert process.poll() is None, (folder / "out").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.05)

        wait()
        yield f"http://127.0.0.1:{port.read_text()}", afresh
    finally:
        process.terminate()
        process.wait()


# Only what owns allocations: no call shows others.
_OWNED = "JOIN consumers c ON c.{} = o.id WHERE c.uuid IN (SELECT consumer_id FROM allocations)"
_ROWS = {
    "traits": "SELECT name FROM traits",
    "resource_classes": "SELECT name FROM resource_classes",
    "projects": f"SELECT DISTINCT o.external_id FROM projects o {_OWNED.format('project_id')}",
    "users": f"SELECT DISTINCT o.external_id FROM users o {_OWNED.format('user_id')}",
    # Only what some provider is in: the API shows no others.
    "placement_aggregates": "SELECT DISTINCT a.uuid FROM placement_aggregates a "
    "JOIN resource_provider_aggregates ra ON ra.aggregate_id = a.id",
    "resource_providers": "SELECT p.uuid, p.name, parent.uuid, root.uuid FROM resource_providers p "
    "LEFT JOIN resource_providers parent ON parent.id = p.parent_provider_id "
    "LEFT JOIN resource_providers root ON root.id = p.root_provider_id",
    "inventories": "SELECT p.uuid, i.resource_class_id, i.total, i.reserved, i.min_unit, "
    "i.max_unit, i.step_size, i.allocation_ratio FROM inventories i "
    "JOIN resource_providers p ON p.id = i.resource_provider_id",
    "resource_provider_traits": "SELECT p.uuid, t.name FROM resource_provider_traits rt "
    "JOIN resource_providers p ON p.id = rt.resource_provider_id "
    "JOIN traits t ON t.id = rt.trait_id",
    "resource_provider_aggregates": "SELECT p.uuid, a.uuid FROM resource_provider_aggregates ra "
    "JOIN resource_providers p ON p.id = ra.resource_provider_id "
    "JOIN placement_aggregates a ON a.id = ra.aggregate_id",
    "consumers": "SELECT c.uuid, pr.external_id, u.external_id FROM consumers c "
    "JOIN projects pr ON pr.id = c.project_id JOIN users u ON u.id = c.user_id "
    "WHERE c.uuid IN (SELECT consumer_id FROM allocations)",
    "allocations": "SELECT a.consumer_id, p.uuid, a.resource_class_id, a.used FROM allocations a "
    "JOIN resource_providers p ON p.id = a.resource_provider_id",
}


def rows(url: str) -> dict[str, list[tuple[object, ...]]]:
    """Every table row by row, ids, timestamps and generations apart, ids of others resolved."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        # Custom classes are numbered in the order of their making.
        query = sa.text("SELECT id, name FROM resource_classes")
        custom = {row.id: row.name for row in connection.execute(query)}
        result = {}
        for table, query in _ROWS.items():
            found = [tuple(row) for row in connection.execute(sa.text(query))]
            place = {"inventories": 1, "allocations": 2}.get(table)
            if place is not None:
                found = [
                    (*row[:place], custom.get(row[place], row[place]), *row[place + 1 :])
                    for row in found
                ]
            result[table] = sorted(found, key=repr)
    engine.dispose()
    return result
