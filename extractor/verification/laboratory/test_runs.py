"""Run the tests of a work tree inside an environment, and say what each id came to."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from packaging.version import Version

from extractor.parsing import UnreadableSource, parse_ast
from extractor.project.convention import PYTEST, UNITTEST
from extractor.project.facts import project_of
from extractor.source.tree import FolderTree
from extractor.verification.laboratory.environment import Environment, NoEnvironment

_PROBES = {
    name: Path(__file__).parent / "probes" / f"{file}.py"
    for name, file in {UNITTEST: "run_tests", PYTEST: "run_pytest"}.items()
}
PASSED, SKIPPED = "passed", "skipped"
_BROKEN = {"error", "failed"}
# How often a worker is looked at, in seconds.
_LOOK = 1.0
FAILED_IMPORT = "unittest.loader._FailedTest"
# What a worker writes: {"id", "outcome", "seconds"} and perhaps "detail" of a test, {"ended"} with
# the key of a group that ran to its end, {"done"}.
Record: TypeAlias = Mapping[str, str]


@dataclass(frozen=True)
class Group:
    """Tests that stay together and in order; ``key`` is the first id.

    ``place`` is the folder or file of the suite in which they were found.
    """

    ids: tuple[str, ...]
    place: str = ""

    @property
    def key(self) -> str:
        return self.ids[0]


@dataclass(frozen=True)
class Outcomes:
    """What each test id came to; ``details`` holds tracebacks and reasons of skips.

    ``lost`` were listed and gave no outcome: their worker died or never ran them. ``deaths``
    are the last words of workers that did not get to the end.
    """

    of: Mapping[str, str]
    details: Mapping[str, str] = field(default_factory=dict)
    lost: tuple[str, ...] = ()
    deaths: tuple[str, ...] = ()
    seconds: float = 0.0

    def broken(self) -> list[str]:
        """Ids that did not pass and were not skipped, the lost ones among them."""
        fine = {PASSED, SKIPPED, "expected failure"}
        return sorted([*(i for i, outcome in self.of.items() if outcome not in fine), *self.lost])

    def counts(self) -> dict[str, int]:
        """Outcome to number of ids, sorted by outcome."""
        counted: dict[str, int] = {}
        for outcome in self.of.values():
            counted[outcome] = counted.get(outcome, 0) + 1
        return dict(sorted(counted.items()))


@dataclass(frozen=True)
class Suite:
    """A work tree with tests: ``top`` is its root, ``where`` the folders and files of tests.

    ``variables`` are set for the tests; ``select`` and ``deselect`` are regular expressions
    searched in ids (none selected means all). ``runner`` is what runs them, and ``folders`` are
    those that top-level packages are in.
    """

    top: Path
    where: tuple[str, ...]
    environment: Environment
    variables: Mapping[str, str] = field(default_factory=dict)
    select: tuple[str, ...] = ()
    deselect: tuple[str, ...] = ()
    runner: str = UNITTEST
    folders: tuple[str, ...] = ()

    def wants(self, test: str) -> bool:
        """Whether the id belongs to the suite; what failed to import always does."""
        if test.startswith(FAILED_IMPORT):
            return True
        chosen = not self.select or any(re.search(p, test) for p in self.select)
        return chosen and not any(re.search(p, test) for p in self.deselect)


def prepare_tree(root: Path, scratch: Path, environment: Environment, version: str) -> Path:
    """A copy of a work tree in ``scratch`` with its egg-info, so that entry points are found.

    The original is never written; ``version`` stands in for the tag that pbr would ask git for.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    copy = scratch / f"tree-{len(list(scratch.iterdir()))}"
    ignored = shutil.ignore_patterns(".git", "*.pyc", "__pycache__", "*.egg-info")
    shutil.copytree(root, copy, symlinks=True, ignore=ignored)
    make_readable(environment, sorted(copy.rglob("*.py")))
    describe_distribution(copy, environment, version)
    return copy


def describe_distribution(top: Path, environment: Environment, version: str) -> None:
    """Write the egg-info of the tree ``top``, if it has a set-up script or file."""
    setup = project_of(FolderTree(top)).setup_arguments
    if not setup:
        return
    done = subprocess.run(
        [str(environment.python), *setup, "-q", "egg_info"],
        cwd=top,
        env=environment.variables(PBR_VERSION=version, SKIP_GIT_SDIST="1"),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise NoEnvironment(f"egg_info failed in {top.name}: {last}")


def make_readable(environment: Environment, paths: Iterable[Path]) -> None:
    """Spell names that became keywords in Python 3.7 anew, in files that need it."""
    if Version(environment.interpreter.version) < Version("3.7"):
        return
    for path in paths:
        content = path.read_bytes()
        if b"async" not in content and b"await" not in content:
            continue
        with contextlib.suppress(UnreadableSource):
            _, changed = parse_ast(content, path.name)
            if changed.names:
                path.write_bytes(changed.spelled_anew())


def list_tests(suite: Suite, scratch: Path) -> list[Group]:
    """The suite's groups in the order they are found, wanted ids only."""
    output = scratch / f"list-{time.monotonic_ns()}.jsonl"
    process = _start(suite, {"where": list(suite.where), "mode": "list"}, output)
    _, errors = process.communicate()
    if process.returncode:
        said = errors.decode("utf-8", "replace").strip().splitlines() or ["no message"]
        named = [line for line in said if re.search(r"[Ee]rror\b.*: ", line)] or said
        raise NoEnvironment(f"the tests of {suite.top.name} cannot be listed: {named[-1].strip()}")
    groups = []
    for line in output.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        ids = tuple(i for i in record["ids"] if suite.wants(i))
        if ids:
            groups.append(Group(ids, record["place"]))
    return groups


def limited(groups: Sequence[Group], tests: Iterable[str]) -> list[Group]:
    """The groups with those ids only as which ``tests`` were listed; empty groups are left out."""
    listed = {i for group in groups for i in group.ids}
    wanted = {listed_as(test, listed) for test in tests}
    kept = ((tuple(i for i in group.ids if i in wanted), group.place) for group in groups)
    return [Group(ids, place) for ids, place in kept if ids]


def run_tests(
    suite: Suite,
    groups: Sequence[Group],
    scratch: Path,
    *,
    workers: int = 2,
    seed: int = 0,
    backwards: bool = False,
    first: bool = False,
    timeout: float = 1800.0,
    silence: float = 600.0,
    hear: Callable[[Sequence[Record]], None] | None = None,
) -> Outcomes:
    """Run groups in ``workers`` processes; a ``seed`` other than 0 shuffles groups and classes.

    ``backwards`` runs the last group first, and of each class the last test. With ``first`` every
    worker ends with its first broken test. A worker that dies, or says nothing for ``silence``
    seconds, loses the group it was at; another goes on behind it. All end after ``timeout``
    seconds. ``hear`` is given what workers write as they write it, by one thread at a time.
    """
    started = time.monotonic()
    ordered = list(groups)
    if seed:
        random.Random(seed).shuffle(ordered)
    if backwards:
        ordered.reverse()
    shares: list[list[Group]] = [[] for _ in range(max(1, workers))]
    loads = [0] * len(shares)
    for group in ordered:
        lightest = loads.index(min(loads))
        shares[lightest].append(group)
        loads[lightest] += len(group.ids)
    spec = {"mode": "run", "seed": seed, "backwards": backwards, "first": first}
    limits = _Limits(started + timeout, silence)
    lock = threading.Lock()

    def tell(records: Sequence[Record]) -> None:
        if hear is not None and records:
            with lock:
                hear(records)

    with ThreadPoolExecutor(len(shares)) as pool:
        try:
            submitted = [
                pool.submit(_run_share, suite, spec, share, scratch, limits, tell)
                for share in shares
                if share
            ]
            parts = [future.result() for future in submitted]
        finally:
            limits.stop.set()
    outcomes = {test: outcome for part in parts for test, outcome in part.of.items()}
    details = {test: detail for part in parts for test, detail in part.details.items()}
    deaths = [death for part in parts for death in part.deaths]
    wanted = {i for group in groups for i in group.ids}
    # A fixture's failure is told under a name of its own; what was not asked for is dropped.
    kept = {i: o for i, o in outcomes.items() if listed_as(i, wanted) or o in _BROKEN}
    lost = tuple(sorted(wanted - {listed_as(i, wanted) for i in kept}))
    if first and _BROKEN & set(kept.values()):
        # The workers ended early, as they were told.
        lost = ()
    if deaths and lost:
        details[lost[0]] = "a worker died: " + deaths[0]
    return Outcomes(
        of=dict(sorted(kept.items())),
        details=details,
        lost=lost,
        deaths=tuple(deaths),
        seconds=time.monotonic() - started,
    )


def listed_as(test: str, listed: Collection[str]) -> str:
    """The id among ``listed`` of what ran as ``test``; empty when it is none of them.

    One test may run several times: a scenario's name or a subtest's parameters follow its id in
    parentheses.
    """
    if test in listed:
        return test
    bare = test.partition("(")[0].rstrip()
    return bare if bare in listed else ""


@dataclass(frozen=True)
class _Limits:
    """``deadline`` on the monotonic clock; ``silence`` in seconds; ``stop`` when nobody waits."""

    deadline: float
    silence: float
    stop: threading.Event = field(default_factory=threading.Event)

    def reached(self) -> bool:
        return self.stop.is_set() or time.monotonic() >= self.deadline


def _run_share(
    suite: Suite,
    spec: Mapping[str, object],
    share: Sequence[Group],
    scratch: Path,
    limits: _Limits,
    tell: Callable[[Sequence[Record]], None],
) -> Outcomes:
    """What the groups of one worker came to, and of those who took over from it."""
    records: list[Record] = []

    def hear(fresh: Sequence[Record]) -> None:
        records.extend(fresh)
        tell(fresh)

    deaths: list[str] = []
    left = list(share)
    while left:
        output = scratch / f"run-{uuid.uuid4().hex}.jsonl"
        own = {**spec, "where": list(suite.where), "groups": [group.ids for group in left]}
        last_words = _wait(_start(suite, own, output), output, limits, hear)
        if any("done" in record for record in records):
            break
        deaths.append(last_words)
        broken = any(record.get("outcome") in _BROKEN for record in records)
        if limits.reached() or (spec["first"] and broken):
            break
        left = _behind(left, {record["ended"] for record in records if "ended" in record})
    return Outcomes(
        of={record["id"]: record["outcome"] for record in records if "id" in record},
        details={record["id"]: record["detail"] for record in records if "detail" in record},
        deaths=tuple(deaths),
    )


def _behind(groups: Sequence[Group], ended: Collection[str]) -> list[Group]:
    """The groups after the one that a worker was at when it died; ``ended`` are keys."""
    return [group for group in groups if group.key not in ended][1:]


def _wait(
    process: subprocess.Popen[bytes],
    output: Path,
    limits: _Limits,
    hear: Callable[[Sequence[Record]], None],
) -> str:
    """Wait for a worker, and end one that is late or silent; its last words."""
    heard, read = time.monotonic(), 0
    why = ""
    try:
        while not why:
            with contextlib.suppress(subprocess.TimeoutExpired):
                _, errors = process.communicate(timeout=_LOOK)
                last_words = errors.decode("utf-8", "replace").strip()[-500:]
                why = last_words or f"it ended with exit code {process.returncode}"
            records, now = _read(output, read)
            hear(records)
            if now != read:
                heard, read = time.monotonic(), now
            silent = time.monotonic() - heard
            if not why and limits.reached():
                why = "it was late"
            elif not why and silent >= limits.silence:
                why = f"it said nothing for {silent:.0f} s"
        return why
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            hear(_read(output, read)[0])


def _read(output: Path, start: int) -> tuple[list[Record], int]:
    """The records from byte ``start`` on, and where the next one will start."""
    if not output.is_file():
        return [], start
    with output.open("rb") as file:
        file.seek(start)
        content = file.read()
    # What is being written, or what a killed worker was writing, is not whole.
    whole = content[: content.rfind(b"\n") + 1]
    return [json.loads(line) for line in whole.splitlines()], start + len(whole)


def _start(suite: Suite, spec: Mapping[str, object], output: Path) -> subprocess.Popen[bytes]:
    spec_path = output.with_suffix(".spec.json")
    whole = {**spec, "folders": list(suite.folders)}
    spec_path.write_text(json.dumps(whole), encoding="utf-8")
    probe = str(_PROBES[suite.runner])
    return subprocess.Popen(
        [str(suite.environment.python), probe, str(suite.top), str(output), str(spec_path)],
        cwd=suite.top,
        env=suite.environment.variables(**suite.variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
