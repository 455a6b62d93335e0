"""Join a newer extraction with what people did to the older one: nothing of theirs is lost."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from extractor.errors import UsageError
from extractor.history.commits import Identity, write_object
from extractor.history.publish import require_committed
from extractor.history.quiet import current_branch, git_for, ref_values, require_quiet
from extractor.source.objects import git_command
from extractor.source.tree import git_environment, run_git

EXTRACTED = "refs/extractor/extracted"


@dataclass(frozen=True)
class Joined:
    """``commit`` is the branch's new tip, or its old one when there are ``conflicts``.

    ``conflicts`` are the paths that both sides changed; ``extracted`` is the commit to merge
    by hand then, and ``local_commits`` how many commits of people are on the branch. Only
    ``publish`` gives ``refs`` their new commits.
    """

    commit: str
    extracted: str
    local_commits: int
    conflicts: tuple[str, ...]
    refs: Mapping[str, str] = field(default_factory=dict)


def record_extracted(target: Path, commit: str) -> None:
    """Remember what of the branch the tool made: all after it is people's."""
    run_git(target / ".git", "update-ref", EXTRACTED, commit)


def require_joinable(target: Path, branch: str) -> tuple[str, str]:
    """The branch's tip and the last extraction in it; ``UsageError`` when it cannot be joined."""
    require_quiet(target, (branch, "upstream", "extracted"))
    refs = ref_values(target / ".git")
    tip, before = refs.get(f"refs/heads/{branch}"), refs.get(EXTRACTED)
    if before is None:
        raise UsageError(
            f"{target} does not say which commit the last run made: name it with "
            f"{git_for(target)} update-ref {EXTRACTED} COMMIT"
        )
    if tip is None:
        raise UsageError(
            f"the branch {branch} is gone from {target}: restore it with "
            f"{git_for(target)} branch {branch} {before}"
        )
    if _git(target, "merge-base", "--is-ancestor", before, tip).returncode:
        here = "" if current_branch(target) == f"refs/heads/{branch}" else f"switch {branch}, then "
        raise UsageError(
            f"{branch} does not hold {before[:12]}, which the last run made (after a conflict it "
            f"is the branch extracted): merge it with {git_for(target)} {here}merge {before[:12]}"
        )
    if current_branch(target) in {f"refs/heads/{name}" for name in (branch, "upstream")}:
        require_committed(target)
    return tip, before


def is_joined(target: Path, extracted: str) -> bool:
    """Whether ``extracted`` is the last extraction that the branch was brought to."""
    git_dir = (target / ".git").resolve()
    last = run_git(git_dir, "rev-list", "--parents", "--max-count=1", EXTRACTED)
    return extracted in last.decode("ascii").split()


def join_branch(
    target: Path, branch: str, extracted: str, message: str, *, author: Identity, date: int
) -> Joined:
    """What brings ``branch`` to the new extraction ``extracted``, local commits kept.

    A commit with the new extraction's tree and both extractions as parents makes the branch
    only ever go forward. Without local commits it is the new tip; else it is merged in. On
    a conflict the branch stays as it is, and the branch ``extracted`` waits to be merged by
    hand. Raises ``UsageError`` as ``require_joinable`` does.
    """
    git_dir = (target / ".git").resolve()
    tip, before = require_joinable(target, branch)
    tree = _name(git_dir, f"{extracted}^{{tree}}")
    step = _commit(git_dir, tree, [before, extracted], message, author, date)
    ref = f"refs/heads/{branch}"
    count = int(run_git(git_dir, "rev-list", "--count", f"{before}..{tip}"))
    if not count:
        return Joined(step, step, 0, (), {ref: step, EXTRACTED: step})
    merged = _git(target, "merge-tree", "--write-tree", "-z", "--name-only", "--no-messages",
                  tip, step)  # fmt: skip
    if merged.returncode not in (0, 1):
        raise UsageError(f"cannot merge: {merged.stderr.decode('utf-8', 'replace').strip()}")
    first, *names = merged.stdout.split(b"\0")
    if merged.returncode:
        conflicts = tuple(sorted({os.fsdecode(name) for name in names if name}))
        refs = {"refs/heads/extracted": step, EXTRACTED: step}
        return Joined(tip, step, count, conflicts, refs)
    joined = _commit(git_dir, first.decode("ascii"), [tip, step], message, author, date)
    return Joined(joined, step, count, (), {ref: joined, EXTRACTED: step})


def _commit(
    git_dir: Path, tree: str, parents: list[str], message: str, author: Identity, date: int
) -> str:
    who = f"{author.name} <{author.email}> {date} +0000"
    lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
    lines += [f"author {who}", f"committer {who}", "", message.rstrip("\n"), ""]
    return write_object(git_dir, b"commit", "\n".join(lines).encode("utf-8", "surrogateescape"))


def _name(git_dir: Path, revision: str) -> str:
    return run_git(git_dir, "rev-parse", "--verify", revision).decode("ascii").strip()


def _git(target: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        git_command((target / ".git").resolve(), "--work-tree=.", *arguments),
        cwd=target,
        capture_output=True,
        env=git_environment(),
    )
