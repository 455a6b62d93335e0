"""Which parents of a source's merge the new one has: those that git's answers rest on.

A parent whose image is an ancestor of another parent's image joins nothing any more. It stays
all the same where the source's own merge was like that (``git merge --no-ff``), where the
first-parent line would leave its branch without it, and where ``git blame`` would go another way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from extractor.history.trees import Folder, differing_paths
from extractor.history.walk import History

if TYPE_CHECKING:
    from extractor.history.graph import Graph


def living_parents(graph: Graph, history: History, index: int, tree: Folder) -> list[str]:
    """The new commits that the image of a commit, with ``tree``, has as parents, in order."""
    sources: dict[str, list[str]] = {}
    for parent in history.parents[index]:
        new = graph.new_of.get(parent, "")
        if new:
            sources.setdefault(new, []).append(parent)
    kept = list(sources)
    for name in list(sources):
        newer = [other for other in kept if other != name and graph.is_ancestor(name, other)]
        if newer and not (
            _was_so(history, sources[name], [p for other in newer for p in sources[other]])
            or _is_rested_on(graph, name, kept, tree)
        ):
            kept.remove(name)
    return kept


def _was_so(history: History, older: Sequence[str], newer: Sequence[str]) -> bool:
    """Whether one of ``older`` was an ancestor of one of ``newer`` in the source already."""
    return any(history.is_ancestor(old, new) for old in older for new in newer)


def _is_rested_on(graph: Graph, name: str, parents: Sequence[str], tree: Folder) -> bool:
    """Whether git, asked about a merge, goes to this parent, and would not come there without."""
    at = parents.index(name)
    if at:
        # Blame goes to the first parent that has the file as the merge has it.
        own = differing_paths(tree, graph.tree(parents[0]))
        for other in parents[1:at]:
            own &= differing_paths(tree, graph.tree(other))
        return bool(own and own - differing_paths(tree, graph.tree(name)))
    floor = graph.commits[name].order
    changed: set[str] = set()
    newer = parents[1]
    while newer != name:
        commit = graph.commits[newer]
        if commit.order < floor or not commit.parents:
            return True
        changed |= differing_paths(graph.tree(newer), graph.tree(commit.parents[0]))
        newer = commit.parents[0]
    return bool(changed - differing_paths(tree, graph.tree(name)))
