"""Open what the user calls the source, so that nothing of it can run or change.

Git never works inside the source's own git directory. A small bare repository of ours,
the *view*, borrows the source's objects (git calls that an alternate): the source's
configuration, hooks, attributes and index are not there, and nothing is written to it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from extractor.errors import SourceError, UsageError
from extractor.source.tree import SUBMODULE, GitTree, git_environment, git_reason, run_git

# GIT_CONFIG_GLOBAL, which keeps the user's configuration out, came with 2.32.
_OLDEST_GIT = (2, 32)
# How files on disk differ from committed ones; none of these can name a program.
_HARMLESS_CONVERSIONS = ("autocrlf", "eol", "filemode", "ignorecase", "symlinks")
_TRUE = ("true", "yes", "on", "1")
# A partial clone says so, or one of its remotes does.
_PROMISED = re.compile(r"extensions\.partialclone|remote\..*\.promisor", re.DOTALL)
LAST_DATE = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp())
_ADDRESS = re.compile(r"^(?:[a-z][a-z0-9+.-]*://|[^/@]+@[^/:]+:)", re.IGNORECASE)


@dataclass(frozen=True)
class Release:
    """One release that became a commit; ``date`` is seconds since the epoch, UTC."""

    name: str
    version: str
    sha256: str
    date: int
    revision: str


@dataclass(frozen=True)
class Source:
    """A committed revision of the source, ready to be read.

    ``git_dir`` is a repository of ours in the workspace: its ``HEAD`` is ``revision`` and
    it reaches all history the source has. ``commit_date`` is the committer's date in
    seconds since the epoch. ``label`` names the revision without any path of this
    machine; ``described`` is for people. ``location`` is the folder that was opened, None
    for releases. ``dirty`` tells that the checkout is not its commit, ``untracked`` that only
    files that git does not track make it so.
    """

    git_dir: Path
    revision: str
    tree: GitTree
    commit_date: int
    label: str
    described: str
    location: Path | None = None
    dirty: bool = False
    untracked: bool = False
    shallow: bool = False
    partial: bool = False
    releases: tuple[Release, ...] = ()


def check_revision_name(rev: str | None) -> None:
    """Refuse what git might take for an option or cannot be a name; ``UsageError``."""
    if rev is None:
        return
    if rev.startswith("-"):
        raise UsageError(f"{rev!r} looks like an option, not a revision")
    if not rev.strip() or not rev.isprintable():
        raise UsageError(f"{rev!r} cannot be the name of a revision")


def require_git() -> None:
    """``SourceError`` unless a git that can be shielded from configuration is on the PATH."""
    if shutil.which("git") is None:
        raise SourceError("git is not installed or not on the PATH: install git and try again")
    said = subprocess.run(
        ["git", "--version"], capture_output=True, text=True, env=git_environment()
    ).stdout
    found = re.search(r"(\d+)\.(\d+)", said)
    if found is None or (int(found[1]), int(found[2])) < _OLDEST_GIT:
        oldest = ".".join(map(str, _OLDEST_GIT))
        raise SourceError(f"git {oldest} or newer is needed, found: {said.strip() or 'nothing'}")


def commit_date(git_dir: Path, revision: str) -> int:
    """The committer's date of ``revision``, in seconds since the epoch.

    Git takes commits without a date, or with one that no calendar has: those count as the
    nearest that there is.
    """
    said = run_git(git_dir, "show", "-s", "--format=%ct", revision, "--").strip()
    try:
        return min(max(int(said), 0), LAST_DATE)
    except ValueError:
        return 0


def open_repository(spec: str, rev: str | None, workspace: Path, need_history: bool) -> Source:
    """The repository ``spec`` names, at ``rev``, seen through a view made in ``workspace``."""
    if not spec.strip() or "\0" in spec:
        raise UsageError(f"{spec!r} cannot be the name of a source")
    place = _locate(spec)
    if place.object_format != "sha1":
        raise SourceError(
            f"{spec} names its objects by {place.object_format}; only sha1 repositories work"
        )
    revision = _resolve(place, rev, spec)
    shallow = (place.common_dir / "shallow").is_file()
    if shallow and need_history:
        raise SourceError(
            f"{spec} is a shallow clone and lacks the history: "
            "run `git fetch --unshallow` in it first"
        )
    view = _make_view(place, revision, workspace)
    cure = cure_for(place.partial)
    try:
        tree = GitTree(view, revision)
        date = commit_date(view, revision)
    except SourceError:
        raise SourceError(f"{spec} lacks folders of revision {revision[:12]}; {cure}") from None
    missing = _missing_files(tree)
    if missing:
        raise SourceError(
            f"{spec} lacks {len(missing)} of the files of revision {revision[:12]} "
            f"({missing[0]} is one); {cure}"
        )
    day = datetime.fromtimestamp(date, UTC).date()
    differences = _differences(place, place.work_tree, view) if place.work_tree else []
    return Source(
        view,
        revision,
        tree,
        date,
        label=f"revision {revision}",
        described=f"{spec} at {revision[:12]} of {day.isoformat()}",
        location=place.work_tree or place.root,
        dirty=bool(differences),
        untracked=all(line.startswith(b"??") for line in differences),
        shallow=shallow,
        partial=place.partial,
    )


def cure_for(partial: bool) -> str:
    """What helps a repository that lacks an object."""
    if partial:
        return "it is a partial clone: clone it again without --filter"
    return "the repository is damaged: clone it again"


@dataclass(frozen=True)
class _Place:
    """Where a repository keeps things; ``git_dir`` holds HEAD, ``common_dir`` the objects."""

    root: Path
    git_dir: Path
    common_dir: Path
    work_tree: Path | None
    object_format: str
    partial: bool
    conversions: tuple[str, ...]


def _locate(spec: str) -> _Place:
    """Find the git directory of ``spec`` without starting git in it."""
    path = Path(spec)
    try:
        if not path.exists():
            if _ADDRESS.match(spec):
                raise SourceError(f"{spec} is a URL: clone it first and give the clone")
            raise SourceError(f"{path} does not exist")
        if not path.is_dir():
            raise SourceError(f"{path} is a file, not a git repository")
        path = path.resolve()
    except OSError as error:
        # Too long a name, no permission, a loop of links ...
        raise SourceError(f"{str(path)[:200]} cannot be opened: {error.strerror}") from None
    git_dir = _git_dir(path)
    common_dir = git_dir
    if (git_dir / "commondir").is_file():
        common_dir = (
            git_dir / os.fsdecode((git_dir / "commondir").read_bytes().rstrip())
        ).resolve()
    settings = _settings(common_dir / "config", path)
    return _Place(
        path,
        git_dir,
        common_dir,
        _work_tree(path, git_dir, settings),
        settings.get("extensions.objectformat", "sha1"),
        any(_PROMISED.fullmatch(name) for name in settings),
        tuple(
            f"core.{name}={settings[f'core.{name}']}"
            for name in _HARMLESS_CONVERSIONS
            if f"core.{name}" in settings
        ),
    )


def _git_dir(path: Path) -> Path:
    """The git directory of the folder ``path``, or ``path`` itself."""
    named = path / ".git" if os.path.lexists(path / ".git") else path
    done = subprocess.run(
        ["git", "--git-dir", str(named), "rev-parse", "--absolute-git-dir"],
        capture_output=True,
        env=git_environment(),
    )
    if not done.returncode:
        return Path(os.fsdecode(done.stdout.removesuffix(b"\n"))).resolve()
    reason = git_reason(done.stderr.decode("utf-8", "replace"))
    if "config" in reason:
        raise SourceError(f"{path} has a broken git configuration: {reason}")
    if "not a git repository" not in reason.lower():
        raise SourceError(f"{path} cannot be read as a git repository: {reason}")
    if named == path:
        for parent in path.parents:
            if (parent / ".git").exists():
                raise SourceError(f"{path} is a folder inside {parent}: name the repository itself")
    raise SourceError(f"{path} is not a git repository")


def _work_tree(path: Path, git_dir: Path, settings: Mapping[str, str]) -> Path | None:
    """The checkout that goes with a git directory; its own name tells where none is said."""
    if (path / ".git").exists():
        return path
    if settings.get("core.bare", "false").lower() in _TRUE:
        return None
    if "core.worktree" in settings:
        return git_dir / settings["core.worktree"]
    return git_dir.parent if git_dir.name == ".git" else None


def _settings(config: Path, spec: Path) -> dict[str, str]:
    """What a git directory's own configuration says, read by git: the user's has no say here."""
    if not config.is_file():
        return {}
    done = subprocess.run(
        ["git", "config", "--file", str(config), "--no-includes", "--null", "--list"],
        capture_output=True,
        env=git_environment(),
    )
    if done.returncode:
        reason = git_reason(done.stderr.decode("utf-8", "replace"))
        raise SourceError(f"{spec} has a broken git configuration: {reason}")
    rows = (row.partition("\n") for row in os.fsdecode(done.stdout).split("\0") if row)
    # A name without a value is one that is switched on.
    return {name: value if equals else "true" for name, equals, value in rows}


def _probe(place: _Place, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run git on the source itself: only for commands that read refs and nothing else."""
    # A partial clone would fetch what is missing, through whatever its configuration says.
    environment = git_environment() | {"GIT_ALLOW_PROTOCOL": "none"}
    return subprocess.run(
        ["git", "--git-dir", str(place.git_dir), "-c", "core.fsmonitor=false", *arguments],
        capture_output=True,
        env=environment,
    )


def _resolve(place: _Place, rev: str | None, spec: str) -> str:
    name = "HEAD" if rev is None else rev
    verify = ["rev-parse", "--verify", "--quiet", "--end-of-options"]
    done = _probe(place, *verify, name)
    if not done.returncode:
        # In a second step: a suffix would become part of the pattern of `:/pattern`.
        found = done.stdout.decode("ascii", "replace").split()[-1]
        done = _probe(place, *verify, f"{found}^{{commit}}")
    answer = done.stdout.decode("ascii", "replace").split()
    if not done.returncode and answer:
        return answer[-1]
    complaint = git_reason(done.stderr.decode("utf-8", "replace")) if done.stderr.strip() else ""
    if rev is None and not complaint:
        raise SourceError(f"{spec} has no commit yet")
    if (place.common_dir / "shallow").is_file():
        raise SourceError(
            f"{spec} has no revision {name!r}, and it is a shallow clone: "
            "run `git fetch --unshallow` in it first"
        )
    if complaint and not any(word in complaint for word in ("ambiguous", "Needed a single")):
        raise SourceError(f"{spec} has no usable revision {name!r}: {complaint}")
    raise SourceError(f"{spec} has no revision {name!r}")


def other_meanings(spec: str, rev: str) -> list[str]:
    """What the name at the head of ``rev`` stands for besides what git takes it for."""
    place, name = _locate(spec), re.split(r"[\^~@:]", rev)[0]
    if not name or name == "HEAD":
        return []
    # In the order of git's own choice.
    full = [f"{folder}{name}" for folder in ("refs/", "refs/tags/", "refs/heads/", "refs/remotes/")]
    asked = _probe(place, "for-each-ref", "--format=%(refname)", *full)
    there = asked.stdout.decode("utf-8", "surrogateescape").split("\n")
    found = [ref for ref in full if ref in there]
    if found and re.fullmatch(r"[0-9a-f]{4,40}", name):
        objects = _probe(place, "rev-parse", f"--disambiguate={name}").stdout.decode("ascii")
        found += [f"object {each}" for each in objects.split()]
    return found[1:]


def branch_tips(spec: str) -> list[str]:
    """The commits at the tips of the branches of the repository ``spec``, remotes' too; sorted."""
    asked = _probe(
        _locate(spec), "for-each-ref", "--format=%(objectname)", "refs/heads", "refs/remotes"
    )
    return sorted(set(asked.stdout.decode("ascii").split()))


def _make_view(place: _Place, revision: str, workspace: Path) -> Path:
    """A bare repository of ours that borrows the source's objects, HEAD at ``revision``."""
    view = Path(tempfile.mkdtemp(prefix="source-", dir=workspace)) / "view.git"
    run_git(view, "init", "--quiet", "--bare", "--template=", "--initial-branch=main")
    borrowed = view / "objects" / "info" / "alternates"
    borrowed.parent.mkdir(parents=True, exist_ok=True)
    lines = (_quoted(folder) for folder in object_folders(place.common_dir / "objects"))
    borrowed.write_bytes(b"".join(line + b"\n" for line in lines))
    shallow = place.common_dir / "shallow"
    if shallow.is_file():
        # Without it git would look for parents that were never fetched.
        shutil.copyfile(shallow, view / "shallow")
    (view / "HEAD").write_text(revision + "\n", encoding="ascii")
    return view


def object_folders(first: Path) -> list[Path]:
    """``first`` and every object folder it borrows from, each once.

    Git follows relative paths only one step from the repository it was started on, so
    the whole chain is written out as absolute paths.
    """
    found: list[Path] = []
    waiting = [first]
    while waiting:
        folder = waiting.pop(0)
        if folder in found:
            continue
        found.append(folder)
        listed = folder / "info" / "alternates"
        if listed.is_file():
            for line in listed.read_bytes().splitlines():
                if line and not line.startswith((b"#", b'"')):
                    waiting.append((folder / os.fsdecode(line)).resolve())
    return found


def _quoted(path: Path) -> bytes:
    """``path`` for an alternates file, where a leading quote or hash means something."""
    raw = os.fsencode(path)
    if b"\n" not in raw and b'"' not in raw and b"\\" not in raw:
        return raw
    escaped = raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    return b'"' + escaped + b'"'


def _differences(place: _Place, work_tree: Path, view: Path) -> list[bytes]:
    """How the checkout differs from its HEAD. Asked of a copy of its index, in the view.

    Filters and monitors are set up in the source's configuration, which the view does not
    have. A submodule's own state is not asked: that would run git under its configuration.
    """
    head = _probe(place, "rev-parse", "--verify", "--quiet", "HEAD^{commit}").stdout.strip()
    index = place.git_dir / "index"
    if not head or not index.is_file():
        return []
    asking = view.parent / "asking.git"
    shutil.copytree(view, asking)
    (asking / "HEAD").write_bytes(head + b"\n")
    for part in [index, *place.git_dir.glob("sharedindex.*")]:
        # Copied with its time: git compares it with the files' to see which were touched since.
        shutil.copy2(part, asking / part.name)
    exclude = place.common_dir / "info" / "exclude"
    if exclude.is_file():
        (asking / "info").mkdir(exist_ok=True)
        shutil.copyfile(exclude, asking / "info" / "exclude")
    settings = [part for value in place.conversions for part in ("-c", value)]
    command = ["status", "--porcelain", "--untracked-files=normal", "--ignore-submodules=all"]
    try:
        return run_git(
            asking,
            *["-c", "core.bare=false", *settings],
            *["--work-tree", str(work_tree), *command],
        ).splitlines()
    finally:
        shutil.rmtree(asking)


def _missing_files(tree: GitTree) -> list[str]:
    """Paths of the revision whose content is absent; older revisions are history's business."""
    entries = {path: tree.entry(path) for path in tree.paths()}
    blobs = {entry.blob for entry in entries.values() if entry.mode != SUBMODULE}
    asked = "".join(f"{blob}\n" for blob in sorted(blobs)).encode("ascii")
    said = run_git(tree.git_dir, "cat-file", "--batch-check", stdin=asked)
    absent = {line.split()[0].decode() for line in said.splitlines() if line.endswith(b"missing")}
    return [path for path, entry in entries.items() if entry.blob in absent]
