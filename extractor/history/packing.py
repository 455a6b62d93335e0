"""Write objects into a new repository as one pack."""

from __future__ import annotations

import hashlib
import os
import subprocess
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO

from extractor.history.trees import object_name
from extractor.source.objects import git_command
from extractor.source.tree import git_environment, git_failed

_KINDS = {b"commit": 1, b"tree": 2, b"blob": 3, b"tag": 4}


class PackWriter:
    """Collects new objects in a pack file; ``close`` returns how many there are."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.names: dict[str, bytes] = {}
        self._file: IO[bytes] = path.open("wb+")
        self._file.write(b"PACK\0\0\0\2\0\0\0\0")

    def add(self, kind: bytes, content: bytes) -> str:
        """The object's name; it is written unless it was before."""
        name = object_name(kind, content)
        if name not in self.names:
            self.names[name] = kind
            size = len(content)
            byte = (_KINDS[kind] << 4) | (size & 15)
            size >>= 4
            header = bytearray()
            while size:
                header.append(byte | 128)
                byte, size = size & 127, size >> 7
            header.append(byte)
            # Speed matters here, size does not: the objects are packed again at the end.
            self._file.write(bytes(header) + zlib.compress(content, 1))
        return name

    def close(self) -> int:
        """Finish the pack: count and check sum."""
        self._file.seek(8)
        self._file.write(len(self.names).to_bytes(4, "big"))
        self._file.seek(0)
        digest = hashlib.sha1(usedforsecurity=False)
        while chunk := self._file.read(1 << 20):
            digest.update(chunk)
        self._file.write(digest.digest())
        self._file.close()
        return len(self.names)


def index_pack(git_dir: Path, pack: Path) -> None:
    """Give ``pack``, which lies in the repository's pack folder, its index."""
    _run(git_dir, ["index-pack", str(pack)], [])


def add_pack(git_dir: Path, pack: Path) -> None:
    """Take over a pack that lies elsewhere."""
    with pack.open("rb") as file:
        _run(git_dir, ["index-pack", "--stdin"], [], stdin=file)


def pack_objects(
    git_dir: Path,
    objects: Iterable[tuple[str, str]],
    window: int = 10,
    borrow_from: Path | None = None,
) -> None:
    """One pack in ``git_dir`` of the objects (name, path hint), wherever they are now."""
    base = git_dir / "objects" / "pack" / "pack"
    # A hint only helps to find likenesses; a name is a line.
    lines = (
        f"{name} {hint}".replace("\n", " ").rstrip().encode("utf-8", "surrogateescape")
        for name, hint in objects
    )
    arguments = [
        "-c", "pack.writeBitmaps=false", "-c", "pack.threads=2",
        "pack-objects", "-q", "--delta-base-offset", f"--window={window}", str(base),
    ]  # fmt: skip
    others = {"GIT_ALTERNATE_OBJECT_DIRECTORIES": str(borrow_from)} if borrow_from else {}
    _run(git_dir, arguments, lines, others=others)


def _run(
    git_dir: Path,
    arguments: list[str],
    lines: Iterable[bytes],
    stdin: IO[bytes] | None = None,
    others: Mapping[str, str] | None = None,
) -> bytes:
    done = subprocess.run(
        git_command(git_dir, *arguments),
        stdin=stdin,
        input=None if stdin else b"".join(line + b"\n" for line in lines),
        capture_output=True,
        env=git_environment() | {"GIT_DIR": os.fspath(git_dir)} | dict(others or {}),
    )
    if done.returncode:
        raise git_failed(arguments, done.returncode, done.stderr.decode("utf-8", "replace"))
    return done.stdout
