"""OUTPUT is complete or absent: it is built beside its place and moved there at the end."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from extractor.errors import UsageError

_LOCK = "lock"
_RESULT = "result"


def check_output(output: Path, source: Path | None = None) -> None:
    """Refuse an OUTPUT that cannot be made, before any work is done for it; ``UsageError``.

    ``source`` is the folder of the source, when it has one: nothing is written there.
    """
    if os.path.lexists(output):
        raise UsageError(f"{output} exists already: name a new folder, or remove this one first")
    parent = output.absolute().parent
    if not parent.is_dir():
        raise UsageError(f"{output} cannot be made: there is no folder {parent}")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise UsageError(f"{output} cannot be made: {parent} is not yours to write to")
    if source is not None and (parent.resolve() / output.name).is_relative_to(source.resolve()):
        raise UsageError(f"{output} is inside the source {source}, which is never written to")


@contextmanager
def complete_or_absent(output: Path, source: Path | None = None) -> Iterator[Path]:
    """Give an empty folder to build in; it becomes ``output`` when all went well.

    The folder is beside ``output``, hidden, so that the final move is one rename. When the
    block raises it is removed. When the process is killed it stays behind, unlocked, and
    the next run for the same ``output`` removes it. Raises ``UsageError`` as
    ``check_output`` does, and when another run is making the same ``output``.
    """
    check_output(output, source)
    _remove_leftovers(output)
    try:
        scratch, lock = _locked_scratch(output)
    except OSError as error:
        raise UsageError(f"{output} cannot be made: {error.strerror}") from None
    try:
        building = scratch / _RESULT
        building.mkdir()
        yield building
        check_output(output, source)
        try:
            building.rename(output)
        except OSError as error:
            raise UsageError(f"{output} cannot be put in place: {error.strerror}") from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        os.close(lock)


def _prefix(output: Path) -> str:
    return f".{output.name}.extractor-unfinished-"


def _locked_scratch(output: Path) -> tuple[Path, int]:
    """A new scratch folder and the descriptor that keeps it locked while we live."""
    while True:
        scratch = Path(tempfile.mkdtemp(prefix=_prefix(output), dir=output.absolute().parent))
        try:
            lock = os.open(scratch / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
        except FileNotFoundError:
            # Another run took the folder for a leftover before it was locked.
            continue
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.fstat(lock).st_nlink:
            return scratch, lock
        os.close(lock)


def _remove_leftovers(output: Path) -> None:
    """Remove what killed runs for ``output`` left; ``UsageError`` when one is alive."""
    for folder in sorted(output.absolute().parent.iterdir()):
        if not folder.name.startswith(_prefix(output)) or folder.is_symlink():
            continue
        try:
            lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            # Killed before it could lock: only ever an empty folder. Others are not ours.
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except BlockingIOError:
            raise UsageError(f"another run is making {output} right now: wait for it") from None
        finally:
            os.close(lock)
