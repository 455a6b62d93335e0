"""Make a repository of releases: one commit a release, oldest first, dated as it was.

The same releases give the same commit hashes on every machine whose index tells upload
times; where none is told, the newest file of the archive dates the commit.
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from extractor.errors import SourceError, UsageError
from extractor.progress import Progress
from extractor.source.package_index import IndexSettings, Sdist, get_sdist
from extractor.source.repository import Release, Source
from extractor.source.sdist import SdistFiles, read_sdist
from extractor.source.tree import GitTree, run_git

_EXAMPLE = "for example pypi:project==1.0.2,1.1.0"
_REQUIREMENT = re.compile(
    r"(?:(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*==|==)?\s*(?P<version>[0-9][A-Za-z0-9.!+-]*)"
)


@dataclass(frozen=True)
class ReleaseSpec:
    """A project and its versions, oldest first, as the user wrote them."""

    name: str
    versions: tuple[str, ...]


def parse_release_spec(text: str) -> ReleaseSpec:
    """Read ``name==version[,version...]``; ``UsageError`` when it is anything else."""
    name = ""
    versions: list[str] = []
    for part in text.split(","):
        matched = _REQUIREMENT.fullmatch(part.strip())
        if matched is None or (not name and not matched["name"]):
            raise UsageError(f"'pypi:{text}' does not name a project and versions: {_EXAMPLE}")
        found = matched["name"] or name
        if name and found != name:
            raise UsageError(f"'pypi:{text}' names two projects, {name} and {found}: name one")
        name = found
        versions.append(matched["version"])
    _require_oldest_first(versions)
    return ReleaseSpec(name, tuple(versions))


def _require_oldest_first(versions: list[str]) -> None:
    from packaging.version import InvalidVersion, Version

    try:
        parsed = [Version(version) for version in versions]
    except InvalidVersion as error:
        raise UsageError(str(error)) from None
    if len(set(parsed)) < len(parsed):
        raise UsageError(f"a version is given twice: {','.join(versions)}")
    ordered = [text for _, text in sorted(zip(parsed, versions, strict=True))]
    if ordered != versions:
        raise UsageError(f"list versions oldest first: {','.join(ordered)}")


def open_releases(
    text: str,
    rev: str | None,
    *,
    workspace: Path,
    progress: Progress,
    cache: Path | None = None,
    settings: IndexSettings | None = None,
) -> Source:
    """The source made of the releases ``text`` names; ``rev`` may be one of the versions.

    Raises ``UsageError`` for a malformed ``text``, ``SourceError`` when a release cannot
    be had or is not safe.
    """
    spec = parse_release_spec(text)
    sdists = [
        get_sdist(
            spec.name,
            version,
            cache=cache,
            settings=settings,
            progress=progress,
            spare=workspace / "sdists",
        )
        for version in spec.versions
    ]
    git_dir = Path(tempfile.mkdtemp(prefix="source-", dir=workspace)) / "releases.git"
    with progress.stage("make a repository of the releases") as stage:
        releases: list[Release] = []
        for done, sdist in enumerate(sdists):
            stage.update(done, len(sdists), sdist.version)
            releases.append(_commit(git_dir, sdist, first=not releases))
    revision = releases[-1].revision
    if rev is not None:
        try:
            answer = run_git(
                git_dir, "rev-parse", "--verify", "--end-of-options", f"{rev}^{{commit}}"
            )
        except SourceError:
            known = ", ".join(spec.versions)
            raise SourceError(f"pypi:{text} has no revision {rev!r}: it has {known}") from None
        revision = answer.decode("ascii").split()[-1]
    (git_dir / "HEAD").write_text(revision + "\n", encoding="ascii")
    tip = next(release for release in releases if release.revision == revision)
    versions = ", ".join(release.version for release in releases)
    return Source(
        git_dir,
        revision,
        GitTree(git_dir, revision),
        tip.date,
        label=f"{spec.name} {tip.version}",
        described=f"{spec.name} {versions} (released source distributions)",
        releases=tuple(releases),
    )


def _commit(git_dir: Path, sdist: Sdist, first: bool) -> Release:
    """Add ``sdist`` as a commit to the branch ``main`` and tag it with its version."""
    if first:
        run_git(git_dir, "init", "--quiet", "--bare", "--template=", "--initial-branch=main")
    files = read_sdist(sdist.path)
    # An index may tell anything, and git takes no date before 1970.
    date = files.newest if sdist.uploaded is None else max(0, sdist.uploaded)
    stream = _commit_stream(sdist, files, date, first)
    # The repository lives as long as the run: time is dearer than room.
    quick = ["-c", "core.compression=1", "fast-import", "--quiet", "--date-format=raw", "--done"]
    run_git(git_dir, *quick, stdin=stream)
    revision = run_git(git_dir, "rev-parse", "--verify", "refs/heads/main").decode("ascii").strip()
    run_git(git_dir, "update-ref", f"refs/tags/{sdist.version}", revision)
    return Release(sdist.name, sdist.version, sdist.sha256, date, revision)


def _commit_stream(sdist: Sdist, files: SdistFiles, date: int, first: bool) -> bytes:
    who = f"{sdist.name} release {sdist.version} <{sdist.name}@release.invalid> {date} +0000"
    message = (
        f"{sdist.name} {sdist.version}\n\n"
        f"Files of the source distribution {sdist.path.name}\n"
        f"(sha256 {sdist.sha256})\nwithout PKG-INFO and *.egg-info.\n"
    )
    parts = [
        b"commit refs/heads/main\n",
        f"committer {who}\n".encode(),
        _data(message.encode()),
        b"" if first else b"from refs/heads/main^0\n",
        b"deleteall\n",
    ]
    for path in sorted(files.content):
        parts.append(f"M {files.modes[path]} inline ".encode("ascii") + _quoted(path) + b"\n")
        parts.append(_data(files.content[path]))
    parts.append(b"done\n")
    return b"".join(parts)


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)


def _quoted(path: str) -> bytes:
    raw = path.encode("utf-8", "surrogateescape")
    escaped = raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    return b'"' + escaped + b'"'
