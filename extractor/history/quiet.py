"""Whether anybody else is at work in a result: one sync at a time, and none over begun work."""

from __future__ import annotations

import fcntl
import os
import shlex
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from extractor.errors import UsageError
from extractor.history.state import require_result
from extractor.source.tree import run_git

# What we write into git's lock of the index: git itself never writes such a one.
OUR_LOCK = b"extractor\n"
_BEGUN = {
    "MERGE_HEAD": ("merge", "merge --abort"),
    "CHERRY_PICK_HEAD": ("cherry-pick", "cherry-pick --abort"),
    "REVERT_HEAD": ("revert", "revert --abort"),
    "rebase-merge": ("rebase", "rebase --abort"),
    "rebase-apply": ("rebase or git am", "rebase --abort (git am --abort)"),
}


@contextmanager
def one_at_a_time(git_dir: Path) -> Iterator[None]:
    """The repository is ours alone meanwhile; ``UsageError`` when another sync has it.

    The lock goes with the process, however that ends.
    """
    require_result(git_dir)
    with (git_dir / "extractor" / "lock").open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                f"another sync is at work in {git_dir.parent}: run this one again when it is done"
            ) from None
        yield


def require_quiet(target: Path, branches: Collection[str]) -> None:
    """``UsageError``, with what cures it, when the ``branches`` cannot be moved now.

    That is when git holds a lock, a merge or the like is begun, or a linked work tree has one
    of the branches checked out.
    """
    git_dir = target / ".git"
    refs = [f"refs/heads/{branch}" for branch in branches]
    locks = ["index", "HEAD", "packed-refs", "refs/notes/origin", "refs/extractor/extracted", *refs]
    for name in locks:
        lock = git_dir / f"{name}.lock"
        if lock.exists():
            raise UsageError(
                f"{lock} is there: git is at work in {target}, or was killed; if none is, "
                f"remove the file: rm {shlex.quote(str(lock))}"
            )
    for name, (what, give_up) in _BEGUN.items():
        if (git_dir / name).exists():
            raise UsageError(
                f"a {what} is begun in {target}: finish it, or give it up with "
                f"{git_for(target)} {give_up}"
            )
    _require_one_work_tree(target, branches)


def git_for(target: Path) -> str:
    """The beginning of a git command that a person can copy."""
    return f"git -C {shlex.quote(str(target))}"


def _require_one_work_tree(target: Path, branches: Collection[str]) -> None:
    git_dir = target / ".git"
    if not (git_dir / "worktrees").is_dir():
        return
    for folder in sorted((git_dir / "worktrees").iterdir()):
        try:
            where = Path(os.fsdecode((folder / "gitdir").read_bytes()).rstrip("\n")).parent
        except OSError:
            continue
        for branch in branches:
            if f"refs/heads/{branch}" not in _taken_by(folder):
                continue
            if not where.exists():
                raise UsageError(
                    f"{branch} is checked out in {where}, which is gone: {git_for(target)} "
                    "worktree prune"
                )
            raise UsageError(
                f"{branch} is checked out in the linked work tree {where}: leave it there with "
                f"{git_for(where)} switch --detach, then run sync again"
            )


def _taken_by(folder: Path) -> set[str]:
    """The branches that a linked work tree has checked out, or is rebasing."""
    found = set()
    for name in ("HEAD", "rebase-merge/head-name", "rebase-apply/head-name"):
        try:
            text = os.fsdecode((folder / name).read_bytes()).strip()
        except OSError:
            continue
        found.add(text.removeprefix("ref: "))
    return found


def current_branch(target: Path) -> str:
    """The ref that HEAD names; empty when it names a commit."""
    text = os.fsdecode((target / ".git" / "HEAD").read_bytes()).strip()
    return text.removeprefix("ref: ") if text.startswith("ref: ") else ""


def ref_values(git_dir: Path) -> dict[str, str]:
    """Every ref and the object it names."""
    listing = run_git(git_dir, "for-each-ref", "--format=%(objectname) %(refname)")
    rows = (os.fsdecode(line).partition(" ") for line in listing.splitlines())
    return {ref: name for name, _, ref in rows}
