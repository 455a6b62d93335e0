"""A read-only tree of files: of a git revision, of a folder, or in memory.

Paths are ``str`` with ``/`` between parts, relative to the root; bytes that are
not UTF-8 survive as surrogate escapes (git's paths are bytes).
"""

from __future__ import annotations

import hashlib
import os
import re
import signal
import stat
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from extractor.errors import (
    ExtractorError,
    MachineError,
    MissingObject,
    SourceError,
    machine_complaint,
)

REGULAR, EXECUTABLE, SYMLINK, SUBMODULE = "100644", "100755", "120000", "160000"


@dataclass(frozen=True)
class Entry:
    """One path of a tree: its git mode and the SHA-1 of its content as git computes it."""

    mode: str
    blob: str


class Tree(Protocol):
    """Anything that can list its files and give their bytes."""

    def paths(self) -> Sequence[str]:
        """All file paths, sorted; submodules are listed, folders are not."""

    def entry(self, path: str) -> Entry:
        """Mode and content key of ``path``; ``KeyError`` when there is none."""

    def read(self, path: str) -> bytes:
        """Content of ``path`` (of a symlink: its target); ``KeyError`` when there is none."""


def is_link(tree: Tree, path: str) -> bool:
    """Whether ``path`` is a symbolic link or a submodule; on disk without reading the file."""
    if isinstance(tree, FolderTree):
        return (tree.root / path).is_symlink()
    return tree.entry(path).mode in {SYMLINK, SUBMODULE}


def blob_id(content: bytes) -> str:
    """Git's name for ``content``: SHA-1 over a ``blob <size>`` header and the bytes."""
    header = b"blob %d\0" % len(content)
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()


class MemoryTree:
    """A tree held in memory: what rewrites produce, and the fake that tests use."""

    def __init__(self, files: Mapping[str, bytes], modes: Mapping[str, str] | None = None) -> None:
        self._files = dict(sorted(files.items()))
        self._modes = dict(modes or {})

    def paths(self) -> Sequence[str]:
        return list(self._files)

    def entry(self, path: str) -> Entry:
        return Entry(self._modes.get(path, REGULAR), blob_id(self._files[path]))

    def read(self, path: str) -> bytes:
        return self._files[path]


class FolderTree:
    """The files below a folder as they are on disk, dot-folders left out."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._prefix = os.path.join(root, "")  # noqa: PTH118

    def paths(self) -> Sequence[str]:
        found: list[str] = []
        pending = [""]
        while pending:
            base = pending.pop()
            with os.scandir(self._prefix + base) as entries:
                for entry in entries:
                    if not entry.is_dir(follow_symlinks=False):
                        # A link to a folder is no file; git lists it, a walk of files does not.
                        # Nor does either have pipes, sockets and devices.
                        if entry.is_file(follow_symlinks=False) or (
                            entry.is_symlink() and not entry.is_dir()
                        ):
                            found.append(base + entry.name)
                    elif not entry.name.startswith(".") and entry.name != "__pycache__":
                        pending.append(f"{base}{entry.name}/")
        return sorted(found)

    def entry(self, path: str) -> Entry:
        full = self.root / path
        if full.is_symlink():
            return Entry(SYMLINK, blob_id(self.read(path)))
        executable = os.access(full, os.X_OK)
        return Entry(EXECUTABLE if executable else REGULAR, blob_id(self.read(path)))

    def read(self, path: str) -> bytes:
        full = f"{self._prefix}{path}"
        try:
            # Of a link its target: opening it is refused then. One call less for all others.
            handle = os.open(full, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            raise KeyError(path) from None
        except OSError:
            if not os.path.islink(full):  # noqa: PTH114 - thousands of files
                raise
            return os.fsencode(os.readlink(full))  # noqa: PTH115
        try:
            # As many bytes as there are, and one more to see the end: the usual two calls.
            about = os.fstat(handle)
            if not stat.S_ISREG(about.st_mode):
                raise KeyError(path)
            size = about.st_size + 1
            pieces = [os.read(handle, size)]
            while len(pieces[-1]) not in (0, size - 1):
                pieces.append(os.read(handle, size))
            return b"".join(pieces)
        finally:
            os.close(handle)


# How git says that an object is not there: blame, then what reads objects.
_LACKING = re.compile(r"(?:Cannot read blob|unable to read|missing blob object '?) ?([0-9a-f]{40})")


def git_environment() -> dict[str, str]:
    """The process environment with everything that could steer git taken out.

    No user or system configuration, no hooks, no prompts, no replace refs, one locale:
    the same repository gives the same answer on every machine.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    return kept | {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_GRAFT_FILE": os.devnull,
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "LC_ALL": "C",
    }


def run_git(git_dir: Path, *arguments: str, stdin: bytes | None = None) -> bytes:
    """Standard output of a git command on ``git_dir``; ``SourceError`` when it fails.

    ``MissingObject`` when it fails for want of an object, as in a partial clone.
    """
    command = ["git", "--git-dir", str(git_dir), "-c", f"core.hooksPath={os.devnull}", *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, env=git_environment())
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()
        if lacking := _LACKING.search(said):
            raise MissingObject(lacking[1], git_dir)
        raise git_failed(arguments, done.returncode, said)
    return done.stdout


def git_failed(arguments: Sequence[str], code: int, said: str) -> ExtractorError:
    """The error for a git command that ended with ``code``, by what it ``said``."""
    words = list(arguments)
    while words[0] == "-c":
        del words[:2]
    if code in {-signal.SIGXFSZ, -signal.SIGKILL, -signal.SIGTERM}:
        return MachineError(f"git {words[0]} was ended by signal {-code}")
    if words[0] == "init":
        # A new repository of ours in a folder of ours: nothing of the source is in it.
        return machine_complaint(said) or MachineError(
            f"this machine lets git make no repository for temporary files: {git_reason(said)}"
        )
    return machine_complaint(said) or SourceError(f"git {words[0]} failed: {git_reason(said)}")


def git_reason(said: str) -> str:
    """The line in which git says why; its advice is no reason."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith(("hint:", "warning:", "Use '--'"))]
    errors = [line for line in told if line.startswith(("fatal:", "error:"))]
    return (errors or told or lines or ["no reason"])[-1]


class GitTree:
    """The tree of one committed revision, read through one ``cat-file`` process.

    ``revision`` is a full commit SHA: resolve names first (``extractor.source.repository``).
    """

    def __init__(self, git_dir: Path, revision: str) -> None:
        self.git_dir = git_dir
        self.revision = revision
        self._entries: dict[str, Entry] = {}
        listing = run_git(git_dir, "ls-tree", "-r", "-z", "--full-tree", revision)
        for record in listing.split(b"\0"):
            if record:
                meta, _, name = record.partition(b"\t")
                mode, _kind, sha = meta.decode("ascii").split()
                self._entries[name.decode("utf-8", "surrogateescape")] = Entry(mode, sha)
        self._process: subprocess.Popen[bytes] | None = None

    def paths(self) -> Sequence[str]:
        return sorted(self._entries)

    def entry(self, path: str) -> Entry:
        return self._entries[path]

    def read(self, path: str) -> bytes:
        entry = self._entries[path]
        if entry.mode == SUBMODULE:
            raise KeyError(path)
        return self.read_blob(entry.blob)

    def read_blob(self, blob: str) -> bytes:
        """Content of a blob by its SHA-1; ``MissingObject`` when the clone lacks it."""
        stdin, stdout = self._pipes()
        stdin.write(blob.encode("ascii") + b"\n")
        stdin.flush()
        header = stdout.readline().split()
        if len(header) != 3:
            raise MissingObject(blob, self.git_dir)
        content = stdout.read(int(header[2]))
        stdout.read(1)
        return content

    def close(self) -> None:
        """Stop the reader process; reading again starts a new one."""
        if self._process is not None:
            if self._process.stdin is not None:
                self._process.stdin.close()
            self._process.wait()
            if self._process.stdout is not None:
                self._process.stdout.close()
            self._process = None

    def __enter__(self) -> GitTree:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._process is None:
            self._process = subprocess.Popen(
                ["git", "--git-dir", str(self.git_dir), "cat-file", "--batch"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=git_environment(),
            )
        assert self._process.stdin is not None and self._process.stdout is not None
        return self._process.stdin, self._process.stdout
