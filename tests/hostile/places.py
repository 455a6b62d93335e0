"""A shop to be hurt: its plan, results to write to, every verb, and what must be so afterwards."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

# 128 + 9 and 15: ended from outside, as was asked for.
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
TABLES = """
[database]
tables = ["rack"]
revision = "0123456789ab"
version_table = "v"
models = "till/models.py"
migrations = "till/versions"
source_models = "shop/till/models.py"
source_migrations = "shop/till/versions"
source_version_table = "w"
source_versions = [1, 2]
"""
SERIES = """\
probes = ["shop.till.door"]

[homes]
"till" = "shop.till"

[[step]]
title = "Count nothing in the till"
reason = "Counting is the shop's own business."
cut = ["shop.stock:count_all"]
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
    "shop/heavy.py": "import os\nx = 1\n",
    "shop/till/__init__.py": "",
    "shop/till/door.py": "from shop import errors, stock\n\n\n"
    "def open_it():\n    stock.count_all()\n    raise errors.Broken()\n",
    "shop/till/models.py": "",
    "shop/till/versions/__init__.py": "",
    "shop/till/versions/001_first.py": "def upgrade(engine):\n    pass\n",
    "shop/till/versions/002_more.py": "def upgrade(engine):\n    pass\n",
}
VERBS = {
    "run": "run src out --plan plan --quiet",
    "rewritten": "run src out --plan plan --history rewritten --quiet",
    "extract": "extract src out --plan plan --quiet",
    "draft": "plan src --root shop.till --into box --write draft --quiet",
    "plan": "plan src --plan plan --quiet",
    "analyze": "analyze src --package shop --root shop.till.door --quiet",
    "contracts": "contracts check src --config c.toml",
    "baseline": "contracts baseline src --config c.toml --baseline b.toml --reason Because_of_it",
    "rewrite": "rewrite remove_unused_imports work --write",
    "diff": "report diff src HEAD~1 HEAD --plan plan --quiet",
    "report": "report old --plan plan --source src --quiet",
    "sync": "sync old --plan plan --quiet",
    "verify": "verify old/till --plan plan --only imports --only words --only intact --quiet",
    "history": "history check old/till --against src --quiet",
    "refactor": "refactor src series --plan plan --quiet",
    "sweep": "sweep src swept --plan plan --revisions HEAD~1..HEAD --every 1 --jobs 1 --quiet",
    "freeze": "schema freeze --plan tables --source src -o f.json --quiet",
}
# What each may make, replace or add to; verbs without an entry write to the cache alone.
OUTPUTS = {
    "run": ["out"],
    "rewritten": ["out"],
    "extract": ["out"],
    "draft": ["draft"],
    "baseline": ["b.toml"],
    "rewrite": ["work"],
    "report": ["old"],
    "sync": ["old"],
    "verify": ["old"],
    "history": ["old"],
    "refactor": ["series"],
    "sweep": ["swept"],
    "freeze": ["f.json"],
}
WRITERS = list(OUTPUTS)
_MADE = {"out", "draft", "series", "swept", "f.json", "b.toml"}
GIVEN = {
    "tmp",
    "home",
    "cache",
    "src",
    "precious",
    "plan",
    "tables",
    "old",
    "work",
    "c.toml",
    "kept",
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
            "HOME": str(self.root / "home"),
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
            for path in _below(self.root / name):
                about = path.lstat()
                digest.update(
                    f"{path} {about.st_mode} {about.st_size} {about.st_mtime_ns}".encode(
                        "utf-8", "surrogateescape"
                    )
                )
                digest.update(_content(path))
        return digest.hexdigest()

    def restore(self) -> None:
        """Outputs as they were before any drill; the cache stays."""
        for name in _MADE:
            remove(self.root / name)
        for name in ("old", "work"):
            remove(self.root / name)
            # Times are kept: a work tree whose times changed asks git to read all of it.
            shutil.copytree(self.root / "kept" / name, self.root / name, symlinks=True)

    def outputs(self, verb: str) -> dict[str, bytes]:
        """The files that ``verb`` is responsible for, by path; of a repository what git says."""
        found = {}
        for name in OUTPUTS.get(verb, []):
            for path in _below(self.root / name):
                relative = path.relative_to(self.root).as_posix()
                if path.name == ".git":
                    found[relative] = self._refs(path.parent)
                elif ".git" not in relative.split("/") and not path.is_dir():
                    found[relative] = _content(path)
        return found

    def _refs(self, repository: Path) -> bytes:
        said = b""
        for words in (["for-each-ref"], ["symbolic-ref", "-q", "HEAD"], ["ls-files", "--stage"]):
            said += subprocess.run(
                ["git", "-C", str(repository), *words], capture_output=True, env=self.environment()
            ).stdout
        return said


@dataclass
class Tally:
    """How many drills of a kind there were, their exit codes, and which did harm."""

    count: int = 0
    codes: Counter[int] = field(default_factory=Counter)
    harm: list[str] = field(default_factory=list)
    # Drills that did harm: each is told once, however many ways it did.
    hurt: set[str] = field(default_factory=set)

    def judge(self, name: str, code: int, said: str, allowed: set[int] = CODES) -> None:
        self.count += 1
        self.codes[code] += 1
        last = " ".join(said.strip().splitlines()[-1:])
        if code not in allowed:
            self.blame(name, f"exit {code}: {last}")
        elif "Traceback (most recent" in said:
            self.blame(name, "a traceback")
        elif "\x1b" in said:
            self.blame(name, "an escape sequence reached the screen")
        elif code == 2 and not last:
            self.blame(name, "exit 2 without a word")

    def blame(self, name: str, what: str) -> None:
        self.hurt.add(name)
        self.harm.append(f"{name}: {what}")


@dataclass
class Usual:
    """What a verb comes to when nobody disturbs it."""

    code: int
    files: dict[str, bytes]
    # Files that differ from call to call, as those that have the hour in them.
    wavering: set[str]

    def same(self, files: dict[str, bytes]) -> bool:
        return not self.differences(files)

    def differences(self, files: dict[str, bytes]) -> list[str]:
        return sorted(
            path
            for path in {*files, *self.files} - self.wavering
            if files.get(path) != self.files.get(path)
        )


def usual(place: Place, verb: str) -> Usual:
    """Call ``verb`` twice, undisturbed."""
    seen = []
    for _ in range(2):
        place.restore()
        code, said = place.call(VERBS[verb].split())
        assert code in {0, 1}, f"{verb}: {code}: {said}"
        seen.append(place.outputs(verb))
    one, two = seen
    assert set(one) == set(two), f"{verb}: {sorted(set(one) ^ set(two))}"
    place.restore()
    return Usual(code, two, {path for path in one if one[path] != two[path]})


def nothing_left(place: Place, tally: Tally, name: str) -> None:
    """No temporary folder, hidden file or file of an unknown name may be there."""
    left = [path.name for path in (place.root / "tmp").iterdir()]
    left += [path.name for path in place.root.iterdir() if path.name not in GIVEN | _MADE]
    left += [path.name for path in (place.root / "home").iterdir()]
    left += [str(path) for path in _below(place.root / "work") if "extractor" in path.name]
    if left:
        tally.blame(name, f"left {left}")
        for path in [*(place.root / "tmp").iterdir(), *(place.root / "home").iterdir()]:
            remove(path)
        for path in place.root.iterdir():
            if path.name not in GIVEN | _MADE:
                remove(path)


def make_place(root: Path, program: str) -> Place:
    place = Place(root, program)
    for folder in ("tmp", "home", "src", "precious"):
        (root / folder).mkdir(parents=True)
    place.write("precious/key", "secret\n")
    place.write("plan/plan.toml", PLAN)
    place.write("plan/series.toml", SERIES)
    place.write("tables/plan.toml", PLAN + TABLES)
    place.write("c.toml", CONTRACTS)
    place.git("init", "-q", "-b", "main")
    for path, text in FILES.items():
        place.write(f"src/{path}", text)
    place.commit("one")
    code, said = place.call(["run", "src", "old", "--plan", "plan", "--quiet"])
    assert code == 0, said
    place.write("src/shop/till/door.py", FILES["shop/till/door.py"] + "\n\nlater = 1\n")
    place.commit("two")
    (root / "kept").mkdir()
    shutil.copytree(root / "old", root / "kept/old", symlinks=True)
    shutil.copytree(root / "src/shop", root / "kept/work")
    place.restore()
    return place


# What a sweep's records and table say of the time that a revision took.
_SECONDS = re.compile(rb'"(?:cpu_)?seconds": [0-9.]+|(?<=\| )\d+ (?=\|)')


def _below(top: Path) -> Iterable[Path]:
    return sorted([top, *top.rglob("*")]) if os.path.lexists(top) else []


def _content(path: Path) -> bytes:
    if path.is_symlink():
        return os.fsencode(path.readlink())
    return _SECONDS.sub(b"", path.read_bytes()) if path.is_file() else b""


def remove(path: Path) -> None:
    assert ".." not in path.parts, f"{path} is not inside a drill's place"
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
