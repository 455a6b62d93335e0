"""Carry the history of some paths, with us and with git filter-repo, one after the other.

    python -m tests.benchmarks.history SOURCE REV... --filter-repo PROGRAM --paths FILE...
        [--rename OLD=NEW...] [--rounds N]

SOURCE is a repository, which is only read; PROGRAM is git-filter-repo's script. FILE lists
paths, files or folders, one a line. All that REV has of them is carried under its own name, by
filter-repo and by us: as far as the paths go, with renames followed, with symbols followed. A
time is believed only after the tip's tree was seen to be the same. With ``--rename`` (dotted
modules) references are rewritten in every old version as well: there by a regular expression,
here by syntax tree; believed when no version of ours names an old module.

Printed is one JSON object: seconds of wall and of processor (all processes), and the peak
memory of all processes together in MiB, shared pages shared out among them. Each is the median
of the rounds; ``ratio`` is of processor and of wall time, to filter-repo's in the same run.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from extractor.history.carry import carry_history
from extractor.history.check import check_history
from extractor.history.providers import Depth, Following
from extractor.moves import WholeMove
from extractor.outcome import Rewritten
from extractor.project.layout import module_of
from extractor.rewrites.rename_references import Renames, rewrite
from extractor.source.tree import git_environment, run_git

ROOT = Path(__file__).resolve().parents[2]
DEPTHS = ("paths", "renames", "symbols")
CALLBACK = """
if filename.endswith(b".py"):
  contents = value.get_contents_by_identifier(blob_id)
  import re
  new = re.sub(rb"\\b(%s)\\b", lambda m: %r[m[1]], contents)
  if new != contents:
    blob_id = value.insert_file_with_contents(new)
return (filename, mode, blob_id)
"""


def moves_of(files: Sequence[str], names: Mapping[str, str]) -> list[WholeMove]:
    """Each file to its place under the new name of its module, or of a package above it."""
    prefixes = [
        (old.replace(".", "/"), new.replace(".", "/"))
        for old, new in sorted(names.items(), reverse=True)
    ]
    moves = []
    for path in files:
        stem = path.removesuffix(".py")
        for old, new in prefixes:
            if stem == old or stem.startswith(f"{old}/"):
                moves.append(WholeMove(path, f"{new}{path[len(old) :]}"))
                break
        else:
            moves.append(WholeMove(path, path))
    return moves


def renaming(
    moves: Sequence[WholeMove],
) -> Callable[[Mapping[str, str]], Callable[[str, bytes], bytes]]:
    """The rewrite by syntax tree of everything that names a moved module."""
    names = {module_of(m.source): module_of(m.target) for m in moves if m.source != m.target}
    origin = {move.target: move.source for move in moves}

    def with_older(paths: Mapping[str, str]) -> Callable[[str, bytes], bytes]:
        older = {module_of(old): module_of(now) for old, now in paths.items()}
        modules = {old: names[now] for old, now in older.items() if now in names} | names
        renames = Renames(modules=modules)

        def rewritten(path: str, content: bytes) -> bytes:
            if not path.endswith(".py"):
                return content
            outcome = rewrite(
                content,
                module=module_of(origin[path]),
                is_package=path.endswith("/__init__.py"),
                renames=renames,
                path=path,
                new_module=module_of(path),
            )
            return outcome.content if isinstance(outcome, Rewritten) else content

        return rewritten

    return with_older


def carry(job: Path) -> None:
    """What the measured process of ours does: ``job`` is a pickled dictionary."""
    wanted = pickle.loads(job.read_bytes())
    if wanted["form"] == "rewritten":
        wanted["make_rewrite"] = renaming(wanted["moves"])
    carry_history(**wanted)


def measure(command: Sequence[str | os.PathLike[str]], folder: Path) -> dict[str, float]:
    """Run ``command`` in ``folder``; wall and processor seconds, peak MiB of all processes."""
    peak = 0
    over = threading.Event()
    started = time.perf_counter()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=git_environment() | {"PYTHONPATH": str(ROOT)},
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip

        def sample() -> None:
            nonlocal peak
            while not over.wait(0.1):
                peak = max(peak, sum(_resident(pid) for pid in _group(process.pid)))

        watch = threading.Thread(target=sample)
        watch.start()
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - started
        over.set()
        watch.join()
    if process.returncode:
        raise SystemExit((folder / "log").read_text(errors="replace"))
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "mib": peak / 1024}


def _group(leader: int) -> list[int]:
    """The processes of a session."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if os.getsid(int(entry.name)) == leader:
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def _resident(pid: int) -> int:
    """Proportional memory of a process that is the program's own, in KiB.

    Pages of files, as of git's mapped packs, are the system's to drop: they are not counted.
    """
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    found = re.search(r"^Pss_Anon:\s+(\d+)", text, re.MULTILINE)
    return int(found[1]) if found else 0


def by_filter_repo(
    program: Path, source: Path, revision: str, paths: Path, names: Mapping[str, str], at: Path
) -> dict[str, float]:
    """Filter a clone that shares the objects; ``at`` becomes it."""
    subprocess.run(
        ["git", "clone", "-q", "--bare", "--shared", source, at / "r.git"],
        check=True, env=git_environment(),
    )  # fmt: skip
    git_dir = at / "r.git"
    refs = run_git(git_dir, "for-each-ref", "--format=delete %(refname)")
    run_git(git_dir, "update-ref", "--no-deref", "HEAD", revision)
    run_git(git_dir, "update-ref", "--stdin", stdin=refs)
    run_git(git_dir, "update-ref", "refs/heads/main", revision)
    run_git(git_dir, "symbolic-ref", "HEAD", "refs/heads/main")
    command: list[str | os.PathLike[str]] = [sys.executable, program, "--force"]
    command += ["--paths-from-file", paths.resolve()]
    if names:
        table = {old.encode(): new.encode() for old, new in names.items()}
        longest = sorted(map(re.escape, names), key=len, reverse=True)
        command += ["--file-info-callback", CALLBACK % ("|".join(longest), table)]
    return measure(command, git_dir)


def by_us(
    source: Path,
    revision: str,
    files: Sequence[str],
    depth: Depth,
    names: Mapping[str, str],
    at: Path,
) -> dict[str, float]:
    """Carry the files in a process of its own; ``at/r`` is the result."""
    job = {
        "source_git_dir": source, "revision": revision, "target": at / "r", "how": Following(depth),
        "moves": moves_of(files, names), "form": "rewritten" if names else "moved",
    }  # fmt: skip
    (at / "job").write_bytes(pickle.dumps(job))
    code = "import sys, pathlib; from tests.benchmarks.history import carry; "
    code += "carry(pathlib.Path(sys.argv[1]))"
    return measure([sys.executable, "-c", code, at / "job"], at)


def files_of(source: Path, revision: str, paths: Path) -> list[str]:
    """The files that ``revision`` has at or below the listed paths."""
    wanted = paths.read_text().split()
    listed = run_git(source, "ls-tree", "-r", "-z", "--name-only", revision, "--", *wanted)
    return [os.fsdecode(name) for name in listed.split(b"\0") if name]


def compare(
    arguments: argparse.Namespace, source: Path, revision: str, paths: Path
) -> dict[str, object]:
    """Every contestant once a round, in turn; the medians, and the ratios to filter-repo."""
    files = files_of(source, revision, paths)
    names = dict(pair.split("=") for pair in arguments.rename)
    contestants = ["filter-repo", *(("symbols",) if names else DEPTHS)]
    seen: dict[str, list[dict[str, float]]] = {name: [] for name in contestants}
    trees: dict[str, str] = {}
    kept: dict[str, int] = {}
    for _round in range(arguments.rounds):
        for name in contestants:
            with tempfile.TemporaryDirectory() as folder:
                at = Path(folder)
                if name == "filter-repo":
                    took = by_filter_repo(arguments.filter_repo, source, revision, paths, names, at)
                    git_dir, tip = at / "r.git", "HEAD"
                else:
                    took = by_us(source, revision, files, name, names, at)
                    git_dir, tip = at / "r" / ".git", "upstream"
                    if names:
                        make_rewrite = renaming(moves_of(files, names))
                        checked = check_history(
                            source, at / "r", make_rewrite=make_rewrite, blame=False
                        )
                        if checked.problems:
                            raise SystemExit(f"not right: {checked.problems[:5]}")
                seen[name].append(took)
                trees[name] = run_git(git_dir, "rev-parse", f"{tip}^{{tree}}").decode().strip()
                kept[name] = int(run_git(git_dir, "rev-list", "--count", tip))
                print(paths.name, name, took, file=sys.stderr)
                shutil.rmtree(git_dir)
    if not names and len(set(trees.values())) > 1:
        raise SystemExit(f"the trees differ: {trees}")
    medians = {
        name: {key: statistics.median(took[key] for took in rounds) for key in rounds[0]}
        for name, rounds in seen.items()
    }
    rival = medians["filter-repo"]
    return {
        "files": len(files),
        "source_commits": int(run_git(source, "rev-list", "--count", revision)),
        "contestants": {
            name: {
                "commits": kept[name],
                **{key: round(value, 2) for key, value in found.items()},
                "ratio": {key: round(found[key] / rival[key], 2) for key in ("cpu", "wall", "mib")},
            }
            for name, found in medians.items()
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("revisions", nargs="+")
    parser.add_argument("--filter-repo", type=Path, required=True, metavar="PROGRAM")
    parser.add_argument("--paths", type=Path, action="append", required=True, metavar="FILE")
    parser.add_argument("--rename", action="append", default=[], metavar="OLD=NEW")
    parser.add_argument("--rounds", type=int, default=1)
    arguments = parser.parse_args()
    found = {}
    source = arguments.source.resolve()
    for name in arguments.revisions:
        revision = run_git(source, "rev-parse", f"{name}^{{commit}}").decode().strip()
        for paths in arguments.paths:
            found[f"{paths.stem} at {name}"] = compare(arguments, source, revision, paths)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
