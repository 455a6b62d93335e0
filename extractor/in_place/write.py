"""Write changes to files: all of them or none.

The new texts are laid out in a folder of their own first. Then each goes to its place by a
rename, with the old file kept beside until all are done: what fails on the way is undone. A
process that is killed in between leaves the folder with a list in it: the next one that writes
below the same place completes what is there and clears it away.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from extractor.errors import UsageError
from extractor.in_place.change import Change
from extractor.in_place.journal import (
    PREFIX,
    Listed,
    complete_interrupted,
    forget,
    note,
    open_journal,
)


@dataclass(frozen=True)
class _Step:
    """``staged`` becomes ``target``; then ``old`` goes, if there is one: it may be ``target``."""

    staged: Path
    target: Path
    old: Path | None


def write_all(changes: Sequence[Change], base: Path) -> None:
    """Make the ``changes``, which are below ``base``; ``UsageError`` when a place is taken.

    Any other error, and an interruption, leaves the files as they were.
    """
    for change in changes:
        if change.target is not None and change.target.exists():
            raise UsageError(f"{change.target} exists already: nothing can be moved to it")
    complete_interrupted(base)
    with open_journal(base) as folder:
        steps = [_stage(change, folder / str(number)) for number, change in enumerate(changes)]
        with _uninterrupted():
            note(folder, [_listed(step) for step in steps])
            _apply(steps, folder)


def _listed(step: _Step) -> Listed:
    old = None if step.old is None else str(step.old)
    return str(step.staged.absolute()), str(step.target), old


def _stage(change: Change, place: Path) -> _Step:
    target = change.path.resolve() if change.target is None else change.target.absolute()
    with place.open("wb") as file:
        file.write(change.after)
        file.flush()
        os.fsync(file.fileno())
    if change.before is None:
        near = target.parent
        while not near.exists():
            near = near.parent
        place.chmod(near.stat().st_mode & 0o666)  # a new file's, as its folder's
    else:
        place.chmod(change.path.stat().st_mode)
    goes = change.removed or change.target is not None
    return _Step(place, target, change.path.resolve() if goes else None)


def _apply(steps: Sequence[_Step], folder: Path) -> None:
    """Put everything in its place; what was there is kept in ``folder`` until all is done."""
    undo: list[tuple[Path | None, Path]] = []  # what to put back, and where
    made: list[Path] = []
    try:
        for number, step in enumerate(steps):
            made += _make_folders(step.target.parent)
            for place in {step.target, step.old or step.target}:
                kept = folder / f"old-{number}-{place == step.old}"
                if place.exists():
                    _keep(place, kept)
                    undo.append((kept, place))
                else:
                    undo.append((None, place))
            _move(step.staged, step.target)
            if step.old is not None:
                step.old.unlink()
    except BaseException:
        for saved, place in reversed(undo):
            if saved is None:
                place.unlink(missing_ok=True)
            else:
                _move(saved, place)
        for new_folder in reversed(made):
            with contextlib.suppress(OSError):
                new_folder.rmdir()
        forget(folder)
        raise
    for step in steps:
        if step.old is not None:
            _remove_empty(step.old.parent)


def _keep(place: Path, kept: Path) -> None:
    try:
        os.link(place, kept)
    except OSError:
        shutil.copy2(place, kept)


def _move(source: Path, target: Path) -> None:
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != 18:  # another file system is mounted below
            raise
        beside = target.with_name(f"{PREFIX}{target.name}")
        try:
            shutil.copy2(source, beside)
            beside.replace(target)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise


def _make_folders(folder: Path) -> list[Path]:
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for path in reversed(missing):
        path.mkdir()
    return list(reversed(missing))


def _remove_empty(folder: Path) -> None:
    """Remove folders that hold nothing any more, but for what Python made there itself."""
    while folder.is_dir() and all(one.name == "__pycache__" for one in folder.iterdir()):
        shutil.rmtree(folder / "__pycache__", ignore_errors=True)
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let Ctrl-C and the like wait until the files are in their places."""
    waiting = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, waiting)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
