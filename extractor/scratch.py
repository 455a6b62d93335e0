"""Folders that last as long as their run: locked while it lives, removed by a later one.

A killed process cannot tidy up after itself, but its lock is gone with it: what nobody has
locked is a leftover.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from extractor.errors import MachineError

_LOCK = "lock"
_CONTENT = "content"
_WORKSPACE = "extractor-workspace-"
_CHILDREN = "temporary"
# The workspaces of this process, oldest first.
_OPEN: list[Path] = []


@contextmanager
def workspace() -> Iterator[Path]:
    """An empty folder for intermediate files, in the machine's folder for temporary ones."""
    try:
        parent = Path(tempfile.gettempdir())
    except FileNotFoundError as error:
        # None of the places it tries can be written to.
        raise MachineError(str(error.strerror)) from None
    remove_leftovers(parent, _WORKSPACE)
    with locked_folder(parent, _WORKSPACE) as folder:
        _OPEN.append(folder)
        try:
            yield folder
        finally:
            _OPEN.remove(folder)


def for_children() -> dict[str, str]:
    """Variables by which programs put their temporary files into our own folder for them.

    What they leave when they are killed goes away with it. Empty outside of a workspace.
    """
    if not _OPEN:
        return {}
    # The oldest: it is there for longer than any program that is started now.
    folder = _OPEN[0] / _CHILDREN
    folder.mkdir(exist_ok=True)
    return {"TMPDIR": str(folder)}


@contextmanager
def locked_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """An empty folder somewhere inside a new one of ``parent``, removed at the end.

    The new one's name starts with ``prefix``. ``OSError`` when it cannot be made.
    """
    outer, lock = _make_and_lock(parent, prefix)
    try:
        content = outer / _CONTENT
        content.mkdir()
        yield content
    finally:
        _remove(outer)
        os.close(lock)


def remove_leftovers(parent: Path, prefix: str) -> bool:
    """Remove what killed runs left in ``parent``; is a run alive that has such a folder?"""
    alive = False
    for folder in sorted(parent.glob(f"{_literal(prefix)}*")):
        try:
            # Only real folders of the same user's: others may not be what they seem.
            if folder.is_symlink() or folder.lstat().st_uid != os.geteuid():
                continue
            alive |= _remove_unless_locked(folder)
        except OSError:
            # Somebody else removed it first.
            continue
    return alive


def _literal(name: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def _make_and_lock(parent: Path, prefix: str) -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        try:
            lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:
            # Another run took the folder for a leftover before it was locked.
            continue
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.fstat(lock).st_nlink:
            return folder, lock
        os.close(lock)


def _remove(folder: Path) -> None:
    """Remove what is in the folder, the lock last: without it nobody would try again."""
    shutil.rmtree(folder / _CONTENT, ignore_errors=True)
    if not os.path.lexists(folder / _CONTENT):
        shutil.rmtree(folder, ignore_errors=True)


def _remove_unless_locked(folder: Path) -> bool:
    """Remove a leftover; True when it is no leftover but in use."""
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        # Killed before it could lock: only ever an empty folder. Others are not ours.
        if not any(folder.iterdir()):
            folder.rmdir()
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        _remove(folder)
        return False
    finally:
        os.close(lock)
