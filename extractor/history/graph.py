"""The graph of new commits: which old ones live on, and what stands for the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from extractor.history.contents import Contents
from extractor.history.joining import living_parents
from extractor.history.packing import PackWriter
from extractor.history.providers import Key, Lineages
from extractor.history.trees import Folder, Leaf
from extractor.history.walk import History
from extractor.source.objects import ObjectReader
from extractor.source.tree import SUBMODULE


@dataclass
class NewCommit:
    """A commit of the result; ``order`` counts parents before children."""

    tree: Folder
    parents: tuple[str, ...]
    order: int


@dataclass(frozen=True)
class State:
    """What the providers are at an old commit, and the mapped tree made of them."""

    files: Mapping[Key, Leaf] = field(default_factory=dict)
    tree: Folder = field(default_factory=Folder)
    leaves: Mapping[str, Leaf | None] = field(default_factory=dict)


@dataclass
class Graph:
    """The new commits, and which of them stands for each old one."""

    commits: dict[str, NewCommit] = field(default_factory=dict)
    new_of: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    read_tree: Callable[[str], Folder] | None = None
    unread: set[str] = field(default_factory=set)  # commits of an earlier run

    def kept(self) -> list[str]:
        """The old commits that live on, sorted."""
        return sorted(self.new_of.keys() - self.reasons.keys())

    def pass_over(self, commit: str, parent: str, reason: str) -> None:
        """Nothing of ``commit`` lives on: what stands for its parent stands for it."""
        if parent in self.new_of:
            self.new_of[commit] = self.new_of[parent]
        self.reasons[commit] = reason

    def tree(self, name: str) -> Folder:
        """The tree of a new commit; one of an earlier run is read when it is asked for."""
        commit = self.commits[name]
        if name in self.unread and self.read_tree is not None:
            commit.tree = Folder(self.read_tree(name).entries, commit.tree.name)
            self.unread.remove(name)
        return commit.tree

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Whether ``older`` is reachable from ``newer``."""
        floor = self.commits[older].order
        seen: set[str] = set()
        waiting = [newer]
        while waiting:
            name = waiting.pop()
            if name == older:
                return True
            if name not in seen and self.commits[name].order > floor:
                seen.add(name)
                waiting.extend(self.commits[name].parents)
        return False


def write_commits(
    history: History,
    lineages: Lineages,
    contents: Contents,
    reader: ObjectReader,
    pack: PackWriter,
    graph: Graph,
    boundary: Callable[[str], State],
) -> State:
    """Write what the source's commits become into ``graph``; the state at the last one.

    ``boundary`` gives the state at a parent outside ``history``: for that one, ``graph``
    already knows which new commit stands for it.
    """
    targets_of: dict[Key, list[str]] = {}
    for target, group in lineages.providers.items():
        for provider in group:
            targets_of.setdefault(provider.key, []).append(target)
    changed: dict[int, dict[Key, Leaf | None]] = {}
    for path in lineages.paths():
        for index, key, change in lineages.changes(history, path):
            if key in targets_of:
                leaf = None if change is None else Leaf(change.mode, change.blob)
                changed.setdefault(index, {})[key] = leaf
    # A commit that changes nothing carried has the state of its first parent; the state of
    # a commit is asked for only where one changes something on top of it.
    based_on: dict[str, str] = {}
    for index, commit in enumerate(history.names):
        first = history.parents[index][0] if history.parents[index] else ""
        based_on[commit] = commit if index in changed else based_on.get(first, first)
    asked = Counter(
        based_on.get(parents[0], parents[0])
        for index in changed
        if (parents := history.parents[index])
    )
    last = based_on[history.names[-1]]
    asked[last] += 1
    states: dict[str, State] = {"": State()}

    def take(name: str) -> State:
        state = states[name] if name in states else boundary(name)
        asked[name] -= 1
        if asked[name] > 0:
            states[name] = state
        elif name:
            states.pop(name, None)
        return state

    for index, commit in enumerate(history.names):
        parents = history.parents[index]
        if index in changed:
            base = based_on.get(parents[0], parents[0]) if parents else ""
            state = _advanced(take(base), changed[index], targets_of, contents)
            if asked[commit]:
                states[commit] = state
            _place(graph, history, index, state.tree, reader, pack)
        elif len(parents) == 1:
            graph.pass_over(commit, parents[0], "touches nothing that is carried")
        else:
            same_as = graph.new_of.get(parents[0], "") if parents else ""
            tree = graph.tree(same_as) if same_as else Folder()
            _place(graph, history, index, tree, reader, pack)
    return take(last)


def _advanced(
    state: State,
    changes: Mapping[Key, Leaf | None],
    targets_of: Mapping[Key, Sequence[str]],
    contents: Contents,
) -> State:
    """What the providers and the mapped tree are after ``changes``."""
    files = dict(state.files)
    for key, leaf in changes.items():
        if leaf is None:
            files.pop(key, None)
        else:
            files[key] = leaf
    touched = sorted({target for key in changes for target in targets_of[key]})
    leaves = {target: contents.leaf(target, files) for target in touched}
    before = state.leaves
    new = {target: leaf for target, leaf in leaves.items() if before.get(target) != leaf}
    if not new:
        return State(files, state.tree, before)
    return State(files, state.tree.replaced(new), {**before, **new})


def _place(
    graph: Graph,
    history: History,
    index: int,
    tree: Folder,
    reader: ObjectReader,
    pack: PackWriter,
) -> None:
    """Write the commit, or note which other one stands for it."""
    commit, parents = history.names[index], history.parents[index]
    kept = living_parents(graph, history, index, tree)
    if not kept and not tree.entries:
        graph.reasons[commit] = "nothing of the moves exists yet"
        return
    tree.stored(pack.add)
    if len(kept) == 1 and graph.commits[kept[0]].tree.name == tree.name:
        graph.new_of[commit] = kept[0]
        graph.reasons[commit] = (
            "joins nothing that is kept" if len(parents) > 1 else "changes only what stays behind"
        )
        return
    content = _commit_content(reader.read(commit), tree.name, kept)
    name = pack.add(b"commit", content)
    graph.new_of[commit] = name
    graph.commits.setdefault(name, NewCommit(tree, tuple(kept), len(graph.commits)))


def _commit_content(old: bytes, tree: str, parents: Sequence[str]) -> bytes:
    """The old commit with another tree and other parents; its signature cannot hold."""
    head, separator, message = old.partition(b"\n\n")
    lines = [b"tree " + tree.encode("ascii")]
    lines += [b"parent " + parent.encode("ascii") for parent in parents]
    dropping = False
    for line in head.split(b"\n"):
        key = line.split(b" ", 1)[0]
        if line.startswith(b" "):
            if not dropping:
                lines.append(line)
            continue
        dropping = key in (b"tree", b"parent", b"gpgsig", b"gpgsig-sha256", b"mergetag")
        if not dropping:
            lines.append(line)
    return b"\n".join(lines) + separator + message


def reached_blobs(commits: Iterable[NewCommit]) -> dict[str, str]:
    """The blobs of all new commits, with a path each."""
    found: dict[str, str] = {}
    seen: set[str] = set()

    def visit(folder: Folder, prefix: str) -> None:
        if folder.name in seen:
            return
        seen.add(folder.name)
        for name, entry in folder.entries.items():
            if isinstance(entry, Folder):
                visit(entry, f"{prefix}{name}/")
            elif entry.mode != SUBMODULE:
                found.setdefault(entry.blob, prefix + name)

    for commit in commits:
        visit(commit.tree, "")
    return found
