"""When a package came into a repository, and when it left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from extractor.errors import NothingToDo, RootMissing
from extractor.source.repository import Source, branch_tips
from extractor.source.tree import run_git


def explain_absence(source: Source, missing: RootMissing) -> NothingToDo | None:
    """Why the root package is not there at the revision; None when it never was anywhere.

    A package that is in no commit before or after is a wrong plan rather than nothing to do.
    """
    name = missing.package
    if found := _one(source.git_dir, [source.revision], name, "--diff-filter=D", "--max-count=1"):
        return NothingToDo(f"{name} left the source in {found}: choose a revision before it")
    tips = branch_tips(str(source.location)) if source.location else [source.revision]
    if found := _one(source.git_dir, tips, name, "--diff-filter=A", "--reverse"):
        return NothingToDo(f"{name} first appears in {found}: choose that revision or a later one")
    return None


def _one(git_dir: Path, where: Sequence[str], package: str, *options: str) -> str:
    """The first commit that git lists, as ``abbreviated of date``; empty when there is none.

    Of a branch that was merged it is the merge: that day it came to everybody.
    """
    listed = run_git(
        git_dir,
        *(
            "--no-literal-pathspecs",
            "log",
            "--first-parent",
            "-m",
            *options,
            "--format=%h %ct",
            *where,
        ),
        *("--", *_below(package)),
    )
    if not listed:
        return ""
    commit, seconds = listed.decode("ascii").split("\n", 1)[0].split()
    return f"{commit} of {datetime.fromtimestamp(int(seconds), UTC).date().isoformat()}"


def _below(package: str) -> Sequence[str]:
    """Where a package or module may lie, in whatever folder sources are."""
    path = package.replace(".", "/")
    return [f":(glob)**/{path}/**", f":(glob)**/{path}.py"]
