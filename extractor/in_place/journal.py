"""What a run was about to put where, so that the next one can end it if it was killed.

A list lies in the project, where a stranger's checkout may have one too, and following it moves
and removes files. It is followed only with a signature by a key of this user's, which is in the
cache and never in the project.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import hmac
import json
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from extractor.cache_folder import cache_folder
from extractor.errors import UsageError

PREFIX = ".extractor-"
_LIST = "list.json"
_KEY = "in-place.key"
_BYTES = 32
_OURS = re.compile(r"\d+|old-\d+-(True|False)|list\.json(\.part)?")
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

# Where it is staged, where it goes, and what leaves for it.
Listed = tuple[str, str, str | None]


@contextlib.contextmanager
def open_journal(base: Path) -> Iterator[Path]:
    """An empty folder in ``base``, locked while the block runs and removed at its end."""
    folder, lock = _make_and_lock(base)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def note(folder: Path, steps: Sequence[Listed]) -> None:
    """Write the list: from now on the next run would end what is begun."""
    partial = folder / f"{_LIST}.part"
    signed = {"steps": steps, "signature": _signature(folder, steps, create=True)}
    partial.write_text(json.dumps(signed), "utf-8")
    partial.replace(folder / _LIST)


def forget(folder: Path) -> None:
    """Take the list away: nothing is to be ended any more."""
    (folder / _LIST).unlink(missing_ok=True)


def complete_interrupted(base: Path) -> None:
    """End what a killed run began below ``base``; ``UsageError`` where that cannot be told."""
    for folder in sorted(base.glob(f"{PREFIX}*")):
        try:
            lock = os.open(folder, _FOLDER)
        except OSError:
            # A file, a link, or gone: none of our folders.
            continue
        try:
            if os.fstat(lock).st_uid == os.geteuid():
                _complete(folder, lock, base)
        finally:
            os.close(lock)


def _complete(folder: Path, lock: int, base: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UsageError(f"another run is writing to {base}: wait until it is done") from None
    names = os.listdir(lock)
    if not all(_OURS.fullmatch(name) for name in names):
        # Somebody's own folder that happens to be called so.
        return
    if _LIST in names:
        for staged, target, old in _steps(folder):
            if Path(staged).exists():
                Path(target).parent.mkdir(parents=True, exist_ok=True)
                Path(staged).replace(target)
            if old is not None:
                Path(old).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def _steps(folder: Path) -> list[Listed]:
    try:
        read = json.loads((folder / _LIST).read_text("utf-8"))
        steps = [(staged, target, old) for staged, target, old in read["steps"]]
        given = read["signature"]
    except (ValueError, TypeError, LookupError, OSError, RecursionError):
        steps, given = [], None
    expected = _signature(folder, steps, create=False)
    if not (isinstance(given, str) and expected):
        given, expected = "", "none"
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise UsageError(
            f"{folder} looks like what an interrupted run left, but is not signed by a run of "
            "yours: look into it, and remove it"
        )
    return steps


def _signature(folder: Path, steps: Sequence[Listed], *, create: bool) -> str:
    """Of these steps in this very folder; empty where there is no key and none can be made."""
    key = _key(create=create)
    if not key:
        return ""
    said = json.dumps([os.fspath(folder.resolve()), steps]).encode("utf-8", "surrogatepass")
    return hmac.new(key, said, hashlib.sha256).hexdigest()


def _key(*, create: bool) -> bytes:
    path = cache_folder() / _KEY
    with contextlib.suppress(OSError):
        if create and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f"{_KEY}-{os.getpid()}-{secrets.token_hex(4)}")
            try:
                handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(handle, "wb") as file:
                    file.write(secrets.token_bytes(_BYTES))
                # The first of two at once stays; its key is everybody's.
                os.link(draft, path)
            finally:
                draft.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        # Never wait for a pipe somebody put there.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            key = file.read(_BYTES)
            return key if len(key) == _BYTES else b""
    return b""


def _make_and_lock(base: Path) -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
        try:
            lock = os.open(folder, _FOLDER)
        except FileNotFoundError:
            # Another run took it for a leftover before it was locked.
            continue
        with contextlib.suppress(OSError):
            # Some network file systems lock no folders: better unguarded than not at all.
            fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists():
            return folder, lock
        os.close(lock)
