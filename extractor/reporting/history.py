"""What of the source's history lives on, read from the result and from the source."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

from extractor_reports import schema

from extractor.history.blame import FileBlame
from extractor.history.carry import ORIGIN_NOTES, UPSTREAM
from extractor.history.check import HistoryCheck
from extractor.manifest import BlameRecord, CheckRecord
from extractor.moves import Move
from extractor.outcome import CheckOutcome
from extractor.source.tree import GitTree, run_git
from extractor.wording import counted


def carried_commits(git_dir: Path) -> list[tuple[str, str, bool, str, str]]:
    """(commit, its origin, is it a merge, author, day) of the carried history, newest first."""
    text = _text(
        run_git(
            git_dir,
            "log",
            f"--notes={ORIGIN_NOTES}",
            "--no-mailmap",
            "--format=%H%x00%P%x00%an%x00%cs%x00%N%x01",
            UPSTREAM,
        )
    )
    found = []
    for record in text.split("\x01"):
        if record.strip():
            commit, parents, author, day, note = record.strip("\n").split("\0")
            origin = re.search(r"[0-9a-f]{40}", note)
            found.append((commit, origin[0] if origin else "", " " in parents, author, day))
    return found


def describe_history(
    git_dir: Path,
    source_commits: int,
    source_git_dir: Path | None,
    moves: Sequence[Move],
    blame: Sequence[BlameRecord] = (),
) -> schema.History:
    """The carried history; ``blame`` is what is known of each file's, line by line."""
    commits = carried_commits(git_dir)
    by_author: dict[str, list[str]] = {}
    for _commit, _origin, is_merge, author, day in commits:
        if not is_merge:
            by_author.setdefault(author, []).append(day)
    months = Counter(day[:7] for *_, day in commits)
    followed: Counter[str] | None = None
    if source_git_dir is not None:
        changes = [origin for _, origin, is_merge, *_ in commits if origin and not is_merge]
        direct = _touching(source_git_dir, changes, {move.source for move in moves})
        followed = Counter(
            day[:7]
            for _, origin, merge, _, day in commits
            if origin and not merge and origin not in direct
        )
    return schema.History(
        source_commits=source_commits,
        kept=len(commits),
        merges=sum(merge for _, _, merge, *_ in commits),
        followed=None if followed is None else followed.total(),
        authors=tuple(
            schema.Author(name=name, commits=len(days), first=min(days), last=max(days))
            for name, days in sorted(by_author.items(), key=lambda i: (-len(i[1]), i[0]))
        ),
        timeline=tuple(
            schema.Month(month=m, commits=n, followed=followed[m] if followed else 0)
            for m, n in sorted(months.items())
        ),
        blame=tuple(schema.FileBlame.model_validate(b.model_dump()) for b in blame),
    )


def _touching(git_dir: Path, commits: Sequence[str], paths: Collection[str]) -> set[str]:
    """Those of ``commits`` that change one of ``paths``."""
    output = run_git(
        git_dir,
        *("diff-tree", "--stdin", "-r", "--root", "--no-renames", "--name-only", "-z"),
        stdin="".join(f"{commit}\n" for commit in commits).encode(),
    )
    known = set(commits)
    found: set[str] = set()
    commit = ""
    for item in _text(output).replace("\n", "\0").split("\0"):
        if item in known:
            commit = item
        elif item in paths:
            found.add(commit)
    return found


def history_records(
    checked: HistoryCheck,
) -> tuple[tuple[CheckRecord, ...], tuple[BlameRecord, ...]]:
    """What the manifest keeps of ``history check``."""
    shares = [f"{share:.2%} of {group}" for group, share in checked.shares().items()]
    check = CheckRecord(
        name="history",
        outcome=CheckOutcome.BROKEN if checked.problems else CheckOutcome.HELD,
        evidence=(
            *checked.problems[:20],
            f"blame names the same commit for {', '.join(shares)} lines",
            f"{counted(checked.commits, 'commit')}: {len(checked.noise)} change nothing, "
            f"{len(checked.foreign)} paths are foreign, {len(checked.lost)} ancestors are lost, "
            f"{counted(len(checked.dangling), 'import')} of the result dangle, "
            f"{len(checked.selection)} things are wrong with sliced files",
            *checked.told_of_versions(),
            *checked.told_of_following(),
        ),
    )
    return (check,), blame_records(checked.files)


def blame_records(files: Sequence[FileBlame]) -> tuple[BlameRecord, ...]:
    """What the manifest keeps of files' blame; nothing of files without lines."""
    return tuple(
        BlameRecord(
            path=b.path, same=b.same, older=b.older, different=b.different, unpaired=b.unpaired
        )
        for b in sorted(files, key=lambda b: b.path)
        if b.same + b.older + b.different + b.unpaired
    )


def describe_steps(git_dir: Path, tip: str, old_package: str) -> tuple[schema.Step, ...]:
    """The commits on top of the carried history, oldest first, each with its effect."""
    old = re.compile(rb"^[ \t]*(?:from|import)[ \t]+%s\b" % re.escape(old_package.encode()), re.M)
    known: dict[str, int] = {}
    steps = []
    text = _text(
        run_git(
            git_dir,
            "log",
            "--reverse",
            "--no-renames",
            "--numstat",
            "--format=%x01%H%x00%s%x00%b%x00",
            f"{UPSTREAM}..{tip}",
        )
    )
    for record in text.split("\x01")[1:]:
        revision, subject, body, numbers = record.split("\0")
        rows = [line.split("\t") for line in numbers.splitlines() if "\t" in line]
        with GitTree(git_dir, revision) as tree:
            remaining = 0
            for path in tree.paths():
                if path.endswith(".py"):
                    blob = tree.entry(path).blob
                    if blob not in known:
                        known[blob] = len(old.findall(tree.read(path)))
                    remaining += known[blob]
        steps.append(
            schema.Step(
                revision=revision,
                subject=subject,
                body=body.strip(),
                files=len(rows),
                added=sum(int(row[0]) for row in rows if row[0] != "-"),
                removed=sum(int(row[1]) for row in rows if row[1] != "-"),
                old_names=remaining,
            )
        )
    return tuple(steps)


def _text(output: bytes) -> str:
    return output.decode("utf-8", "surrogateescape")
