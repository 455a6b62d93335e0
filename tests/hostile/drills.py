"""Everything a stranger or a bad day can do, done on purpose: a table of how each was survived.

    python tests/hostile/drills.py [--share N] [--only KIND]

``--share 10`` does every tenth drill. A drill is survived when the exit code is one of the table,
the message is a sentence and no traceback, nothing outside OUTPUT changed, the source kept its
bytes, modes and times, nothing is left in the folder for temporary files, and the same command
without the fault gives what it always gives.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.hostile.disks import faults, small
from tests.hostile.places import (
    SECONDS,
    VERBS,
    WRITERS,
    Place,
    Tally,
    Usual,
    make_place,
    nothing_left,
    usual,
)
from tests.hostile.strangers import archives, repositories

KILLS_OF_A_VERB = 17
# How long what a killed run had started may take to notice.
SECONDS_TO_END = 5


def kills(place: Place, share: int, tally: Tally) -> None:
    """Kill each verb that writes at many moments; the same call afterwards gives the usual."""
    number = 0
    for verb in WRITERS:
        about: Usual | None = None
        lasts = 0.0
        for moment in range(KILLS_OF_A_VERB):
            number += 1
            if number % share:
                continue
            if about is None:
                about = usual(place, verb)
                started = time.monotonic()
                place.call(VERBS[verb].split())
                lasts = time.monotonic() - started
                place.restore()
            how = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)[number % 3]
            name = f"{how.name} of {verb} {number}"
            _kill(place, tally, name, verb, how, lasts * (moment + 0.5) / KILLS_OF_A_VERB)
            code, said = _again(place, verb)
            tally.judge(name, code, said)
            if code != about.code:
                tally.blame(name, f"again: exit {code}: {said.strip()[-200:]}")
            elif wrong := about.differences(place.outputs(verb)):
                tally.blame(name, f"again: other files: {wrong[:3]}")
            nothing_left(place, tally, name)
            place.restore()


def _kill(
    place: Place, tally: Tally, name: str, verb: str, how: signal.Signals, after: float
) -> None:
    process = subprocess.Popen(
        [place.program, *VERBS[verb].split()],
        cwd=place.root,
        env=place.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    time.sleep(after)
    # The program alone: what it started has to notice.
    process.send_signal(how)
    said = process.communicate()[0].decode("utf-8", "replace")
    # Before the first line of ours the interpreter answers by itself.
    if "Traceback (most recent" in said and "extractor" in said:
        tally.blame(name, f"a traceback: {said.strip()[-200:]}")
    deadline = time.monotonic() + SECONDS_TO_END
    while left := _session(process.pid):
        if time.monotonic() > deadline:
            tally.blame(name, f"still running: {left}")
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            return
        time.sleep(0.05)


def _session(leader: int) -> list[int]:
    """The processes of the session that ``leader`` began, without those that only wait."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                rest = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(rest[3]) == leader and rest[0] != "Z":
                    found.append(int(entry.name))
    return found


def _again(place: Place, verb: str) -> tuple[int, str]:
    """The same call; where the killed one had done its work already, that is taken away first."""
    code, said = place.call(VERBS[verb].split())
    done = "exists already" in said or "up to date" in said or code == 4
    if code in (2, 4) and done:
        place.restore()
        code, said = place.call(VERBS[verb].split())
    return code, said


WORDS = [
    "", " ", ".", "..", "/", "-", "--", "-x", "\n", "\x1b[31m", "a" * 5000, "a" * 200_000,
    "/dev/null", "/dev/zero", "/proc/self/mem", "https://example.invalid/x", "git@x:y", "pypi:",
    "pypi:x", "pypi:==1", "pypi:../x==1", "HEAD", "HEAD~999", ":/x", "@{u}", "^{tree}", "src",
    "src/.git", "old", "precious/key", "caf\udce9", "\u202e", "*", "{}", "%s", "1e999",
]  # fmt: skip


def command_lines(place: Place, share: int, tally: Tally) -> None:
    """Wrong words in every place of the command line."""
    calls = [
        [w.replace("WORD", word) for w in form.split()]
        for word in WORDS
        for form in (
            "WORD",
            "run WORD out --plan plan",
            "run src WORD --plan plan",
            "run src out --plan WORD",
            "run src out --plan plan --rev WORD",
            "verify WORD --plan plan --only imports",
            "report diff src WORD HEAD --plan plan",
            "rewrite WORD src",
        )
    ]
    calls += [line.split() for line in LINES]
    for number, words in enumerate(calls):
        if number % share == 0:
            code, said = _called(place, words)
            tally.judge(f"{[w[:40] for w in words]}", code, said)
            place.restore()


# Options with values that mean nothing.
LINES = [
    "run src out --plan plan --history sideways", "run src out --plan plan --author x",
    "run src out --plan plan --author \x1b[31m<a@b>", "run src out --verify --python /none",
    "run src out --verify --python /dev/null", "run src precious/key/x --plan plan",
    "run src src/out --plan plan", "run src src/.git/x --plan plan", "run src /proc/x --plan plan",
    "plan src --root .. --into x", "plan src --root shop.till --into ../x", "plan src --root a\x00",
    "plan src --root shop.till --into class", "plan src --root shop.none --into x",
    "analyze cuts src --package shop --root shop.till.door --budget -5",
    "analyze cuts src --package shop --root shop.till.door --budget 1e9",
    "analyze src --package none --root none", "analyze src --package ../x --root x",
    "analyze src --package shop --root shop.till.door --stop none", "analyze src --keep (",
    "contracts check src --config plan/plan.toml", "contracts check src --config src",
    "contracts check src --config /dev/zero", "contracts history src --config c.toml --since x",
    "contracts baseline src --config c.toml --baseline src --reason because",
    "contracts baseline src --config c.toml --baseline precious --reason because",
    "rewrite rename_references src --modules a", "rewrite rename_references src --modules a=a=a",
    "rewrite rename_references src --modules (=)", "rewrite drop_calls src --call (",
    "rewrite move_definitions src --names x:y=z", "rewrite replace_strings src --strings x",
    "sweep src swept --plan plan --revisions x..y --every 0", "sweep src precious --plan plan",
    "sweep src swept --plan plan --revisions HEAD --every 1 --shard 3/2",
    "sweep src swept --plan plan --merge precious/key --revisions HEAD --every 1",
    "sweep pypi: swept --plan plan --releases (", "refactor src series --plan tables",
    "refactor src old --plan plan", "prove old --plan plan", "prove precious --plan plan",
    "schema check precious/key --plan tables",
    "schema check /dev/zero --plan tables --source src",
    "schema freeze --plan tables --source src -o precious/none/x", "schema compare --plan plan",
    "data copy --plan tables --from x --to y", "data copy --plan tables --from sqlite:////none/x"
    " --to sqlite:////none/y", "data replay --plan tables precious/key",
    "data export --plan tables",
    "history check precious --against src", "history check old/till --against precious",
    "history preview src --plan plan --rev none", "sync old --from precious --plan plan",
    "sync precious --plan plan", "report precious --plan plan", "report old --source precious",
    "verify old/till --plan plan --only none", "verify old/till --faults --state precious",
    "verify old/till --plan plan --against pypi:", "completion none", "help none", "--version x",
]  # fmt: skip


def _called(place: Place, words: list[str]) -> tuple[int, str]:
    try:
        return place.call(words)
    except (OSError, ValueError):
        # The system itself takes no such word.
        return 2, "the system refuses it"


def plans(place: Place, share: int, tally: Tally) -> None:
    """Values of a plan that lead elsewhere, or that nothing could be made of."""
    text = place.root.joinpath("tables/plan.toml").read_text()
    lines = [line for line in text.splitlines() if "=" in line]
    values = [
        '"../precious/key"', '"/etc/passwd"', '""', '"."', '".git"', '"a\\u0000b"', "1", "[]", "{}",
        '["(", "\\\\9"]', "1979-05-27", "true", '"' + "x" * 4000 + '"', "[" * 2000,
        '"\\u001b[31m"', "nan", '["../x", "-x"]', '"-x"', '"\\u202ex"',
    ]  # fmt: skip
    cases = [
        text.replace(line, f"{line.split('=')[0]}= {value}") for line in lines for value in values
    ]
    for number, case in enumerate(cases):
        if number % share == 0:
            place.write("tmp/bad/plan.toml", case)
            verb = ("run src out", "plan src", "history preview src")[number % 3]
            code, said = place.call([*verb.split(), "--plan", "tmp/bad", "--quiet"])
            tally.judge(f"plan {number} with {verb}", code, said)
            shutil.rmtree(place.root / "tmp/bad")
            nothing_left(place, tally, f"plan {number} with {verb}")
            place.restore()


def limits(place: Place, share: int, tally: Tally) -> None:
    """Few open files, small files, little memory, few processes."""
    sizes = [
        (resource.RLIMIT_NOFILE, n) for n in (5, 6, 8, 10, 12, 16, 24)
    ] + [(resource.RLIMIT_FSIZE, n) for n in (0, 100, 1000, 5000)] + [
        (resource.RLIMIT_AS, n << 20) for n in (80, 150, 250)
    ] + [(resource.RLIMIT_NPROC, n) for n in (0, 1)]  # fmt: skip
    number = 0
    for verb in VERBS:
        about: Usual | None = None
        for which, size in sizes:
            number += 1
            if number % share:
                continue
            about = about or usual(place, verb)
            limit = lambda: resource.setrlimit(which, (size, size))  # noqa: B023, E731
            code, said = place.call(VERBS[verb].split(), limit=limit)
            # An interpreter that cannot even start speaks for itself.
            if code in (1, -11, -6, 127) and "extractor:" not in said and not about.code:
                continue
            name = f"{verb} with limit {which} of {size}"
            tally.judge(name, code, said, {0, 1, 2})
            if code not in {about.code, 2}:
                tally.blame(name, f"exit {code} instead of {about.code}: {said.strip()[-200:]}")
            elif code == about.code and (wrong := about.differences(place.outputs(verb))):
                tally.blame(name, f"exit {code}, but other files: {wrong[:3]}")
            place.restore()


def caches(place: Place, share: int, tally: Tally) -> None:
    """Caches that are broken, full of something else, locked, or not to be written."""

    def held(path: Path) -> None:
        if path.suffix != ".sqlite3":
            return
        database = sqlite3.connect(path, check_same_thread=False)
        database.execute("begin exclusive")
        HELD.append(database)

    breaks: list[Callable[[Path], object]] = [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(os.urandom(5000)),
        lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
        lambda path: (path.unlink(), path.mkdir()),
        lambda path: (path.unlink(), os.mkfifo(path)),
        lambda path: (path.unlink(), path.symlink_to("/dev/full")),
        lambda path: path.chmod(0),
        lambda path: path.write_bytes(b"[" * 200_000),
        lambda path: path.write_bytes(b'{"version": 1, "files": 3}'),
        held,
    ]
    number = 0
    for broken in breaks:
        for verb in ("run", "analyze", "diff", "contracts", "sweep"):
            number += 1
            if number % share:
                continue
            about = usual(place, verb)
            shutil.rmtree(place.root / "cache", ignore_errors=True)
            for filler in ("analyze", "contracts", verb):
                place.call(VERBS[filler].split())
                place.restore()
            for path in sorted((place.root / "cache").rglob("*.*")):
                if path.is_file() and path.suffix in {".sqlite3", ".json"}:
                    broken(path)
            code, said = place.call(VERBS[verb].split())
            name = f"{verb} with a broken cache {number}"
            tally.judge(name, code, said, {about.code})
            if wrong := about.differences(place.outputs(verb)):
                tally.blame(name, f"other files: {wrong[:3]}")
            while HELD:
                HELD.pop().close()
            for path in (place.root / "cache").rglob("*"):
                if path.is_file() and not path.is_symlink():
                    path.chmod(0o600)
            place.restore()
    shutil.rmtree(place.root / "cache", ignore_errors=True)


HELD: list[sqlite3.Connection] = []


def pairs(place: Place, share: int, tally: Tally) -> None:
    """Two runs at once, on one result and with one cache, and a third one afterwards."""
    names = ("run", "sync", "verify", "report", "baseline", "history", "rewrite")
    couples = [(one, two) for one in names for two in names]
    for number, (one, two) in enumerate(couples):
        if number % share:
            continue
        started = [
            subprocess.Popen(
                [place.program, *VERBS[name].split()],
                cwd=place.root,
                env=place.environment(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            for name in (one, two)
        ]
        for name, process in zip((one, two), started, strict=True):
            said = process.communicate(timeout=3 * SECONDS)[0].decode("utf-8", "replace")
            tally.judge(f"{name} of {one} and {two}", process.returncode, said)
        for name in (one, two):
            code, said = _again(place, name)
            if code not in {0, 1, 4}:
                tally.blame(f"{one} and {two}", f"{name} again: exit {code}: {said.strip()[-200:]}")
        nothing_left(place, tally, f"{one} and {two}")
        place.restore()


KINDS: dict[str, Callable[[Place, int, Tally], None]] = {
    "kills": kills,
    "full disks": faults,
    "small disks": small,
    "command lines": command_lines,
    "plans": plans,
    "repositories": repositories,
    "archives": archives,
    "limits": limits,
    "caches": caches,
    "pairs": pairs,
}


def drill(program: str, share: int = 1, only: str = "") -> dict[str, Tally]:
    """Do every ``share``-th drill of each kind; how each kind ended."""
    done = {}
    for kind, work in KINDS.items():
        if only and kind != only:
            continue
        tally = done[kind] = Tally()
        root = Path(tempfile.mkdtemp(prefix="drills-"))
        try:
            place = make_place(root, program)
            before = place.state("precious", "plan", "tables", "c.toml")
            source = place.state("src")
            work(place, share, tally)
            if place.state("precious", "plan", "tables", "c.toml") != before:
                tally.blame(kind, "what was nobody's business changed")
            if kind != "repositories" and place.state("src") != source:
                tally.blame(kind, "the source changed")
            # Only the next run can remove what a killed one left.
            place.call(VERBS["plan"].split())
            nothing_left(place, tally, "after the next run")
        finally:
            shutil.rmtree(root, ignore_errors=True)
    return done


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--share", type=int, default=1)
    parser.add_argument("--only", default="", choices=["", *KINDS])
    asked = parser.parse_args()
    random.seed(0)
    program = str(Path(sys.executable).parent / "extractor")
    print("| kind | drills | survived | exit codes |\n|---|---|---|---|", flush=True)
    harmed = False
    for kind in [asked.only] if asked.only else KINDS:
        tally = drill(program, asked.share, kind)[kind]
        codes = ", ".join(f"{code}: {count}" for code, count in sorted(tally.codes.items()))
        print(f"| {kind} | {tally.count} | {tally.count - len(tally.hurt)} | {codes} |", flush=True)
        for harm in tally.harm:
            print(f"    {harm!r}", flush=True)
        harmed |= bool(tally.harm)
    return int(harmed)


if __name__ == "__main__":
    sys.exit(main())
