"""Import a top-level name from elsewhere instead of defining it: its users stay as they are.

The definition goes with its decorators and the comments above it; the import stands in order
among those of the same package.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from extractor.outcome import Failed, Finding, Outcome, Rewritten, Skipped, Unchanged
from extractor.parsing import UnreadableSource
from extractor.rewrites.drop_definitions import rewrite as drop
from extractor.rewrites.parts.definitions import definitions
from extractor.rewrites.parts.import_statements import Import, fold, sort_key
from extractor.rewrites.parts.source_file import Review, SourceFile
from extractor.rewrites.parts.source_text import (
    PLAIN,
    Edit,
    SourceText,
    Style,
    apply_edits,
    read_source,
)

REVIEW = Review.DECIDE


@dataclass(frozen=True)
class Settings:
    """``replacements``: old to new symbol, both as ``module:name``."""

    replacements: Mapping[str, str] = field(default_factory=dict)


def run(file: SourceFile, settings: Settings) -> Outcome:
    """The rewrite as the registry calls it."""
    content, findings = file.content, list[Finding]()
    for old, new in sorted(settings.replacements.items()):
        module, _, name = old.partition(":")
        if module != file.module:
            continue
        outcome = rewrite(content, name=name, replacement=new, path=file.path, style=file.style)
        if isinstance(outcome, Failed | Skipped):
            return outcome
        content = outcome.content if isinstance(outcome, Rewritten) else content
        findings += outcome.findings
    if content == file.content:
        return Unchanged(tuple(findings))
    return Rewritten(content, tuple(findings))


def rewrite(
    source: bytes,
    *,
    name: str,
    replacement: str,
    path: str = "<source>",
    style: Style = PLAIN,
) -> Outcome:
    """Replace the definition of ``name`` by an import of ``replacement`` (``module:name``)."""
    if name.encode() not in source:
        return Unchanged()
    try:
        tree = read_source(source, path).tree
    except UnreadableSource as error:
        return Failed(str(error), error.line)
    conditional = [node for node in definitions(tree).get(name, []) if node not in tree.body]
    if conditional:
        found = Finding(f"{name} is defined under a condition: it stays", conditional[0].lineno)
        return Unchanged((found,))
    dropped = drop(
        source, names=frozenset([name]), path=path, report_used=False, keep_exported=True
    )
    if not isinstance(dropped, Rewritten):
        return dropped
    try:
        text = read_source(dropped.content, path, style)
    except UnreadableSource as error:
        return Failed(str(error), error.line)
    module, _, symbol = replacement.partition(":")
    edit = _insertion(text, Import(module, symbol, name))
    if edit is None:
        found = Finding(f"no import to add {replacement} next to: write it by hand")
        return Unchanged((found,))
    return Rewritten(text.encode(apply_edits(text.utf8, [edit])), dropped.findings)


def _insertion(text: SourceText, entry: Import) -> Edit | None:
    """Where the import goes: in order among its package's, else after the last import."""
    statements = [n for n in text.tree.body if isinstance(n, ast.Import | ast.ImportFrom)]
    if not statements:
        return None
    root = entry.module.partition(".")[0]
    own = [n for n in statements if _key(n).partition(".")[0] == root] or statements
    before = next((n for n in own if _key(n) > sort_key(entry)), None)
    line = fold(entry.code, 0, text.style).encode("utf-8") + text.newline
    if before is not None:
        at = text.offset(before.lineno, 0)
    else:
        at = text.line_bounds(own[-1].end_lineno or own[-1].lineno)[1] + len(text.newline)
    return Edit(at, at, line)


def _key(node: ast.Import | ast.ImportFrom) -> str:
    alias = node.names[0]
    if isinstance(node, ast.Import):
        return sort_key(Import(alias.name, None, alias.asname or alias.name))
    return sort_key(Import(node.module or "", alias.name, alias.asname or alias.name))
