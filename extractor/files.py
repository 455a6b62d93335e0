"""Files are replaced whole, and what is written into a folder stays inside it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from pathlib import Path

from extractor.errors import SourceError

_UNFINISHED = ".extractor-unfinished-"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def replace_file(path: Path, content: bytes) -> None:
    """Put ``content`` in the place of what ``path`` holds, in one step; ``OSError`` if it fails.

    What was there stays until all of the new content is on the disk. The file keeps its mode; a
    link keeps leading to it. Drafts that killed runs left beside it go away.
    """
    target = Path(os.path.realpath(path))
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
    if target.exists() and not os.access(target, os.W_OK):
        # A rename asks only the folder: a file that is not to be changed must say no itself.
        raise PermissionError(13, os.strerror(13), str(path))
    prefix = f".{target.name[:80]}{_UNFINISHED}"
    _remove_drafts(target.parent, prefix)
    draft = target.parent / f"{prefix}{os.getpid()}-{os.urandom(4).hex()}"
    handle = os.open(draft, _NEW, 0o666)
    try:
        try:
            # The lock says that the draft is no leftover.
            _lock(handle)
            _write_all(handle, content)
            if mode is not None:
                os.fchmod(handle, mode)
            os.fsync(handle)
            draft.replace(target)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
    finally:
        os.close(handle)


def _remove_drafts(folder: Path, prefix: str) -> None:
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if entry.name.startswith(prefix)]
    for name in names:
        draft = folder / name
        with contextlib.suppress(OSError):
            handle = os.open(draft, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                draft.unlink()
            finally:
                os.close(handle)


def _lock(handle: int) -> None:
    # Where the file system knows no locks a second run could take the draft for a leftover.
    with contextlib.suppress(OSError):
        fcntl.flock(handle, fcntl.LOCK_EX)


def _write_all(handle: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(handle, rest) :]


class Below:
    """Writes files below one folder, each opened relative to it, and never outside.

    Names that could lead elsewhere, and links on the way, are refused with ``SourceError``. Use
    it as a context manager.
    """

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root = root
        self._handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        # The folder of the last file: a sorted list of files asks for it many times in a row.
        self._last: tuple[tuple[str, ...], int] | None = None

    def write(self, path: str, content: bytes, executable: bool = False) -> None:
        """A file that is new or takes the place of a file or link of that name."""
        folder, name = self._folder_of(path)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)
        handle = os.open(name, _NEW, 0o777 if executable else 0o666, dir_fd=folder)
        try:
            _write_all(handle, content)
        finally:
            os.close(handle)

    def link(self, path: str, target: str) -> None:
        """A symbolic link; nothing is ever written through it."""
        folder, name = self._folder_of(path)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)
        os.symlink(target, name, dir_fd=folder)

    def close(self) -> None:
        """Let go of the folder."""
        if self._last is not None:
            os.close(self._last[1])
            self._last = None
        os.close(self._handle)

    def __enter__(self) -> Below:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _folder_of(self, path: str) -> tuple[int, str]:
        *parts, name = path.split("/")
        if "\0" in path or any(part in {"", ".", ".."} for part in (*parts, name)):
            raise SourceError(f"{path!r} is not a path inside a folder: not written")
        if self._last is None or self._last[0] != tuple(parts):
            handle = self._open(parts, path)
            if self._last is not None:
                os.close(self._last[1])
            self._last = tuple(parts), handle
        return self._last[1], name

    def _open(self, parts: list[str], path: str) -> int:
        handle = os.dup(self._handle)
        for part in parts:
            with contextlib.suppress(FileExistsError):
                os.mkdir(part, dir_fd=handle)
            try:
                inner = os.open(part, _FOLDER, dir_fd=handle)
            except NotADirectoryError:
                raise SourceError(
                    f"{path!r} leads through {part!r}, which is a file or a link: not written"
                ) from None
            finally:
                os.close(handle)
            handle = inner
        return handle
