"""The series as git has it: a clone of the source, a branch of commits, a folder of patches."""

from __future__ import annotations

import hashlib
import os
import shutil
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from extractor.history.commits import Identity, checkout, commit_tree
from extractor.history.repository import make_repository
from extractor.refactor.measure import Effect, Users
from extractor.refactor.series import Stage
from extractor.source.repository import Source, object_folders
from extractor.source.tree import run_git

_WIDTH = 72


@dataclass(frozen=True)
class Taken:
    """A step that was taken, and what was measured around it."""

    stage: Stage
    effects: tuple[Effect, ...]
    users: Users


@dataclass(frozen=True)
class Commit:
    """One commit of the series."""

    revision: str
    change_id: str


def clone(source: Source, target: Path, branch: str) -> None:
    """A repository in ``target`` with all the source's objects and ``branch`` at its revision.

    Packs are linked where the disk allows it, and copied otherwise: the clone stands on its own.
    """
    git_dir = target / ".git"
    make_repository(git_dir)
    for folder in object_folders(source.git_dir / "objects"):
        for path in sorted(folder.rglob("*")):
            relative = path.relative_to(folder)
            if path.is_dir() or relative.parts[0] == "info":
                continue
            place = git_dir / "objects" / relative
            if not place.exists():
                place.parent.mkdir(exist_ok=True)
                _link(path, place)
    shallow = source.git_dir / "shallow"
    if shallow.is_file():
        shutil.copyfile(shallow, git_dir / "shallow")
    run_git(git_dir, "update-ref", f"refs/heads/{branch}", source.revision)


def commit_series(
    source: Source,
    target: Path,
    stages: Sequence[Taken],
    branch: str,
    author: Identity,
) -> list[Commit | None]:
    """One commit for each stage that changed something; ``branch`` is checked out at the last.

    Who, when and the Change-Ids follow from the source and the plan alone.
    """
    tip, change_id = source.revision, source.revision
    made: list[Commit | None] = []
    for taken in stages:
        stage = taken.stage
        if not stage.changes:
            made.append(None)
            continue
        signed = _Signed(message(taken), change_id)
        tip = commit_tree(
            target,
            tip,
            stage.changes,
            signed,
            author=author,
            date=source.commit_date,
            modes=stage.modes,
        )
        change_id = signed.change_id
        made.append(Commit(tip, change_id))
    checkout(target, branch, tip)
    return made


def write_patches(target: Path, base: str, branch: str, folder: Path) -> list[str]:
    """The commits of ``branch`` since ``base`` as ``git format-patch`` writes them; their names."""
    folder.mkdir()
    run_git(
        target / ".git",
        "format-patch",
        "--quiet",
        "--full-index",
        "--binary",
        "--find-renames",
        "--signature=",
        "--output-directory",
        str(folder.resolve()),
        f"{base}..refs/heads/{branch}",
        "--",
    )
    return sorted(path.name for path in folder.iterdir())


def message(taken: Taken) -> str:
    """The commit message without its Change-Id: what, why, and what was measured."""
    stage, effects = taken.stage, taken.effects
    count = len(stage.changes)
    files = "1 file" if count == 1 else f"{count} files"
    if stage.step.phase == "removed":
        lines = [str(taken.users)]
        if stage.left[0]:
            lines.append(f"{stage.left[0]} files leave, {stage.left[1]} lines of Python in them")
        lines += [str(effect) for effect in effects if effect.is_change]
    else:
        lines = [str(effect) for effect in effects if effect.is_change]
        if not lines and effects:
            lines = [str(effects[0]) + ", as before"]
    measured = "\n".join(_filled(line, "* ", "  ") for line in lines)
    parts = [
        stage.step.title,
        _filled(stage.step.reason),
        f"Measured:\n{measured}" if measured else "",
        _filled(f"Rewrites: {', '.join(stage.rewrites)} ({files})" if stage.rewrites else files),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def change_id_of(tree: str, parent: str, text: str) -> str:
    """A Gerrit Change-Id out of what the commit is: its tree, the one before it, its message."""
    raw = f"tree {tree}\nparent {parent}\n\n{text}".encode("utf-8", "surrogateescape")
    return "I" + hashlib.sha1(raw, usedforsecurity=False).hexdigest()


# Private functions


class _Signed:
    """A message that gets its Change-Id when the commit's tree is known."""

    def __init__(self, text: str, parent: str) -> None:
        self.text, self.parent = text, parent
        self.change_id = ""

    def __call__(self, tree: str) -> str:
        self.change_id = change_id_of(tree, self.parent, self.text)
        return f"{self.text}\nChange-Id: {self.change_id}\n"


def _filled(text: str, first: str = "", rest: str = "") -> str:
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _link(path: Path, place: Path) -> None:
    try:
        os.link(path, place)
    except OSError:
        shutil.copyfile(path, place)
        place.chmod(0o444)
