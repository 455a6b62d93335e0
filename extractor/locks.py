"""One run at a time writes to a result: the second waits for the first, or says so."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from extractor.errors import UsageError

SECONDS_TO_WAIT = 60.0
_SECONDS_BETWEEN = 0.1


@contextmanager
def only_one(
    folder: Path,
    *,
    shared: bool = False,
    seconds: float = SECONDS_TO_WAIT,
    note: Callable[[str], None] = lambda line: None,
) -> Iterator[None]:
    """Hold ``folder``, which exists, while the block runs: alone, or ``shared`` with its readers.

    Waits up to ``seconds`` for others, which ``note`` is told once; then ``UsageError``. The lock
    is the system's, on the folder itself: it leaves no file, and ends with the process.
    """
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(f"{folder} is not a folder") from None
    try:
        _acquire(handle, folder, fcntl.LOCK_SH if shared else fcntl.LOCK_EX, seconds, note)
        yield
    finally:
        os.close(handle)


def _acquire(
    handle: int, folder: Path, kind: int, seconds: float, note: Callable[[str], None]
) -> None:
    deadline = time.monotonic() + seconds
    told = False
    while True:
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
            return
        except OSError as error:
            if error.errno not in {errno.EWOULDBLOCK, errno.EACCES}:
                # Some network file systems lock no folders: better unguarded than not at all.
                return
        if not told:
            note(f"another run is working on {folder}: waiting for it")
            told = True
        if time.monotonic() > deadline:
            raise UsageError(f"another run is working on {folder}: try again when it is done")
        time.sleep(_SECONDS_BETWEEN)
