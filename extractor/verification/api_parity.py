"""Both services, side by side, give the same answer to every request.

First the requests of the source's own request tests, recorded there with the rows each suite
starts from; then generated ones, each building on the answers before it.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from extractor.errors import UsageError
from extractor.verification import labs
from extractor.verification.check import CheckResult, Context, Result, verdict
from extractor.verification.environment import Environment, NoEnvironment, cache_folder
from extractor.verification.replay import (
    Difference,
    Normaliser,
    Request,
    Tally,
    as_gabbi,
    play,
    shrink,
)
from extractor.verification.service import Service, running
from extractor.verification.settings import ServeSettings
from extractor.verification.test_runs import prepare_tree

NEEDS = "source"
_PROBE = Path(__file__).parent / "probes" / "record_requests.py"
# A replay that differs everywhere need not be told in full.
_MOST = 5


@dataclass(frozen=True)
class Recording:
    """One suite of request tests: what it asked for, its first rows, its requests."""

    name: str
    fixtures: tuple[str, ...]
    rows: Mapping[str, Sequence[Mapping[str, Any]]]
    requests: tuple[Request, ...]


@dataclass(frozen=True)
class Side:
    """One of the two services: where its code is and how it starts."""

    settings: ServeSettings
    environment: Environment
    folder: Path
    state: Path

    @contextmanager
    def start(self, name: str, extra: str = "") -> Iterator[Service]:
        """A fresh service with a fresh database, made once and copied."""
        state = self.state / name
        settings = replace(self.settings, config=self.settings.config + extra)
        first = self.state / "fresh"
        if not first.exists():
            with running(self.settings, self.environment, self.folder, first):
                pass
        state.mkdir(parents=True, exist_ok=True)
        for path in first.glob("*.sqlite"):
            shutil.copy(path, state / path.name)
        with running(settings, self.environment, self.folder, state, sync=False) as service:
            yield service


def check(result: Result, context: Context) -> CheckResult:
    """Record, replay, generate; a difference is shrunk and printed as a gabbi test."""
    if context.against is None:
        return CheckResult("api_parity", True, skipped="no source to compare with (--against)")
    rules = context.settings.replay
    if not rules.database:
        return CheckResult("api_parity", True, skipped="the plan has no [verify.replay]")
    left, right = sides(result, context, context.against)
    normalise = Normaliser(
        rules.ignore, rules.present, rules.substitute, tuple(e.status for e in rules.explained)
    )
    findings: list[str] = []
    evidence: list[str] = []
    figures: dict[str, float] = {}
    recordings = record(context, left)
    tally = replay_all(recordings, left, right, context, normalise)
    evidence.append(
        f"{tally.sent} recorded requests of {len(recordings)} suites: "
        f"{len(tally.differences)} differences"
    )
    figures["recorded"] = tally.sent
    findings += [_told(d) for d in tally.differences]
    count = rules.thorough_count if context.thorough else rules.count
    generated = generate(left, right, context, normalise, count)
    answers = ", ".join(f"{n} x {status}" for status, n in sorted(generated.statuses.items()))
    evidence.append(
        f"{generated.sent} generated requests, seed {rules.seed}: "
        f"{len(generated.differences)} differences"
    )
    evidence.append(f"answers: {answers}")
    figures["generated"] = generated.sent
    explained = tally.explained + generated.explained
    figures["explained"] = explained
    if explained:
        reasons = "; ".join(f"{e.status}: {e.reason}" for e in rules.explained)
        evidence.append(f"{explained} answers differ by decision ({reasons})")
    shortest = ""
    for difference in generated.differences[:1]:
        shorter = shortened(difference, left, right, normalise, context)
        shortest = as_gabbi(shorter, "difference")
        findings.append(f"{_told(shorter)}\n{shortest}")
    findings += [_told(d) for d in generated.differences[1:]]
    return verdict("api_parity", findings, evidence, figures)


def sides(result: Result, context: Context, against: Path) -> tuple[Side, Side]:
    """The source's service and the result's, each on a copy of its tree."""
    settings = context.settings
    version = settings.source.version
    made = labs.environment_of_source(context)
    left = Side(
        settings.source.serve,
        made,
        prepare_tree(against, context.scratch, made, version),
        context.scratch / "left",
    )
    own = labs.runtime_of_result(result, context)
    right = Side(
        settings.serve,
        own,
        prepare_tree(result.root, context.scratch, own, version),
        context.scratch / "right",
    )
    return left, right


def record(context: Context, left: Side) -> list[Recording]:
    """Every suite of request tests of the source, recorded once for each content of it."""
    rules = context.settings.replay
    assert context.against is not None
    where = [p for p in rules.suites if (left.folder / p).exists()]
    if not where:
        return []
    key = labs.source_key(context, context.against, json.dumps(where))
    kept = cache_folder().parent / "recordings" / f"{key}.jsonl"
    if not kept.is_file():
        output = _record(context, left, where)
        kept.parent.mkdir(parents=True, exist_ok=True)
        partial = kept.with_suffix(f".{labs.process_tag()}")
        shutil.copy(output, partial)
        partial.replace(kept)
    return read_recordings(kept)


def _record(context: Context, left: Side, where: Sequence[str]) -> Path:
    rules = context.settings.replay
    output = context.scratch / "recorded.jsonl"
    spec_path = context.scratch / "recorded.spec.json"
    spec = {"where": where, "tables": list(rules.tables)}
    spec_path.write_text(json.dumps(spec), encoding="utf-8")
    context.report("recording the source's request tests")
    done = subprocess.run(
        [str(left.environment.python), str(_PROBE), str(left.folder), str(output), str(spec_path)],
        cwd=left.folder,
        env=left.environment.variables(**context.settings.test_environment),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise NoEnvironment(f"the source's request tests cannot be recorded: {last}")
    return output


def read_recordings(path: Path) -> list[Recording]:
    """The suites in a file that the recording script wrote."""
    recordings = []
    for line in path.read_text(encoding="utf-8").splitlines():
        loaded = json.loads(line)
        requests = tuple(
            Request(r["method"], r["path"], tuple(r["headers"].items()), r["body"])
            for r in loaded["requests"]
        )
        fixtures = tuple(loaded["fixtures"])
        name = loaded["name"].removesuffix(".test_request").rpartition(".")[2]
        recordings.append(Recording(name, fixtures, loaded["rows"], requests))
    return recordings


def replay_all(
    recordings: Iterable[Recording],
    left: Side,
    right: Side,
    context: Context,
    normalise: Normaliser,
) -> Tally:
    """Send every suite's requests to fresh services that hold the suite's first rows."""
    rules = context.settings.replay
    tally = Tally()
    for number, recording in enumerate(recordings):
        extra = "".join(text for name, text in rules.config.items() if name in recording.fixtures)
        name = f"suite-{number}"
        with started(left, right, name, extra) as (one, two):
            for side in (left, right):
                load_rows(side.state / name / rules.database, rules.tables, recording.rows)
            play(recording.requests, one, two, normalise, stop_after=_MOST, tally=tally)
        context.report(f"{recording.name}: {len(recording.requests)} requests")
        if len(tally.differences) >= _MOST:
            break
    return tally


@contextmanager
def started(
    left: Side, right: Side, name: str, extra: str = ""
) -> Iterator[tuple[Service, Service]]:
    """Both services, started at the same time and stopped at the end."""
    contexts = [side.start(name, extra) for side in (left, right)]
    with ExitStack() as stack:
        with ThreadPoolExecutor(2) as pool:
            waiting = [pool.submit(context.__enter__) for context in contexts]
        # Whatever did start is stopped, also when the other did not.
        for context, future in zip(contexts, waiting, strict=True):
            if future.exception() is None:
                stack.push(context)
        one, two = (future.result() for future in waiting)
        yield one, two


def generate(left: Side, right: Side, context: Context, normalise: Normaliser, count: int) -> Tally:
    """``count`` requests of the plan's generator to one pair of services."""
    rules = context.settings.replay
    if not rules.generator:
        return Tally()
    generator = load_generator(context.plan.folder / rules.generator, rules.seed)

    def requests() -> Iterator[Request]:
        for number in range(count):
            if number and number % 1000 == 0:
                context.report(f"{number} of {count} generated requests")
            yield generator.next()

    with started(left, right, "generated") as (one, two):
        return play(requests(), one, two, normalise, saw=generator.saw)


def load_generator(path: Path, seed: int) -> Any:
    """The plan's generator, ready to be asked."""
    name = f"_plan_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise UsageError(f"the plan has no generator {path.name}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module.Generator(seed)


def shortened(
    difference: Difference,
    left: Side,
    right: Side,
    normalise: Normaliser,
    context: Context,
) -> Difference:
    """The same kind of difference after fewer requests, seen on services started afresh."""
    rules = context.settings.replay
    last = [difference]
    context.report(f"shrinking a difference after {len(difference.requests)} requests")
    with started(left, right, "shrinking") as (one, two):
        fresh = [
            dump_rows(side.state / "fresh" / rules.database, rules.tables) for side in (left, right)
        ]

        def fails(requests: Sequence[Request]) -> bool:
            for side, rows in zip((left, right), fresh, strict=True):
                load_rows(side.state / "shrinking" / rules.database, rules.tables, rows)
            tally = play(requests, one, two, normalise)
            found = tally.differences
            if not found or len(found[0].requests) != len(requests):
                return False
            last[0] = found[0]
            return True

        shrink(difference.requests, fails)
    with started(left, right, "confirming") as (one, two):
        confirmed = play(last[0].requests, one, two, normalise).differences
    return confirmed[0] if confirmed else difference


def load_rows(
    path: Path, tables: Sequence[str], rows: Mapping[str, Sequence[Mapping[str, Any]]]
) -> None:
    """Make ``rows`` the content of the tables; columns the database lacks are left out."""
    connection = sqlite3.connect(path, timeout=30)
    try:
        connection.execute("pragma foreign_keys = off")
        for table in tables:
            names = {row[1] for row in connection.execute(f"pragma table_info({table})")}
            if not names or (table not in rows and rows):
                continue
            connection.execute(f"delete from {table}")
            for row in rows.get(table, ()):
                kept = {name: value for name, value in row.items() if name in names}
                marks = ", ".join("?" for _ in kept)
                connection.execute(
                    f"insert into {table} ({', '.join(kept)}) values ({marks})",
                    list(kept.values()),
                )
        connection.commit()
    finally:
        connection.close()


def dump_rows(path: Path, tables: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """The rows of the tables that are there."""
    connection = sqlite3.connect(path, timeout=30)
    connection.row_factory = sqlite3.Row
    try:
        known = {
            row[0]
            for row in connection.execute("select name from sqlite_master where type = 'table'")
        }
        return {
            table: [dict(row) for row in connection.execute(f"select * from {table}")]
            for table in tables
            if table in known
        }
    finally:
        connection.close()


def _told(difference: Difference) -> str:
    last = difference.requests[-1]
    after = len(difference.requests) - 1
    return f"{last.method} {last.path}: {difference.what} (after {after} requests)"
