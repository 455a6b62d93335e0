"""Append what the source did since: ``upstream`` moves on, and never any other way."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from extractor.errors import NothingToDo, UsageError
from extractor.history.carry import (
    ORIGIN_NOTES,
    UPSTREAM,
    commit_date,
    older_names,
    origin_notes,
    require_exact,
    with_needs,
)
from extractor.history.commits import Identity, read_folder
from extractor.history.contents import Contents
from extractor.history.graph import Graph, NewCommit, State, reached_blobs, write_commits
from extractor.history.lineage import Follower, Lineages, Provider
from extractor.history.packing import PackWriter, add_pack, pack_objects
from extractor.history.repository import objects_folder
from extractor.history.rewriting import MakeRewrite
from extractor.history.slices import Slices
from extractor.history.state import HistoryState, read_state, write_state
from extractor.history.trees import Folder, Leaf
from extractor.history.walk import read_history
from extractor.moves import Move, moves_by_target
from extractor.source.objects import ObjectReader
from extractor.source.tree import run_git

_PLAN = "Follow the plan\n\nWhat the plan names has changed since the history was carried.\n"


@dataclass(frozen=True)
class Appended:
    """``commits`` new commits lead from ``before`` to ``tip``, oldest first."""

    before: str
    tip: str
    commits: tuple[str, ...]
    findings: tuple[str, ...]


def append_history(
    source_git_dir: Path,
    revision: str,
    moves: Sequence[Move],
    target: Path,
    *,
    author: Identity,
    make_rewrite: MakeRewrite | None = None,
) -> Appended:
    """Bring ``upstream`` of the result at ``target`` to the source's ``revision``.

    ``moves`` are those of the plan at ``revision``. What they name beyond the source's own
    commits (the plan has changed) comes as one last commit by ``author``. Raises
    ``NothingToDo`` when the result is there already, ``UsageError`` when ``revision`` does
    not descend from what the result was made of, or ``upstream`` was changed by hand.
    """
    git_dir = target / ".git"
    state = read_state(git_dir)
    if (state.form == "rewritten") != (make_rewrite is not None):
        raise UsageError(f"the result is of the {state.form} form: sync it in the same")
    if revision == state.source_revision:
        raise NothingToDo(f"the result is at {revision[:12]} already")
    base = run_git(source_git_dir, "merge-base", "--all", state.source_revision, revision)
    if base.decode("ascii").split() != [state.source_revision]:
        raise UsageError(
            f"{revision[:12]} does not descend from {state.source_revision[:12]}: make it anew"
        )
    before = run_git(git_dir, "rev-parse", "--verify", UPSTREAM).decode("ascii").strip()
    if before != state.new_of[state.source_revision]:
        raise UsageError("the branch upstream was changed: put it back where it was")
    targets = moves_by_target(moves)
    findings: list[str] = []
    history = read_history(source_git_dir, revision, [state.source_revision])
    graph = _known_graph(git_dir, before, state)
    known = set(graph.commits)
    with tempfile.TemporaryDirectory(dir=git_dir) as folder, ObjectReader(source_git_dir) as reader:
        pack = PackWriter(Path(folder) / "new.pack")
        slices = Slices(source_git_dir, reader)
        follower = Follower(history, reader, slices, findings)
        new_lineages = follower.follow(with_needs(source_git_dir, revision, targets))
        lineages = _joined(state.lineages, new_lineages)
        rewrite_blob = (
            None
            if make_rewrite is None
            else make_rewrite(older_names(source_git_dir, revision, moves, lineages))
        )
        contents = Contents(reader, pack, lineages, slices, rewrite_blob)
        paths = lineages.paths()

        def boundary(commit: str) -> State:
            new = graph.new_of.get(commit)
            tree = read_folder(git_dir, new) if new else Folder()
            return State(_files_at(source_git_dir, commit, paths), tree, dict(tree.leaves()))

        last = write_commits(history, lineages, contents, reader, pack, graph, boundary)
        tip = graph.new_of.get(revision, before)
        tree = _as_planned(last, targets, contents)
        if tree.stored(pack.add) != graph.commits[tip].tree.name:
            who = f"{author.name} <{author.email}> {commit_date(reader.read(revision))} +0000"
            text = f"tree {tree.name}\nparent {tip}\nauthor {who}\ncommitter {who}\n\n{_PLAN}"
            tip = pack.add(b"commit", text.encode("utf-8", "surrogateescape"))
            graph.commits[tip] = NewCommit(tree, (graph.new_of.get(revision, before),), 0)
        fresh = {name: commit for name, commit in graph.commits.items() if name not in known}
        notes = origin_notes(
            {old: graph.new_of[old] for old in graph.kept()},
            pack,
            commit_date(reader.read(revision)),
            run_git(git_dir, "rev-parse", "--verify", ORIGIN_NOTES).decode("ascii").strip(),
        )
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
    graph.new_of[revision] = tip
    findings = sorted({*state.findings, *findings})
    new_state = replace(
        state,
        source_revision=revision,
        moves=tuple(moves),
        lineages=replace(lineages, followed=(*state.lineages.followed, *lineages.followed)),
        new_of=graph.new_of,
        reasons=graph.reasons,
        findings=tuple(findings),
        counts={**state.counts, "commits": state.counts["commits"] + len(fresh)},
    )
    # The state goes last but one: if it is newer than the branch, sync puts the branch right.
    run_git(git_dir, "update-ref", ORIGIN_NOTES, notes)
    run_git(git_dir, "update-ref", UPSTREAM, tip, before)
    write_state(git_dir, new_state)
    return Appended(before, tip, tuple(fresh), new_state.findings)


def _known_graph(git_dir: Path, tip: str, state: HistoryState) -> Graph:
    """The commits there are, as the writer of new ones needs them."""
    graph = Graph(new_of=dict(state.new_of), reasons=dict(state.reasons))
    text = run_git(git_dir, "rev-list", "--topo-order", "--reverse", "--format=%H %T %P", tip)
    for line in text.decode("ascii").splitlines():
        if not line.startswith("commit "):
            name, tree, *parents = line.split()
            graph.commits[name] = NewCommit(Folder(name=tree), tuple(parents), len(graph.commits))
    return graph


def _joined(old: Lineages, new: Lineages) -> Lineages:
    """New providers first, then what the old ones already knew of the same files."""
    by_path = {group[0].path: group for group in old.providers.values()}
    providers: dict[str, tuple[Provider, ...]] = dict(old.providers)
    for target, group in new.providers.items():
        found = list(group)
        rest = list(old.providers.get(target, ()))
        for provider in group:
            rest.extend(by_path.get(provider.path, ()))
        for provider in rest:
            if provider.path not in {known.path for known in found}:
                found.append(provider)
        providers[target] = tuple(found)
    return Lineages(dict(sorted(providers.items())), new.followed, new.earlier_lives)


def _files_at(source: Path, commit: str, paths: Sequence[str]) -> dict[str, Leaf]:
    wanted = set(paths)
    return {path: leaf for path, leaf in read_folder(source, commit).leaves() if path in wanted}


def _as_planned(last: State, targets: Mapping[str, Sequence[Move]], contents: Contents) -> Folder:
    """The tree of the last commit with exactly the targets of the plan."""
    planned = {target: contents.leaf(target, last.files) for target in targets}
    gone = dict.fromkeys(last.leaves.keys() - planned.keys())
    return last.tree.replaced({**planned, **gone})
