"""One rewrite from its settings to its result: made in memory, proved, and written if it holds."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from extractor.in_place.change import Change
from extractor.in_place.files import Files, find_files
from extractor.in_place.flakes import new_complaints
from extractor.in_place.imports import import_differences
from extractor.in_place.members import members_of, rename_member
from extractor.in_place.mentions import left_mentions
from extractor.in_place.pieces import names_in_pieces
from extractor.in_place.proof import moved_by, prove
from extractor.in_place.run import prepared, run
from extractor.in_place.write import write_all
from extractor.outcome import Failed
from extractor.resolution import Difference
from extractor.rewrites import Rewrite


@dataclass(frozen=True)
class Note:
    """Something to be told: a file, a 1-based line (0 for the whole file) and a sentence."""

    path: str
    line: int
    message: str


@dataclass(frozen=True)
class Attempt:
    """What a rewrite would do, and what speaks against it.

    ``failed`` files could not be read; ``broken`` are places that would not say what they say
    now; ``findings`` are to be looked at. ``mentions`` are files that name what moved and are
    not understood.
    """

    changes: tuple[Change, ...]
    total: int
    failed: tuple[Note, ...]
    findings: tuple[Note, ...]
    broken: tuple[Note, ...]
    mentions: tuple[str, ...]
    named: str  # what they mention
    base: Path

    def write(self) -> None:
        """Make all changes, or none if one of them cannot be made."""
        write_all(self.changes, self.base)


def attempt(
    rewrite: Rewrite,
    settings: Any,
    paths: Sequence[Path],
    root: Path | None = None,
    python: Path | None = None,
) -> Attempt:
    """Make and prove the new tree in memory; nothing is written.

    With ``python`` everything that changes is imported, too, before and after.
    """
    files = find_files(paths, rewrite.suffixes, rewrite.file_names, root)
    members = members_of(settings)
    if members:
        every = [change for old in members for change in rename_member(old, members[old], files)]
    else:
        settings = prepared(rewrite, settings, files)
        every = list(run(rewrite, settings, files))
    failed: list[Note] = []
    findings: list[Note] = []
    for change in every:
        name, outcome = change.path.as_posix(), change.outcome
        if isinstance(outcome, Failed):
            failed.append(Note(name, outcome.line, outcome.error))
        else:
            found = getattr(outcome, "findings", ())
            findings += [Note(name, one.line, one.message) for one in found]
    changes = tuple(change for change in every if change.is_one)
    # The resolver follows names of modules, which a rename of a member leaves as they are.
    differences = (
        [o for c in changes if c.path.suffix == ".py" for o in new_complaints(c)]
        if members
        else prove(settings, every, files)
    )
    if python is not None:
        creates = getattr(settings, "creates", {})
        differences += import_differences(python, changes, files, moved_by(settings), creates)
    differences += names_in_pieces(settings, every, files)
    findings += [_note(one) for one in differences if not one.certain]
    named, mentions = left_mentions(settings, every, files)
    total = len({*(change.path for change in changes), *files.chosen})
    return Attempt(
        changes,
        total,
        tuple(failed),
        tuple(dict.fromkeys(findings)),
        tuple(_note(one) for one in differences if one.certain),
        mentions,
        named,
        _base(paths, files),
    )


def _note(difference: Difference) -> Note:
    return Note(difference.path, difference.line, difference.message)


def _base(paths: Sequence[Path], files: Files) -> Path:
    """The folder that all of ``paths`` are in."""
    folders = [path if path in files.folders else path.parent for path in paths]
    return Path(os.path.commonpath([folder.resolve() for folder in folders]))
