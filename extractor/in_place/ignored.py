"""What git ignores below a folder: results of builds and the like, which nobody edits."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from extractor.source.tree import git_environment

# A repository's own settings may name programs that git would start.
_QUIET = ["-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}"]
_ASK = ["ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"]


def ignored_below(folder: Path) -> frozenset[Path]:
    """The files and whole folders below ``folder`` that git ignores and does not track.

    None where there is no repository, or where ``folder`` itself is ignored: it was asked for.
    """
    here = folder.resolve()
    if not any((above / ".git").exists() for above in (here, *here.parents)):
        return frozenset()
    command = ["git", "-C", str(here), *_QUIET, *_ASK]
    try:
        done = subprocess.run(command, capture_output=True, env=git_environment())
    except OSError:
        return frozenset()
    names = [os.fsdecode(name) for name in done.stdout.split(b"\0") if name]
    if done.returncode or "./" in names:
        return frozenset()
    return frozenset(folder / name for name in names)
