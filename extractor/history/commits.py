"""Add commits to a repository of ours without a work tree, and check a branch out."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from extractor.errors import UsageError
from extractor.history.trees import Folder, Leaf, object_name
from extractor.source.objects import git_command
from extractor.source.tree import REGULAR, git_environment, git_failed, run_git

_FORBIDDEN = re.compile(r"[<>\n\0]")


@dataclass(frozen=True)
class Identity:
    """Who made a commit; never taken from git's configuration."""

    name: str
    email: str

    def __post_init__(self) -> None:
        if not self.name.strip() or _FORBIDDEN.search(self.name + self.email):
            raise UsageError(f"{self.name!r} <{self.email!r}> cannot be the author of a commit")

    @classmethod
    def parse(cls, text: str) -> Identity:
        """``Name <address>``; ``UsageError`` when it is something else."""
        found = re.fullmatch(r"\s*([^<>\n]*[^<>\n\s])\s*<([^<>\n]*)>\s*", text)
        if not found:
            raise UsageError(f"{text!r} is not of the form 'Name <address>'")
        return cls(found[1], found[2])


def commit_tree(
    target: Path,
    parent: str,
    files: Mapping[str, bytes | None],
    message: str | Callable[[str], str],
    *,
    author: Identity,
    date: int,
    modes: Mapping[str, str] | None = None,
    branch: str | None = None,
) -> str:
    """Append one commit to ``parent``: ``files`` put in, those of ``None`` taken out.

    ``date`` is seconds since the epoch, in UTC, for author and committer alike. A path
    not in ``modes`` keeps its mode, or is a regular file when new. A message that depends
    on the commit's tree is a function of that tree's name. ``branch``, when given, then
    points to the commit. Returns the commit's name; when nothing changes
    there is no commit and ``parent`` is returned.
    """
    git_dir = target / ".git"
    tree = read_folder(git_dir, parent)
    before = {path: leaf for path, leaf in tree.leaves() if path in files}
    changes: dict[str, Leaf | None] = {}
    for path, content in files.items():
        if content is None:
            changes[path] = None
            continue
        kept_mode = before[path].mode if path in before else REGULAR
        mode = (modes or {}).get(path, kept_mode)
        changes[path] = Leaf(mode, write_object(git_dir, b"blob", content))
    if all(before.get(path) == leaf for path, leaf in changes.items()):
        return parent
    name = tree.replaced(changes).stored(lambda kind, raw: write_object(git_dir, kind, raw))
    who = f"{author.name} <{author.email}> {date} +0000"
    text = f"tree {name}\nparent {parent}\nauthor {who}\ncommitter {who}\n\n"
    if not isinstance(message, str):
        message = message(name)
    body = message.rstrip("\n") + "\n"
    commit = write_object(git_dir, b"commit", (text + body).encode("utf-8", "surrogateescape"))
    if branch:
        run_git(git_dir, "update-ref", f"refs/heads/{branch}", commit)
    return commit


def checkout(target: Path, branch: str = "main", commit: str | None = None) -> None:
    """Make ``branch`` (moved to ``commit`` when given) the current one, with a work tree.

    Neither hooks nor anybody's configuration take part.
    """
    git_dir = target / ".git"
    if commit is not None:
        run_git(git_dir, "update-ref", f"refs/heads/{branch}", commit)
    run_git(git_dir, "symbolic-ref", "HEAD", f"refs/heads/{branch}")
    done = subprocess.run(
        git_command(git_dir.resolve(), "--work-tree=.", "read-tree", "--reset", "-u", "HEAD"),
        cwd=target,
        capture_output=True,
        env=git_environment(),
    )
    if done.returncode:
        raise git_failed(["read-tree"], done.returncode, done.stderr.decode("utf-8", "replace"))


def read_folder(git_dir: Path, commit: str) -> Folder:
    """The whole tree of a commit."""
    folders: dict[str, Folder] = {"": Folder()}
    listing = run_git(git_dir, "ls-tree", "-r", "-t", "-z", "--full-tree", commit)
    for record in listing.split(b"\0"):
        if not record:
            continue
        meta, _, raw = record.partition(b"\t")
        mode, kind, name = meta.decode("ascii").split()
        parent, _, last = os.fsdecode(raw).rpartition("/")
        if kind == "tree":
            folder = Folder(name=name)
            folders[os.fsdecode(raw)] = folder
            folders[parent].entries[last] = folder
        else:
            folders[parent].entries[last] = Leaf(mode, name)
    return folders[""]


def write_object(git_dir: Path, kind: bytes, content: bytes) -> str:
    """Store one loose object; a reader sees the whole of it or nothing."""
    name = object_name(kind, content)
    path = git_dir / "objects" / name[:2] / name[2:]
    if path.exists():
        return name
    path.parent.mkdir(exist_ok=True)
    raw = zlib.compress(b"%s %d\0" % (kind, len(content)) + content, 6)
    descriptor, temporary = tempfile.mkstemp(prefix="tmp_obj_", dir=path.parent)
    with os.fdopen(descriptor, "wb") as file:
        file.write(raw)
    Path(temporary).chmod(0o444)
    Path(temporary).replace(path)
    return name
