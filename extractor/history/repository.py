"""A new repository: what every git needs to know it for one, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

from extractor.source.tree import run_git


def make_repository(git_dir: Path, borrow_from: Path | None = None) -> None:
    """An empty repository without hooks, templates or anybody's configuration."""
    git_dir.mkdir(parents=True)
    for folder in ("objects/info", "objects/pack", "refs/heads", "refs/tags"):
        (git_dir / folder).mkdir(parents=True)
    (git_dir / "HEAD").write_text("ref: refs/heads/main\n")
    (git_dir / "config").write_text(
        "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n"
        "\tlogallrefupdates = true\n"
    )
    if borrow_from is not None:
        alternates = git_dir / "objects" / "info" / "alternates"
        alternates.write_bytes(os.fsencode(objects_folder(borrow_from)) + b"\n")


def objects_folder(git_dir: Path) -> Path:
    """Where a repository keeps its objects (a work tree's are in the main repository)."""
    answer = run_git(git_dir, "rev-parse", "--git-path", "objects")
    return Path(os.fsdecode(answer.rstrip(b"\n"))).resolve()
