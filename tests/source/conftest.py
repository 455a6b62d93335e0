import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from extractor.progress import Progress
from extractor.source.tree import git_environment

IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in [
        ("NAME", "A Person"),
        ("EMAIL", "person@example.org"),
        ("DATE", "2018-02-28T12:00:00+0000"),
    ]
}


class Checkout:
    """A git checkout made by the real git, under no configuration but its own."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def git(self, *arguments: object) -> str:
        environment = git_environment() | IDENTITY
        # Making a partial clone needs what using one must not do.
        del environment["GIT_NO_LAZY_FETCH"]
        done = subprocess.run(
            ["git", "-C", self.root, "-c", "protocol.file.allow=always", *map(str, arguments)],
            check=True,
            capture_output=True,
            text=True,
            env=environment,
        )
        return done.stdout.strip()

    def write(self, path: str, content: str) -> None:
        full = self.root / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_text(content)

    def commit(self, message: str, **files: str) -> str:
        for path, content in files.items():
            self.write(path, content)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def checkout(tmp_path):
    root = tmp_path / "checkout"
    root.mkdir()
    made = Checkout(root)
    made.git("init", "-q", "-b", "main")
    made.commit("one", module="x = 1\n")
    made.commit("two", module="x = 2\n", other="y = 1\n")
    return made


@pytest.fixture
def workspace(tmp_path):
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


class Notes:
    """A display that remembers what a person would have seen."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, text: str) -> None:
        self.lines.append(text)

    begin = update = end = note


@pytest.fixture
def notes():
    return Notes()


@pytest.fixture
def progress(notes):
    return Progress(notes)


def fingerprint(root: Path) -> dict[str, tuple[object, ...]]:
    """Everything below ``root`` that a write would change, folder times included."""
    found: dict[str, tuple[object, ...]] = {}
    for folder, names, files in os.walk(root):
        for name in [".", *names, *files]:
            path = Path(folder, name)
            status = path.lstat()
            digest = ""
            if path.is_file() and not path.is_symlink():
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
            key = str(path.relative_to(root))
            found[key] = (status.st_mode, status.st_mtime_ns, status.st_size, digest)
    return found


@pytest.fixture
def unwritten():
    return fingerprint
