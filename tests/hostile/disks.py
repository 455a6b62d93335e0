"""Disks that are full: at the Nth call that needs room, for every N, and really, on a small one."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.hostile.places import VERBS, Place, Tally, Usual, nothing_left, usual

# How many moments of each verb are tried, spread over all of its calls.
STAGES = 16
ERRORS = (errno.ENOSPC, errno.EROFS, errno.EIO, errno.EDQUOT)
SAID_2 = 2
SOURCE = 3
TURNS_OUT = {0, 1, 2, 4}


def faults(place: Place, share: int, tally: Tally) -> None:
    """The disk says no from some call on: the usual, or exit code 2 and nothing half done."""
    library = built()
    if library is None:
        tally.harm.append("there is no C compiler: nothing was tried")
        return
    count = place.root / "tmp" / "count"
    number = 0
    for verb in VERBS:
        about = usual(place, verb) if _any(number, share) else None
        number += STAGES
        if about is None:
            continue
        total = _calls(place, verb, library, count)
        place.restore()
        for stage in range(min(STAGES, total)):
            if (number - STAGES + stage) % share:
                continue
            at = 1 + stage * total // STAGES
            error = ERRORS[(number + stage) % len(ERRORS)]
            name = f"{errno.errorcode[error]} at call {at} of {total} of {verb}"
            told = _faulty(place, verb, library, count, at, error)
            count.unlink()
            after(place, tally, name, verb, about, told)
    shutil.rmtree(library.parent)


def _any(number: int, share: int) -> bool:
    return any((number + stage) % share == 0 for stage in range(STAGES))


def after(
    place: Place, tally: Tally, name: str, verb: str, about: Usual, told: tuple[int, str]
) -> None:
    """What must be so once the disk failed, and when the same is called again with room."""
    code, said = told
    tally.judge(name, code, said, TURNS_OUT)
    if code not in {about.code, SAID_2}:
        tally.blame(name, f"exit {code} instead of {about.code}: {' '.join(said.split())[-200:]}")
    elif code != SAID_2 and (wrong := about.differences(place.outputs(verb))):
        tally.blame(name, f"exit {code}, but other files: {wrong[:3]}")
    elif "cannot be used" in said or "is there a network" in said:
        tally.blame(name, f"the disk's fault is said to be another's: {said.strip()[-200:]}")
    if code == about.code:
        place.restore()
    code, said = place.call(VERBS[verb].split())
    if code != about.code:
        tally.blame(name, f"again, with room: exit {code}: {' '.join(said.split())[-200:]}")
    elif wrong := about.differences(place.outputs(verb)):
        tally.blame(name, f"again, with room: other files: {wrong[:3]}")
    nothing_left(place, tally, name)
    place.restore()


def built() -> Path | None:
    """The library that is preloaded, in a new folder; ``None`` without a compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    library = Path(tempfile.mkdtemp(prefix="drills-library-")) / "full_disk.so"
    source = Path(__file__).with_name("full_disk.c")
    words = ["-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"]
    subprocess.run([compiler, *words], check=True)
    return library


def _faulty(
    place: Place, verb: str, library: Path, count: Path, at: int, error: int
) -> tuple[int, str]:
    count.write_bytes(bytes(8))
    # With nothing kept from before, so that every call is the same.
    shutil.rmtree(place.root / "cache", ignore_errors=True)
    return place.call(
        VERBS[verb].split(),
        LD_PRELOAD=str(library),
        FAULT_COUNT=str(count),
        FAULT_AT=str(at),
        FAULT_ERRNO=str(error),
        FAULT_BELOW=str(place.root),
    )


def _calls(place: Place, verb: str, library: Path, count: Path) -> int:
    """How many calls of an undisturbed run need room."""
    place.restore()
    _faulty(place, verb, library, count, 1 << 40, errno.ENOSPC)
    (total,) = struct.unpack("=Q", count.read_bytes())
    count.unlink()
    assert total, f"{verb}: the library was not loaded"
    return int(total)


def small(place: Place, share: int, tally: Tally) -> None:
    """A real disk of a few pages for temporary files and cache, with every verb."""
    rooms = [0, 4, 8, 16, 32, 64, 128, 256, 400, 600]
    number = 0
    for verb in VERBS:
        about = None
        for kilobytes in rooms:
            number += 1
            if number % share:
                continue
            about = about or usual(place, verb)
            name = f"{kilobytes} KiB for temporary files and cache: {verb}"
            with _disk(place, kilobytes) as disk:
                if disk is None:
                    tally.harm.append("no small disk can be mounted: nothing was tried")
                    return
                told = _on(place, verb, disk)
            after(place, tally, name, verb, about, told)


@contextlib.contextmanager
def _disk(place: Place, kilobytes: int) -> Iterator[list[str] | None]:
    """Words before a command that give it a disk of its own; an ordinary user can do that, too."""
    mounted = place.root / "tmp"
    size = max(4, kilobytes)
    fill = f"dd if=/dev/zero of={mounted}/fill bs=1k count={size} 2>/dev/null; "
    script = (
        f"mount -t tmpfs -o size={size}k tmpfs {mounted} || exit 99; "
        f"{fill if not kilobytes else ''}"
        'exec "$@"'
    )
    words = ["unshare", *([] if os.geteuid() == 0 else ["-r"]), "-m", "sh", "-c", script, "sh"]
    tried = subprocess.run([*words, "true"], capture_output=True)
    yield None if tried.returncode else words


def _on(place: Place, verb: str, disk: list[str]) -> tuple[int, str]:
    done = subprocess.run(
        [*disk, place.program, *VERBS[verb].split()],
        cwd=place.root,
        env=place.environment() | {"EXTRACTOR_CACHE": str(place.root / "tmp" / "cache")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    return done.returncode, done.stdout.decode("utf-8", "replace")
