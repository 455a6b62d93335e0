"""Move refs, index, work tree and state of a result together, or not at all.

All that can speak against it is asked before. Then the intention is written down, and whoever
comes after a kill carries it out.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from extractor.errors import UsageError
from extractor.history.quiet import current_branch, git_for, ref_values
from extractor.history.state import MOVE, HistoryState, prepare_state, settle_state
from extractor.history.walk import ABSENT
from extractor.history.worktree import (
    TreeMove,
    drop_our_lock,
    listed,
    put_in_place,
    require_free,
    require_untouched,
    stage,
    tree_changes,
    uncommitted,
)
from extractor.source.tree import run_git

# Git holds the lock of a ref for no longer than it takes to write a line.
_STALE_SECONDS = 2.0


@dataclass(frozen=True)
class _Intention:
    """Refs with their old and new objects; ``head`` is the one among them that is checked out."""

    refs: Mapping[str, tuple[str, str]]
    head: str

    def tree_move(self) -> TreeMove | None:
        return TreeMove(*self.refs[self.head]) if self.head else None


def publish(target: Path, refs: Mapping[str, str], state: HistoryState | None = None) -> None:
    """Make each of ``refs`` name its new object, and ``state`` the result's.

    Where one of them is checked out, index and work tree go along. ``UsageError`` with nothing
    changed when something of a person's is in the way.
    """
    git_dir = target / ".git"
    there = ref_values(git_dir)
    moving = {
        ref: (there.get(ref, ABSENT), new)
        for ref, new in sorted(refs.items())
        if there.get(ref) != new
    }
    head = current_branch(target)
    intention = _Intention(moving, head if head in moving else "")
    work = _work(git_dir)
    move = intention.tree_move()
    if move is not None:
        changes = tree_changes(target, move)
        stage(target, changes, move.new, work)
        require_free(target, changes)
        require_committed(target)
    prepare_state(git_dir, state)
    _write_down(git_dir, intention)
    _carry_out(target, intention, is_staged=True)


def finish_killed(target: Path) -> None:
    """Carry out what a killed sync had begun to change; nothing where none was."""
    git_dir = target / ".git"
    drop_our_lock(target)
    intention = _read(git_dir)
    if intention is None:
        settle_state(git_dir, is_whole=False)
        return
    there = ref_values(git_dir)
    if not any(there.get(ref, ABSENT) in pair for ref, pair in intention.refs.items()):
        # Somebody has gone on from where it was left.
        (git_dir / "extractor" / MOVE).unlink()
        return
    _carry_out(target, intention, is_staged=False)


def require_committed(target: Path) -> None:
    """``UsageError`` naming tracked files that are not as they are at HEAD."""
    changed = uncommitted(target)
    if changed:
        raise UsageError(
            f"{target} has uncommitted changes in {listed(changed)}: put them aside "
            f"with {git_for(target)} stash, and run sync again"
        )


def _carry_out(target: Path, intention: _Intention, *, is_staged: bool) -> None:
    git_dir = target / ".git"
    move = intention.tree_move()
    there = ref_values(git_dir)
    is_here = current_branch(target) == intention.head
    if move is not None and is_here and there.get(intention.head, ABSENT) in (move.old, move.new):
        changes = tree_changes(target, move)
        if not is_staged:
            stage(target, changes, move.new, _work(git_dir))
            for change in changes:
                require_untouched(target, change, _work(git_dir))
        put_in_place(target, changes, move, _work(git_dir))
    lines = ["start"]
    for ref, (old, new) in intention.refs.items():
        if there.get(ref, ABSENT) == old:
            lines.append(f"update {ref} {new} {old}")
            if not is_staged:
                _drop_stale_lock(git_dir / f"{ref}.lock")
    if not is_staged:
        _drop_stale_lock(git_dir / "HEAD.lock")
    text = "\n".join([*lines, "prepare", "commit", ""])
    run_git(git_dir, "update-ref", "--stdin", stdin=os.fsencode(text))
    settle_state(git_dir, is_whole=True)
    (git_dir / "extractor" / MOVE).unlink()


def _drop_stale_lock(lock: Path) -> None:
    """Remove the lock of a ref that the killed sync was about to move, if it is an old one."""
    deadline = time.monotonic() + _STALE_SECONDS
    while lock.exists() and time.monotonic() < deadline:
        if time.time() - lock.stat().st_mtime > _STALE_SECONDS:
            break
        time.sleep(0.1)
    lock.unlink(missing_ok=True)


def _work(git_dir: Path) -> Path:
    return git_dir / "extractor" / "checkout"


def _write_down(git_dir: Path, intention: _Intention) -> None:
    path = git_dir / "extractor" / MOVE
    text = json.dumps({"refs": dict(intention.refs), "head": intention.head}, sort_keys=True)
    new = path.with_suffix(".new")
    with new.open("w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _read(git_dir: Path) -> _Intention | None:
    try:
        content = json.loads((git_dir / "extractor" / MOVE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    refs = {ref: (old, new) for ref, (old, new) in content["refs"].items()}
    return _Intention(refs, content["head"])
