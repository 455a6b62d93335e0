"""What a run would carry of the past of each file: told before anything is carried.

The history is mapped as a run maps it, by the same function, and what that wrote is thrown away.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from extractor.history.carry import Mapped, map_history
from extractor.history.commits import read_folder
from extractor.history.lineage import FOLLOW_ALL
from extractor.history.packing import PackWriter
from extractor.history.providers import Followed, Following, Provider
from extractor.history.rewriting import without_collecting
from extractor.history.trees import Folder, differing_paths
from extractor.moves import Move
from extractor.scratch import workspace
from extractor.source.objects import ObjectReader
from extractor.wording import counted


@dataclass(frozen=True)
class Name:
    """A path of the source that a file's content was at; ``commits`` are those that changed it.

    ``symbols`` are what was taken from it, of a file that is carried in part.
    """

    path: str
    in_plan: bool
    commits: int
    symbols: tuple[str, ...]


@dataclass(frozen=True)
class FilePast:
    """One file of the result: its names, newest first, and the steps that lead to them."""

    path: str
    names: tuple[Name, ...]
    followed: tuple[Followed, ...]
    commits: int
    authors: int


@dataclass(frozen=True)
class Outside:
    """A path that the plan does not name, of which the past of ``files`` brings something."""

    path: str
    at_revision: bool
    commits: int
    files: tuple[str, ...]


@dataclass(frozen=True)
class Preview:
    """All of it; commits are those that change a file, merges included."""

    revision: str
    source_commits: int
    commits: int
    authors: int
    files: tuple[FilePast, ...]
    outside: tuple[Outside, ...]
    refused: tuple[Followed, ...]
    findings: tuple[str, ...]

    def record(self) -> dict[str, object]:
        """The same for a program."""
        return asdict(self)


def preview_history(
    source: Path, revision: str, moves: Sequence[Move], how: Following = FOLLOW_ALL
) -> Preview:
    """What ``carry_history`` would carry; raises what it would."""
    with workspace() as scratch, without_collecting():
        pack = PackWriter(Path(scratch) / "new.pack")
        try:
            mapped = map_history(source, revision, moves, pack, how)
        finally:
            pack.close()
        return _told(source, revision, moves, mapped)


def _told(source: Path, revision: str, moves: Sequence[Move], mapped: Mapped) -> Preview:
    changing = _changing(mapped)
    with ObjectReader(source) as reader:
        commits = set().union(*changing.values())
        author_of = {commit: _author(reader.read(commit)) for commit in sorted(commits)}
    planned = {move.source for move in moves}
    named = _Named(mapped)
    files = []
    brought: dict[str, dict[str, set[str]]] = {}
    for target, group in mapped.lineages.providers.items():
        its = changing.get(target, set())
        for path in {provider.path for provider in group} - planned:
            brought.setdefault(path, {})[target] = named.commits(group, path) & its
        files.append(
            FilePast(
                path=target,
                names=tuple(
                    Name(
                        path,
                        path in planned,
                        len(named.commits(group, path) & its),
                        _symbols(group, path),
                    )
                    for path in dict.fromkeys(provider.path for provider in group)
                ),
                followed=mapped.lineages.steps.get(target, ()),
                commits=len(its),
                authors=len({author_of[commit] for commit in its}),
            )
        )
    present = {path for path, _leaf in read_folder(source, revision).leaves()}
    return Preview(
        revision=revision,
        source_commits=len(mapped.history.names),
        commits=len(mapped.graph.commits),
        authors=len(set(author_of.values())),
        files=tuple(files),
        outside=tuple(
            Outside(path, path in present, len(set().union(*its.values())), tuple(sorted(its)))
            for path, its in sorted(brought.items())
        ),
        refused=mapped.lineages.refused,
        findings=tuple(mapped.findings),
    )


class _Named:
    """The commits of the source that change what one path provides."""

    def __init__(self, mapped: Mapped) -> None:
        self._mapped = mapped
        self._by_path: dict[str, dict[str, set[str]]] = {}

    def commits(self, group: Sequence[Provider], path: str) -> set[str]:
        """Those of the files of that path which are in ``group``."""
        if path not in self._by_path:
            lives: dict[str, set[str]] = {}
            history = self._mapped.history
            for index, (_path, life), _change in self._mapped.lineages.changes(history, path):
                lives.setdefault(life, set()).add(history.names[index])
            self._by_path[path] = lives
        wanted = {provider.life for provider in group if provider.path == path}
        return set().union(*(self._by_path[path].get(life, set()) for life in wanted))


def _changing(mapped: Mapped) -> dict[str, set[str]]:
    """For each file of the result the source's commits whose image makes it what no parent has."""
    graph = mapped.graph
    found: dict[str, set[str]] = {}
    for old in graph.kept():
        commit = graph.commits[graph.new_of[old]]
        above = [graph.commits[parent].tree for parent in commit.parents] or [Folder()]
        for path in set.intersection(*(differing_paths(commit.tree, tree) for tree in above)):
            found.setdefault(path, set()).add(old)
    return found


def _symbols(group: Sequence[Provider], path: str) -> tuple[str, ...]:
    wanted = [p.symbols for p in group if p.path == path and p.symbols is not None]
    return tuple(sorted(frozenset().union(*wanted)))


def _author(raw: bytes) -> bytes:
    """The name and address of a raw commit's author."""
    head = raw.partition(b"\n\n")[0]
    line = next((line for line in head.split(b"\n") if line.startswith(b"author ")), b"")
    return line.rpartition(b">")[0]


def summary(preview: Preview) -> str:
    """What a person wants to know: every file that had another name, and what comes from where."""
    lines = [
        f"{preview.commits} of {preview.source_commits} commits, by "
        f"{counted(preview.authors, 'author')}, would be carried for "
        f"{counted(len(preview.files), 'file')} of {preview.revision[:12]}"
    ]
    same = 0
    for file in preview.files:
        if len(file.names) == 1 and not file.followed:
            same += 1
            continue
        lines.append(f"{file.path}: {_commits_by(file)}")
        lines += _names(file)
    if same:
        lines.append(f"{counted(same, 'file')} never had another name")
    lines += [f"history.not_from refuses {step.told()}" for step in preview.refused]
    if not preview.outside:
        return "\n".join([*lines, "nothing comes from a path outside the plan"])
    lines.append(f"from {counted(len(preview.outside), 'path')} outside the plan:")
    for outside in preview.outside:
        there = ", which is still in the source" if outside.at_revision else ""
        commits = counted(outside.commits, "commit")
        lines.append(f"  {outside.path}{there}: {commits} for {', '.join(outside.files)}")
    return "\n".join(lines)


def _commits_by(file: FilePast) -> str:
    return f"{counted(file.commits, 'commit')} by {counted(file.authors, 'author')}"


def _names(file: FilePast) -> Iterator[str]:
    told: set[Followed] = set()
    for name in file.names:
        where = "" if name.in_plan else ", outside the plan"
        yield f"  {name.path}: {counted(name.commits, 'commit')}{where}"
        for step in file.followed:
            if step.old_path == name.path and step not in told:
                told.add(step)
                what = f"{', '.join(step.symbols)} " if step.symbols else ""
                yield f"    {what}{step.way()}"
