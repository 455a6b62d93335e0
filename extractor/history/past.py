"""Where a file was at every commit of the source, told by git's rename detection alone.

Written apart from the engine on purpose: this is what checks it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from extractor.errors import MissingObject
from extractor.history.lineage import EMPTY_BLOB, FOLLOW_ALL
from extractor.history.providers import Following
from extractor.history.walk import ABSENT, History, iterate_renames
from extractor.source.objects import ObjectReader

_NONE = -1


class Renames:
    """What git says a name was before the commits, merges apart, that made it."""

    def __init__(self, git_dir: Path, history: History) -> None:
        self._git_dir = git_dir
        self._history = history
        self._read: dict[int, list[tuple[str, str]]] = {}
        self._alike: dict[tuple[str, str], bool] = {}
        self._read_of_merges: dict[str, list[tuple[int, str, str]]] = {}

    def of(self, path: str) -> list[tuple[int, str]]:
        """Index of each commit that renamed a file to ``path``, and its old name."""
        births = self._births(path)
        self._ask(births)
        return [(at, old) for at in births for old, new in self._read[at] if new == path]

    def leads_away(self, path: str, index: int, parent: int) -> bool:
        """Whether the commit gave the file that a parent has under that name another one."""
        if len(self._history.parents[index]) == 1:
            self._ask([index])
            return any(old == path for old, _new in self._read[index])
        ask = f"{self._history.names[index]} {self._history.names[parent]}"
        if ask not in self._read_of_merges:
            self._read_of_merges[ask] = list(self._renames([ask]))
        return any(old == path for _index, old, _new in self._read_of_merges[ask])

    def alike(self, blob: str, other: str) -> bool:
        """Whether two contents share half of their lines, blank ones apart."""
        key = (min(blob, other), max(blob, other))
        if key not in self._alike:
            with ObjectReader(self._git_dir) as reader:
                try:
                    lines, others = (_lines(reader.read(name)) for name in key)
                except MissingObject:
                    self._alike[key] = True
                else:
                    both = (lines & others).total()
                    self._alike[key] = 4 * both >= lines.total() + others.total()
        return self._alike[key]

    def read(self, paths: Iterable[str]) -> None:
        """Ask git at once about the commits that made any of ``paths``."""
        self._ask({index for path in paths for index in self._births(path)})

    def _births(self, path: str) -> list[int]:
        history = self._history
        return [index for index in history.births(path) if len(history.parents[index]) == 1]

    def _ask(self, indexes: Iterable[int]) -> None:
        history = self._history
        unread = sorted(set(indexes) - self._read.keys())
        self._read.update({index: [] for index in unread})
        for index, old, new in self._renames([history.names[index] for index in unread]):
            self._read[index].append((old, new))

    def _renames(self, asked: Sequence[str]) -> Iterator[tuple[int, str, str]]:
        """The commit's index, old and new name of each rename that git tells of."""
        for commit, changes in iterate_renames(self._git_dir, asked, [], ("-M",)):
            for change in changes:
                if change.status == "R" and change.blob != EMPTY_BLOB:
                    yield self._history.index_of[commit], change.old_path, change.path


def _lines(content: bytes) -> Counter[bytes]:
    return Counter(line.strip() for line in content.splitlines() if line.strip())


@dataclass
class Past:
    """The names of one file; for each of them, which of the files of that name it was."""

    files: dict[str, set[int]] = field(default_factory=dict)


class Pasts:
    """Finds the past of files, as far as ``how`` does not refuse a name.

    ``steps`` are those that git's renames do not show.
    A step is the commit's index, the name it made, the parent's index and the name there. Two
    files that had one name are told apart by the commit at which either is first.
    """

    def __init__(
        self,
        history: History,
        renames: Renames,
        steps: Iterable[tuple[int, str, int, str]] = (),
        how: Following = FOLLOW_ALL,
    ) -> None:
        self._how = how
        self._history = history
        self._renames = renames
        self._steps: dict[str, list[tuple[int, int, str]]] = {}
        for index, path, parent, old in steps:
            self._steps.setdefault(path, []).append((index, parent, old))
        self._edges: dict[str, list[tuple[int, int, str]]] = {}
        self._first: dict[str, list[int]] = {}

    def of(self, sources: Iterable[tuple[str, int]]) -> Past:
        """The past of a file that was made of ``sources``, each a name and a commit."""
        past = Past()
        waiting = list(sources)
        while waiting:
            path, at = waiting.pop()
            if self.has(past, path, at):
                continue
            past.files.setdefault(path, set()).add(self._file(path, at))
            waiting += [
                (old, parent)
                for index, parent, old in self._edges_of(path)
                if self._file(path, index) == self._file(path, at) and not self._how.refuses(old)
            ]
        return past

    def has(self, past: Past, path: str, index: int) -> bool:
        """Whether ``path`` was the file at a commit, if there was one at all."""
        return path in past.files and self._file(path, index) in past.files[path]

    def _edges_of(self, path: str) -> list[tuple[int, int, str]]:
        if path not in self._edges:
            history = self._history
            found = list(self._steps.get(path, ()))
            for index, old in self._renames.of(path):
                found.append((index, history.index_of[history.parents[index][0]], old))
            self._edges[path] = found
        return self._edges[path]

    def _file(self, path: str, index: int) -> int:
        """Which file of that name is there at a commit: the first one that has it."""
        if len(self._history.births(path)) < 2:
            return 0
        if path not in self._first:
            self._first[path] = self._told_apart(path)
        first = self._first[path]
        while first[index] not in (index, _NONE):
            index = first[index]
        return first[index]

    def _told_apart(self, path: str) -> list[int]:
        """For each commit an earlier one with the same file, or itself.

        Of a merge those parents have it that have the file as it is or much like it, or if none
        has the first one, if it has one of that name. A file that comes from nowhere goes on with
        the last one of its name, unless that one got another name.
        """
        history = self._history
        blobs = self._blobs(path)
        made = {index for index, *_rest in self._edges_of(path)}
        first: list[int] = []
        earliest = min((index for index, _change in history.changes(path)), default=0)

        def top(index: int) -> int:
            while first[index] != index:
                first[index] = first[first[index]]
                index = first[index]
            return index

        for index, parents in enumerate(history.parents):
            first.append(index if blobs[index] != ABSENT else _NONE)
            if blobs[index] == ABSENT:
                continue
            above = [history.index_of[parent] for parent in parents]
            there = [parent for parent in above if blobs[parent] != ABSENT]
            same = [parent for parent in there if blobs[parent] == blobs[index]]
            joined = there
            if len(above) > 1 and (same or len({top(parent) for parent in there}) > 1):
                ours = {top(parent) for parent in same}
                joined = same + [
                    parent
                    for parent in there
                    if top(parent) not in ours and self._renames.alike(blobs[parent], blobs[index])
                ]
                joined = joined or [parent for parent in above[:1] if parent in there]
            if not there and index > earliest and index not in made:
                joined = self._last_ones(path, above, blobs)
            tops = sorted({top(parent) for parent in joined} | {index})
            for each in tops:
                first[each] = tops[0]
        return first

    def _last_ones(self, path: str, above: Sequence[int], blobs: Sequence[str]) -> list[int]:
        """Where the files of that name ended above these commits, renamed ones apart."""
        history = self._history
        found: list[int] = []
        seen: set[int] = set()
        waiting = list(above)
        while waiting:
            index = waiting.pop()
            if index in seen:
                continue
            seen.add(index)
            parents = [history.index_of[parent] for parent in history.parents[index]]
            there = [parent for parent in parents if blobs[parent] != ABSENT]
            if not there:
                waiting += parents
            found += [p for p in there if not self._renames.leads_away(path, index, p)]
        return found

    def _blobs(self, path: str) -> list[str]:
        history = self._history
        changes = {index: change.blob for index, change in history.changes(path)}
        blobs: list[str] = []
        for index, parents in enumerate(history.parents):
            before = blobs[history.index_of[parents[0]]] if parents else ABSENT
            blobs.append(changes.get(index, before))
        return blobs


def lost_commits(
    history: History,
    renames: Renames,
    sources: Sequence[str],
    reasons: Mapping[str, str],
    how: Following = FOLLOW_ALL,
) -> tuple[str, ...]:
    """Commits on an ancestor of a whole file that are unknown to the result.

    Every birth of a name is looked at, and from each file the chain of names is walked back.
    """
    pasts = Pasts(history, renames, how=how)
    unknown = {c for c, why in reasons.items() if why == "touches nothing that is carried"}
    lost: set[str] = set()
    renames.read(sources)
    for source in sources:
        past = pasts.of([(source, len(history.names) - 1)])
        for path in past.files:
            lost.update(
                history.names[index]
                for index, _change in history.changes(path)
                if history.names[index] in unknown
                and len(history.parents[index]) < 2
                and pasts.has(past, path, index)
            )
    return tuple(sorted(lost))
