"""Show by content where each carried version came from, and that none is somebody else's.

Of the run that made the result only its moves and its commit map are believed. What it says
it followed besides git's own renames counts only where the two contents share lines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from extractor.errors import MissingObject
from extractor.history.made import Line
from extractor.history.past import Past, Pasts, Renames
from extractor.history.providers import Following
from extractor.history.rewriting import RewriteBlob, rewrite_versions
from extractor.history.selection import wrong_lines
from extractor.history.state import HistoryState
from extractor.history.walk import ABSENT, History, iterate_changes
from extractor.moves import moves_by_target
from extractor.source.objects import ObjectReader
from extractor.source.tree import SUBMODULE, blob_id

# So many of the lines of a file that was copied or split at least are those of the other one.
_SHARED = 0.2


@dataclass(frozen=True)
class Origins:
    """``foreign`` versions are none of their file's past, nor a selection of its lines.

    ``came_from`` has, for each path of the result, the source's paths that its versions were
    found at, with the number of these. ``is_past`` tells whether a path of the source was, at a
    commit, the file that a path of the result was made of.
    """

    foreign: tuple[str, ...]
    came_from: Mapping[str, Mapping[str, int]]
    is_past: Callable[[str, str, str], bool]


@dataclass(frozen=True)
class _Version:
    """A file as a carried commit made it; ``found`` are its source's paths and blobs."""

    commit: str
    target: str
    blob: str
    found: tuple[tuple[str, str], ...]


def find_origins(
    source: Path,
    history: History,
    renames: Renames,
    state: HistoryState,
    git_dir: Path,
    line: Line,
    rewrite: RewriteBlob | None,
) -> Origins:
    """Look at every version of every file of the result."""
    targets = moves_by_target(state.moves)
    with ObjectReader(source) as theirs, ObjectReader(git_dir) as ours:
        how = Following(not_from=state.not_from)
        pasts = Pasts(history, renames, _borne_out(history, state, theirs), how)
        ends = [history.index_of[name] for name in (*state.bases, history.names[-1])]
        past_of = {
            target: pasts.of(
                [
                    *((move.source, end) for move in group for end in ends),
                    *(
                        (before, history.index_of[base])
                        for base, before, became in state.earlier
                        if became == target
                    ),
                ]
            )
            for target, group in targets.items()
        }
        versions = list(_versions(history, state, git_dir, line, pasts, past_of, theirs))
        became = _rewritten(source, versions, rewrite)
        foreign: list[str] = []
        came_from: dict[str, Counter[str]] = {target: Counter() for target in targets}
        told: dict[tuple[str, tuple[str, ...]], bool] = {}
        for version in versions:
            same = [
                path
                for path, blob in version.found
                if version.blob in (blob, became.get((version.target, blob)))
            ]
            blobs = tuple(sorted(blob for _path, blob in version.found))
            key = (version.blob, blobs)
            if not same and key not in told:
                told[key] = _is_selection(ours, theirs, version, blobs, rewrite)
            if not same and not told[key]:
                foreign.append(f"{version.commit[:12]}:{version.target}")
            came_from[version.target].update(same[:1] or [path for path, _ in version.found])

    def is_past(target: str, path: str, commit: str) -> bool:
        return pasts.has(past_of[target], path, history.index_of[commit])

    counts = {target: dict(its) for target, its in came_from.items()}
    return Origins(tuple(foreign), counts, is_past)


def _versions(
    history: History,
    state: HistoryState,
    git_dir: Path,
    line: Line,
    pasts: Pasts,
    past_of: Mapping[str, Past],
    theirs: ObjectReader,
) -> Iterator[_Version]:
    """What each carried commit has that none of its parents has, with what the source had then."""
    origins = state.origins()
    for commit, target, blob in _made(git_dir, line):
        origin = origins.get(commit, "")
        index = history.index_of.get(origin)
        if index is None or target not in past_of:
            continue
        past = past_of[target]
        paths = [path for path in past.files if pasts.has(past, path, index)]
        at = [(path, theirs.blob_at(origin, path)) for path in paths]
        yield _Version(commit, target, blob, tuple((path, its) for path, its in at if its))


def _made(git_dir: Path, line: Line) -> Iterator[tuple[str, str, str]]:
    """Commit, path and blob of what is in no parent."""
    made: dict[tuple[str, str, str], int] = {}
    for commit, changes in iterate_changes(git_dir, line.compared, "-m", "--no-renames"):
        for change in changes:
            if change.blob != ABSENT and change.mode != SUBMODULE:
                key = (commit, change.path, change.blob)
                made[key] = made.get(key, 0) + 1
    asked = {name.split()[0]: len(name.split()) > 1 for name in line.compared}
    for (commit, path, blob), count in made.items():
        if asked[commit] or count >= len(line.parents[commit]):
            yield commit, path, blob


def _borne_out(
    history: History, state: HistoryState, reader: ObjectReader
) -> Iterator[tuple[int, str, int, str]]:
    """The steps that the run says it followed, as far as the contents agree."""
    for step in state.lineages.followed:
        index = history.index_of.get(step.commit)
        if index is None:
            continue
        try:
            new = _lines(reader.read(f"{step.commit}:{step.path}"))
        except MissingObject:
            continue
        for parent in history.parents[index]:
            try:
                old = _lines(reader.read(f"{parent}:{step.old_path}"))
            except MissingObject:
                continue
            shared = (new & old).total()
            least = 0 if step.kind == "symbol" else _SHARED * min(new.total(), old.total())
            if shared >= max(1, least):
                yield index, step.path, history.index_of[parent], step.old_path


def _rewritten(
    source: Path, versions: Sequence[_Version], rewrite: RewriteBlob | None
) -> dict[tuple[str, str], str]:
    """What rewriting makes of the source's versions: by target and blob."""
    if rewrite is None:
        return {}
    asked = {(version.target, blob): None for version in versions for _path, blob in version.found}
    return {
        key: key[1] if content is None else blob_id(content)
        for key, content in rewrite_versions(source, list(asked), rewrite)
    }


def _is_selection(
    ours: ObjectReader,
    theirs: ObjectReader,
    version: _Version,
    blobs: Sequence[str],
    rewrite: RewriteBlob | None,
) -> bool:
    """Whether the lines are lines of the sources, in their order; mostly, if rewritten."""
    if not blobs:
        return False
    content, sources = ours.read(version.blob), [theirs.read(name) for name in blobs]
    if rewrite is not None:
        return _is_mostly(content, sources) or _is_mostly(
            content, [*sources, *(rewrite(version.target, text) for text in sources)]
        )
    lists = [text.splitlines() for text in sources]
    return any(not wrong_lines(content.splitlines(), [one]) for one in lists) or (
        len(lists) > 1 and not wrong_lines(content.splitlines(), lists)
    )


def _is_mostly(content: bytes, sources: Sequence[bytes]) -> bool:
    """Whether half of the lines, blank ones apart, are lines of the sources."""
    lines = _lines(content)
    return (lines & sum(map(_lines, sources), Counter())).total() * 2 >= lines.total()


def _lines(content: bytes) -> Counter[bytes]:
    return Counter(line.strip() for line in content.splitlines() if line.strip())
