"""Read a source distribution without unpacking it: nothing of it ever gets a place on disk.

A hostile archive names files outside its folder, follows its own links there, or grows
without end. Here members become entries of a dictionary, and a name that could leave the
folder is refused all the same, since the files are to become a checkout later.
"""

from __future__ import annotations

import lzma
import posixpath
import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from extractor.errors import SourceError, is_short
from extractor.source.tree import EXECUTABLE, REGULAR, SYMLINK

_MOST_BYTES = 1 << 30
_MOST_MEMBERS = 200_000
# Of the text before a member: its long name, and what is said of it besides.
_MOST_SAID = 1 << 20
# What git takes as a date, in seconds since the epoch.
_LATEST = 1 << 40
_SAYS_MORE = {
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
}


@dataclass(frozen=True)
class SdistFiles:
    """Content of a source distribution, paths relative to its one top folder.

    ``newest`` is the latest modification time in the archive, in seconds since the epoch.
    """

    content: dict[str, bytes]
    modes: dict[str, str]
    newest: int


def read_sdist(archive: Path) -> SdistFiles:
    """The files of ``archive`` (any tar); ``SourceError`` when it is broken or hostile.

    The metadata a build writes into every archive (``PKG-INFO``, ``*.egg-info`` beside
    the packages) is left out: it belongs to the archive, not to the project.
    """
    try:
        with tarfile.open(archive, "r:*", tarinfo=_Bounded) as tar:
            return _read_members(tar, archive.name)
    except OSError as error:
        if is_short(error):
            raise
        raise _unreadable(archive, error) from None
    except (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, ValueError) as error:
        raise _unreadable(archive, error) from None
    except RecursionError:
        # A header that says more of the next one reads it, which may be another one of these.
        raise _unreadable(archive, ValueError("too many headers of one file")) from None


class _Bounded(tarfile.TarInfo):
    """A member whose description fits into memory, whatever its size is said to be."""

    def _proc_member(self, tar: tarfile.TarFile) -> tarfile.TarInfo:
        if self.type in _SAYS_MORE and self.size > _MOST_SAID:
            raise tarfile.ReadError(f"a header of {self.size} bytes")
        made: tarfile.TarInfo = super()._proc_member(tar)  # type: ignore[misc]
        return made


def _unreadable(archive: Path, error: Exception) -> SourceError:
    reason = str(error).partition("\n")[0].rstrip(":") or type(error).__name__
    return SourceError(f"{archive.name} is not a readable tar archive: {reason}")


def _read_members(tar: tarfile.TarFile, archive: str) -> SdistFiles:
    content: dict[str, bytes] = {}
    modes: dict[str, str] = {}
    tops: set[str] = set()
    newest = total = 0
    for count, member in enumerate(tar):
        if count >= _MOST_MEMBERS:
            raise SourceError(f"{archive} has more than {_MOST_MEMBERS} members")
        if member.isreg():
            # What is left out has to be read as well, to get past it.
            total += member.size
            _require_size(total, archive)
        top, path = _split(member.name, archive)
        tops.add(top)
        if len(tops) > 1:
            raise SourceError(f"{archive} has more than one top folder: {', '.join(sorted(tops))}")
        if member.isdir():
            continue
        if not path:
            raise SourceError(f"{archive} holds {top!r} as a file where its folder should be")
        if 0 <= member.mtime <= _LATEST:
            newest = max(newest, int(member.mtime))
        if _is_build_metadata(path):
            continue
        if member.issym():
            target = posixpath.normpath(posixpath.join(posixpath.dirname(path), member.linkname))
            if posixpath.isabs(member.linkname) or target.split("/")[0] == "..":
                raise SourceError(f"{archive} links {path!r} to a place outside of itself")
            content[path] = member.linkname.encode("utf-8", "surrogateescape")
            modes[path] = SYMLINK
        elif member.islnk():
            _, target = _split(member.linkname, archive)
            if target not in content:
                raise SourceError(
                    f"{archive} links {path!r} to {target!r}, which it does not contain"
                )
            content[path], modes[path] = content[target], modes[target]
            # Content is shared here, but a checkout would hold it once for each name.
            total += len(content[path])
        elif member.isreg():
            stream = tar.extractfile(member)
            assert stream is not None
            content[path] = stream.read()
            modes[path] = EXECUTABLE if member.mode & 0o100 else REGULAR
        else:
            raise SourceError(f"{archive} holds {path!r}, which is neither a file nor a link")
        _require_size(total, archive)
    if not content:
        raise SourceError(f"{archive} has no files")
    _refuse_files_below_files(content, archive)
    return SdistFiles(content, modes, newest)


def _require_size(total: int, archive: str) -> None:
    if total > _MOST_BYTES:
        raise SourceError(f"{archive} unpacks to more than {_MOST_BYTES >> 20} MiB")


def _split(name: str, archive: str) -> tuple[str, str]:
    """Top folder and the path below it, refused when it could mean another place."""
    parts = [part for part in name.split("/") if part not in {"", "."}]
    unsafe = name.startswith("/") or ".." in parts or "\\" in name or "\0" in name
    # A checkout with such a folder would be a repository with hooks of a stranger's.
    disguised = any(part.lower().rstrip(". ") in {".git", "git~1"} for part in parts)
    if unsafe or disguised or not parts:
        raise SourceError(f"{archive} names a file {name!r}, which is not safe to write")
    return parts[0], "/".join(parts[1:])


def _is_build_metadata(path: str) -> bool:
    # Beside the packages: at the root, or in the one folder around them.
    beside = path.removeprefix("src/").removeprefix("lib/").split("/")[0]
    return path == "PKG-INFO" or beside.endswith(".egg-info")


def _refuse_files_below_files(content: dict[str, bytes], archive: str) -> None:
    for path in content:
        for parent in _parents(path):
            if parent in content:
                raise SourceError(f"{archive} holds {path!r} below {parent!r}, which is a file")


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts))]
