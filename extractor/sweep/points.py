"""Which revisions a sweep looks at: releases of an index, or commits of a repository."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from extractor.errors import UsageError
from extractor.source.tree import run_git


@dataclass(frozen=True)
class Point:
    """One revision to look at.

    ``source`` and ``revision`` are what ``open_source`` takes; ``name`` is for people, a version
    or a commit's first ten digits; ``identity`` names the content; ``position`` is its place in
    the line of all revisions, oldest first; ``date`` is the day, empty where it is not known yet.
    """

    source: str
    revision: str | None
    name: str
    identity: str
    position: int
    date: str = ""


def release_points(
    project: str, wanted: str, versions_of: Callable[[str], Sequence[str]]
) -> list[Point]:
    """The releases of ``project`` that ``wanted`` names, oldest first.

    ``wanted``: versions, patterns and ranges with commas between, as ``17.0.*,18.0.2`` or
    ``>=17,<19``. ``versions_of`` lists a project's versions. ``UsageError`` when one of them
    names nothing.
    """
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.version import Version

    known = sorted(versions_of(project), key=Version)
    parts = [part.strip() for part in wanted.split(",") if part.strip()]
    ranges = [part for part in parts if re.match(r"[<>!=~]", part)]
    chosen: set[str] = set()
    try:
        if ranges:
            chosen.update(SpecifierSet(",".join(ranges)).filter(known, prereleases=False))
        for part in set(parts) - set(ranges):
            found = set(SpecifierSet(f"=={part}").filter(known, prereleases=True))
            if not found:
                raise UsageError(f"--releases {wanted!r}: {project} has no release {part}")
            chosen |= found
    except InvalidSpecifier as error:
        raise UsageError(f"--releases {wanted!r}: {error}") from None
    if not chosen:
        raise UsageError(f"--releases {wanted!r} names no release of {project}")
    return [
        Point(f"pypi:{project}=={version}", None, version, f"{project}=={version}", position)
        for position, version in enumerate(known)
        if version in chosen
    ]


class Line:
    """The first-parent line of commits from ``first`` (left out when it is empty) to ``last``."""

    def __init__(self, source: str, git_dir: Path, first: str, last: str) -> None:
        self.source = source
        span = f"{first}..{last}" if first else last
        listed = run_git(
            git_dir, "rev-list", "--first-parent", "--reverse", "--format=%H %ct", span, "--"
        )
        rows = [line.split() for line in listed.decode("ascii").splitlines()]
        self.commits = [(row[0], int(row[1])) for row in rows if row[0] != "commit"]
        if not self.commits:
            raise UsageError(f"--revisions {first}..{last}: there is no commit between them")

    def point(self, position: int) -> Point:
        """The commit at ``position``, counted from the oldest."""
        commit, seconds = self.commits[position]
        day = datetime.fromtimestamp(seconds, UTC).date().isoformat()
        return Point(self.source, commit, commit[:10], commit, position, day)

    def every(self, step: int) -> list[Point]:
        """Each ``step``-th commit, counted back from the newest."""
        if step < 1:
            raise UsageError(f"--every {step}: give a whole number above 0")
        return [self.point(position) for position in range(len(self.commits) - 1, -1, -step)][::-1]

    def sample(self, count: int, seed: int) -> list[Point]:
        """``count`` commits spread evenly over time: one by chance out of each equal span."""
        if count < 1:
            raise UsageError(f"--sample {count}: give a whole number above 0")
        chance = random.Random(seed)
        first, last = self.commits[0][1], self.commits[-1][1]
        width = (last - first + 1) / count
        spans: dict[int, list[int]] = {}
        for position, (_, seconds) in enumerate(self.commits):
            span = min(max(int((seconds - first) / width), 0), count - 1)
            spans.setdefault(span, []).append(position)
        return [self.point(chance.choice(spans[span])) for span in sorted(spans)]


def parse_span(text: str) -> tuple[str, str]:
    """The two ends of ``A..B``; ``UsageError`` for anything else."""
    first, dots, last = text.partition("..")
    if not dots or not last or last.startswith("."):
        raise UsageError(f"--revisions {text!r}: give A..B, or ..B for everything up to B")
    return first, last


def shard(points: Sequence[Point], text: str) -> list[Point]:
    """Part I of N of the points, for ``I/N``; ``UsageError`` when it is none."""
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        raise UsageError(f"--shard {text!r}: give I/N with I from 1 to N, as in 1/3")
    return list(points[int(found[1]) - 1 :: int(found[2])])


def without(points: Sequence[Point], identities: Collection[str]) -> list[Point]:
    """The points with none of these ``identities``."""
    return [point for point in points if point.identity not in identities]
