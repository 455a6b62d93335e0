"""Contracts over history: which commits would they have stopped, and by which rule.

Each commit is compared with its first parent: what it violates and its parent did not is what
would have stopped it, whatever the baseline of the day was. Files are read once, whatever
the number of commits that have them.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from extractor_contracts.configuration import Configuration
from extractor_contracts.file_facts import Store
from extractor_contracts.run import run
from extractor_contracts.verdict import Violation

from extractor.contracting.world import world_of
from extractor.project.declared import FILES
from extractor.source.objects import ObjectReader
from extractor.source.tree import REGULAR, Entry, Tree, run_git
from extractor.wording import counted

_SMALL = 300


@dataclass(frozen=True)
class JudgedCommit:
    """One commit that is no merge.

    ``stopped_by``: new violations by contract, the ones that bring others first; ``cured``:
    how many of the parent's are gone, by contract. ``seconds``: wall time for this commit.
    """

    commit: str
    date: str
    subject: str
    stopped_by: dict[str, tuple[Violation, ...]]
    cured: dict[str, int]
    seconds: float


def summary(judged: Sequence[JudgedCommit]) -> str:
    """The commits that would have been stopped, and by what, for a person."""
    lines = []
    stopped = [commit for commit in judged if commit.stopped_by]
    for commit in stopped:
        lines.append(f"{commit.commit[:10]} {commit.date} {commit.subject}")
        for contract, violations in sorted(commit.stopped_by.items()):
            more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
            lines.append(f"    {contract}: {violations[0].key}{more}")
    seconds = sorted(commit.seconds for commit in judged)
    median = seconds[len(seconds) // 2] if seconds else 0.0
    lines.append(
        f"{len(stopped)} of {counted(len(judged), 'commit')} would have been stopped; "
        f"a commit takes {median:.2f} s (median)"
    )
    return "\n".join(lines)


class _Trees:
    """What contracts read of many revisions, through one process; most folders only once."""

    def __init__(self, reader: ObjectReader) -> None:
        self.reader = reader
        self._folders: dict[str, dict[str, str]] = {}

    def revision(self, commit: str) -> _Revision:
        files = self._files(self.reader.read(f"{commit}^{{tree}}"))
        return _Revision(
            {p: b for p, b in files.items() if p.endswith(".py") or p in FILES}, self.reader
        )

    def _files(self, content: bytes) -> dict[str, str]:
        """Blobs by path of a tree object: of Python files and of those that declare a project."""
        found: dict[str, str] = {}
        position = 0
        while position < len(content):
            end = content.index(b"\0", position)
            mode, _, raw = content[position:end].partition(b" ")
            name = content[end + 1 : end + 21].hex()
            position = end + 21
            entry = os.fsdecode(raw)
            if mode == b"40000":
                below = self._folders.get(name)
                if below is None:
                    below = self._files(self.reader.read(name))
                    # The large ones change with every commit.
                    if len(below) <= _SMALL:
                        self._folders[name] = below
                for path, blob in below.items():
                    found[f"{entry}/{path}"] = blob
            elif mode != b"160000" and entry.endswith((".py", *FILES)):
                found[entry] = name
        return found


class _Revision:
    """The Python files of one revision, as a tree."""

    def __init__(self, blobs: dict[str, str], reader: ObjectReader) -> None:
        self._blobs = blobs
        self._reader = reader

    @property
    def state(self) -> str:
        """A name for all of it."""
        text = "\n".join(f"{path} {blob}" for path, blob in sorted(self._blobs.items()))
        return hashlib.sha1(os.fsencode(text), usedforsecurity=False).hexdigest()

    def paths(self) -> Sequence[str]:
        return sorted(self._blobs)

    def entry(self, path: str) -> Entry:
        return Entry(REGULAR, self._blobs[path])

    def read(self, path: str) -> bytes:
        return self._reader.read(self._blobs[path])


class _States:
    """Violations by contract of any commit, each state of the Python files judged once."""

    def __init__(self, reader: ObjectReader, configuration: Configuration) -> None:
        self.configuration = configuration
        self.trees = _Trees(reader)
        self.store = Store()
        self.known: dict[str, dict[str, dict[str, Violation]]] = {}
        self.by_commit: dict[str, str] = {}
        self.shared: dict[Violation, Violation] = {}

    def violations(self, commit: str) -> dict[str, dict[str, Violation]]:
        if commit not in self.by_commit:
            tree = self.trees.revision(commit)
            state = tree.state
            if state not in self.known:
                self.known[state] = self._judge(tree)
            self.by_commit[commit] = state
        return self.known[self.by_commit[commit]]

    def _judge(self, tree: Tree) -> dict[str, dict[str, Violation]]:
        world = world_of(tree, self.configuration.packages, self.store)
        return {
            verdict.contract: {v.key: self.shared.setdefault(v, v) for v in verdict.new}
            for verdict in run(self.configuration, world, {})
        }


def listed(git_dir: Path, since: str, until: str) -> list[str]:
    """A line for every commit of ``since..until`` that is no merge, oldest first."""
    log = run_git(
        git_dir,
        "log",
        "--topo-order",
        "--reverse",
        "--no-merges",
        "--format=%H%x00%P%x00%cs%x00%s",
        f"{since}..{until}",
    )
    return log.decode("utf-8", "replace").splitlines()


def replay(
    git_dir: Path,
    since: str,
    until: str,
    configuration: Configuration,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Iterator[JudgedCommit]:
    """Judge every commit of ``since..until`` that is no merge, oldest first."""
    lines = listed(git_dir, since, until)
    for number, judged in enumerate(judge(git_dir, lines, configuration), 1):
        progress(number, len(lines))
        yield judged


def judge(
    git_dir: Path, lines: Sequence[str], configuration: Configuration
) -> Iterator[JudgedCommit]:
    """Judge the commits of these ``lines`` of ``listed``."""
    with ObjectReader(git_dir) as reader:
        states = _States(reader, configuration)
        for line in lines:
            yield _judged(states, *line.split("\0"))


def _judged(states: _States, commit: str, parents: str, date: str, subject: str) -> JudgedCommit:
    before = states.violations(parents.split()[0]) if parents else {}
    # What the parent cost is not this commit's.
    started = time.perf_counter()
    now = states.violations(commit)
    new = {
        contract: tuple(v for key, v in found.items() if key not in before.get(contract, {}))
        for contract, found in now.items()
    }
    cured = {
        contract: sum(key not in now.get(contract, {}) for key in found)
        for contract, found in before.items()
    }
    return JudgedCommit(
        commit,
        date,
        subject,
        {contract: _leaders(found) for contract, found in new.items() if found},
        {contract: count for contract, count in cured.items() if count},
        time.perf_counter() - started,
    )


def _leaders(violations: tuple[Violation, ...]) -> tuple[Violation, ...]:
    keys = {violation.key for violation in violations}
    return tuple(sorted(violations, key=lambda v: (any(k in keys for k in v.behind), v)))
