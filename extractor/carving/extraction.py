"""One extraction under way: a mapped tree, and the steps that change it.

Files are held in memory. Each step becomes one commit of the result; what it found and what it did
not match is kept for the manifest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from extractor.analysis.dead_code import Unreached
from extractor.analysis.links import with_links_read
from extractor.analysis.symbols import Reach
from extractor.moves import SliceMove, WholeMove, moves_by_target
from extractor.outcome import Finding
from extractor.plan.alive import result_tops
from extractor.plan.load import Plan
from extractor.plan.moves import Layout
from extractor.project.layout import module_of
from extractor.rewrites.driver import Batch, run_over
from extractor.rewrites.parts.source_file import SourceFile
from extractor.slicing.slices import join_slices, slice_module
from extractor.source.tree import REGULAR, SYMLINK, MemoryTree, Tree


@dataclass(frozen=True)
class Step:
    """One rewrite over the whole tree: ``changes`` maps a path to new bytes, or None if gone."""

    name: str
    title: str
    reason: str
    changes: Mapping[str, bytes | None]
    findings: tuple[tuple[str, Finding], ...] = ()
    failures: tuple[tuple[str, str], ...] = ()
    status: str = "done"

    @classmethod
    def of(cls, name: str, title: str, reason: str, batch: Batch, status: str = "") -> Step:
        """The step that a batch of outcomes is."""
        told = status or ("done" if batch.changes else "matched nothing")
        return cls(name, title, reason, batch.changes, batch.findings, batch.failures, told)

    def message(self) -> str:
        """The commit message of the step."""
        count = len(self.changes)
        files = "1 file" if count == 1 else f"{count} files"
        return f"{self.title}\n\n{self.reason}\n\nRewrite: {self.name} ({files})\n"


@dataclass
class Extraction:
    """The tree as it stands, and the steps that brought it there.

    ``mapped``: the files before any step. ``proposed``: what nothing reaches; ``kept``: what only
    the rest of the source uses, with the place there.
    """

    plan: Plan
    layout: Layout
    reach: Reach
    source: Tree
    files: dict[str, bytes]
    modes: dict[str, str]
    described: str = ""
    steps: list[Step] = field(default_factory=list)
    proposed: list[Unreached] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)
    mapped: Mapping[str, bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.mapped = dict(self.files)

    @property
    def package(self) -> str:
        return self.plan.data.target_package.split(".")[0]

    @property
    def old_package(self) -> str:
        return self.plan.data.source_package

    @property
    def old_word(self) -> bytes:
        return self.old_package.encode()

    @cached_property
    def sliced(self) -> frozenset[str]:
        """Paths of the result that hold a part of a file."""
        return frozenset(m.target for m in self.layout.moves if isinstance(m, SliceMove))

    def tops(self) -> tuple[str, ...]:
        """Top-level names of the result."""
        return result_tops(self.plan.data)

    def tree(self) -> MemoryTree:
        return MemoryTree(self.files, self.modes)

    def code(self) -> Tree:
        """The tree to ask about modules: those that are links hand on the names they lead to."""
        return with_links_read(self.tree())

    def apply(self, step: Step) -> None:
        """Carry out a step and remember it."""
        for path, content in step.changes.items():
            if content is None:
                self.files.pop(path, None)
                self.modes.pop(path, None)
            else:
                self.files[path] = content
        self.steps.append(step)


def mapped_tree(source: Tree, layout: Layout) -> tuple[dict[str, bytes], dict[str, str]]:
    """The files of the result before any rewrite, and their modes.

    Whole files are the source's bytes; a target of several slices is their lines in the order
    of the moves.
    """
    files: dict[str, bytes] = {}
    modes: dict[str, str] = {}
    for target, moves in moves_by_target(layout.moves).items():
        parts = [
            slice_module(source.read(m.source), m.symbols)
            if isinstance(m, SliceMove)
            else source.read(m.source)
            for m in moves
        ]
        files[target] = join_slices(parts) if len(parts) > 1 else parts[0]
        mode = source.entry(moves[0].source).mode
        if mode != REGULAR and isinstance(moves[0], WholeMove):
            modes[target] = mode
    return files, modes


def texts(extraction: Extraction) -> list[str]:
    """The files that have a content of their own, which links have not, sorted."""
    return [path for path in sorted(extraction.files) if extraction.modes.get(path) != SYMLINK]


def python_files(extraction: Extraction) -> Iterable[str]:
    return [path for path in texts(extraction) if path.endswith(".py")]


def source_file(extraction: Extraction, path: str, written: str = "") -> SourceFile:
    """A file of the result as rewrites take it; ``written``: the path whose names it still has."""
    before = written or path
    return SourceFile(
        path,
        extraction.files[path],
        module_of(before),
        is_package(before),
        module_of(path),
        new_is_package=is_package(path),
    )


def over_all(
    extraction: Extraction, rewrite: str, settings: Any, paths: Iterable[str] | None = None
) -> Batch:
    """Run a rewrite over ``paths``, by default over every Python file."""
    chosen = python_files(extraction) if paths is None else paths
    return run_over(rewrite, ((source_file(extraction, path), settings) for path in chosen))


def sources_of(layout: Layout) -> dict[str, str]:
    """Path of a module in the result to the one it had in the source."""
    reverse: dict[str, str] = {}
    for move in layout.moves:
        if move.source.endswith(".py"):
            reverse.setdefault(move.target, move.source)
    return reverse


def is_package(path: str) -> bool:
    return path.endswith("/__init__.py")


def is_text(content: bytes) -> bool:
    return b"\0" not in content[:8000]


def source_text(extraction: Extraction, path: str) -> bytes:
    try:
        return extraction.source.read(path)
    except KeyError:
        return b""
