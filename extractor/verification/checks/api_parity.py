"""Both services, side by side, give the same answer to every request.

First the requests of the source's own request tests, recorded there with the rows each suite
starts from; then generated ones, each building on the answers before it.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

from extractor.kept import keep, read_kept
from extractor.verification import labs
from extractor.verification.check import CheckResult, Context, Result, does_not_apply, verdict
from extractor.verification.checks import isolation
from extractor.verification.comparisons.replay import (
    Difference,
    Normaliser,
    Request,
    Tally,
    as_gabbi,
    play,
    shape,
    shrink,
)
from extractor.verification.laboratory.environment import NoEnvironment, cache_folder
from extractor.verification.laboratory.plan_code import load_class
from extractor.verification.laboratory.service import (
    Answer,
    Nursery,
    Service,
    ServiceDied,
    Setup,
    running,
)

NEEDS = "source"
_PROBE = Path(__file__).parents[1] / "laboratory" / "probes" / "record_requests.py"
# A replay that differs everywhere need not be told in full.
_MOST = 5


@dataclass(frozen=True)
class Recording:
    """One suite of request tests: what it asked for, its first rows, its requests."""

    name: str
    fixtures: tuple[str, ...]
    rows: Mapping[str, Sequence[Mapping[str, Any]]]
    requests: tuple[Request, ...]


@dataclass
class Side:
    """One of the two services: what it is run from, and the nursery that its instances come from.

    Every instance has a database of its own, a copy of one made once. ``touched`` gathers what
    all of them told at their end: modules, files, options.
    """

    setup: Setup
    database: str
    fresh: Path
    nursery: Nursery | None = None
    touched: dict[str, set[Any]] = field(default_factory=dict)

    def prepare(self) -> None:
        """Make the first database, with the service's own command, unless it is there."""
        done = self.fresh / "done"
        if not done.exists():
            first = replace(self.setup, state=self.fresh)
            first.configure()
            first.sync()
            done.touch()

    @contextmanager
    def start(self, name: str, extra: str = "") -> Iterator[Service]:
        """A service as good as new, with a fresh database; ``extra`` is added to its settings."""
        settings = replace(self.setup.settings, config=self.setup.settings.config + extra)
        setup = replace(self.setup, settings=settings, state=self.setup.state / name)
        setup.state.mkdir(parents=True)
        for path in self.fresh.glob("*.sqlite"):
            shutil.copy(path, setup.state / path.name)
        with running(setup, sync=False, nursery=self.nursery) as service:
            yield service
            told = service.stop()
        for what in ("modules", "opened", "options", "declared"):
            more = (tuple(x) if isinstance(x, list) else x for x in told.get(what, ()))
            self.touched.setdefault(what, set()).update(more)
        shutil.rmtree(setup.state)


def check(result: Result, context: Context) -> CheckResult:
    """Record, replay, generate; a difference is shrunk and printed as a gabbi test."""
    if context.against is None:
        return does_not_apply("api_parity", "no source to compare with (--against)")
    rules = context.settings.replay
    if not rules.database:
        return does_not_apply("api_parity", "the plan has no [verify.replay]")
    normalise = Normaliser(rules.ignore, rules.present, rules.substitute, rules.explained)
    try:
        with prepared(result, context) as (left, right):
            recordings = record(context, left)
            tally = replay_all(recordings, left, right, context, normalise)
            generated = generate(left, right, context, normalise)
            return judge(
                recordings,
                tally,
                generated,
                [
                    shortened(d, left, right, normalise, context)
                    for d in one_of_each_sort(generated.differences)
                ],
                right.touched,
                context,
            )
    except ServiceDied as error:
        return verdict("api_parity", [str(error)], [])


def judge(
    recordings: Sequence[Recording],
    tally: Tally,
    generated: Tally,
    shortest: Sequence[Difference],
    touched: Mapping[str, set[Any]],
    context: Context,
) -> CheckResult:
    """Findings for every difference, and for what of the source was touched while answering.

    Evidence says how much of the service was asked.
    """
    rules = context.settings.replay
    findings = [_told(d) for d in tally.differences]
    findings += isolation.judge(touched, context.plan.data.source_package)
    findings += [_told(d) for d in generated.differences]
    findings += [f"{_told(d)}\n{as_gabbi(d, 'difference')}" for d in shortest]
    answers = ", ".join(f"{n} x {status}" for status, n in sorted(generated.statuses.items()))
    ends = sum(len(statuses) for statuses in generated.shapes.values())
    swept = max(0, generated.sent - rules.count)
    at_each = f" and {swept} of each kind at each version" if rules.sweep else ""
    evidence = [
        f"{tally.sent} recorded requests of {len(recordings)} suites: "
        f"{len(tally.differences)} differences; {generated.sent - swept} generated ones{at_each}, "
        f"seed {rules.seed}: {len(generated.differences)} differences",
        f"answers to what was generated: {answers}",
        f"{len(generated.shapes)} kinds of requests (method and path), {ends} with their statuses",
    ]
    evidence.append(
        f"meanwhile the result loaded {len(touched.get('modules', ()))} modules, opened "
        f"{len(touched.get('opened', ()))} files and read {len(touched.get('options', ()))} options"
    )
    if rules.watch:
        evidence.append(
            f"{rules.watch}: {len(generated.values)} values answered with success, "
            f"the rarest {min(generated.values.values(), default=0)} times"
        )
    explained = {
        reason: tally.explained.get(reason, 0) + generated.explained.get(reason, 0)
        for reason in {**tally.explained, **generated.explained}
    }
    evidence += [f"{n} answers differ by decision: {r}" for r, n in sorted(explained.items())]
    figures = {
        "recorded": tally.sent,
        "generated": generated.sent - swept,
        "swept": swept,
        "explained": sum(explained.values()),
        "kinds": len(generated.shapes),
        "versions": len(generated.values),
    }
    return verdict("api_parity", findings, evidence, figures, compared=tally.sent + generated.sent)


@contextmanager
def prepared(result: Result, context: Context) -> Iterator[tuple[Side, Side]]:
    """The source's service and the result's, each on a copy of its tree, ready to be started."""
    sides = []
    for place in labs.places(result, context):
        setup = Setup(place.serve, place.environment, place.tree, context.scratch / place.name)
        # The source's is the same for every result that is compared with it.
        keep = context.shared if place.name == "source" else setup.state
        sides.append(Side(setup, context.settings.replay.database, keep / "fresh"))
    with ExitStack() as stack, ThreadPoolExecutor(2) as pool:
        list(pool.map(Side.prepare, sides))
        for side in sides:
            side.nursery = stack.enter_context(Nursery(side.setup))
        yield sides[0], sides[1]


def record(context: Context, left: Side) -> list[Recording]:
    """Every suite of request tests of the source, recorded once for each content of it."""
    rules = context.settings.replay
    assert context.against is not None
    where = [p for p in rules.suites if (left.setup.folder / p).exists()]
    if not where:
        return []
    key = labs.source_key(context, context.against, json.dumps(where))
    kept = cache_folder().parent / "recordings" / f"{key}.jsonl"
    known = read_kept(kept, read_recordings)
    if known is None:
        output = _record(context, left, where)
        keep(kept, output.read_bytes())
        known = read_recordings(output.read_text(encoding="utf-8"))
    return known


def _record(context: Context, left: Side, where: Sequence[str]) -> Path:
    rules = context.settings.replay
    output = context.scratch / "recorded.jsonl"
    spec_path = context.scratch / "recorded.spec.json"
    spec = {"where": where, "tables": list(rules.tables)}
    spec_path.write_text(json.dumps(spec), encoding="utf-8")
    context.report("recording the source's request tests")
    done = subprocess.run(
        [
            str(left.setup.environment.python),
            str(_PROBE),
            str(left.setup.folder),
            str(output),
            str(spec_path),
        ],
        cwd=left.setup.folder,
        env=left.setup.environment.variables(**context.settings.test_environment),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise NoEnvironment(f"the source's request tests cannot be recorded: {last}")
    return output


def read_recordings(text: str) -> list[Recording]:
    """The suites in what the recording script wrote."""
    recordings = []
    for line in text.splitlines():
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
                path = side.setup.state / name / rules.database
                load_rows(path, rules.tables, recording.rows)
            play(recording.requests, one, two, normalise, stop_after=_MOST, tally=tally)
        if len(tally.differences) >= (1 if context.first else _MOST):
            break
    context.report(f"{tally.sent} recorded requests, {len(tally.differences)} differences")
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


def generate(left: Side, right: Side, context: Context, normalise: Normaliser) -> Tally:
    """Rounds of the plan's generator and its sweep, each with a fresh pair of services.

    A round ends with its first difference: what comes after it is its consequence.
    """
    rules = context.settings.replay
    tally = Tally(watch=rules.watch)
    if not rules.generator:
        return tally
    for name, requests, saw in rounds(context):
        known = len(tally.differences)
        with started(left, right, name) as (one, two):
            play(requests, one, two, normalise, saw=saw, stop_after=known + 1, tally=tally)
        context.report(f"{tally.sent} generated requests, {len(tally.differences)} differences")
        if len(tally.differences) >= (1 if context.first else _MOST):
            break
    return tally


Saw: TypeAlias = Callable[[Request, Answer], None]


def rounds(context: Context) -> Iterator[tuple[str, Iterable[Request], Saw]]:
    """The generator's rounds, then the sweep over what the plan wants tried everywhere.

    Each has a name, its requests, and who is to be told the answers.
    """
    rules = context.settings.replay
    path = context.plan.folder / rules.generator
    for number, start in enumerate(range(0, rules.count, rules.round)):
        wanted = min(rules.round, rules.count - start)
        generator = load_class(path, "Generator")(rules.seed + number)
        yield f"generated-{number}", (generator.next() for _ in range(wanted)), generator.saw
    if rules.sweep:
        sweep = load_class(path, "Sweep")(rules.seed)
        yield "sweep", iter(sweep.next, None), sweep.saw


def one_of_each_sort(differences: Iterable[Difference]) -> list[Difference]:
    """The shortest of those that ask the same and differ in the same way, numbers apart."""
    kept: dict[tuple[str, str], Difference] = {}
    for difference in sorted(differences, key=lambda d: len(d.requests)):
        sort = shape(difference.requests[-1]), re.sub(r"[0-9]+|'.*", "", difference.what)
        kept.setdefault(sort, difference)
    return list(kept.values())


def shortened(
    difference: Difference,
    left: Side,
    right: Side,
    normalise: Normaliser,
    context: Context,
) -> Difference:
    """The same kind of difference after fewer requests, each try on services started afresh."""
    if context.first:
        return difference
    best = difference
    context.report(f"shrinking a difference after {len(difference.requests)} requests")

    def fails(requests: Sequence[Request]) -> bool:
        nonlocal best
        with started(left, right, "shrinking") as (one, two):
            found = play(requests, one, two, normalise).differences
        if not found or len(found[0].requests) != len(requests):
            return False
        best = found[0]
        return True

    shrink(difference.requests, fails)
    return best


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


def _told(difference: Difference) -> str:
    last = difference.requests[-1]
    after = len(difference.requests) - 1
    return f"{last.method} {last.path}: {difference.what} (after {after} requests)"
