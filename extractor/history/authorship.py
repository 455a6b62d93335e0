"""Who really wrote a line that newer commits only copied or moved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from extractor.errors import MissingObject
from extractor.history.blame import aligned, blame_lines
from extractor.history.rewriting import RewriteBlob
from extractor.history.state import HistoryState
from extractor.history.walk import History, iterate_changes
from extractor.source.objects import ObjectReader


class Authorship:
    """Whether an older commit really wrote a line that a newer one only copied or moved."""

    def __init__(
        self, git_dir: Path, history: History, state: HistoryState, rewrite: RewriteBlob | None
    ) -> None:
        self._history = history
        self._git_dir = git_dir
        self._rewrite = rewrite
        self._paths = {
            target: [provider.path for provider in group]
            for target, group in state.lineages.providers.items()
        }
        self._ancestors: dict[tuple[str, str], bool] = {}
        self._lines: dict[tuple[str, str], frozenset[bytes]] = {}
        self._before: dict[tuple[str, str], frozenset[tuple[str, bytes]]] = {}

    def is_older(self, older: str, newer: str, target: str, line: bytes) -> bool:
        """The older commit is an ancestor, and wrote the line by its diff or by blame's word.

        Blame is asked about the files the content came from, just before the newer commit:
        within one of them the line may have been moved, which no diff shows as written.
        """
        if not self.is_ancestor(older, newer):
            return False
        text = line.strip()
        return text in self._written(older, target) or (older, text) in self._blamed(newer, target)

    def _blamed(self, commit: str, target: str) -> frozenset[tuple[str, bytes]]:
        """Who wrote which line of the target's older files, as of the commit's parent."""
        key = (commit, target)
        if key not in self._before:
            found: set[tuple[str, bytes]] = set()
            with ObjectReader(self._git_dir) as reader:
                for path in self._paths.get(target, []):
                    try:
                        content = reader.read(f"{commit}^:{path}")
                    except MissingObject:
                        continue
                    lines = content.split(b"\n")
                    now = self._as_kept(target, content).split(b"\n")
                    names = blame_lines(self._git_dir, f"{commit}^", path)
                    for line, at in zip(now, aligned(lines, now), strict=True):
                        if at is not None and at < len(names):
                            found.add((names[at], line.strip()))
            self._before[key] = frozenset(found)
        return self._before[key]

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Whether the source's ``older`` is ``newer`` or comes before it."""
        key = (older, newer)
        if key not in self._ancestors:
            index_of = self._history.index_of
            floor, seen, waiting, found = index_of[older], set(), [newer], False
            while waiting and not found:
                name = waiting.pop()
                found = name == older
                if name not in seen and index_of[name] > floor:
                    seen.add(name)
                    waiting.extend(self._history.parents[index_of[name]])
            self._ancestors[key] = found
        return self._ancestors[key]

    def _written(self, commit: str, target: str) -> frozenset[bytes]:
        """The lines that the commit put into any file the target's content came from."""
        key = (commit, target)
        if key not in self._lines:
            found: set[bytes] = set()
            paths = self._paths.get(target, [])
            with ObjectReader(self._git_dir) as reader:
                for _commit, changes in iterate_changes(
                    self._git_dir, [commit], "-m", "--no-renames"
                ):
                    for change in changes:
                        if change.path in paths and change.status in "AM":
                            new = self._as_kept(target, reader.read(change.blob))
                            old = b""
                            if change.status == "M":
                                old = self._as_kept(target, reader.read(change.old_blob))
                            found |= _added(new.splitlines(), old.splitlines())
            self._lines[key] = frozenset(found)
        return self._lines[key]

    def _as_kept(self, target: str, content: bytes) -> bytes:
        """What the result made of a version of the target's."""
        return content if self._rewrite is None else self._rewrite(target, content)


def _added(new: Sequence[bytes], old: Sequence[bytes]) -> set[bytes]:
    """Lines there are more of than before."""
    counts: dict[bytes, int] = {}
    for line in new:
        counts[line.strip()] = counts.get(line.strip(), 0) + 1
    for line in old:
        counts[line.strip()] = counts.get(line.strip(), 0) - 1
    return {line for line, count in counts.items() if count > 0}
