"""Open what the user wrote as SOURCE: a repository, or releases of the package index."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from extractor.errors import MissingObject, SourceError
from extractor.progress import Progress
from extractor.source.repository import (
    Source,
    check_revision_name,
    cure_for,
    open_repository,
    other_meanings,
    require_git,
)
from extractor.source.tree import FolderTree, Tree

_RELEASE_PREFIX = "pypi:"


@contextmanager
def open_source(
    spec: str,
    rev: str | None,
    *,
    workspace: Path,
    progress: Progress | None = None,
    need_history: bool = True,
) -> Iterator[Source]:
    """Open ``spec``: a checkout, worktree or bare repository, or ``pypi:name==version,...``.

    ``workspace`` is an existing folder outside the source that the caller removes after
    use. ``rev`` is anything git can resolve to a commit (``HEAD`` when None).
    ``need_history`` refuses a shallow clone. Raises ``SourceError`` when the
    source cannot be used, ``UsageError`` when ``spec`` or ``rev`` cannot mean anything.
    """
    progress = progress or Progress()
    check_revision_name(rev)
    require_git()
    if spec.startswith(_RELEASE_PREFIX):
        # Not everybody needs the network client, and it takes a while to import.
        from extractor.source.release import open_releases

        source = open_releases(
            spec.removeprefix(_RELEASE_PREFIX), rev, workspace=workspace, progress=progress
        )
    else:
        source = open_repository(spec, rev, workspace, need_history)
        others = other_meanings(spec, rev) if rev else []
        if others:
            progress.warn(
                f"{rev} is taken as git takes it, for {source.label}; {', '.join(others)} has that "
                "name too: write a full name such as refs/heads/main"
            )
    if source.dirty:
        found = "files that git does not track" if source.untracked else "uncommitted changes"
        progress.warn(f"{source.location} has {found}: left out; using the commit {source.label}")
    with source.tree:
        try:
            yield source
        except MissingObject as error:
            if error.where != source.git_dir:
                raise
            # Found on the way through the history: say it of the source, not of the view.
            raise SourceError(
                f"{spec} lacks object {error.name} of its history; {cure_for(source.partial)}"
            ) from error


@contextmanager
def open_tree(
    spec: str, rev: str | None, workspace: Path, progress: Progress
) -> Iterator[tuple[str, Tree]]:
    """What to call ``spec``, and its tree; a plain folder that is in no repository as it is."""
    folder = Path(spec)
    here = folder.absolute()
    in_git = any((place / ".git").exists() for place in (here, *here.parents))
    bare = (folder / "HEAD").is_file() and (folder / "objects").is_dir()
    if folder.is_dir() and rev is None and not in_git and not bare:
        yield folder.resolve().name, FolderTree(folder)
        return
    found = open_source(spec, rev, workspace=workspace, progress=progress, need_history=False)
    with found as source:
        yield source.label, source.tree
