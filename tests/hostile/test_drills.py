"""Some of the drills of each kind; all of them: python tests/hostile/drills.py."""

import sys
from pathlib import Path

import pytest

from tests.hostile import drills, fuzz, syncs

PROGRAM = str(Path(sys.executable).parent / "extractor")
# Of each kind every so-manieth: together they take less than a minute.
SHARES = {
    "kills": 101,
    "full disks": 131,
    "small disks": 83,
    "command lines": 83,
    "plans": 151,
    "repositories": 61,
    "archives": 11,
    "limits": 131,
    "caches": 29,
    "pairs": 41,
}


def test_every_kind_is_tried():
    assert SHARES.keys() == drills.KINDS.keys()


@pytest.mark.slow
@pytest.mark.parametrize("kind", drills.KINDS)
def test_drills_are_survived(kind):
    tally = drills.drill(PROGRAM, SHARES[kind], kind)[kind]
    assert tally.count
    assert tally.harm == []


@pytest.mark.slow
def test_a_sync_after_a_kill_and_syncs_at_once_give_the_same():
    for tally in syncs.drill(PROGRAM, killed=4, paired=2).values():
        assert tally.count
        assert tally.harm == []


@pytest.mark.parametrize("name", fuzz.TARGETS)
def test_mutations_are_taken_or_refused(name):
    import random

    target, seed = fuzz.TARGETS[name]
    chance = random.Random(1)
    for _ in range(60):
        fuzz.one(target, fuzz.mutated(seed, chance))
