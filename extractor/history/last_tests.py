"""Tests that left a source before their subsystem did: taken from the last ancestor that had them.

A commit of ours joins the revision and that ancestor in the view of the source, so that all that
reads the source's tree and history finds the tests as if they had stayed. The same revision gives
the same commit.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from extractor.history.commits import read_folder, write_object
from extractor.history.trees import Leaf
from extractor.plan.model import PlanData
from extractor.plan.moves import is_below
from extractor.project.facts import project_of
from extractor.source.repository import Source
from extractor.source.tree import SUBMODULE, GitTree, Tree, run_git


@dataclass(frozen=True)
class Completed:
    """A source, and the full name of the ancestor that its tests are of; empty for none."""

    source: Source
    tests_from: str = ""


@contextmanager
def with_last_tests(source: Source, data: PlanData) -> Iterator[Completed]:
    """``source`` with the tests that the plan names, if it asks for those of an ancestor.

    Nothing changes where the plan does not, the revision has some of its own, or no commit
    on the line of first parents ever had any.
    """
    wanted = data.roots.last_tests and not _tests_in(source.tree, data)
    ancestor = _last_with_tests(source, data) if wanted else ""
    if not ancestor:
        yield Completed(source)
        return
    with GitTree(source.git_dir, ancestor) as before:
        found = {path: before.entry(path) for path in _tests_in(before, data)}
    leaves = {path: Leaf(entry.mode, entry.blob) for path, entry in found.items()}
    joined = _join(source, ancestor, leaves, data)
    (source.git_dir / "HEAD").write_text(joined + "\n", encoding="ascii")
    with GitTree(source.git_dir, joined) as tree:
        yield Completed(replace(source, revision=joined, tree=tree), ancestor)


def _tests_in(tree: Tree, data: PlanData) -> list[str]:
    """Files below the plan's test roots."""
    folders = project_of(tree).source_folders
    found = []
    for path in tree.paths():
        inner = path[len(folders.around(path)) :]
        folder, _, name = inner.rpartition("/")
        module = (inner.removesuffix(".py") if name.endswith(".py") else folder).replace("/", ".")
        below = is_below(module, data.roots.tests) and not is_below(module, data.roots.exclude)
        if below and tree.entry(path).mode != SUBMODULE:
            found.append(path)
    return found


def _last_with_tests(source: Source, data: PlanData) -> str:
    """The commit before the last one that took one of the tests away."""
    places = [root.replace(".", "/") for root in data.roots.tests]
    below = [f":(glob)**/{place}{end}" for place in places for end in ("/**", ".py")]
    listed = run_git(
        source.git_dir,
        *("--no-literal-pathspecs", "log", "--first-parent", "-m", "--diff-filter=D"),
        *("--max-count=1", "--format=%P", source.revision, "--", *below),
    )
    return next(iter(listed.decode("ascii").split()), "")


def _join(source: Source, ancestor: str, tests: dict[str, Leaf], data: PlanData) -> str:
    """A commit with the tree of the source and ``tests``, and both as its parents."""
    git_dir: Path = source.git_dir
    whole = read_folder(git_dir, source.revision).replaced(tests)
    tree = whole.stored(lambda kind, raw: write_object(git_dir, kind, raw))
    rules = data.history
    who = f"{rules.author} <{rules.email}> {source.commit_date} +0000"
    text = (
        f"tree {tree}\nparent {source.revision}\nparent {ancestor}\n"
        f"author {who}\ncommitter {who}\n\n"
        f"Take the tests of {ancestor[:12]}\n\n"
        f"They left before the code did; nobody has kept them since.\n"
    )
    return write_object(git_dir, b"commit", text.encode("utf-8", "surrogateescape"))
