"""Where each file and symbol of the result was before: the providers of a target.

A target's content at any old commit comes from its *providers*, newest first: the file
that moves, the file it was renamed or copied from, the file one of its symbols was
moved from. A provider is used only for what the newer ones do not have at that commit,
so one list serves every branch of the history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from extractor.errors import MissingObject
from extractor.history.likeness import (
    COPY_LINES,
    COPY_SIMILARITY,
    carried_names,
    copied_share,
    most_similar,
    split_from,
    telling_lines,
)
from extractor.history.lives import Lives
from extractor.history.providers import Followed, Following, Lineages, Provider
from extractor.history.slices import Slices
from extractor.history.walk import ABSENT, Change, History, iterate_renames
from extractor.moves import Move, SliceMove
from extractor.source.objects import ObjectReader
from extractor.source.tree import SUBMODULE, SYMLINK

EMPTY_BLOB = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
# A commit that changes more modules than this is a sweep through the whole, not a move.
_MOST_CANDIDATES = 200
# So many versions in a row without a symbol are taken to be older than it.
_MANY_VERSIONS = 64
_NO_TEXT = (SUBMODULE, SYMLINK)
FOLLOW_ALL = Following()


class Follower:
    """Follows moves back through renames, copies and moved symbols to their first lines."""

    def __init__(
        self,
        history: History,
        reader: ObjectReader,
        slices: Slices,
        findings: list[str],
        how: Following = FOLLOW_ALL,
        lives: Lives | None = None,
    ) -> None:
        self._how = how
        self._depth = how.depth
        self._history = history
        self._reader = reader
        self._slices = slices
        self._findings = findings
        self._known: dict[int, list[Change]] = {}
        self._lives = lives or Lives(history, reader)
        self._steps: set[Followed] = set()
        self._refused: set[Followed] = set()
        self._since: dict[str, int] = {}

    def follow(self, targets: Mapping[str, Sequence[Move]]) -> Lineages:
        """The lineages of all targets; slices must name all the symbols they need."""
        found: dict[str, tuple[Provider, ...]] = {}
        steps: dict[str, tuple[Followed, ...]] = {}
        for target, group in sorted(targets.items()):
            self._steps = set()
            found[target] = self._providers(group)
            steps[target] = _in_order(self._steps)
        named = {} if self._depth == "paths" else self._named(found)
        return Lineages(
            providers={
                target: tuple(
                    dict.fromkeys(p if p.path in named else replace(p, life="") for p in group)
                )
                for target, group in found.items()
            },
            followed=_in_order(step for its in steps.values() for step in its),
            steps=steps,
            refused=_in_order(self._refused),
            lives=lives_of(self._lives, named),
            since=dict(sorted(self._since.items())),
        )

    def _named(self, found: Mapping[str, Sequence[Provider]]) -> dict[str, set[str]]:
        """The lives that providers name, of paths of which not every target has all."""
        named: dict[str, set[str]] = {}
        partly: set[str] = set()
        for group in found.values():
            has: dict[tuple[str, bool], set[str]] = {}
            for provider in group:
                kind = provider.path, provider.symbols is None
                has.setdefault(kind, set()).add(provider.life)
                named.setdefault(provider.path, set()).add(provider.life)
            partly |= {path for (path, _), its in has.items() if its != self._lives.all_of(path)}
        return {path: named[path] for path in sorted(partly)}

    def read_ahead(self, targets: Mapping[str, Sequence[Move]]) -> None:
        """Read at once what following the first providers of all targets will ask for."""
        end = len(self._history.names)
        births: set[int] = set()
        wanted: list[tuple[str, frozenset[str]]] = []
        for group in targets.values():
            for move in group:
                births.update(self._lives.births(move.source))
                if isinstance(move, SliceMove):
                    versions = self._versions(Provider(move.source, move.symbols), end)
                    wanted.extend((blob, move.symbols) for _index, blob in versions)
        if self._depth != "paths":
            self._read_changes(births)
        self._slices.read_ahead(wanted, True)

    def _providers(self, group: Sequence[Move]) -> tuple[Provider, ...]:
        """The providers of one target, newest first."""
        end = len(self._history.names)
        found: dict[Provider, int] = {}
        waiting: list[Provider] = []

        def add(provider: Provider, before: int) -> None:
            if provider not in found and not self._how.refuses(provider.path):
                found[provider] = before
                waiting.append(provider)

        for move in group:
            symbols = move.symbols if isinstance(move, SliceMove) else None
            add(Provider(move.source, symbols, life=self._lives.at(move.source, end - 1)), end)
        while waiting:
            provider = waiting.pop(0)
            before = found[provider]
            since = self._read_versions(provider, before)
            self._since[provider.path] = min(since, self._since.get(provider.path, since))
            if self._depth == "paths":
                continue
            moved_at = {}
            for index in self._lives.births_in(provider.path, provider.life):
                if index < since:
                    continue
                older = self._older_paths(provider.path, index)
                moved_at[index] = older
                for change in older:
                    for life in self._lives_above(change.old_path, change.old_blob, index):
                        add(replace(provider, path=change.old_path, life=life), index)
                if not older:
                    for life in self._earlier_lives(provider.path, index):
                        add(replace(provider, life=life), index)
            if self._depth == "renames":
                continue
            if provider.symbols is None:
                for index, change in self._history.changes(provider.path):
                    if index in moved_at and not moved_at[index]:
                        names = self._slices_definitions(change)
                        for older_provider in self._moved_symbols(change, index, names):
                            add(older_provider, index)
                continue
            aliases: set[tuple[str, str]] = set()
            for index, change, born in self._born(provider, since, before):
                if moved_at.get(index):
                    continue
                aliases |= self._renamed_symbols(change, index, born, provider.symbols)
                for older_provider in self._moved_symbols(change, index, born):
                    add(older_provider, index)
            if aliases - provider.renamed:
                wider = replace(
                    provider,
                    symbols=provider.symbols | {old for old, _new in aliases},
                    renamed=provider.renamed | aliases,
                )
                found = {wider if p == provider else p: at for p, at in found.items()}
                waiting.insert(0, wider)
        return tuple(found)

    def _slices_definitions(self, change: Change) -> frozenset[str]:
        if not change.path.endswith(".py") or change.blob in (ABSENT, EMPTY_BLOB):
            return frozenset()
        return frozenset(self._slices.definitions(change.blob))

    def _lives_above(self, path: str, blob: str, index: int) -> set[str]:
        """The lives of ``path`` that a commit took its file ``blob`` from."""
        if not self._lives.has_several(path):
            return {""}
        found = set()
        for parent in self._history.parents[index]:
            if self._reader.blob_at(parent, path) == blob:
                at = self._history.index_of.get(parent)
                found.add("" if at is None else self._lives.at(path, at))
        return found

    def _earlier_lives(self, path: str, index: int) -> set[str]:
        """The lives that ended above a birth and did not go on under another name."""
        return {
            life
            for life, end in self._lives.before(path, index)
            if not any(c.status == "R" and c.old_path == path for c in self._changes(end))
        }

    def _older_paths(self, path: str, index: int) -> list[Change]:
        """The renames and copies by which the commit made ``path``."""
        found = []
        for change in self._changes(index):
            if change.path != path or not _is_its_past(change):
                continue
            found.append(change)
            kind = "rename" if change.status == "R" else "copy"
            commit = self._history.names[index]
            self._note(Followed(commit, path, change.old_path, kind, change.similarity))
        if not found:
            found = self._copied_from_untouched(path, index)
        return found

    def _copied_from_untouched(self, path: str, index: int) -> list[Change]:
        """The copy by which the commit made ``path`` of a file that it left as it was.

        Looked for among the files of that name: comparing each new file with all of the
        source, git's ``--find-copies-harder``, takes minutes on a long history.
        """
        change = next((c for c in self._changes(index) if c.path == path), None)
        parents = self._history.parents[index]
        if change is None or change.mode in _NO_TEXT or len(parents) != 1:
            return []
        commit = self._history.names[index]
        new = self._reader.read(change.blob)
        if telling_lines(new).total() < COPY_LINES:
            return []
        best = (COPY_SIMILARITY - 1, "", "")
        for other in self._history.namesakes(path):
            blob = self._reader.blob_at(parents[0], other)
            if not blob:
                continue
            try:
                old = self._reader.read(blob)
            except MissingObject as error:
                self._findings.append(
                    f"{commit}: not looked at whether it copied {other} ({error})"
                )
                continue
            share = copied_share(new, old)
            if share > best[0]:
                best = (share, other, blob)
        share, other, blob = best
        if not other:
            return []
        self._note(Followed(commit, path, other, "copy", share))
        return [replace(change, status="C", old_path=other, old_blob=blob, similarity=share)]

    def _changes(self, index: int) -> list[Change]:
        if index not in self._known:
            self._read_changes({index})
        return self._known[index]

    def _read_changes(self, indexes: set[int]) -> None:
        unread = sorted(indexes - self._known.keys())
        for index in unread:
            self._known[index] = []
        names = [self._history.names[index] for index in unread]
        for commit, changes in iterate_renames(self._reader.git_dir, names, self._findings):
            self._known[self._history.index_of[commit]].extend(changes)

    def _versions(self, provider: Provider, before: int) -> list[tuple[int, str]]:
        """The commits before that one which change the file, and its blob; newest first."""
        return sorted(
            (
                (index, change.blob)
                for index, change in self._history.changes(provider.path)
                if index < before and change.blob != ABSENT and change.mode not in _NO_TEXT
            ),
            reverse=True,
        )

    def _read_versions(self, provider: Provider, before: int) -> int:
        """Slice the versions of a provider; the index before which there is nothing in them."""
        symbols = provider.symbols
        if symbols is None:
            return 0
        versions = self._versions(provider, before)
        if provider.is_main:
            self._slices.read_ahead(((blob, symbols) for _index, blob in versions), True)
            return 0
        for start in range(0, len(versions), _MANY_VERSIONS):
            part = versions[start : start + _MANY_VERSIONS]
            self._slices.read_ahead(((blob, symbols) for _index, blob in part), False)
            if not any(self._slices.of(blob, symbols, False).bound for _index, blob in part):
                return part[-1][0]
        return 0

    def _born(
        self, provider: Provider, since: int, before: int
    ) -> Iterator[tuple[int, Change, frozenset[str]]]:
        """Where symbols first appear in the provider's file, merges apart."""
        assert provider.symbols is not None
        for index, change, _before, life in self._lives.rows(provider.path):
            if not since <= index < before or len(self._history.parents[index]) > 1:
                continue
            if life != provider.life:
                continue
            if change.blob == ABSENT or change.mode in _NO_TEXT:
                continue
            born = self._slices.of(change.blob, provider.symbols, provider.is_main).bound
            if change.old_blob != ABSENT:
                older = self._slices.of(change.old_blob, provider.symbols, provider.is_main)
                born -= older.bound
            if born:
                yield index, change, born

    def _renamed_symbols(
        self, change: Change, index: int, born: frozenset[str], wanted: frozenset[str]
    ) -> set[tuple[str, str]]:
        """The name that a born one had in the same file before this commit, and the new one.

        A name that is ``wanted`` itself stays: something was taken out of it, no name changed.
        """
        if change.old_blob == ABSENT:
            return set()
        new = self._slices.definitions(change.blob)
        old = self._slices.definitions(change.old_blob)
        gone = {name: code for name, code in old.items() if name not in new}
        found = set()
        for name in sorted(born & new.keys()):
            match = most_similar(new[name], gone) or split_from(name, old, new)
            if match and match[0] not in wanted:
                found.add((match[0], name))
                self._note_symbols(index, change.path, change.path, [match[0]], match[1])
        return found

    def _moved_symbols(
        self, change: Change, index: int, born: frozenset[str]
    ) -> Iterator[Provider]:
        """Files among those the commit changed that had ``born`` symbols before it."""
        if not born or not change.path.endswith(".py"):
            return
        new = {n: c for n, c in self._slices.definitions(change.blob).items() if n in born}
        candidates = {
            (other.old_path, other.old_blob, other.blob)
            for other in self._changes(index)
            if other.old_path.endswith(".py")
            and other.old_path != change.path
            and other.old_blob not in (ABSENT, EMPTY_BLOB)
            and other.mode not in _NO_TEXT
        }
        if not new or len(candidates) > _MOST_CANDIDATES:
            return
        for path, blob, new_blob in sorted(candidates):
            old = self._slices.definitions(blob)
            if not new.keys() & old.keys():
                continue
            left = {} if new_blob == ABSENT else self._slices.definitions(new_blob)
            names, evidence = carried_names(new, old, left)
            if evidence:
                self._note_symbols(index, change.path, path, sorted(names), evidence)
                renamed = {(old, new) for old, new in names.items() if old != new}
                for life in self._lives_above(path, blob, index):
                    yield Provider(path, frozenset(names), False, frozenset(renamed), life)

    def _note_symbols(
        self, index: int, path: str, old_path: str, names: Sequence[str], share: float
    ) -> None:
        commit = self._history.names[index]
        self._note(Followed(commit, path, old_path, "symbol", int(share * 100), tuple(names)))

    def _note(self, step: Followed) -> None:
        (self._refused if self._how.refuses(step.old_path) else self._steps).add(step)


def lives_of(
    lives: Lives, named: Mapping[str, set[str]], at: Callable[[int], int] = lambda index: index
) -> dict[str, dict[int, tuple[str, str]]]:
    """For each path and commit that changes it the lives before and after, if they are named.

    ``at`` gives the index that a commit is to have, below zero for one to be left out.
    """
    return {
        path: {
            at(index): (before if before in names else "", after if after in names else "")
            for index, _change, before, after in lives.rows(path)
            if at(index) >= 0
        }
        for path, names in sorted(named.items())
    }


def _in_order(steps: Iterable[Followed]) -> tuple[Followed, ...]:
    return tuple(sorted(set(steps), key=lambda s: (s.path, s.commit, s.old_path, s.symbols)))


def _is_its_past(change: Change) -> bool:
    if change.status not in "RC" or change.mode in _NO_TEXT:
        return False
    if change.blob == EMPTY_BLOB or change.old_blob == EMPTY_BLOB:
        return False
    return change.status == "R" or change.similarity >= COPY_SIMILARITY
