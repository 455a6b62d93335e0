"""Git's objects by their name, and git commands whose output is too long to hold."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType

from extractor.errors import MissingObject
from extractor.source.tree import git_environment, git_failed

# Of a SHA-1; folders and submodules are no blobs.
_NAME_BYTES = 20
_NO_BLOBS = (b"40000", b"160000")


def git_command(git_dir: Path, *arguments: str) -> list[str]:
    """A git command line that no hook and no configuration of the user's can steer."""
    return ["git", "--git-dir", str(git_dir), "-c", f"core.hooksPath={os.devnull}", *arguments]


class ObjectReader:
    """Reads objects of one repository through one ``cat-file`` process."""

    def __init__(self, git_dir: Path) -> None:
        self.git_dir = git_dir
        self._process = subprocess.Popen(
            git_command(git_dir, "cat-file", "--batch"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=git_environment(),
        )

    def read(self, name: str) -> bytes:
        """Content of the object; ``MissingObject`` when the repository lacks it.

        ``name`` is anything git resolves in one word, ``commit:path`` included.
        """
        return self._ask(name)[1]

    def kind(self, name: str) -> str:
        """The object's type; ``MissingObject`` when the repository lacks it."""
        return self._ask(name)[0]

    def blob_at(self, commit: str, path: str) -> str:
        """Name of the blob at ``path``, which need not be there itself; empty where none is."""
        folder, _, last = path.rpartition("/")
        try:
            mode, name = self._entry(f"{commit}:{folder}", last)
        except MissingObject:
            return ""
        return "" if mode in _NO_BLOBS else name

    def _entry(self, tree: str, wanted: str) -> tuple[bytes, str]:
        """Mode and object of an entry of a tree; empty where the tree has none of that name."""
        kind, content = self._ask(tree)
        at = 0
        while kind == "tree" and at < len(content):
            end = content.index(b"\0", at)
            mode, _, name = content[at:end].partition(b" ")
            at = end + 1 + _NAME_BYTES
            if name == os.fsencode(wanted):
                return mode, content[end + 1 : at].hex()
        return b"", ""

    def _ask(self, name: str) -> tuple[str, bytes]:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        if "\n" in name:
            name = self._in_one_line(name)
        stdin.write(os.fsencode(name) + b"\n")
        stdin.flush()
        header = stdout.readline().split(b" ")
        if len(header) != 3 or not header[2].strip().isdigit():
            raise MissingObject(name, self.git_dir)
        content = stdout.read(int(header[2]))
        stdout.read(1)
        return header[1].decode("ascii"), content

    def _in_one_line(self, name: str) -> str:
        """The object that ``commit:path`` names, where the path has a line break."""
        commit, _, path = name.partition(":")
        found = f"{commit}:"
        if "\n" in commit:
            raise MissingObject(repr(name), self.git_dir)
        found = f"{commit}:"
        for part in path.split("/"):
            found = self._entry(found, part)[1]
            if not found:
                raise MissingObject(repr(name), self.git_dir)
        return found

    def __enter__(self) -> ObjectReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait()


def stream_objects(git_dir: Path, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Name and content of many objects, read ahead; ``MissingObject`` at the first that lacks."""
    with tempfile.TemporaryFile() as spool:
        for name in names:
            spool.write(name.encode("ascii") + b"\n")
        spool.seek(0)
        process = subprocess.Popen(
            git_command(git_dir, "cat-file", "--batch", "--buffer"),
            stdin=spool,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=git_environment(),
        )
        assert process.stdout is not None
        try:
            while header := process.stdout.readline().split():
                if len(header) != 3:
                    raise MissingObject(header[0].decode("ascii"), git_dir)
                content = process.stdout.read(int(header[2]))
                process.stdout.read(1)
                yield header[0].decode("ascii"), content
        finally:
            process.stdout.close()
            process.wait()


def stream_git(
    git_dir: Path, *arguments: str, stdin: Iterable[str] | None = None, separator: bytes = b"\n"
) -> Iterator[bytes]:
    """The records a git command prints, one by one; ``SourceError`` when it fails.

    ``stdin`` is spooled to disk first, so that neither side can wait for the other.
    """
    with tempfile.TemporaryFile() as spool, tempfile.TemporaryFile() as errors:
        for line in stdin or ():
            spool.write(os.fsencode(line) + b"\n")
        spool.seek(0)
        process = subprocess.Popen(
            git_command(git_dir, *arguments),
            stdin=spool,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=git_environment(),
        )
        assert process.stdout is not None
        try:
            rest = b""
            while chunk := process.stdout.read(1 << 18):
                *records, rest = (rest + chunk).split(separator)
                yield from records
            if rest:
                yield rest
        finally:
            process.stdout.close()
            if process.poll() is None:
                process.wait()
        if process.returncode:
            errors.seek(0)
            said = errors.read().decode("utf-8", "replace")
            raise git_failed(arguments, process.returncode, said)
