"""A person's work tree: what in it is theirs, and how it is brought to another commit.

Git is asked with the person's own configuration here, for line ends and filters depend on it.
Files are made aside by git and put in place whole, one by one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from extractor.errors import UsageError
from extractor.history.quiet import OUR_LOCK, git_for
from extractor.history.walk import ABSENT, Change, iterate_changes
from extractor.source.tree import SUBMODULE

_KEPT = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_ATTR_NOSYSTEM")
_SHOWN = 10


@dataclass(frozen=True)
class TreeMove:
    """The work tree goes from one commit to another."""

    old: str
    new: str


def uncommitted(target: Path) -> list[str]:
    """Tracked paths that are not as they are at HEAD, sorted.

    A file that git calls modified though it is what checking it out would write is none:
    some are born like that, where attributes and content disagree.
    """
    found = []
    status = _git(target, "status", "--porcelain=v2", "-z", "--untracked-files=no", "--no-renames")
    for row in status.split(b"\0"):
        if not row:
            continue
        kind, rest = row[:1], row.split(b" ", 8 if row[:1] == b"1" else 10)
        path = os.fsdecode(rest[-1])
        if kind == b"1":
            _one, change, _sub, head, index, work, head_blob, index_blob, _path = rest
            is_content = change == b".M" and head == index == work and head_blob == index_blob
            if is_content and _is_as_checked_out(target, path, head_blob.decode("ascii")):
                continue
        found.append(path)
    return sorted(found)


def untracked(target: Path) -> list[str]:
    """Files that git neither tracks nor is told to ignore, sorted."""
    rows = _git(target, "ls-files", "--others", "--exclude-standard", "-z").split(b"\0")
    return sorted(os.fsdecode(row) for row in rows if row)


def tree_changes(target: Path, move: TreeMove) -> list[Change]:
    """The files between the two commits, those left out that a sparse checkout leaves out."""
    git_dir = target / ".git"
    asked = iterate_changes(git_dir, [f"{move.new} {move.old}"], "--no-renames")
    changes = [change for _commit, found in asked for change in found]
    rows = [row for row in _git(target, "ls-files", "-t", "-z").split(b"\0") if row]
    tracked = {os.fsdecode(row[2:]): row[:1] for row in rows}
    left_out = {path for path, tag in tracked.items() if tag == b"S"}
    left_out |= _sparse(target, move.new) - tracked.keys()
    return [
        change
        for change in changes
        if change.path not in left_out or os.path.lexists(target / change.path)
    ]


def _sparse(target: Path, commit: str) -> set[str]:
    """The files of ``commit`` that a sparse checkout leaves out, as git itself tells."""
    asked = _git(target, "config", "--type=bool", "core.sparseCheckout", may_fail=True)
    if asked.strip() != b"true":
        return set()
    folder = target / ".git" / "extractor" / "sparse"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "files").mkdir(parents=True)
    index, files = folder / "index", folder / "files"
    _git(target, "read-tree", "-m", "-u", commit, index=index, work_tree=files)
    rows = _git(target, "ls-files", "-t", "-z", index=index, work_tree=files).split(b"\0")
    shutil.rmtree(folder)
    return {os.fsdecode(row[2:]) for row in rows if row[:1] == b"S"}


def require_free(target: Path, changes: Sequence[Change]) -> None:
    """``UsageError`` naming what a person has where ``changes`` would put or take a file."""
    tracked = {c.path for c in changes if c.old_blob != ABSENT}
    in_the_way: set[str] = set()
    for change in changes:
        if change.blob == ABSENT:
            continue
        in_the_way.update(_in_the_way(target, change, tracked))
    if in_the_way:
        raise UsageError(
            f"the sync would overwrite files that git does not track in {target}: "
            f"{listed(in_the_way)}: move them away, and run sync again"
        )
    hidden = _hidden(target)
    theirs = [
        change.path
        for change in changes
        if change.old_blob != ABSENT
        and change.path in hidden
        and os.path.lexists(target / change.path)
        and not _is_as_checked_out(target, change.path, change.old_blob)
    ]
    if theirs:
        raise UsageError(
            f"git was told to overlook changes in {target} that the sync would overwrite: "
            f"{listed(theirs)}: move them away, undo what hides them with {git_for(target)} "
            "update-index --no-assume-unchanged --no-skip-worktree, and run sync again"
        )


def stage(target: Path, changes: Sequence[Change], new: str, folder: Path) -> None:
    """Make the files that ``changes`` bring below ``folder``, as a checkout would."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "files").mkdir(parents=True)
    _git(target, "read-tree", new, index=folder / "index")
    wanted = [c.path for c in changes if c.blob != ABSENT and c.mode != SUBMODULE]
    _git(
        target, "checkout-index", "-f", "-z", "--stdin",
        index=folder / "index", work_tree=folder / "files",
        stdin=b"".join(os.fsencode(path) + b"\0" for path in wanted),
    )  # fmt: skip


def put_in_place(target: Path, changes: Sequence[Change], move: TreeMove, folder: Path) -> None:
    """Move the staged files into the work tree, take out those that go, and set the index.

    Doing it again after a kill gives the same.
    """
    with _index_lock(target):
        for change in changes:
            if change.blob == ABSENT and change.mode != SUBMODULE:
                _take_out(target, change.path)
        for change in changes:
            if change.blob == ABSENT:
                continue
            place = target / change.path
            if place.is_dir() and not place.is_symlink() and change.mode != SUBMODULE:
                _remove_empty(place)
            if change.mode == SUBMODULE:
                place.mkdir(parents=True, exist_ok=True)
            elif os.path.lexists(folder / "files" / change.path):
                place.parent.mkdir(parents=True, exist_ok=True)
                (folder / "files" / change.path).replace(place)
        index = folder / "index"
        shutil.copyfile(target / ".git" / "index", index)
        _git(target, "read-tree", "-i", "-m", move.old, move.new, index=index)
        hidden = [p for p in _sparse(target, move.new) if not os.path.lexists(target / p)]
        names = b"".join(os.fsencode(path) + b"\0" for path in sorted(hidden))
        _git(target, "update-index", "--skip-worktree", "-z", "--stdin", index=index, stdin=names)
        _git(target, "update-index", "-q", "--refresh", index=index, may_fail=True)
        index.replace(target / ".git" / "index")
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _index_lock(target: Path) -> Iterator[None]:
    """Git's own lock of the index, held by us; one that a killed sync of ours left is taken."""
    lock = target / ".git" / "index.lock"
    drop_our_lock(target)
    try:
        descriptor = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
    except FileExistsError:
        raise UsageError(f"{lock} is there: git is at work in {target}; run sync again") from None
    try:
        os.write(descriptor, OUR_LOCK)
    finally:
        os.close(descriptor)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def drop_our_lock(target: Path) -> None:
    """Remove a lock of the index that a killed sync left; whoever asks is the only sync."""
    lock = target / ".git" / "index.lock"
    try:
        is_ours = lock.read_bytes() == OUR_LOCK
    except OSError:
        return
    if is_ours:
        lock.unlink()


def _in_the_way(target: Path, change: Change, tracked: set[str]) -> Iterator[str]:
    """What git does not track at the place of a file, or of one of the folders above it."""
    parts = change.path.split("/")
    for end in range(1, len(parts)):
        above = "/".join(parts[:end])
        place = target / above
        if above in tracked or not os.path.lexists(place):
            continue
        if place.is_symlink() or not place.is_dir():
            yield above
            return
    place = target / change.path
    if change.path in tracked or not os.path.lexists(place):
        return
    if place.is_symlink() or not place.is_dir():
        yield change.path
    elif change.mode != SUBMODULE:
        for folder, _folders, files in os.walk(place):
            below = Path(folder).relative_to(target).as_posix()
            yield from (f"{below}/{n}" for n in files if f"{below}/{n}" not in tracked)


def require_untouched(target: Path, change: Change, folder: Path) -> None:
    """``UsageError`` when the file is neither what it was nor what it becomes."""
    place = target / change.path
    staged = folder / "files" / change.path
    if change.mode == SUBMODULE or not os.path.lexists(place):
        return
    if place.is_dir() and not place.is_symlink():
        return
    if change.blob != ABSENT and _bytes(staged) == _bytes(place):
        return
    if change.old_blob != ABSENT and _is_as_checked_out(target, change.path, change.old_blob):
        return
    raise UsageError(
        f"{place} was changed while the sync brought a new one: move it away, and run sync again"
    )


def _take_out(target: Path, path: str) -> None:
    place = target / path
    if not os.path.lexists(place) or (place.is_dir() and not place.is_symlink()):
        return
    place.unlink()
    for above in place.parents:
        if above == target:
            return
        try:
            above.rmdir()
        except OSError:
            return


def _remove_empty(place: Path) -> None:
    for folder, _folders, _files in os.walk(place, topdown=False):
        Path(folder).rmdir()


def _hidden(target: Path) -> set[str]:
    """Paths whose changes git does not look for, as it was told."""
    rows = _git(target, "ls-files", "-v", "-z").split(b"\0")
    return {os.fsdecode(row[2:]) for row in rows if row[:1].islower() or row[:1] == b"S"}


def _is_as_checked_out(target: Path, path: str, blob: str) -> bool:
    place = target / path
    if place.is_symlink():
        return _git(target, "cat-file", "blob", blob) == os.fsencode(os.readlink(place))  # noqa: PTH115
    return _bytes(place) == _git(target, "cat-file", "--filters", f"--path={path}", blob)


def _bytes(place: Path) -> bytes | None:
    try:
        if place.is_symlink():
            return b"link " + os.fsencode(os.readlink(place))  # noqa: PTH115
        return place.read_bytes()
    except OSError:
        return None


def listed(paths: Iterable[str]) -> str:
    """The first few paths, and how many more there are."""
    names = sorted(paths)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _git(
    target: Path,
    *arguments: str,
    index: Path | None = None,
    work_tree: Path | None = None,
    stdin: bytes | None = None,
    may_fail: bool = False,
) -> bytes:
    """Git as the person calls it, but without hooks and without what is said of one call alone."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k in _KEPT}
    kept |= {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    kept |= {"GIT_LITERAL_PATHSPECS": "1", "GIT_NO_REPLACE_OBJECTS": "1"}
    if index is not None:
        kept["GIT_INDEX_FILE"] = str(index.resolve())
    tree = (work_tree or target).resolve()
    command = ["git", "--git-dir", str((target / ".git").resolve()), "--work-tree", str(tree)]
    command += ["-c", f"core.hooksPath={os.devnull}", *arguments]
    done = subprocess.run(command, input=stdin, cwd=tree, capture_output=True, env=kept)
    if done.returncode and not may_fail:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise UsageError(f"git {arguments[0]} failed in {target}: {said[-1] if said else '?'}")
    return done.stdout
