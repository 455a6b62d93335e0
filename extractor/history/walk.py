"""Read a repository's whole history once through git's plumbing.

Every commit is compared with its first parent, without asking for paths: git answers
that faster than any question with more than a few paths, it needs no file's content, and
from it follows what every path was at every commit, merges with changes of their own
included.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from extractor.errors import SourceError
from extractor.source.objects import stream_git

ABSENT = "0" * 40
# So many new files are compared with so many old ones by git at once; the higher limit is for
# commits above the lower one, with which renames alone are looked for: by name first.
_MANY, _MOST = 2000, 7000
_RENAMES = ("-m", "-M", "-C")
_DIFF = ("diff-tree", "--stdin", "-r", "-z", "--raw", "--root", "--no-abbrev")


@dataclass(frozen=True)
class Change:
    """One path as a commit changed it; ``blob`` is ``ABSENT`` where it was deleted."""

    status: str
    mode: str
    blob: str
    path: str
    old_path: str
    old_blob: str = ABSENT
    similarity: int = 0


@dataclass(frozen=True)
class History:
    """All commits of a revision, parents before children, and where each path changed.

    A commit is known by its index in ``names``; ``parents`` are names, for some of them may
    be outside the range that was read, which then ``is_part``.
    """

    names: Sequence[str]
    parents: Sequence[tuple[str, ...]]
    index_of: Mapping[str, int]
    _rows: Mapping[bytes, Sequence[tuple[int, bytes]]]
    is_part: bool = False
    git_dir: Path = Path()

    def changes(self, path: str) -> Iterator[tuple[int, Change]]:
        """Commits at which ``path`` is not what it is in the first parent."""
        for index, meta in self._rows.get(os.fsencode(path), ()):
            yield index, _change(meta, path, path)

    def births(self, path: str) -> list[int]:
        """Commits that add ``path`` compared with their first parent, newest first."""
        rows = self._rows.get(os.fsencode(path), ())
        return sorted((index for index, meta in rows if meta.endswith(b"A")), reverse=True)

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Whether ``older`` is ``newer`` or reachable from it."""
        floor = self.index_of.get(older, -1)
        seen: set[str] = set()
        outside: list[str] = []
        waiting = [newer]
        while waiting:
            name = waiting.pop()
            if name == older:
                return True
            index = self.index_of.get(name)
            if index is None:
                outside.append(name)
            elif name not in seen and index > floor:
                seen.add(name)
                waiting.extend(self.parents[index])
        if floor >= 0 or not outside:
            return False
        # Both are older than the range that was read: git knows.
        common = ("rev-list", "-n1", older, *(f"^{name}" for name in sorted(set(outside))))
        return not list(stream_git(self.git_dir, *common))

    def namesakes(self, path: str) -> list[str]:
        """Other paths, of any time, whose last part is that of ``path``, sorted."""
        same = self._by_last_part[os.fsencode(path).rpartition(b"/")[2]]
        return sorted({os.fsdecode(raw) for raw in same} - {path})

    @cached_property
    def _by_last_part(self) -> Mapping[bytes, Sequence[bytes]]:
        found: dict[bytes, list[bytes]] = {}
        for raw in self._rows:
            found.setdefault(raw.rpartition(b"/")[2], []).append(raw)
        return found


def read_history(git_dir: Path, revision: str, exclude: Sequence[str] = ()) -> History:
    """Walk from ``revision`` to the roots, or to what ``exclude`` reaches."""
    arguments = ["rev-list", "--topo-order", "--reverse", "--parents", revision]
    lines = [
        line.decode("ascii").split()
        for line in stream_git(git_dir, *arguments, *(f"^{name}" for name in exclude))
    ]
    index_of = {line[0]: index for index, line in enumerate(lines)}
    # Git reads its packs best in one direction, and two processes use two processors.
    half = len(lines) // 2
    with ThreadPoolExecutor(2) as pool:
        parts = pool.map(
            lambda part: _first_parent_rows(git_dir, part, index_of), (lines[:half], lines[half:])
        )
        rows: dict[bytes, list[tuple[int, bytes]]] = {}
        for part in parts:
            for path, found in part.items():
                rows.setdefault(path, []).extend(found)
    return History(
        names=[line[0] for line in lines],
        parents=[tuple(line[1:]) for line in lines],
        index_of=index_of,
        _rows=rows,
        is_part=bool(exclude),
        git_dir=git_dir,
    )


def _first_parent_rows(
    git_dir: Path, lines: Sequence[Sequence[str]], index_of: Mapping[str, int]
) -> dict[bytes, list[tuple[int, bytes]]]:
    rows: dict[bytes, list[tuple[int, bytes]]] = {}
    index = -1
    asks = (" ".join(line[:2]) for line in lines)
    records = stream_git(git_dir, *_DIFF, "--no-renames", stdin=asks, separator=b"\0")
    for record in records:
        if record.startswith(b":"):
            rows.setdefault(next(records), []).append((index, record))
        else:
            index = index_of[record[:40].decode("ascii")]
    return rows


def iterate_changes(
    git_dir: Path, commits: Iterable[str], *options: str
) -> Iterator[tuple[str, list[Change]]]:
    """What each commit changed; commits that changed nothing asked for are left out.

    An element of ``commits`` is a commit, or a commit and the parent to compare it with,
    separated by a space. A merge alone is compared with each parent, if asked by ``-m``.
    """
    records = stream_git(git_dir, *_DIFF, *options, stdin=commits, separator=b"\0")
    current = ""
    changes: list[Change] = []
    for record in records:
        if not record.startswith(b":"):
            if changes:
                yield current, changes
            current, changes = record.split()[0].decode("ascii"), []
            continue
        path = old_path = os.fsdecode(next(records))
        if record.split()[-1][:1] in b"RC":
            path = os.fsdecode(next(records))
        changes.append(_change(record, path, old_path))
    if changes:
        yield current, changes


def iterate_renames(
    git_dir: Path,
    commits: Sequence[str],
    findings: list[str],
    options: Sequence[str] = _RENAMES,
) -> Iterator[tuple[str, list[Change]]]:
    """What each commit changed, with renames and copies (git's 50 %) recognised.

    Recognising reads the changed files. Those that the clone lacks are recognised by equal
    content alone, and ``findings`` says of which commit. Of a commit with more files than git
    compares, the renames follow on their own, and ``findings`` tells what was not compared.
    """
    many: dict[str, set[str]] = {}
    for commit, changes in _compared(git_dir, commits, findings, (*options, f"-l{_MANY}")):
        yield commit, changes
        new, old = _not_compared(changes, "-C" in options)
        if new and len(new) * len(old) > _MANY**2:
            many.setdefault(commit, set()).update(new)
    if not many:
        return
    left: dict[str, int] = {}
    for commit, changes in _compared(git_dir, list(many), findings, ("-m", "-M", f"-l{_MOST}")):
        yield commit, [c for c in changes if c.status == "R" and c.path in many[commit]]
        new, old = _not_compared(changes, False)
        if len(new) * len(old) > _MOST**2:
            left[commit] = len(new)
    for commit, new in many.items():
        what = f"renames of {left[commit]}" if commit in left else f"copies among {len(new)}"
        findings.append(f"{commit}: {what} new files told by equal content or name alone")


def _not_compared(changes: Sequence[Change], copies: bool) -> tuple[set[str], set[str]]:
    """The new files without a past, and the old ones that each of them may have come from."""
    new = {change.path for change in changes if change.status == "A"}
    kinds = "DMTRC" if copies else "D"
    return new, {change.old_path for change in changes if change.status in kinds}


def _compared(
    git_dir: Path, commits: Sequence[str], findings: list[str], options: Sequence[str]
) -> Iterator[tuple[str, list[Change]]]:
    """What each commit changed, as git tells with ``options``, or from what the clone has."""
    waiting = list(commits)
    while waiting:
        done = ""
        try:
            for commit, changes in iterate_changes(git_dir, waiting, *options):
                yield commit, changes
                done = commit
        except SourceError as error:
            at = max((i for i, c in enumerate(waiting) if c.split()[0] == done), default=-1) + 1
            if at >= len(waiting):
                raise
            # The one after the last that was printed need not be the culprit: some print nothing.
            try:
                yield from list(iterate_changes(git_dir, [waiting[at]], *options))
            except SourceError:
                yield from _renames_among_present(git_dir, waiting[at], options)
                commit = waiting[at].split()[0]
                findings.append(
                    f"{commit}: renames of what is lacking told by equal content alone ({error})"
                )
            waiting = waiting[at + 1 :]
        else:
            return


def _renames_among_present(
    git_dir: Path, ask: str, options: Sequence[str]
) -> Iterator[tuple[str, list[Change]]]:
    """What one commit changed: renames recognised as asked where both contents are there."""
    touched: dict[str, set[str]] = {}
    for _commit, changes in iterate_changes(git_dir, [ask], "-m", "--no-renames"):
        for change in changes:
            touched.setdefault(change.path, set()).update((change.old_blob, change.blob))
    blobs = sorted(set().union(*touched.values()) - {ABSENT})
    lacking = {
        line.split()[0].decode("ascii")
        for line in stream_git(git_dir, "cat-file", "--batch-check", stdin=blobs)
        if line.endswith(b" missing")
    }
    present = sorted(path for path, names in touched.items() if not names & lacking)
    if present:
        yield from iterate_changes(git_dir, [ask], *options, "--", *present)
    for commit, changes in iterate_changes(git_dir, [ask], "-m", "-M100%"):
        rest = [change for change in changes if change.path in touched.keys() - set(present)]
        if rest:
            yield commit, rest


def _change(meta: bytes, path: str, old_path: str) -> Change:
    _old_mode, mode, old_blob, blob, status = meta[1:].decode("ascii").split()
    return Change(status[0], mode, blob, path, old_path, old_blob, int(status[1:] or 0))
