"""Take top-level definitions and methods out, with their comments and decorators.

What a slice does not carry must not stay behind as dead code.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from extractor.outcome import Failed, Finding, Outcome, Rewritten, Unchanged
from extractor.parsing import UnreadableSource
from extractor.rewrites.parts.definitions import definitions
from extractor.rewrites.parts.exported import single_exports, unexport
from extractor.rewrites.parts.removal import first_line, remove_statements
from extractor.rewrites.parts.scopes import Use, read_names
from extractor.rewrites.parts.source_file import Review, SourceFile
from extractor.rewrites.parts.source_text import apply_edits, read_source

Uses: TypeAlias = Mapping[str, Sequence[Use]]

REVIEW = Review.READ


@dataclass(frozen=True)
class Settings:
    """``symbols``: what goes, as ``module:name`` or ``module:Class.method``."""

    symbols: frozenset[str] = field(default_factory=frozenset)
    report_used: bool = field(default=True, metadata={"derived": True})
    keep_used: bool = field(default=False, metadata={"derived": True})


def run(file: SourceFile, settings: Settings) -> Outcome:
    """The rewrite as the registry calls it."""
    prefix = f"{file.module}:"
    names = {s.removeprefix(prefix) for s in settings.symbols if s.startswith(prefix)}
    return rewrite(
        file.content,
        names=frozenset(names),
        path=file.path,
        report_used=settings.report_used,
        keep_used=settings.keep_used,
    )


def rewrite(
    source: bytes,
    *,
    names: Collection[str],
    path: str = "<source>",
    report_used: bool = True,
    keep_used: bool = False,
    keep_exported: bool = False,
) -> Outcome:
    """Drop ``names`` (``name`` or ``Class.method``) from one file, every binding of each.

    A name that is not defined is a finding; so is, with ``report_used``, one that what
    stays still uses. With ``keep_used`` such a name stays. A statement that binds several
    names goes when all of them do. ``__all__`` loses the names, unless ``keep_exported``.
    """
    names = frozenset(names)
    wanted = {name for name in names if name.rpartition(".")[2].encode("utf-8") in source}
    missing = tuple(Finding(f"{name} is not defined here") for name in sorted(names - wanted))
    if not wanted:
        return Unchanged(missing)
    try:
        text = read_source(source, path)
    except UnreadableSource as error:
        return Failed(str(error), error.line)
    found = definitions(text.tree)
    uses = read_names(text.tree).scopes[0].uses
    gone = _going(found, wanted)
    used = still_used(uses, gone, wanted) if keep_used else {}
    while not used.keys().isdisjoint(wanted):
        wanted -= used.keys()
        gone = _going(found, wanted)
        used |= still_used(uses, gone, wanted)
    dropped = {name for name in wanted & found.keys() if gone.issuperset(found[name])}
    findings = [*missing]
    findings += [Finding(f"{name} is not defined here") for name in sorted(wanted - found.keys())]
    findings += [
        Finding(f"{name} is bound together with other names", found[name][0].lineno)
        for name in sorted((wanted & found.keys()) - dropped)
    ]
    if report_used:
        used |= still_used(uses, gone, dropped)
        findings += [Finding(f"{name} is still used here", line) for name, line in used.items()]
    if not gone:
        return Unchanged(tuple(sorted(findings, key=lambda finding: finding.message)))
    edits = [] if keep_exported else unexport(text, dropped)
    edits += remove_statements(
        text, gone if keep_exported else gone | single_exports(text.tree, dropped)
    )
    content = apply_edits(text.utf8, edits)
    ordered = tuple(sorted(findings, key=lambda finding: (finding.line, finding.message)))
    return Rewritten(text.encode(content), ordered)


def _going(found: dict[str, list[ast.stmt]], wanted: set[str]) -> set[ast.stmt]:
    """The statements that bind nothing but names that are to go, and what is registered there."""
    gone = {node for name in wanted & found.keys() for node in found[name]}
    kept = {node for name in found.keys() - wanted for node in found[name]}
    registered = {
        node
        for name in wanted & found.keys()
        for node in found[name]
        if getattr(node, "name", name.rpartition(".")[2]) != name.rpartition(".")[2]
    }
    return gone - (kept - registered)


def still_used(uses: Uses, gone: set[ast.stmt], names: Collection[str]) -> dict[str, int]:
    """Top-level names among ``names`` that what stays uses, and the first line that does."""
    spans = [(first_line(node), node.end_lineno or node.lineno) for node in gone]
    lines: dict[str, int] = {}
    for name in names:
        staying = [
            use.name.lineno
            for use in uses.get(name, ())
            if not any(first <= use.name.lineno <= last for first, last in spans)
        ]
        if staying:
            lines[name] = min(staying)
    return lines
