"""Show of a finished history that nothing is lost in it, and nothing is too much.

Everything is read anew from the two repositories; of the run that made the result only
its moves and its commit map are believed, and these are what is checked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from extractor.errors import DidNotHold, MissingObject
from extractor.history.blame import FileBlame, blame_file, blame_lines
from extractor.history.carry import UPSTREAM, require_exact
from extractor.history.commits import read_folder
from extractor.history.contents import RewriteBlob
from extractor.history.state import HistoryState, read_state
from extractor.history.walk import History, iterate_changes, iterate_renames, read_history
from extractor.moves import WholeMove, moves_by_target
from extractor.source.objects import ObjectReader
from extractor.source.tree import run_git

LEAST_SHARE = 0.99
LEAST_SHARE_OF_A_FILE = 0.95


@dataclass(frozen=True)
class HistoryCheck:
    """What was found. ``problems`` is empty when everything promised holds.

    ``files``: blame, line by line. ``noise``: commits that change nothing, and merges that
    join nothing. ``foreign``: paths in some tree that are no target. ``lost``: the source's
    commits that changed an ancestor of a carried file and are unknown to the result.
    """

    revision: str
    commits: int
    files: tuple[FileBlame, ...]
    noise: tuple[str, ...]
    foreign: tuple[str, ...]
    lost: tuple[str, ...]
    tip_differs: str

    def shares(self) -> dict[str, float]:
        """Part of the lines that name the right commit, for production, tests and the rest."""
        groups: dict[str, list[FileBlame]] = {"production": [], "tests": [], "other": []}
        for file in self.files:
            groups[_group(file.path)].append(file)
        return {name: _share(files) for name, files in groups.items()}

    @property
    def problems(self) -> tuple[str, ...]:
        found = [
            f"{name}: only {share:.2%} of the lines name the right commit"
            for name, share in self.shares().items()
            if share < LEAST_SHARE
        ]
        found += [
            f"{file.path}: only {file.share:.2%} of the lines name the right commit"
            for file in self.files
            if file.share < LEAST_SHARE_OF_A_FILE
        ]
        found += [f"{commit} changes nothing that lives on" for commit in self.noise]
        found += [f"{path} is in the history, but nothing of the result" for path in self.foreign]
        found += [f"{commit} of the source is lost" for commit in self.lost]
        if self.tip_differs:
            found.append(self.tip_differs)
        return tuple(found)

    def record(self) -> dict[str, object]:
        """The same for a program: plain values, sorted."""
        counts = {
            name: sum(getattr(file, name) for file in self.files)
            for name in ("same", "older", "different", "unpaired")
        }
        return {
            "revision": self.revision,
            "commits": self.commits,
            "lines": counts,
            "same_commit_blame": {k: round(v, 5) for k, v in self.shares().items()},
            "noise": len(self.noise),
            "foreign_paths": len(self.foreign),
            "lost_ancestors": len(self.lost),
            "problems": list(self.problems),
        }


def check_history(
    source_git_dir: Path,
    target: Path,
    *,
    branch: str = "upstream",
    rewrite_blob: RewriteBlob | None = None,
) -> HistoryCheck:
    """Check the result at ``target`` against the source it was made of.

    Blame is compared at ``branch``; everything else concerns ``upstream``. A result of the
    ``rewritten`` form needs the ``rewrite_blob`` it was made with to compare the tip.
    """
    git_dir = target / ".git"
    state = read_state(git_dir)
    history = read_history(source_git_dir, state.source_revision)
    targets = moves_by_target(state.moves)
    tip = run_git(git_dir, "rev-parse", "--verify", UPSTREAM).decode("ascii").strip()
    differs = ""
    if state.form == "moved" or rewrite_blob is not None:
        try:
            tree = read_folder(git_dir, tip)
            require_exact(source_git_dir, state.source_revision, targets, tree, rewrite_blob)
        except DidNotHold as error:
            differs = str(error)
    noise, foreign, commits = _surplus(git_dir, tip, set(targets))
    return HistoryCheck(
        revision=state.source_revision,
        commits=commits,
        files=_blame(source_git_dir, history, state, git_dir, branch),
        noise=noise,
        foreign=foreign,
        lost=_lost(source_git_dir, history, state),
        tip_differs=differs,
    )


def _blame(
    source_git_dir: Path, history: History, state: HistoryState, git_dir: Path, branch: str
) -> tuple[FileBlame, ...]:
    origins = state.origins()
    wrote = _Authorship(source_git_dir, history, state)
    commit = run_git(git_dir, "rev-parse", "--verify", f"refs/heads/{branch}")
    name = commit.decode("ascii").strip()
    present = {path for path, _leaf in read_folder(git_dir, name).leaves()}
    targets = moves_by_target(state.moves)

    def one(path: str) -> FileBlame:
        revision = state.source_revision
        moves = targets[path]
        return blame_file(source_git_dir, revision, moves, git_dir, name, origins, wrote.is_older)

    with ThreadPoolExecutor(2) as pool:
        return tuple(pool.map(one, sorted(present & targets.keys())))


class _Authorship:
    """Whether an older commit really wrote a line that a newer one only copied or moved."""

    def __init__(self, git_dir: Path, history: History, state: HistoryState) -> None:
        self._history = history
        self._git_dir = git_dir
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
        if not self._is_ancestor(older, newer):
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
                        lines = reader.read(f"{commit}^:{path}").splitlines()
                    except MissingObject:
                        continue
                    names = blame_lines(self._git_dir, f"{commit}^", path)
                    found.update(zip(names, (line.strip() for line in lines), strict=False))
            self._before[key] = frozenset(found)
        return self._before[key]

    def _is_ancestor(self, older: str, newer: str) -> bool:
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
                            new = reader.read(change.blob).splitlines()
                            old = (
                                reader.read(change.old_blob).splitlines()
                                if change.status == "M"
                                else []
                            )
                            found |= _added(new, old)
            self._lines[key] = frozenset(found)
        return self._lines[key]


def _added(new: Sequence[bytes], old: Sequence[bytes]) -> set[bytes]:
    """Lines there are more of than before."""
    counts: dict[bytes, int] = {}
    for line in new:
        counts[line.strip()] = counts.get(line.strip(), 0) + 1
    for line in old:
        counts[line.strip()] = counts.get(line.strip(), 0) - 1
    return {line for line, count in counts.items() if count > 0}


def _surplus(
    git_dir: Path, tip: str, targets: set[str]
) -> tuple[tuple[str, ...], tuple[str, ...], int]:
    """Commits that change nothing or join nothing, paths that are no target; the count."""
    trees: dict[str, str] = {}
    parents_of: dict[str, list[str]] = {}
    listing = run_git(git_dir, "rev-list", "--topo-order", "--reverse", "--format=%H %T %P", tip)
    for line in listing.decode("ascii").splitlines():
        if not line.startswith("commit "):
            name, trees[name], *parents_of[name] = line.split()
    noise = [
        name
        for name, parents in parents_of.items()
        if len(parents) == 1 and trees[parents[0]] == trees[name]
    ]
    for name, parents in parents_of.items():
        if len(parents) > 1:
            bases = run_git(git_dir, "show-branch", "--independent", *parents).decode().split()
            if len(bases) < len(parents):
                noise.append(name)
    paths = {
        change.path
        for _commit, changes in iterate_changes(git_dir, parents_of, "-m", "--no-renames")
        for change in changes
    }
    return tuple(sorted(noise)), tuple(sorted(paths - targets)), len(parents_of)


def _lost(source_git_dir: Path, history: History, state: HistoryState) -> tuple[str, ...]:
    """Commits on an ancestor of a whole file, by rename detection over all of history.

    Independent of how the past was followed: every rename of every commit is looked at,
    and from each file the chain of names is walked back in time.
    """
    single = [n for n, p in zip(history.names, history.parents, strict=True) if len(p) < 2]
    renames: dict[str, list[tuple[int, str]]] = {}
    findings: list[str] = []
    for commit, changes in iterate_renames(
        source_git_dir, single, findings, ("-M", "-l2000", "--diff-filter=R")
    ):
        for change in changes:
            if change.status == "R" and change.blob != _EMPTY:
                renames.setdefault(change.path, []).append(
                    (history.index_of[commit], change.old_path)
                )
    lost: set[str] = set()
    unknown = {c for c, why in state.reasons.items() if why == "touches nothing that is carried"}
    for move in state.moves:
        if not isinstance(move, WholeMove):
            continue
        waiting = [(move.source, len(history.names))]
        seen: set[str] = set()
        while waiting:
            path, before = waiting.pop()
            if path in seen:
                continue
            seen.add(path)
            for index, _change in history.changes(path):
                is_merge = len(history.parents[index]) > 1
                if index < before and not is_merge and history.names[index] in unknown:
                    lost.add(history.names[index])
            waiting += [(old, index) for index, old in renames.get(path, ()) if index < before]
    return tuple(sorted(lost))


_EMPTY = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"


def _share(files: Sequence[FileBlame]) -> float:
    paired = sum(file.same + file.older + file.different for file in files)
    return sum(file.same + file.older for file in files) / paired if paired else 1.0


def _group(path: str) -> str:
    if not path.endswith(".py"):
        return "other"
    parts = path.split("/")
    return "tests" if "tests" in parts or parts[-1].startswith("test_") else "production"


def summary(checked: HistoryCheck) -> str:
    """What a person wants to know, in a few lines."""
    lines: Mapping[str, object] = checked.record()
    shares = ", ".join(f"{name} {share:.2%}" for name, share in checked.shares().items())
    text = [
        f"{checked.commits} commits made of {checked.revision[:12]}",
        f"same commit named by blame: {shares}",
        f"lines: {lines['lines']}",
        f"noise {len(checked.noise)}, foreign paths {len(checked.foreign)}, "
        f"lost ancestors {len(checked.lost)}",
    ]
    return "\n".join([*text, *(f"problem: {problem}" for problem in checked.problems)])
