"""Everything a stranger or a bad day can do, done on purpose: a table of how each was survived.

    python tests/hostile/drills.py [--share N] [--only KIND] [--keep]

``--share 10`` does every tenth drill. A drill is survived when the exit code is one of the table,
the message is a sentence and no traceback, nothing outside OUTPUT changed, the source kept its
bytes, modes and times, and the next run left nothing in the folder for temporary files.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

CODES = {0, 1, 2, 3, 4, 130}
SECONDS = 60
PLAN = """\
name = "till"
source_package = "shop"
target_package = "till"

[roots]
packages = ["shop.till"]
entry_points = ["till.door:open_it"]

[[cut]]
subject = "shop.stock:count_all"
reason = "Counting is the shop's own business."

[layout.modules]
"shop.till" = "till"
"shop.errors" = "till.errors"

[packaging]
distribution = "till"
requirements = "requirements.txt"
test_requirements = "requirements.txt"
"""
CONTRACTS = """\
[tool.importlinter]
root_packages = ["shop"]

[[tool.importlinter.contracts]]
id = "quiet"
name = "Till is quiet"
type = "forbidden"
source_modules = ["shop.till"]
forbidden_modules = ["shop.stock"]
"""
FILES = {
    "requirements.txt": "",
    "shop/__init__.py": "",
    "shop/errors.py": "class Broken(Exception):\n    pass\n",
    "shop/stock.py": "from shop import heavy\n\n\ndef count_all():\n    return heavy.x\n",
    "shop/heavy.py": "x = 1\n",
    "shop/till/__init__.py": "",
    "shop/till/door.py": "from shop import errors, stock\n\n\n"
    "def open_it():\n    stock.count_all()\n    raise errors.Broken()\n",
}
VERBS = {
    "run": "run src out --plan plan --quiet",
    "plan": "plan src --plan plan --quiet",
    "analyze": "analyze src --package shop --root shop.till.door --quiet",
    "contracts": "contracts check src --config c.toml",
    "baseline": "contracts baseline src --config c.toml --baseline b.toml --reason Because_of_it",
    "rewrite": "rewrite remove_unused_imports src",
    "diff": "report diff src HEAD~1 HEAD --plan plan --quiet",
    "report": "report old --plan plan --source src --quiet",
    "sync": "sync old --plan plan --quiet",
    "verify": "verify old/till --plan plan --only imports --only words --only intact --quiet",
    "history": "history check old/till --against src --quiet",
}


@dataclass
class Place:
    """A folder with a shop, its plan, an old result of it and a folder for temporary files."""

    root: Path
    program: str

    def call(
        self, words: list[str], *, limit: Callable[[], None] | None = None, **more: str
    ) -> tuple[int, str]:
        """Exit code and what was said."""
        done = subprocess.run(
            [self.program, *words],
            cwd=self.root,
            env=self.environment() | more,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
            preexec_fn=limit,
        )
        return done.returncode, done.stdout.decode("utf-8", "replace")

    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "PYTHON"))}
        return kept | {
            "EXTRACTOR_CACHE": str(self.root / "cache"),
            "TMPDIR": str(self.root / "tmp"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
        }

    def git(self, *words: str, stdin: bytes | None = None) -> str:
        who = {f"GIT_{r}_{w}": "a@b" for r in ("AUTHOR", "COMMITTER") for w in ("NAME", "EMAIL")}
        done = subprocess.run(
            ["git", "-C", "src", *words],
            cwd=self.root,
            input=stdin,
            capture_output=True,
            check=True,
            env=self.environment() | who,
        )
        return done.stdout.decode().strip()

    def write(self, path: str, text: str | bytes) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())

    def commit(self, message: str = "more") -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)

    def state(self, *names: str) -> str:
        """A digest of bytes, modes and times of what must not change."""
        digest = hashlib.sha256()
        for name in names:
            for path in sorted((self.root / name).rglob("*")):
                about = path.lstat()
                digest.update(
                    f"{path} {about.st_mode} {about.st_size} {about.st_mtime_ns}".encode(
                        "utf-8", "surrogateescape"
                    )
                )
                if path.is_file() and not path.is_symlink():
                    digest.update(path.read_bytes())
        return digest.hexdigest()


@dataclass
class Tally:
    """How many drills of a kind there were, their exit codes, and which did harm."""

    count: int = 0
    codes: Counter[int] = field(default_factory=Counter)
    harm: list[str] = field(default_factory=list)

    def judge(self, name: str, code: int, said: str, allowed: set[int] = CODES) -> None:
        self.count += 1
        self.codes[code] += 1
        if code not in allowed:
            self.harm.append(f"{name}: exit {code}: {said.strip().splitlines()[-1:]}")
        elif "Traceback (most recent" in said:
            self.harm.append(f"{name}: a traceback")
        elif "\x1b" in said:
            self.harm.append(f"{name}: an escape sequence reached the screen")


def make_place(root: Path, program: str) -> Place:
    place = Place(root, program)
    for folder in ("tmp", "src", "precious"):
        (root / folder).mkdir(parents=True)
    place.write("precious/key", "secret\n")
    place.write("plan/plan.toml", PLAN)
    place.write("c.toml", CONTRACTS)
    place.git("init", "-q", "-b", "main")
    for path, text in FILES.items():
        place.write(f"src/{path}", text)
    place.commit("one")
    code, said = place.call(["run", "src", "old", "--plan", "plan", "--quiet"])
    assert code == 0, said
    place.write("src/shop/till/door.py", FILES["shop/till/door.py"] + "\n\nlater = 1\n")
    place.commit("two")
    return place


def kills(place: Place, share: int, tally: Tally) -> None:
    """Kill each verb at many moments; the same call afterwards must do what it always does."""
    for name, words in VERBS.items():
        for number in range(0, 20, share):
            shutil.copytree(place.root / "old", place.root / "kept", symlinks=True)
            process = subprocess.Popen(
                [place.program, *words.split()],
                cwd=place.root,
                env=place.environment(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            time.sleep(0.05 + number * 0.05)
            how = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)[number % 3]
            os.killpg(process.pid, how)
            process.wait()
            code, said = place.call(words.split())
            tally.judge(f"{how.name} of {name} {number}", code, said)
            _nothing_left(place, tally, f"{how.name} of {name} {number}")
            shutil.rmtree(place.root / "out", ignore_errors=True)
            shutil.rmtree(place.root / "old")
            (place.root / "kept").rename(place.root / "old")


def _nothing_left(place: Place, tally: Tally, name: str) -> None:
    left = [path.name for path in (place.root / "tmp").iterdir()]
    left += [path.name for path in place.root.glob(".*")]
    if left:
        tally.harm.append(f"{name}: left {left}")
        for path in (place.root / "tmp").iterdir():
            shutil.rmtree(path, ignore_errors=True)


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
        )
    ]
    for number, words in enumerate(calls):
        if number % share == 0:
            code, said = _called(place, words)
            tally.judge(f"{[w[:40] for w in words]}", code, said)
            _only_these(place)


def _called(place: Place, words: list[str]) -> tuple[int, str]:
    try:
        return place.call(words)
    except OSError:
        # The system itself takes no such word.
        return 2, ""


def _only_these(place: Place) -> None:
    shutil.rmtree(place.root / "out", ignore_errors=True)


def plans(place: Place, share: int, tally: Tally) -> None:
    """Values of a plan that lead elsewhere, or that nothing could be made of."""
    lines = [line for line in PLAN.splitlines() if "=" in line]
    values = [
        '"../precious/key"', '"/etc/passwd"', '""', '"."', '".git"', '"a\\u0000b"', "1", "[]", "{}",
        '["(", "\\\\9"]', "1979-05-27", "true", '"' + "x" * 4000 + '"', "[" * 2000,
    ]  # fmt: skip
    cases = [
        PLAN.replace(line, f"{line.split('=')[0]}= {value}") for line in lines for value in values
    ]
    for number, text in enumerate(cases):
        if number % share == 0:
            place.write("bad/plan.toml", text)
            code, said = place.call(["run", "src", "out", "--plan", "bad", "--quiet"])
            tally.judge(f"plan {number}", code, said)
            _only_these(place)
    shutil.rmtree(place.root / "bad", ignore_errors=True)


def repositories(place: Place, share: int, tally: Tally) -> None:
    """Trees, commits and files that git takes and hardly anybody has seen."""
    before = place.git("rev-parse", "HEAD")
    config = place.root / "src/.git/config"
    plain = config.read_bytes()
    for number, (name, make) in enumerate(_repositories()):
        if number % share:
            continue
        make(place)
        for verb in ("run", "plan", "analyze", "contracts", "diff"):
            code, said = place.call(VERBS[verb].split())
            tally.judge(f"{name}: {verb}", code, said)
            _only_these(place)
        # Our own git must not do what the drill's configuration says.
        config.write_bytes(plain)
        place.git("reset", "-q", "--hard", before)
        place.git("clean", "-qfdx")


def _repositories() -> Iterator[tuple[str, Callable[[Place], None]]]:
    def file(path: bytes, content: bytes) -> Callable[[Place], None]:
        def make(place: Place) -> None:
            target = os.fsencode(place.root / "src") + b"/" + path
            os.makedirs(os.path.dirname(target), exist_ok=True)  # noqa: PTH103, PTH120
            with open(target, "wb") as out:  # noqa: PTH123
                out.write(content)
            place.commit()

        return make

    for content in (
        b"\0" * 100, b"\xff\xfe", b"x = (", b"x = " + b"[" * 500, b"# coding: nonsense\n",
        b"x = " + b" + ".join([b"1"] * 2500), b"x = a" + b".b" * 2500, b"x = " + b"-" * 2500 + b"1",
        b"if a: pass\n" + b"elif b: pass\n" * 2500, b"\x0c" * 999, b"\r" * 999, b"def f(:\n",
        b"x = '" + b"a" * 3_000_000 + b"'\n", b"from . import *\n" * 500, b"\xef\xbb\xbfx = 1\n",
        b"from shop.till import odd\n", b"import shop.till.odd.odd\n", b"x = " + b"9" * 10_000,
        b"x = lambda: " * 90 + b"1", b"@x\n" * 3000 + b"def f(): pass\n",
    ):  # fmt: skip
        yield f"odd.py of {content[:12]!r}", file(b"shop/till/odd.py", content)
    for name in (
        b"caf\xe9.py", b"new\nline.py", b"esc\x1b[31m.py", b"-rf.py", b"a b.py", b"'.py", b"\\.py",
        b"x" * 250 + b".py", b"\xe2\x80\xae.py", b"class.py", b"1.py", b".py", b"*.py", b"$(id).py",
        b"/".join([b"d"] * 300) + b"/x.py",
    ):  # fmt: skip
        yield f"a file {name[:12]!r}", file(b"shop/till/" + name, b"x = 1\n")

    def linked(target: str) -> Callable[[Place], None]:
        def make(place: Place) -> None:
            (place.root / "src/shop/till/link.py").symlink_to(target)
            place.commit()

        return make

    for target in ("/etc/passwd", "../../../precious/key", "link.py", "nowhere", "."):
        yield f"a link to {target}", linked(target)

    def piped(place: Place) -> None:
        os.mkfifo(place.root / "src/shop/till/pipe.py")

    yield "a pipe", piped

    def tree(*entries: str) -> Callable[[Place], None]:
        def make(place: Place) -> None:
            blob = place.git("hash-object", "-w", "--stdin", stdin=b"x = 1\n")
            raw = b"".join(
                mode.encode() + b" " + name.encode() + b"\0" + bytes.fromhex(blob)
                for mode, name in (entry.split(" ", 1) for entry in entries)
            )
            made = place.git("hash-object", "-t", "tree", "-w", "--stdin", "--literally", stdin=raw)
            commit = place.git("commit-tree", made, "-p", "HEAD", "-m", "odd")
            place.git("update-ref", "refs/heads/main", commit)

        return make

    for entries in (
        ["100644 .."], ["100644 .git"], ["100644 ."], ["100644 a/b"], ["100644 a", "120000 a"],
        ["777777 a"], ["100644 "], ["160000 sub"],
    ):  # fmt: skip
        yield f"a tree with {entries}", tree(*entries)

    def commit(*headers: str) -> Callable[[Place], None]:
        def make(place: Place) -> None:
            top = place.git("rev-parse", "HEAD^{tree}"), place.git("rev-parse", "HEAD")
            text = "\n".join([f"tree {top[0]}", f"parent {top[1]}", *headers, "", "odd\n"])
            made = place.git(
                "hash-object", "-t", "commit", "-w", "--stdin", "--literally", stdin=text.encode()
            )
            place.git("update-ref", "refs/heads/main", made)

        return make

    for date in ("", " 999999999999999 +0000", " -99 +0000", " 1 +9999", " x y"):
        yield f"a commit of {date!r}", commit(f"author A <a@b>{date}", f"committer A <a@b>{date}")

    def configured(text: str) -> Callable[[Place], None]:
        def make(place: Place) -> None:
            config = place.root / "src/.git/config"
            kept = config.read_bytes()
            config.write_bytes(kept + text.encode())

        return make

    harm = "touch ../precious/harm"
    for text in (
        f'[core]\n\tfsmonitor = "{harm}"\n', f'[core]\n\tpager = "{harm}"\n',
        f'[filter "x"]\n\tclean = "{harm}"\n\tsmudge = "{harm}"\n',
    ):  # fmt: skip
        yield f"a configuration with {text.split()[1]}", configured(text)


def archives(place: Place, share: int, tally: Tally) -> None:
    """Source distributions that want to be somewhere else, or everything."""
    from extractor.errors import ExtractorError
    from extractor.source.sdist import read_sdist

    kinds = [tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE]
    names = ["/etc/x", "../x", "a/../../x", "a/.git/hooks/x", "a\\b", "", "a", "a/x/y", "b/x"]
    number = 0
    for kind in kinds:
        for name in names:
            number += 1
            if number % share:
                continue
            path = place.root / "x-1.tar.gz"
            with tarfile.open(path, "w:gz") as tar:
                for member in ("a/x", name):
                    info = tarfile.TarInfo(member)
                    if member is name:
                        info.type = kind
                        info.linkname = "../../etc/passwd"
                    tar.addfile(info)
            _read(read_sdist, ExtractorError, path, f"archive {kind!r} {name!r}", tally)
    for content in (b"", b"\x1f\x8b", os.urandom(500), b"PK\3\4"):
        path.write_bytes(content)
        _read(read_sdist, ExtractorError, path, f"archive {content[:4]!r}", tally)
    path.unlink()


def _read(
    read: Callable[[Path], object], error: type[Exception], path: Path, name: str, tally: Tally
) -> None:
    try:
        read(path)
        tally.judge(name, 0, "")
    except error as refused:
        tally.judge(name, int(refused.exit_code), str(refused))  # type: ignore[attr-defined]
    except Exception as bug:
        tally.judge(name, 70, repr(bug))


def limits(place: Place, share: int, tally: Tally) -> None:
    """Few open files, small files, little memory."""
    sizes = [
        (resource.RLIMIT_NOFILE, n) for n in (5, 6, 8, 10, 12, 16, 24)
    ] + [(resource.RLIMIT_FSIZE, n) for n in (0, 100, 1000, 5000)] + [
        (resource.RLIMIT_AS, n << 20) for n in (80, 150, 250)
    ]  # fmt: skip
    number = 0
    for which, size in sizes:
        for name in ("run", "analyze", "contracts", "diff"):
            number += 1
            if number % share:
                continue
            limit = lambda: resource.setrlimit(which, (size, size))  # noqa: B023, E731
            code, said = place.call(VERBS[name].split(), limit=limit)
            # An interpreter that cannot even start speaks for itself.
            if code == 1 and "extractor" not in said.lower():
                continue
            tally.judge(f"{name} with limit {which} of {size}", code, said, CODES | {-9, 127})
            _only_these(place)


def caches(place: Place, share: int, tally: Tally) -> None:
    """Caches that are broken, full of something else, locked, or not to be written."""

    def held(path: Path) -> None:
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
        held,
    ]
    number = 0
    for broken in breaks:
        for name in ("run", "analyze", "diff"):
            number += 1
            if number % share:
                continue
            shutil.rmtree(place.root / "cache", ignore_errors=True)
            place.call(VERBS["analyze"].split())
            broken(place.root / "cache/imports.sqlite3")
            code, said = place.call(VERBS[name].split())
            tally.judge(f"{name} with a broken cache {number}", code, said, {0, 1})
            while HELD:
                HELD.pop().close()
            _only_these(place)
    shutil.rmtree(place.root / "cache", ignore_errors=True)


HELD: list[sqlite3.Connection] = []


def pairs(place: Place, share: int, tally: Tally) -> None:
    """Two runs at once, on one result and with one cache."""
    names = ("run", "sync", "verify", "report", "baseline")
    couples = [(one, two) for one in names for two in names]
    for number, (one, two) in enumerate(couples):
        if number % share:
            continue
        shutil.copytree(place.root / "old", place.root / "kept", symlinks=True)
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
        _only_these(place)
        shutil.rmtree(place.root / "old")
        (place.root / "kept").rename(place.root / "old")


KINDS: dict[str, Callable[[Place, int, Tally], None]] = {
    "kills": kills,
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
            before = place.state("precious", "plan")
            source = place.state("src/shop")
            work(place, share, tally)
            if place.state("precious", "plan") != before:
                tally.harm.append("what was nobody's business changed")
            if kind != "repositories" and place.state("src/shop") != source:
                tally.harm.append("the source changed")
            # Only the next run can remove what a killed one left.
            place.call(VERBS["plan"].split())
            _nothing_left(place, tally, "after the next run")
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
    done = drill(program, asked.share, asked.only)
    print("| kind | drills | survived | exit codes |\n|---|---|---|---|")
    for kind, tally in done.items():
        codes = ", ".join(f"{code}: {count}" for code, count in sorted(tally.codes.items()))
        print(f"| {kind} | {tally.count} | {tally.count - len(tally.harm)} | {codes} |")
    for kind, tally in done.items():
        for harm in tally.harm:
            print(f"{kind}: {harm!r}")
    return int(any(tally.harm for tally in done.values()))


if __name__ == "__main__":
    sys.exit(main())
