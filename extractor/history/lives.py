"""Which file a path is at a commit: one name may be several files, one after or beside another.

A *life* is a path's being there without a break, from commit to commit. A merge goes on with
the lives of its parents whose file it has, or one that is alike; so two files of one name that
projects brought along when they were joined stay two. A life is named by the commit of its
birth, the first in topological order.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field

from extractor.errors import MissingObject
from extractor.history.likeness import alike
from extractor.history.walk import ABSENT, Change, History
from extractor.source.objects import ObjectReader

_NOT_THERE, _OUTSIDE = -1, -2


@dataclass
class _Table:
    """The life and the blob of one path at every commit, by index."""

    at: list[int]
    blobs: list[str]
    roots: dict[int, int] = field(default_factory=dict)

    def root(self, life: int) -> int:
        while self.roots.get(life, life) != life:
            life = self.roots[life]
        return life

    def unite(self, lives: Sequence[int]) -> int:
        """One life of several; what was there before the range that was read comes first."""
        first = min(lives)
        for life in lives:
            self.roots[life] = first
        return first


class Lives:
    """The lives of paths in one history, found out for those paths that have more than one."""

    def __init__(self, history: History, reader: ObjectReader) -> None:
        self._history = history
        self._reader = reader
        self._births: dict[str, list[int]] = {}
        self._tables: dict[str, _Table | None] = {}
        self._parents: list[tuple[int, ...]] = []

    def births(self, path: str) -> list[int]:
        """Commits that add ``path`` compared with all their parents, newest first."""
        if path not in self._births:
            history = self._history
            self._births[path] = [
                index
                for index in history.births(path)
                if not any(self._exists(p, path) for p in history.parents[index][1:])
            ]
        return self._births[path]

    def has_several(self, path: str) -> bool:
        """Whether it makes a difference which life of ``path`` is meant."""
        return self._table(path) is not None

    def at(self, path: str, index: int) -> str:
        """The name of the life at a commit; empty where there is none or but one."""
        table = self._table(path)
        return "" if table is None else self._name(table, table.at[index])

    def of(self, path: str, commit: str) -> str:
        """As ``at`` for a commit's name; empty for one outside the range."""
        index = self._history.index_of.get(commit)
        return "" if index is None else self.at(path, index)

    def born_among(self, path: str, commits: Container[str]) -> set[str]:
        """The lives whose first birth is one of ``commits``."""
        return {life for life in self.all_of(path) if life in commits}

    def rows(self, path: str) -> Iterator[tuple[int, Change, str, str]]:
        """Each change of ``path`` with the life before it, in the first parent, and after it."""
        table = self._table(path)
        for index, change in self._history.changes(path):
            if table is None:
                yield index, change, "", ""
                continue
            parents = self._parents[index]
            before = table.at[parents[0]] if parents and parents[0] >= 0 else _OUTSIDE
            yield index, change, self._name(table, before), self._name(table, table.at[index])

    def all_of(self, path: str) -> set[str]:
        """The names of all lives of ``path``."""
        table = self._table(path)
        if table is None:
            return {""}
        return {self._name(table, life) for life in set(table.at) if life != _NOT_THERE}

    def births_in(self, path: str, life: str) -> list[int]:
        """The births that the life is made of, newest first."""
        table = self._table(path)
        if table is None:
            return self.births(path)
        births = [index for index, its in enumerate(table.at) if its == index]
        return [index for index in reversed(births) if self._name(table, index) == life]

    def before(self, path: str, index: int) -> Iterator[tuple[str, int]]:
        """The lives of ``path`` that ended above a commit, each with a commit that ended it."""
        table = self._table(path)
        if table is None:
            return
        seen: set[int] = set()
        waiting = [index]
        while waiting:
            child = waiting.pop()
            for parent in self._parents[child]:
                if parent < 0 or parent in seen:
                    continue
                seen.add(parent)
                if table.at[parent] == _NOT_THERE:
                    waiting.append(parent)
                else:
                    yield self._name(table, table.at[parent]), child

    def _name(self, table: _Table, life: int) -> str:
        if life in (_NOT_THERE, _OUTSIDE):
            return ""
        root = table.root(life)
        return "" if root == _OUTSIDE else self._history.names[root]

    def _table(self, path: str) -> _Table | None:
        if path not in self._tables:
            is_whole = not self._history.is_part
            several = len(self.births(path)) > is_whole
            self._tables[path] = self._read(path) if several else None
        return self._tables[path]

    def _read(self, path: str) -> _Table:
        history = self._history
        if not self._parents:
            index_of = history.index_of
            self._parents = [
                tuple(index_of.get(parent, _OUTSIDE) for parent in parents)
                for parents in history.parents
            ]
        changes = dict(history.changes(path))
        count = len(self._parents)
        table = _Table([_NOT_THERE] * count, [""] * count)
        at, blobs = table.at, table.blobs
        start = 0 if history.is_part else min(changes, default=count)
        for index in range(start, count):
            parents = self._parents[index]
            change = changes.get(index)
            first = parents[0] if parents else _NOT_THERE
            if change is None and len(parents) < 2:
                at[index] = at[first] if first >= 0 else first
                blobs[index] = blobs[first] if first >= 0 else ""
                continue
            if change is not None:
                blobs[index] = "" if change.blob == ABSENT else change.blob
                is_there = change.blob != ABSENT
            else:
                at_first = at[first] if first >= 0 else first
                blobs[index] = blobs[first] if first >= 0 else ""
                is_there = at_first != _NOT_THERE
            if is_there:
                at[index] = self._life(table, index, path, change)
        return table

    def _life(self, table: _Table, index: int, path: str, change: Change | None) -> int:
        """The life that a commit which has the file goes on with, or begins."""
        parents = self._parents[index]
        if len(parents) < 2:
            if change is not None and change.old_blob == ABSENT:
                return index
            return table.at[parents[0]] if parents[0] >= 0 else parents[0]
        found: dict[int, set[str]] = {}
        for number, parent in enumerate(parents):
            name = self._history.parents[index][number]
            if parent == _OUTSIDE and (number == 0 or self._exists(name, path)):
                is_new = number == 0 and change is not None and change.old_blob == ABSENT
                if not is_new:
                    found.setdefault(_OUTSIDE, set()).add(self._reader.blob_at(name, path))
            elif parent >= 0 and table.at[parent] != _NOT_THERE:
                found.setdefault(table.root(table.at[parent]), set()).add(table.blobs[parent])
        is_new = change is not None and change.old_blob == ABSENT
        if len(found) == 1 and not is_new:
            return next(iter(found))
        blob = table.blobs[index]
        same = [life for life, blobs in found.items() if blob in blobs or self._alike(blob, blobs)]
        if same:
            return table.unite(same)
        return index if is_new or not found else next(iter(found))

    def _alike(self, blob: str, others: set[str]) -> bool:
        try:
            content = self._reader.read(blob)
            return any(other and alike(content, self._reader.read(other)) for other in others)
        except MissingObject:
            return True

    def _exists(self, commit: str, path: str) -> bool:
        try:
            return self._reader.kind(f"{commit}:{path}") == "blob"
        except MissingObject:
            return False
