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
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from packaging.version import Version

from extractor.parsing import UnreadableSource, parse_ast
from extractor.verification.environment import Environment, NoEnvironment

_PROBE = Path(__file__).parent / "probes" / "run_tests.py"
PASSED, SKIPPED = "passed", "skipped"
FAILED_IMPORT = "unittest.loader._FailedTest"


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
    searched in ids (none selected means all).
    """

    top: Path
    where: tuple[str, ...]
    environment: Environment
    variables: Mapping[str, str] = field(default_factory=dict)
    select: tuple[str, ...] = ()
    deselect: tuple[str, ...] = ()

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
    if not (top / "setup.py").is_file() and not (top / "setup.cfg").is_file():
        return
    program = "import setuptools; setuptools.setup(setup_requires=['pbr'], pbr=True)"
    setup = ["setup.py"] if (top / "setup.py").is_file() else ["-c", program]
    done = subprocess.run(
        [str(environment.python), *setup, "-q", "egg_info"],
        cwd=top,
        env=environment.variables(PBR_VERSION=version, SKIP_GIT_SDIST="1"),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise NoEnvironment(f"setup.py egg_info failed in {top.name}: {last}")


def make_readable(environment: Environment, paths: Iterable[Path]) -> None:
    """Give names that became keywords in Python 3.7 their stand-ins, in files that need it."""
    if Version(environment.interpreter.version) < Version("3.7"):
        return
    for path in paths:
        content = path.read_bytes()
        if b"async" not in content and b"await" not in content:
            continue
        with contextlib.suppress(UnreadableSource):
            _, changed = parse_ast(content, path.name)
            if changed.names:
                path.write_bytes(changed.source)


def list_tests(suite: Suite, scratch: Path) -> list[Group]:
    """The suite's groups in the order they are found, wanted ids only."""
    output = scratch / f"list-{time.monotonic_ns()}.jsonl"
    process = _start(suite, {"where": list(suite.where), "mode": "list"}, output)
    _, errors = process.communicate()
    if process.returncode:
        last = (errors.decode("utf-8", "replace").strip().splitlines() or ["no reason given"])[-1]
        raise NoEnvironment(f"the tests of {suite.top.name} cannot be listed: {last}")
    groups = []
    for line in output.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        ids = tuple(i for i in record["ids"] if suite.wants(i))
        if ids:
            groups.append(Group(ids, record["place"]))
    return groups


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
) -> Outcomes:
    """Run groups in ``workers`` processes; a ``seed`` other than 0 shuffles groups and classes.

    ``backwards`` runs the last group first, and of each class the last test. With ``first`` every
    worker ends with its first broken test.
    """
    started = time.monotonic()
    ordered = list(groups)
    if seed:
        random.Random(seed).shuffle(ordered)
    if backwards:
        ordered.reverse()
    shares: list[list[str]] = [[] for _ in range(max(1, workers))]
    loads = [0] * len(shares)
    for group in ordered:
        lightest = loads.index(min(loads))
        shares[lightest].append(group.key)
        loads[lightest] += len(group.ids)
    running = []
    for number, share in enumerate(shares):
        if not share:
            continue
        output = scratch / f"run-{time.monotonic_ns()}-{number}.jsonl"
        spec = {
            "where": list(suite.where),
            "mode": "run",
            "groups": share,
            "seed": seed,
            "backwards": backwards,
            "first": first,
        }
        running.append((_start(suite, spec, output), output))
    outcomes: dict[str, str] = {}
    details: dict[str, str] = {}
    deaths: list[str] = []
    for process, output in running:
        try:
            _, errors = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            _, errors = process.communicate()
        done = False
        text = output.read_text(encoding="utf-8") if output.is_file() else ""
        for line in text.splitlines():
            record = json.loads(line)
            if record.get("done"):
                done = True
                continue
            outcomes[record["id"]] = record["outcome"]
            if "detail" in record:
                details[record["id"]] = record["detail"]
        if not done:
            deaths.append(errors.decode("utf-8", "replace").strip()[-500:])
    wanted = {i for group in groups for i in group.ids}
    # A fixture's failure is told under a name of its own; what was not asked for is dropped.
    kept = {i: o for i, o in outcomes.items() if i in wanted or o in {"error", "failed"}}
    lost = tuple(sorted(wanted - set(kept)))
    if first and any(outcome in {"error", "failed"} for outcome in kept.values()):
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


def _start(suite: Suite, spec: Mapping[str, object], output: Path) -> subprocess.Popen[bytes]:
    spec_path = output.with_suffix(".spec.json")
    spec_path.write_text(json.dumps(spec), encoding="utf-8")
    return subprocess.Popen(
        [str(suite.environment.python), str(_PROBE), str(suite.top), str(output), str(spec_path)],
        cwd=suite.top,
        env=suite.environment.variables(**suite.variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
