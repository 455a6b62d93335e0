"""Append what the source did since: ``upstream`` moves on, and never any other way."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from extractor.errors import UsageError
from extractor.history.carry import (
    ORIGIN_NOTES,
    UPSTREAM,
    carry_history,
    commit_date,
    older_names,
    origin_notes,
    require_exact,
    with_needs,
)
from extractor.history.commits import Identity, read_folder
from extractor.history.contents import Contents
from extractor.history.graph import Graph, NewCommit, State, reached_blobs, write_commits
from extractor.history.lineage import FOLLOW_ALL, Follower
from extractor.history.lives import Lives
from extractor.history.packing import PackWriter, add_pack, pack_objects
from extractor.history.providers import Following, Key, Lineages
from extractor.history.quiet import current_branch, git_for, ref_values
from extractor.history.repository import objects_folder
from extractor.history.resuming import OtherPast, Places, resume
from extractor.history.rewriting import MakeRewrite
from extractor.history.slices import Slices
from extractor.history.state import HistoryState, read_state
from extractor.history.trees import Folder, Leaf
from extractor.history.walk import History, read_history
from extractor.moves import Move, moves_by_target
from extractor.source.objects import ObjectReader
from extractor.source.tree import run_git

_PLAN = "Follow the plan\n\nWhat the plan names has changed since the history was carried.\n"
_ANEW = (
    "Follow the plan into another past\n\n"
    "What the plan names now needs a past that this branch does not have. The first parent\n"
    "has all of it, as carried anew; the second is the branch as it was.\n"
)


@dataclass(frozen=True)
class Appended:
    """``commits`` new commits lead from ``before`` to ``tip``, oldest first.

    ``is_anew`` tells that the plan asked for a past which the branch did not have. Only
    ``publish`` makes ``state`` and ``refs`` the result's.
    """

    before: str
    tip: str
    commits: tuple[str, ...]
    findings: tuple[str, ...]
    is_anew: bool = False
    state: HistoryState | None = None
    refs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Asked:
    """Where to bring the branch, and in whose name what is not the source's own."""

    source_git_dir: Path
    revision: str
    moves: tuple[Move, ...]
    author: Identity
    make_rewrite: MakeRewrite | None
    how: Following

    def commit(self, tree: str, parents: Sequence[str], message: str, date: int) -> bytes:
        """A commit by the author, dated as the source's revision."""
        who = f"{self.author.name} <{self.author.email}> {date} +0000"
        lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
        text = "\n".join([*lines, f"author {who}", f"committer {who}", "", message])
        return text.encode("utf-8", "surrogateescape")


def append_history(
    source_git_dir: Path,
    revision: str,
    moves: Sequence[Move],
    target: Path,
    *,
    author: Identity,
    make_rewrite: MakeRewrite | None = None,
    how: Following = FOLLOW_ALL,
) -> Appended:
    """Make what brings ``upstream`` of the result at ``target`` to the source's ``revision``.

    ``moves`` are those of the plan at ``revision``. Commits are appended as long as the new
    ones can stand on the old; what the plan names beyond the source's own commits comes as one
    last commit by ``author``. Where a file of the plan has a past that the branch lacks, the
    history is carried anew and the branch merged into it, which changes no file: so it only
    goes forward, and blame finds what it finds in a new run. Nothing is appended when the
    result is there already. Raises ``UsageError`` when ``revision`` does not descend from what
    the result was made of, or ``upstream`` was changed by hand.
    """
    git_dir = target / ".git"
    state = read_state(git_dir)
    if (state.form == "rewritten") != (make_rewrite is not None):
        raise UsageError(f"the result is of the {state.form} form: sync it in the same")
    if state.not_from != how.not_from:
        raise UsageError(
            "the plan's history.not_from is not the one that the result was made with, and what "
            "was carried cannot be taken back: make the result anew"
        )
    base = run_git(source_git_dir, "merge-base", "--all", state.source_revision, revision)
    if base.decode("ascii").split() != [state.source_revision]:
        raise UsageError(
            f"{revision[:12]} does not descend from {state.source_revision[:12]}: "
            "run again into a new folder"
        )
    require_in_place(target, state)
    before = state.tip
    if revision == state.source_revision:
        return Appended(before, before, (), state.findings, state=state)
    how.require_apart(moves)
    asked = _Asked(source_git_dir, revision, tuple(moves), author, make_rewrite, how)
    try:
        new_state, notes = _gone_on(asked, git_dir, state)
    except OtherPast:
        new_state, notes = _anew(asked, git_dir, state)
    added = run_git(git_dir, "rev-list", "--topo-order", "--reverse", new_state.tip, f"^{before}")
    return Appended(
        before=before,
        tip=new_state.tip,
        commits=tuple(added.decode("ascii").split()),
        findings=new_state.findings,
        is_anew=before in new_state.superseded,
        state=new_state,
        refs={UPSTREAM: new_state.tip, ORIGIN_NOTES: notes},
    )


def require_in_place(target: Path, state: HistoryState) -> None:
    """``UsageError`` unless ``upstream`` is where the last run or sync left it."""
    now = ref_values(target / ".git").get(UPSTREAM)
    if now == state.tip:
        return
    git = git_for(target)
    if now is None:
        raise UsageError(
            f"the branch upstream is gone from {target}: restore it with {git} branch upstream "
            f"{state.tip}"
        )
    is_here = current_branch(target) == UPSTREAM
    keep = "switch -c what-was-upstream" if is_here else "branch what-was-upstream upstream"
    raise UsageError(
        f"the branch upstream of {target} was changed, but it belongs to extractor: keep the "
        f"changes with {git} {keep}, then reset it with {git} branch -f upstream {state.tip}"
    )


def _gone_on(asked: _Asked, git_dir: Path, state: HistoryState) -> tuple[HistoryState, str]:
    """Append the source's new commits to those there are; the new state, and the notes' commit.

    ``OtherPast`` when that would not do.
    """
    source_git_dir, revision, moves = asked.source_git_dir, asked.revision, asked.moves
    before = state.tip
    planned_before = {move.target for move in state.moves}
    targets = moves_by_target(moves)
    findings: list[str] = []
    history = read_history(source_git_dir, revision, [state.source_revision])
    graph = _known_graph(git_dir, before, state)
    known = set(graph.commits)
    with _work_folder(git_dir) as folder, ObjectReader(source_git_dir) as reader:
        pack = PackWriter(folder / "new.pack")
        slices = Slices(source_git_dir, reader)
        wider = with_needs(source_git_dir, revision, targets)

        def follow(read: History) -> tuple[Lives, Lineages]:
            lives = Lives(read, reader)
            follower = Follower(read, reader, slices, findings, asked.how, lives)
            return lives, follower.follow(wider)

        resumed = resume(state, targets, history, follow)
        lineages, old_lineages, lives = resumed.lineages, resumed.before, resumed.lives
        rewrite_blob = (
            None
            if asked.make_rewrite is None
            else asked.make_rewrite(older_names(source_git_dir, revision, moves, lineages))
        )
        contents = Contents(reader, pack, lineages, slices, rewrite_blob)
        places = Places(resumed)
        contents.watch = places.require_free
        as_before = Contents(reader, pack, old_lineages, slices, rewrite_blob)
        changed = [
            target
            for target, group in lineages.providers.items()
            if old_lineages.providers.get(target) != group
        ]

        def boundary(commit: str) -> State:
            new = graph.new_of.get(commit)
            files = _files_at(source_git_dir, commit, lineages, lives)
            places.begin(files)
            for target in changed:
                if contents.lines(target, files) - as_before.lines(target, files):
                    raise OtherPast(target)
            tree = read_folder(git_dir, new) if new else Folder()
            return State(files, tree, dict(tree.leaves()))

        # What was made on top of the last commit's image belongs below what comes.
        image = graph.new_of[state.source_revision]
        graph.new_of[state.source_revision] = before
        last = write_commits(history, lineages, contents, reader, pack, graph, boundary)
        graph.new_of[state.source_revision] = image
        tip = graph.new_of.get(revision, before)
        tree = _as_planned(last, targets, contents)
        if tree.stored(pack.add) != graph.commits[tip].tree.name:
            if rewrite_blob is not None and _differ(dict(tree.leaves()), last.leaves):
                # Names have changed that old versions mention.
                raise OtherPast
            date = commit_date(reader.read(revision))
            tip = pack.add(b"commit", asked.commit(tree.name, [tip], _PLAN, date))
            graph.commits[tip] = NewCommit(tree, (graph.new_of.get(revision, before),), 0)
        fresh = {name: commit for name, commit in graph.commits.items() if name not in known}
        origins = {graph.new_of[old]: old for old in graph.kept()}
        notes = _notes(git_dir, {**state.superseded_origins, **origins}, pack, reader, revision)
        pack.close()
        add_pack(git_dir, pack.path)
        lacking = reached_blobs(fresh.values())
        borrowed = sorted((path, name) for name, path in lacking.items() if name not in pack.names)
        pack_objects(
            git_dir,
            [(name, path) for path, name in borrowed],
            borrow_from=objects_folder(source_git_dir),
        )
    require_exact(source_git_dir, revision, targets, read_folder(git_dir, tip), rewrite_blob)
    new_state = replace(
        state,
        bases=(*state.bases, state.source_revision),
        earlier=(*state.earlier, *_earlier(state, moves)),
        source_revision=revision,
        tip=tip,
        moves=moves,
        lineages=replace(lineages, followed=(*state.lineages.followed, *lineages.followed)),
        new_of=graph.new_of,
        reasons=graph.reasons,
        findings=tuple(sorted({*state.findings, *findings})),
        counts={**state.counts, "commits": state.counts["commits"] + len(fresh)},
        former=tuple(sorted({*state.former, *planned_before} - targets.keys())),
    )
    return new_state, notes


def _anew(asked: _Asked, git_dir: Path, state: HistoryState) -> tuple[HistoryState, str]:
    """Carry the whole history again and join the branch to it; as ``_gone_on``.

    The new line comes first: what asks git about a file is led along it, for there it is as
    it is after the join, and the old line is left for those who know its commits.
    """
    revision = asked.revision
    with _work_folder(git_dir) as folder, ObjectReader(asked.source_git_dir) as reader:
        carried = carry_history(
            asked.source_git_dir,
            revision,
            asked.moves,
            folder / "anew",
            form="moved" if asked.make_rewrite is None else "rewritten",
            make_rewrite=asked.make_rewrite,
            how=asked.how,
        )
        fresh_dir = folder / "anew" / ".git"
        fresh = read_state(fresh_dir)
        superseded, tip = _superseded(fresh_dir, state, carried.tip), carried.tip
        pack = PackWriter(folder / "new.pack")
        if state.tip in superseded:
            tree = run_git(fresh_dir, "rev-parse", f"{tip}^{{tree}}").decode("ascii").strip()
            date = commit_date(reader.read(revision))
            tip = pack.add(b"commit", asked.commit(tree, [tip, state.tip], _ANEW, date))
        earlier = state.origins()
        origins = {**earlier, **fresh.origins()}
        notes = _notes(git_dir, origins, pack, reader, revision)
        pack.close()
        for made in sorted((fresh_dir / "objects" / "pack").glob("*.pack")):
            add_pack(git_dir, made)
        add_pack(git_dir, pack.path)
    new_state = replace(
        fresh,
        tip=tip,
        superseded=superseded,
        superseded_origins={
            new: earlier[new] for new in sorted(earlier.keys() - fresh.origins().keys())
        },
    )
    return new_state, notes


def _superseded(git_dir: Path, state: HistoryState, tip: str) -> tuple[str, ...]:
    """The ends of earlier lines that are no part of the one that leads to ``tip``."""
    line = set(run_git(git_dir, "rev-list", tip).decode("ascii").split())
    return tuple(end for end in (*state.superseded, state.tip) if end not in line)


@contextmanager
def _work_folder(git_dir: Path) -> Iterator[Path]:
    """A folder on the result's own disk; what a killed run left in it is cleared away."""
    folder = git_dir / "extractor" / "work"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _notes(
    git_dir: Path,
    origins: Mapping[str, str],
    pack: PackWriter,
    reader: ObjectReader,
    revision: str,
) -> str:
    parent = ref_values(git_dir).get(ORIGIN_NOTES)
    return origin_notes(origins, pack, commit_date(reader.read(revision)), parent)


def _earlier(state: HistoryState, moves: Sequence[Move]) -> list[tuple[str, str, str]]:
    """The moves of the last layout that this one does not have."""
    now = {(move.source, move.target) for move in moves}
    before = sorted({(move.source, move.target) for move in state.moves} - now)
    return [(state.source_revision, source, target) for source, target in before]


def _differ(planned: Mapping[str, Leaf], natural: Mapping[str, Leaf | None]) -> bool:
    """Whether a file that both have has two contents."""
    return any(
        planned[path] != leaf
        for path, leaf in natural.items()
        if leaf is not None and path in planned
    )


def _known_graph(git_dir: Path, tip: str, state: HistoryState) -> Graph:
    """The commits there are, as the writer of new ones needs them."""
    graph = Graph(
        new_of=dict(state.new_of),
        reasons=dict(state.reasons),
        read_tree=lambda name: read_folder(git_dir, name),
    )
    text = run_git(git_dir, "rev-list", "--topo-order", "--reverse", "--format=%H %T %P", tip)
    for line in text.decode("ascii").splitlines():
        if not line.startswith("commit "):
            name, tree, *parents = line.split()
            graph.commits[name] = NewCommit(Folder(name=tree), tuple(parents), len(graph.commits))
    graph.unread.update(graph.commits)
    return graph


def _files_at(source: Path, commit: str, lineages: Lineages, lives: Lives) -> dict[Key, Leaf]:
    keys = lineages.keys()
    found = {}
    for path, leaf in read_folder(source, commit).leaves():
        if path in keys:
            life = lives.of(path, commit) if keys[path] != {""} else ""
            found[path, life if life in keys[path] else ""] = leaf
    return found


def _as_planned(last: State, targets: Mapping[str, Sequence[Move]], contents: Contents) -> Folder:
    """The tree of the last commit with exactly the targets of the plan."""
    planned = {target: contents.leaf(target, last.files) for target in targets}
    gone = dict.fromkeys(last.leaves.keys() - planned.keys())
    return last.tree.replaced({**planned, **gone})
