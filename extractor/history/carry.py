"""Make a new repository whose branch holds the history of the moves, and nothing else.

The source's objects are borrowed while the new history is made: only commits, trees and
sliced files are new, so no file's content passes through us. In the end one pack takes
exactly what the new history reaches. This was measured against git-filter-repo and
against fast-export into fast-import: both read every version of every file.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from extractor.errors import MissingObject, UsageError
from extractor.history.contents import Contents, RewriteBlob
from extractor.history.lineage import Follower, Lineages
from extractor.history.moves import Move, SliceMove, moves_by_target
from extractor.history.packing import PackWriter, index_pack, pack_objects
from extractor.history.repository import make_repository
from extractor.history.slices import Slices
from extractor.history.trees import Folder, Leaf
from extractor.history.walk import ABSENT, History, read_history
from extractor.parsing import UnreadableSource
from extractor.slicing import needed_names
from extractor.source.objects import ObjectReader
from extractor.source.tree import REGULAR, SUBMODULE, run_git

UPSTREAM = "refs/heads/upstream"
ORIGIN_NOTES = "refs/notes/origin"
Report = Callable[[str], None]


@dataclass(frozen=True)
class CarriedHistory:
    """What was made: ``commit_map`` is sorted by the old commit's name.

    A row of the map is (old, new) or, where nothing of the old commit lives on,
    (old, "") with the reason in ``reasons``.
    """

    tip: str
    source_revision: str
    counts: Mapping[str, int]
    commit_map: Mapping[str, str]
    reasons: Mapping[str, str]
    lineages: Lineages
    findings: tuple[str, ...]


@dataclass
class _NewCommit:
    tree: Folder
    parents: tuple[str, ...]
    order: int


@dataclass(frozen=True)
class _State:
    """What the providers are at an old commit, and the mapped tree made of them."""

    files: Mapping[str, Leaf]
    tree: Folder
    leaves: Mapping[str, Leaf | None] = field(default_factory=dict)


@dataclass
class _Graph:
    """The new commits, and which of them stands for each old one."""

    commits: dict[str, _NewCommit] = field(default_factory=dict)
    new_of: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)

    def pass_over(self, commit: str, parent: str, reason: str) -> None:
        """Nothing of ``commit`` lives on: what stands for its parent stands for it."""
        if parent in self.new_of:
            self.new_of[commit] = self.new_of[parent]
        self.reasons[commit] = reason

    def independent(self, names: Sequence[str]) -> list[str]:
        """``names`` without repetitions and without ancestors of other names."""
        unique = list(dict.fromkeys(name for name in names if name))
        if len(unique) < 2:
            return unique
        return [
            name
            for name in unique
            if not any(other != name and self.is_ancestor(name, other) for other in unique)
        ]

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Whether ``older`` is reachable from ``newer``."""
        floor = self.commits[older].order
        seen: set[str] = set()
        waiting = [newer]
        while waiting:
            name = waiting.pop()
            if name == older:
                return True
            if name not in seen and self.commits[name].order > floor:
                seen.add(name)
                waiting.extend(self.commits[name].parents)
        return False


def carry_history(
    source_git_dir: Path,
    revision: str,
    moves: Sequence[Move],
    target: Path,
    *,
    form: Literal["moved", "rewritten"] = "moved",
    rewrite_blob: RewriteBlob | None = None,
    progress: Report | None = None,
) -> CarriedHistory:
    """Make the repository ``target/.git`` with the mapped history on branch ``upstream``.

    ``revision`` is a full commit name. ``rewrite_blob(target path, content)`` is asked
    once for each version of each file in the ``rewritten`` form. Nothing appears at
    ``target`` before the work is done. Raises ``UsageError`` when a move does not fit the
    revision, ``SourceError`` when the source lacks an object that is needed.
    """
    if (form == "rewritten") != (rewrite_blob is not None):
        raise UsageError("the rewritten form, and only that, needs rewrite_blob")
    if target.exists() and any(target.iterdir()):
        raise UsageError(f"{target} is not empty")
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        git_dir = work / ".git"
        carried = _carry(
            source_git_dir, revision, moves, git_dir, rewrite_blob, progress or (lambda text: None)
        )
        work.replace(target)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    return carried


def _carry(
    source: Path,
    revision: str,
    moves: Sequence[Move],
    git_dir: Path,
    rewrite_blob: RewriteBlob | None,
    say: Report,
) -> CarriedHistory:
    targets = moves_by_target(moves)
    wider = _with_needs(source, revision, targets)
    findings: list[str] = []
    say("reading the commits")
    history = read_history(source, revision)
    make_repository(git_dir, borrow_from=source)
    pack = PackWriter(git_dir / "objects" / "pack" / "new.pack")
    with ObjectReader(source) as reader:
        say("following renames and symbols")
        slices = Slices(source, reader)
        follower = Follower(history, reader, slices, findings)
        follower.read_ahead(wider)
        lineages = follower.follow(wider)
        say("writing the commits")
        contents = Contents(reader, pack, lineages, slices, rewrite_blob)
        graph = _write_commits(history, lineages, contents, reader, pack)
        date = commit_date(reader.read(revision))
    tip = graph.new_of.get(revision, "")
    if not tip:
        raise UsageError(f"nothing of the moves exists at {revision}")
    _require_all(targets, graph.commits[tip].tree, revision)
    notes = _write_notes(graph, pack, date)
    say("packing")
    blobs = _reached_blobs(graph)
    _pack_all(git_dir, pack, blobs)
    run_git(git_dir, "update-ref", UPSTREAM, tip)
    run_git(git_dir, "update-ref", ORIGIN_NOTES, notes)
    unreadable = sorted(slices.unreadable.items())
    findings += [f"version {blob} cannot be sliced: {why}" for blob, why in unreadable]
    return CarriedHistory(
        tip=tip,
        source_revision=revision,
        counts={
            "source commits": len(history.names),
            "commits": len(graph.commits),
            "merges": sum(len(commit.parents) > 1 for commit in graph.commits.values()),
            "blobs": len(blobs),
            "unreadable versions": len(unreadable),
        },
        commit_map={
            old: "" if old in graph.reasons else graph.new_of[old] for old in sorted(history.names)
        },
        reasons=dict(sorted(graph.reasons.items())),
        lineages=lineages,
        findings=tuple(findings),
    )


def commit_date(raw: bytes) -> int:
    """The committer's date of a raw commit, in seconds since the epoch."""
    committer = next(line for line in raw.split(b"\n") if line.startswith(b"committer "))
    return int(committer.split()[-2])


def _pack_all(git_dir: Path, pack: PackWriter, blobs: Mapping[str, str]) -> None:
    """Put all that is new and all that is borrowed into one pack, and stop borrowing."""
    pack.close()
    index_pack(git_dir, pack.path)
    hints = {name: "" for name, kind in pack.names.items() if kind != b"blob"} | dict(blobs)
    hints |= dict.fromkeys(pack.names.keys() - hints.keys(), "")
    pack_objects(git_dir, sorted(hints.items(), key=lambda item: (item[1], item[0])))
    for leftover in sorted(pack.path.parent.glob("new.*")):
        leftover.unlink()
    (git_dir / "objects" / "info" / "alternates").unlink()


def _with_needs(
    source: Path, revision: str, targets: Mapping[str, Sequence[Move]]
) -> dict[str, list[Move]]:
    """The moves, with the names that each slice's symbols need at ``revision`` added.

    So the past of a helper or an import is carried from its own beginning, not only from
    that of the symbol which needs it now. Raises ``UsageError`` for what is not there.
    """
    found: dict[str, list[Move]] = {}
    with ObjectReader(source) as reader:
        for target, group in targets.items():
            for move in group:
                if isinstance(move, SliceMove):
                    try:
                        content = reader.read(f"{revision}:{move.source}")
                        names = needed_names(content, move.symbols)
                    except (MissingObject, UnreadableSource) as error:
                        raise UsageError(f"{move.source}: cannot be sliced: {error}") from None
                    if not names:
                        wanted = ", ".join(sorted(move.symbols))
                        raise UsageError(f"{move.source} at {revision[:12]} has none of {wanted}")
                    move = SliceMove(move.source, target, names | move.symbols)
                found.setdefault(target, []).append(move)
    return found


def _write_commits(
    history: History,
    lineages: Lineages,
    contents: Contents,
    reader: ObjectReader,
    pack: PackWriter,
) -> _Graph:
    """Write what the source's commits become, from the roots on."""
    changed: dict[int, dict[str, Leaf | None]] = {}
    for path in lineages.paths():
        somebody_else = lineages.earlier_lives.get(path, frozenset())
        for index, change in history.changes(path):
            if index in somebody_else:
                continue
            leaf = None if change.blob == ABSENT else Leaf(change.mode, change.blob)
            changed.setdefault(index, {})[path] = leaf
    targets_of: dict[str, list[str]] = {}
    for target, group in lineages.providers.items():
        for provider in group:
            targets_of.setdefault(provider.path, []).append(target)
    children = [0] * len(history.names)
    for parents in history.parents:
        for parent in parents[:1]:
            children[parent] += 1
    states: dict[int, _State] = {}
    graph = _Graph()
    for index, commit in enumerate(history.names):
        parents = history.parents[index]
        state = states[parents[0]] if parents else _State({}, Folder())
        if parents:
            children[parents[0]] -= 1
            if not children[parents[0]]:
                del states[parents[0]]
        if index in changed:
            state = _advanced(state, changed[index], targets_of, contents)
        if children[index]:
            states[index] = state
        names = [history.names[parent] for parent in parents]
        if index not in changed and len(names) == 1:
            graph.pass_over(commit, names[0], "touches nothing that is carried")
        else:
            _place(graph, commit, names, state.tree, reader, pack)
    return graph


def _advanced(
    state: _State,
    changes: Mapping[str, Leaf | None],
    targets_of: Mapping[str, Sequence[str]],
    contents: Contents,
) -> _State:
    """What the providers and the mapped tree are after ``changes``."""
    files = dict(state.files)
    for path, leaf in changes.items():
        if leaf is None:
            files.pop(path, None)
        else:
            files[path] = leaf
    touched = sorted({target for path in changes for target in targets_of[path]})
    leaves = {target: contents.leaf(target, files) for target in touched}
    before = state.leaves
    new = {target: leaf for target, leaf in leaves.items() if before.get(target) != leaf}
    if not new:
        return _State(files, state.tree, before)
    return _State(files, state.tree.replaced(new), {**before, **new})


def _place(
    graph: _Graph,
    commit: str,
    parents: Sequence[str],
    tree: Folder,
    reader: ObjectReader,
    pack: PackWriter,
) -> None:
    """Write the commit, or note which other one stands for it."""
    kept = graph.independent([graph.new_of.get(parent, "") for parent in parents])
    if not kept and not tree.entries:
        graph.reasons[commit] = "nothing of the moves exists yet"
        return
    tree.stored(pack.add)
    if len(kept) == 1 and graph.commits[kept[0]].tree.name == tree.name:
        graph.new_of[commit] = kept[0]
        graph.reasons[commit] = (
            "joins nothing that is kept" if len(parents) > 1 else "changes only what stays behind"
        )
        return
    content = _commit_content(reader.read(commit), tree.name, kept)
    name = pack.add(b"commit", content)
    graph.new_of[commit] = name
    graph.commits.setdefault(name, _NewCommit(tree, tuple(kept), len(graph.commits)))


def _commit_content(old: bytes, tree: str, parents: Sequence[str]) -> bytes:
    """The old commit with another tree and other parents; its signature cannot hold."""
    head, separator, message = old.partition(b"\n\n")
    lines = [b"tree " + tree.encode("ascii")]
    lines += [b"parent " + parent.encode("ascii") for parent in parents]
    dropping = False
    for line in head.split(b"\n"):
        key = line.split(b" ", 1)[0]
        if line.startswith(b" "):
            if not dropping:
                lines.append(line)
            continue
        dropping = key in (b"tree", b"parent", b"gpgsig", b"gpgsig-sha256", b"mergetag")
        if not dropping:
            lines.append(line)
    return b"\n".join(lines) + separator + message


def _require_all(targets: Mapping[str, Sequence[Move]], tree: Folder, revision: str) -> None:
    present = {path for path, _leaf in tree.leaves()}
    for target, group in targets.items():
        if target not in present:
            names = ", ".join(move.source for move in group)
            raise UsageError(f"{names}: nothing of it exists at {revision[:12]}")


def _write_notes(graph: _Graph, pack: PackWriter, date: int) -> str:
    leaves: dict[str, Leaf | None] = {}
    for old, new in sorted(graph.new_of.items()):
        if old not in graph.reasons:
            blob = pack.add(b"blob", old.encode("ascii") + b"\n")
            leaves[f"{new[:2]}/{new[2:]}"] = Leaf(REGULAR, blob)
    tree = Folder().replaced(leaves).stored(pack.add)
    who = f"extractor <extractor@localhost> {date} +0000"
    text = f"tree {tree}\nauthor {who}\ncommitter {who}\n\nWhere each commit came from\n"
    return pack.add(b"commit", text.encode("ascii"))


def _reached_blobs(graph: _Graph) -> dict[str, str]:
    """The blobs of all new commits, with a path each."""
    found: dict[str, str] = {}
    seen: set[str] = set()

    def visit(folder: Folder, prefix: str) -> None:
        if folder.name in seen:
            return
        seen.add(folder.name)
        for name, entry in folder.entries.items():
            if isinstance(entry, Folder):
                visit(entry, f"{prefix}{name}/")
            elif entry.mode != SUBMODULE:
                found.setdefault(entry.blob, prefix + name)

    for commit in graph.commits.values():
        visit(commit.tree, "")
    return found
