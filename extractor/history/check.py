"""Show of a finished history that nothing is lost in it, and nothing is too much.

Everything is read anew from the two repositories; of the run that made the result only
its moves and its commit map are believed, and these are what is checked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from extractor.errors import DidNotHold, MissingObject, SourceError
from extractor.history.blame import FileBlame
from extractor.history.blames import Blames, rewrite_of
from extractor.history.carry import UPSTREAM, older_names, require_exact
from extractor.history.commits import read_folder
from extractor.history.made import Line, noise, read_line, surplus_paths
from extractor.history.origins import find_origins
from extractor.history.past import Renames, lost_commits
from extractor.history.providers import Following
from extractor.history.references import (
    dangling_imports,
    named_modules,
    old_module_names,
)
from extractor.history.rewriting import MakeRewrite
from extractor.history.selection import wrong_selection
from extractor.history.state import HistoryState, read_state
from extractor.history.walk import ABSENT, iterate_changes, read_history
from extractor.moves import Move, SliceMove, WholeMove, moves_by_target
from extractor.parsing import UnreadableSource, parse_ast
from extractor.project.layout import module_of
from extractor.source.objects import ObjectReader, stream_objects
from extractor.source.tree import SYMLINK, GitTree, run_git

LEAST_SHARE = 0.99
LEAST_SHARE_OF_A_FILE = 0.95
_SHOWN = 20


@dataclass(frozen=True)
class HistoryCheck:
    """What was found. ``problems`` is empty when everything promised holds.

    ``files``: blame, line by line. ``noise``: commits that change nothing, and merges that
    nothing rests on. ``foreign``: paths in some tree that are no target. ``strange``: versions
    that are no version of what their file was in the source then, and no selection of its lines;
    ``came_from`` counts for each file the versions found at each path of the source. ``lost``: the
    source's commits that changed an ancestor of a carried file and are unknown to the result.
    ``dangling``: imports of the finished result that no file of it answers. ``selection``: what
    is wrong with sliced files, as far as the tip has them in the source's own lines. In the
    ``rewritten`` form ``old_names`` are places in readable versions that name a moved module by
    an old path, or versions that only rewriting made unreadable; ``unreadable`` versions, which
    no parser accepts, are kept as they were.

    A result that followed its source only ever went forward, so two things in it no cure can
    take out; they are no problems, and counted: ``former`` paths, which were targets until
    the source or the plan took them away, and the commits of ``superseded`` lines, which a
    whole new one took the place of. Nothing else is looked for in the latter.
    """

    revision: str
    commits: int
    files: tuple[FileBlame, ...]
    noise: tuple[str, ...]
    foreign: tuple[str, ...]
    lost: tuple[str, ...]
    dangling: tuple[str, ...]
    tip_differs: str
    old_names: tuple[str, ...] = ()
    unreadable: int = 0
    python_versions: int = 0
    former: tuple[str, ...] = ()
    superseded: int = 0
    selection: tuple[str, ...] = ()
    strange: tuple[str, ...] = ()
    came_from: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

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
        found += [f"{where} is not in any version that its file had then" for where in self.strange]
        found += [f"{commit} of the source is lost" for commit in self.lost]
        found += [*self.dangling, *self.old_names, *self.selection]
        if self.tip_differs:
            found.append(self.tip_differs)
        return tuple(found)

    def told_of_versions(self) -> tuple[str, ...]:
        """What the ``rewritten`` form's versions are like, as a sentence; nothing otherwise."""
        if not self.python_versions:
            return ()
        return (
            f"{self.python_versions} versions of Python files: {len(self.old_names)} times one "
            f"names a moved module by an old path, {self.unreadable} no parser accepts",
        )

    def told_of_following(self) -> tuple[str, ...]:
        """What following the source left behind, as sentences; nothing in a fresh result."""
        lines = []
        if self.former:
            lines.append(f"of earlier layouts, in old trees: {', '.join(self.former)}")
        if self.superseded:
            lines.append(f"{self.superseded} commits of lines that were superseded")
        return tuple(lines)

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
            "foreign_versions": len(self.strange),
            "came_from": {path: dict(its) for path, its in sorted(self.came_from.items())},
            "lost_ancestors": len(self.lost),
            "dangling_references": len(self.dangling),
            "wrong_slices": len(self.selection),
            "old_names": len(self.old_names),
            "unreadable_versions": self.unreadable,
            "python_versions": self.python_versions,
            "former_paths": list(self.former),
            "superseded_commits": self.superseded,
            "problems": list(self.problems),
        }


def check_history(
    source_git_dir: Path,
    target: Path,
    *,
    branch: str = "upstream",
    make_rewrite: MakeRewrite | None = None,
    blame: bool = True,
) -> HistoryCheck:
    """Check the result at ``target`` against the source it was made of.

    Blame is compared at ``branch``, dangling imports are looked for at HEAD; everything else
    concerns ``upstream``. A result of the ``rewritten`` form needs the ``make_rewrite`` it was
    made with. ``blame=False`` leaves out what takes longest.
    """
    git_dir = target / ".git"
    state = read_state(git_dir)
    history = read_history(source_git_dir, state.source_revision)
    targets = moves_by_target(state.moves)
    tip = run_git(git_dir, "rev-parse", "--verify", UPSTREAM).decode("ascii").strip()
    older = older_names(source_git_dir, state.source_revision, state.moves, state.lineages)
    rewrite = rewrite_of(state, make_rewrite, older)
    differs = ""
    try:
        tree = read_folder(git_dir, tip)
        require_exact(source_git_dir, state.source_revision, targets, tree, rewrite)
    except DidNotHold as error:
        differs = str(error)
    line = read_line(git_dir, tip, state.superseded)
    surplus = surplus_paths(git_dir, line, set(targets))
    selection: list[str] = []
    if rewrite is None:
        selection = _selection(source_git_dir, state, git_dir, targets)
    names = _Names((), 0, 0)
    if rewrite is not None:
        names = _old_names(source_git_dir, state, git_dir, line, older)
    renames = Renames(source_git_dir, history)
    how = Following(not_from=state.not_from)
    wholes = sorted(move.source for move in state.moves if isinstance(move, WholeMove))
    origins = find_origins(source_git_dir, history, renames, state, git_dir, line, rewrite)
    return HistoryCheck(
        revision=state.source_revision,
        commits=len(line.parents),
        files=Blames(source_git_dir, history, state, git_dir, rewrite, origins).compare(branch)
        if blame
        else (),
        noise=noise(git_dir, line, history, state),
        foreign=tuple(sorted(surplus.difference(state.former))),
        lost=lost_commits(history, renames, wholes, state.reasons, how),
        dangling=_dangling(git_dir, state.moves),
        tip_differs=differs,
        selection=tuple(selection),
        old_names=names.found,
        unreadable=names.unreadable,
        python_versions=names.versions,
        former=tuple(sorted(surplus.intersection(state.former))),
        superseded=line.superseded,
        strange=origins.foreign,
        came_from=origins.came_from,
    )


def _selection(
    source: Path, state: HistoryState, git_dir: Path, targets: Mapping[str, Sequence[Move]]
) -> list[str]:
    """What is wrong with the sliced files at the tip."""
    found: list[str] = []
    with ObjectReader(source) as theirs, ObjectReader(git_dir) as ours:
        for target, group in targets.items():
            slices = [move for move in group if isinstance(move, SliceMove)]
            if slices:
                wrong = wrong_selection(
                    ours.read(f"{UPSTREAM}:{target}"),
                    [theirs.read(f"{state.source_revision}:{move.source}") for move in slices],
                    frozenset().union(*(move.symbols for move in slices)),
                )
                found += [f"{target}: {what}" for what in wrong]
    return found


def _dangling(git_dir: Path, moves: Sequence[Move]) -> tuple[str, ...]:
    """What the finished result imports of its own and of the source's packages, and lacks.

    Where no branch is checked out there is no finished result, only its history.
    """
    try:
        head = run_git(git_dir, "rev-parse", "--verify", "HEAD").decode("ascii").strip()
    except SourceError:
        return ()
    packages = {
        path.partition("/")[0]
        for move in moves
        for path in (move.source, move.target)
        if path.endswith(".py") and "/" in path
    }
    with GitTree(git_dir, head) as tree:
        return tuple(dangling_imports(tree, packages))


@dataclass(frozen=True)
class _Names:
    found: tuple[str, ...]
    unreadable: int
    versions: int


def _old_names(
    source: Path, state: HistoryState, git_dir: Path, line: Line, older: Mapping[str, str]
) -> _Names:
    """Read every version of every Python file of the result."""
    old = old_module_names(state.moves, older)
    versions: dict[str, tuple[str, str]] = {}
    for commit, changes in iterate_changes(git_dir, line.compared, "-m", "--no-renames"):
        for change in changes:
            is_text = change.blob != ABSENT and change.mode != SYMLINK
            if change.path.endswith(".py") and is_text:
                versions.setdefault(change.blob, (commit, change.path))
    origins = state.origins()
    found: list[str] = []
    unreadable = 0
    with ObjectReader(source) as reader:
        for blob, content in stream_objects(git_dir, versions):
            commit, path = versions[blob]
            where = f"{commit[:12]}:{path}"
            try:
                named = named_modules(content, old, module_of(path), path.endswith("/__init__.py"))
            except UnreadableSource as error:
                unreadable += 1
                providers = state.lineages.providers.get(path, ())
                paths = [provider.path for provider in providers]
                if not _any_unreadable(reader, origins.get(commit, ""), paths):
                    found.append(f"{where} can no longer be read: {error}")
                continue
            found += [f"{where}:{line} names {name}" for line, name in sorted(named)]
    return _Names(tuple(sorted(found)), unreadable, len(versions))


def _any_unreadable(reader: ObjectReader, commit: str, paths: Sequence[str]) -> bool:
    """Whether one of the files was beyond every parser in the source already."""
    for path in paths:
        try:
            parse_ast(reader.read(f"{commit}:{path}"))
        except MissingObject:
            continue
        except UnreadableSource:
            return True
    return False


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
        f"foreign versions {len(checked.strange)}, "
        f"lost ancestors {len(checked.lost)}, dangling references {len(checked.dangling)}, "
        f"wrong slices {len(checked.selection)}",
    ]
    text += checked.told_of_versions()
    text += checked.told_of_following()
    text += [f"problem: {problem}" for problem in checked.problems[:_SHOWN]]
    if len(checked.problems) > _SHOWN:
        text.append(f"... and {len(checked.problems) - _SHOWN} more problems: --json has them all")
    return "\n".join(text)
