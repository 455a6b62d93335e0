"""Syncs that are killed, and syncs at once: whoever calls next gets what an undisturbed one gives.

    python tests/hostile/syncs.py [--kills 100] [--pairs 50]

A result is copied, a sync of it is killed at a random moment (every third time git's own lock
of the index is left behind as well), and sync is called again: refs, index and work tree must be
those of an undisturbed sync.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.hostile.places import VERBS, Place, Tally, make_place

SYNC = VERBS["sync"].split()
DONE, THERE_ALREADY, REFUSED = 0, 4, 2


def came_out(place: Place) -> str:
    """Refs, what is checked out, what the index has, and what is edited, of the result."""
    said = []
    for words in (
        ("for-each-ref", "--format=%(refname) %(objectname)"),
        ("symbolic-ref", "HEAD"),
        ("ls-files", "--stage"),
        ("status", "--porcelain", "--untracked-files=all"),
        ("fsck", "--no-dangling", "--no-progress"),
    ):
        done = subprocess.run(
            ["git", "-C", "old/till", *words],
            cwd=place.root,
            env=place.environment(),
            capture_output=True,
            text=True,
        )
        said.append(done.stdout + done.stderr)
    return "\n".join(said)


@contextmanager
def fresh(place: Place) -> Iterator[None]:
    """The old result, to be changed at will."""
    try:
        yield
    finally:
        place.restore()


def undisturbed(place: Place) -> tuple[str, float]:
    """What a sync gives that nobody disturbs, and the seconds it takes."""
    with fresh(place):
        started = time.monotonic()
        code, said = place.call(SYNC)
        seconds = time.monotonic() - started
        assert code == DONE, said
        return came_out(place), seconds


def start(place: Place) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [place.program, *SYNC],
        cwd=place.root,
        env=place.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def kills(place: Place, count: int, chance: random.Random) -> Tally:
    """Kill a sync at a random moment, and call it again."""
    tally = Tally()
    expected, seconds = undisturbed(place)
    for number in range(count):
        with fresh(place):
            process = start(place)
            time.sleep(chance.uniform(0, 1.1 * seconds))
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            name = f"kill {number}"
            if number % 3 == 0:
                _refused_for_a_lock(place, tally, name)
            code, said = place.call(SYNC)
            tally.judge(name, code, said, {DONE, THERE_ALREADY})
            if came_out(place) != expected:
                tally.harm.append(f"{name}: another result: {came_out(place)[:2000]}")
    return tally


def _refused_for_a_lock(place: Place, tally: Tally, name: str) -> None:
    """While git's lock of the index is there, nothing changes, and the message names it."""
    lock = place.root / "old/till/.git/index.lock"
    lock.write_bytes(b"")
    code, said = place.call(SYNC)
    if code not in (REFUSED, THERE_ALREADY) or (code == REFUSED and "index.lock" not in said):
        tally.harm.append(f"{name}: with a lock left: exit {code}: {said[-300:]}")
    lock.unlink()


def pairs(place: Place, count: int, chance: random.Random) -> Tally:
    """Two syncs at once, and a third one after them."""
    tally = Tally()
    expected, seconds = undisturbed(place)
    for number in range(count):
        with fresh(place):
            first = start(place)
            time.sleep(chance.uniform(0, 0.5 * seconds) if number % 2 else 0)
            for process in (first, start(place)):
                said = process.communicate()[0].decode("utf-8", "replace")
                tally.judge(f"pair {number}", process.returncode, said, {DONE, THERE_ALREADY})
            if came_out(place) != expected:
                tally.harm.append(f"pair {number}: another result: {came_out(place)[:2000]}")
            code, said = place.call(SYNC)
            if code != THERE_ALREADY or came_out(place) != expected:
                tally.harm.append(f"pair {number}: the third: exit {code}: {said[-300:]}")
    return tally


def drill(program: str, killed: int, paired: int) -> dict[str, Tally]:
    root = Path(tempfile.mkdtemp(prefix="syncs-"))
    chance = random.Random(22)
    try:
        place = make_place(root, program)
        return {
            "kills of sync": kills(place, killed, chance),
            "pairs of syncs": pairs(place, paired, chance),
        }
    finally:
        shutil.rmtree(root, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--pairs", type=int, default=50)
    asked = parser.parse_args()
    done = drill(str(Path(sys.executable).parent / "extractor"), asked.kills, asked.pairs)
    for name, tally in done.items():
        print(f"| {name} | {tally.count} | {dict(sorted(tally.codes.items()))} |")
        for harm in tally.harm:
            print(harm)
    return int(any(tally.harm for tally in done.values()))


if __name__ == "__main__":
    sys.exit(main())
