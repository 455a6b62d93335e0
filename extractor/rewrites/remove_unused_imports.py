"""Take imports out whose names nothing in the file uses any more.

Other rewrites take uses away; the import that is left would still load the module.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from extractor.outcome import Failed, Outcome, Rewritten, Unchanged
from extractor.parsing import UnreadableSource
from extractor.rewrites.parts.import_blocks import place_imports, runs_of_imports
from extractor.rewrites.parts.import_statements import Import, edit_import, first_import
from extractor.rewrites.parts.removal import remove_statements, suites
from extractor.rewrites.parts.scopes import Binding, ImportStatement, Names, read_names
from extractor.rewrites.parts.source_file import Review, SourceFile
from extractor.rewrites.parts.source_text import (
    Edit,
    SourceText,
    apply_edits,
    edited_slice,
    read_source,
)

REVIEW = Review.READ
_NOQA = re.compile(rb"#.*\b(noqa|pylint|flake8)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Settings:
    """``names``: local names to consider, all without; ``keep``: names others reach for here."""

    names: frozenset[str] | None = None
    keep: frozenset[str] = field(default_factory=frozenset)


def run(file: SourceFile, settings: Settings) -> Outcome:
    """The rewrite as the registry calls it."""
    return rewrite(
        file.content,
        names=settings.names,
        keep=settings.keep,
        is_package=file.is_package,
        path=file.path,
    )


def rewrite(
    source: bytes,
    *,
    names: Collection[str] | None = None,
    keep: Collection[str] = frozenset(),
    is_package: bool | None = None,
    path: str = "<source>",
) -> Outcome:
    """Remove unused imports of one file, all of them or those of ``names``.

    Kept in any case: lines with ``noqa``, names in ``__all__`` or ``keep``, what a
    package's ``__init__`` imports at top level (its re-exports) unless ``names`` says
    so, imports that a ``try`` guards, ``__future__`` and star imports. Whether the file
    is a package's is told by its path when ``is_package`` is not given.
    """
    if is_package is None:
        is_package = path.endswith("__init__.py")
    if b"import" not in source or (names is not None and not names):
        return Unchanged()
    try:
        text = read_source(source, path)
    except UnreadableSource as error:
        return Failed(str(error), error.line)
    found = read_names(text.tree)
    unused = [
        binding
        for binding in found.bindings
        if (names is None or binding.local in names)
        and (names is not None or not is_package or binding.scope.kind != "module")
        and is_unused(text, found, binding, keep)
    ]
    if unused:
        guarded = guarded_imports(text.tree)
        unused = [binding for binding in unused if binding.statement not in guarded]
    if not unused:
        return Unchanged()
    return Rewritten(text.encode(apply_edits(text.utf8, edits_for(text, unused))))


def guarded_imports(tree: ast.Module) -> set[ast.AST]:
    """The imports inside ``try`` statements with an ``except``: their failing is foreseen."""
    return {
        node
        for statement in ast.walk(tree)
        if isinstance(statement, ast.Try) and statement.handlers
        for node in ast.walk(statement)
        if isinstance(node, (ast.Import, ast.ImportFrom))
    }


def is_unused(source: SourceText, found: Names, binding: Binding, keep: Collection[str]) -> bool:
    """Whether no use of ``binding`` is seen and nothing says that it is wanted anyway."""
    name = binding.local
    if name in keep or name in found.declared or binding.module == "__future__":
        return False
    if binding.scope.uses.get(name) or binding.scope.kind == "class":
        return False
    if binding.scope.kind == "module" and any(node.value == name for node in found.exported):
        return False
    start, _ = source.line_bounds(binding.statement.lineno)
    _, end = source.line_bounds(binding.statement.end_lineno or binding.statement.lineno)
    return not _NOQA.search(source.utf8[start:end])


def edits_for(
    source: SourceText,
    unused: Sequence[Binding],
    instead: Mapping[ImportStatement, bytes] | None = None,
) -> list[Edit]:
    """Edits that take the bindings of ``unused`` out and write ``instead`` for some statements."""
    by_statement: dict[ImportStatement, set[ast.alias]] = {}
    for binding in unused:
        by_statement.setdefault(binding.statement, set()).add(binding.alias)
    texts = {node: _remaining(source, node, gone) for node, gone in by_statement.items()}
    texts.update(instead or {})
    edits: list[Edit] = []
    for node, text in texts.items():
        if text is not None:
            edits.append(Edit(source.start(node), source.end(node), text))
    whole = {node for node, text in texts.items() if text is None}
    placed: set[ImportStatement] = set()
    for series in runs_of_imports(source):
        gone = {node: list[tuple[Import, str]]() for node in series if node in whole}
        if not gone or len(gone) == len(series):
            continue
        placed.update(gone)
        current = {node: first_import(node) for node in series}
        render = partial(edited_slice, source.utf8, tuple(edits))
        block = place_imports(source, series, gone, current, render, frozenset())
        edits = [e for e in edits if not (block.start <= e.start and e.end <= block.end)]
        edits.append(block)
    in_suites = {node for _, body in suites(source.tree) for node in body}
    rest = [node for node in whole - placed if node in in_suites]
    return edits + remove_statements(source, rest)


def _remaining(source: SourceText, node: ImportStatement, gone: set[ast.alias]) -> bytes | None:
    if len(gone) == len(node.names):
        return None
    wanted = []
    for alias in node.names:
        local = alias.asname or alias.name
        if isinstance(node, ast.Import):
            local = alias.asname or alias.name.partition(".")[0]
            entry = Import(alias.name, None, local)
        else:
            entry = Import("." * node.level + (node.module or ""), alias.name, local)
        wanted.append(None if alias in gone else entry)
    old = source.utf8[source.start(node) : source.end(node)].decode("utf-8")
    return edit_import(old, wanted, node.col_offset).encode("utf-8")
