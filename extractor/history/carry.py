"""Make a new repository whose branch holds the history of the moves, and nothing else.

The source's objects are borrowed while the new history is made: only commits, trees and
sliced files are new, so no file's content passes through us. In the end one pack takes
exactly what the new history reaches. This was measured against git-filter-repo and
against fast-export into fast-import: both read every version of every file.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from extractor.errors import DidNotHold, MissingObject, SourceError, UsageError
from extractor.history.commits import read_folder
from extractor.history.contents import Contents
from extractor.history.graph import Graph, State, reached_blobs, write_commits
from extractor.history.lineage import FOLLOW_ALL, Follower
from extractor.history.packing import PackWriter, index_pack, pack_objects
from extractor.history.providers import Following, Lineages
from extractor.history.repository import make_repository
from extractor.history.rewriting import MakeRewrite, RewriteBlob, without_collecting
from extractor.history.slices import Slices
from extractor.history.state import HistoryState, write_state
from extractor.history.trees import Folder, Leaf
from extractor.history.walk import History, read_history
from extractor.moves import Move, SliceMove, moves_by_target
from extractor.parsing import UnreadableSource
from extractor.slicing.slices import join_slices, needed_names, slice_module
from extractor.source.objects import ObjectReader
from extractor.source.repository import LAST_DATE
from extractor.source.tree import REGULAR, SUBMODULE, SYMLINK, blob_id, run_git

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


def carry_history(
    source_git_dir: Path,
    revision: str,
    moves: Sequence[Move],
    target: Path,
    *,
    form: Literal["moved", "rewritten"] = "moved",
    make_rewrite: MakeRewrite | None = None,
    how: Following = FOLLOW_ALL,
    progress: Report | None = None,
) -> CarriedHistory:
    """Make the repository ``target/.git`` with the mapped history on branch ``upstream``.

    ``revision`` is a full commit name. In the ``rewritten`` form ``make_rewrite`` is given the
    older paths of moved files, each with its path at the revision; what it returns is asked
    once for each version of each file: (target path, content) to new content. ``how`` says how
    far the past is followed. Nothing appears at ``target`` before
    the work is done. Raises ``UsageError`` when a move does not fit the revision,
    ``SourceError`` when the source lacks an object that is needed.
    """
    if (form == "rewritten") != (make_rewrite is not None):
        raise UsageError("the rewritten form, and only that, needs make_rewrite")
    if target.exists() and any(target.iterdir()):
        raise UsageError(f"{target} is not empty")
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        git_dir = work / ".git"
        say = progress or (lambda text: None)
        with without_collecting():
            carried = _carry(source_git_dir, revision, moves, git_dir, make_rewrite, how, say)
        # A scratch folder is its maker's alone; the result is as open as where it lies.
        work.chmod(target.parent.stat().st_mode & 0o777)
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
    make_rewrite: MakeRewrite | None,
    how: Following,
    say: Report,
) -> CarriedHistory:
    make_repository(git_dir, borrow_from=source)
    pack = PackWriter(git_dir / "objects" / "pack" / "new.pack")
    mapped = map_history(source, revision, moves, pack, how, make_rewrite, say)
    history, lineages, graph, slices = mapped.history, mapped.lineages, mapped.graph, mapped.slices
    tip = graph.new_of[revision]
    notes = origin_notes({graph.new_of[old]: old for old in graph.kept()}, pack, mapped.date)
    say("packing")
    blobs = reached_blobs(graph.commits.values())
    _pack_all(git_dir, pack, blobs)
    run_git(git_dir, "update-ref", UPSTREAM, tip)
    run_git(git_dir, "update-ref", ORIGIN_NOTES, notes)
    unreadable = sorted(slices.unreadable.items())
    findings = [*mapped.findings]
    findings += [f"version {blob} cannot be sliced: {why}" for blob, why in unreadable]
    findings += [
        f"version {blob} is missing: no symbol was found to come from it"
        for blob in sorted(slices.lacking)
    ]
    counts = {
        "source commits": len(history.names),
        "commits": len(graph.commits),
        "merges": sum(len(commit.parents) > 1 for commit in graph.commits.values()),
        "blobs": len(blobs),
        "unreadable versions": len(unreadable),
    }
    write_state(
        git_dir,
        HistoryState(
            source_revision=revision,
            tip=tip,
            form="moved" if make_rewrite is None else "rewritten",
            moves=tuple(moves),
            lineages=lineages,
            counts=counts,
            findings=tuple(findings),
            new_of=graph.new_of,
            reasons=graph.reasons,
            not_from=how.not_from,
        ),
    )
    return CarriedHistory(
        tip=tip,
        source_revision=revision,
        counts=counts,
        commit_map={
            old: "" if old in graph.reasons else graph.new_of[old] for old in sorted(history.names)
        },
        reasons=dict(sorted(graph.reasons.items())),
        lineages=lineages,
        findings=tuple(findings),
    )


@dataclass(frozen=True)
class Mapped:
    """What the source's history becomes: the commits are in a pack, and in no repository yet.

    ``date`` is that of the revision.
    """

    history: History
    lineages: Lineages
    graph: Graph
    slices: Slices
    findings: Sequence[str]
    date: int


def map_history(
    source: Path,
    revision: str,
    moves: Sequence[Move],
    pack: PackWriter,
    how: Following,
    make_rewrite: MakeRewrite | None = None,
    say: Report = lambda text: None,
) -> Mapped:
    """Follow the moves, and write to ``pack`` what the source's commits become.

    ``DidNotHold`` unless the last one is exactly the mapped subset; else as ``carry_history``.
    """
    targets = moves_by_target(moves)
    how.require_apart(moves)
    wider = with_needs(source, revision, targets)
    findings: list[str] = []
    say("reading commits")
    history = read_history(source, revision)
    with ObjectReader(source) as reader:
        say("following renames and symbols")
        slices = Slices(source, reader)
        follower = Follower(history, reader, slices, findings, how)
        follower.read_ahead(wider)
        lineages = follower.follow(wider)
        rewrite_blob = None
        if make_rewrite is not None:
            say("rewriting old versions")
            rewrite_blob = make_rewrite(older_names(source, revision, moves, lineages))
        contents = Contents(reader, pack, lineages, slices, rewrite_blob)
        contents.rewrite_ahead(history)
        say("writing the commits")
        graph = Graph()
        write_commits(history, lineages, contents, reader, pack, graph, _no_boundary)
        date = commit_date(reader.read(revision))
    tip = graph.new_of.get(revision, "")
    if not tip:
        raise UsageError(f"nothing of the moves exists at {revision}")
    require_exact(source, revision, targets, graph.commits[tip].tree, rewrite_blob)
    return Mapped(history, lineages, graph, slices, findings, date)


def older_names(
    source: Path, revision: str, moves: Sequence[Move], lineages: Lineages
) -> dict[str, str]:
    """The older path of each moved file, and its path at ``revision``.

    A path that is somebody else at the revision, or that two moved files had, says nothing.
    """
    present = {path for path, _leaf in read_folder(source, revision).leaves()}
    return lineages.older_paths([move.source for move in moves], present)


def commit_date(raw: bytes) -> int:
    """The committer's date of a raw commit, in seconds since the epoch; 0 when it has none."""
    committer = next((line for line in raw.split(b"\n") if line.startswith(b"committer ")), b"")
    found = re.search(rb"> (\d+) [+-]\d+$", committer)
    return min(int(found[1]), LAST_DATE) if found else 0


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


def with_needs(
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


def require_exact(
    source: Path,
    revision: str,
    targets: Mapping[str, Sequence[Move]],
    tree: Folder,
    rewrite_blob: RewriteBlob | None,
) -> None:
    """``DidNotHold`` unless ``tree`` is exactly the mapped subset of ``revision``."""
    found = dict(tree.leaves())
    there = dict(read_folder(source, revision).leaves())
    for group in targets.values():
        for move in group:
            if move.source not in there:
                raise UsageError(f"{move.source}: no such file at {revision[:12]}")
    with ObjectReader(source) as reader:
        expected = {
            target: _expected_leaf(reader, there, group, rewrite_blob)
            for target, group in targets.items()
        }
    wrong = sorted(t for t in found.keys() | expected.keys() if found.get(t) != expected.get(t))
    if wrong:
        raise DidNotHold(f"the tip is not the mapped subset of {revision[:12]}: {wrong[0]}")


def _expected_leaf(
    reader: ObjectReader,
    there: Mapping[str, Leaf],
    group: Sequence[Move],
    rewrite_blob: RewriteBlob | None,
) -> Leaf:
    """What one target must be, straight from its moves and the files of the revision."""
    rows = [there[move.source] for move in group]
    if not isinstance(group[0], SliceMove):
        if rewrite_blob is None or rows[0].mode in (SUBMODULE, SYMLINK):
            return rows[0]
        content = reader.read(rows[0].blob)
    else:
        content = join_slices(
            [
                slice_module(reader.read(row.blob), move.symbols)
                for row, move in zip(rows, group, strict=True)
                if isinstance(move, SliceMove)
            ]
        )
    if rewrite_blob is not None:
        content = rewrite_blob(group[0].target, content)
    return Leaf(rows[0].mode, blob_id(content))


def _no_boundary(commit: str) -> State:
    raise SourceError(f"the parent {commit} is missing from the history")


def origin_notes(
    origins: Mapping[str, str], pack: PackWriter, date: int, parent: str | None = None
) -> str:
    """The commit of notes that tell each new commit's origin; ``origins`` is new to old."""
    leaves: dict[str, Leaf | None] = {}
    for new, old in sorted(origins.items()):
        blob = pack.add(b"blob", old.encode("ascii") + b"\n")
        leaves[f"{new[:2]}/{new[2:]}"] = Leaf(REGULAR, blob)
    tree = Folder().replaced(leaves).stored(pack.add)
    parents = f"parent {parent}\n" if parent else ""
    who = f"extractor <extractor@localhost> {date} +0000"
    text = f"tree {tree}\n{parents}author {who}\ncommitter {who}\n\nWhere each commit came from\n"
    return pack.add(b"commit", text.encode("ascii"))
