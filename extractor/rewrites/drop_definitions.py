"""Take top-level definitions and methods out, with their comments and decorators.

What a slice does not carry must not stay behind as dead code.
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from dataclasses import dataclass, field

import libcst

from extractor.outcome import Failed, Finding, Outcome, Rewritten, Unchanged
from extractor.parsing import UnreadableSource
from extractor.rewrites.parts.removal import remove_statements
from extractor.rewrites.parts.source_file import Review, SourceFile
from extractor.rewrites.parts.source_text import Edit, SourceText, apply_edits, read_source

REVIEW = Review.READ


@dataclass(frozen=True)
class Settings:
    """``symbols``: what goes, as ``module:name`` or ``module:Class.method``."""

    symbols: frozenset[str] = field(default_factory=frozenset)


def run(file: SourceFile, settings: Settings) -> Outcome:
    """The rewrite as the registry calls it."""
    prefix = f"{file.module}:"
    names = {s.removeprefix(prefix) for s in settings.symbols if s.startswith(prefix)}
    return rewrite(file.content, names=frozenset(names), path=file.path)


def rewrite(
    source: bytes,
    *,
    names: Collection[str],
    path: str = "<source>",
    report_used: bool = True,
) -> Outcome:
    """Drop ``names`` (``name`` or ``Class.method``) from one file, every binding of each.

    A name that is not defined is a finding; so is, with ``report_used``, one that what
    stays still uses. A statement that binds several names goes when all of them do.
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
    kept = {node for name, nodes in found.items() if name not in wanted for node in nodes}
    gone = {n for name in wanted & found.keys() for n in found[name] if n not in kept}
    dropped = {name for name in wanted & found.keys() if gone.issuperset(found[name])}
    findings = [*missing]
    findings += [Finding(f"{name} is not defined here") for name in sorted(wanted - found.keys())]
    findings += [
        Finding(f"{name} is bound together with other names", found[name][0].lineno)
        for name in sorted((wanted & found.keys()) - dropped)
    ]
    if not gone:
        return Unchanged(tuple(sorted(findings, key=lambda finding: finding.message)))
    if report_used:
        findings += still_used(text.tree, gone, {name for name in dropped if "." not in name})
    edits = remove_statements(text, gone)
    edits += unexport(text, dropped)
    content = apply_edits(text.utf8, edits)
    ordered = tuple(sorted(findings, key=lambda finding: (finding.line, finding.message)))
    return Rewritten(text.encode(content), ordered)


def definitions(tree: ast.Module) -> dict[str, list[ast.stmt]]:
    """Top-level names, and methods as ``Class.method``, each with the statements that bind it."""
    found: dict[str, list[ast.stmt]] = {}

    def collect(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                found.setdefault(prefix + node.name, []).append(node)
            elif isinstance(node, ast.ClassDef):
                found.setdefault(prefix + node.name, []).append(node)
                collect(node.body, f"{prefix}{node.name}.")
            elif isinstance(node, ast.Assign):
                for target in node.targets:
                    for name in _bound(target):
                        found.setdefault(prefix + name, []).append(node)
            elif isinstance(node, (ast.AnnAssign, ast.AugAssign)):
                if isinstance(node.target, ast.Name):
                    found.setdefault(prefix + node.target.id, []).append(node)
            elif isinstance(node, (ast.If, ast.Try, ast.With)):
                collect(node.body, prefix)
                if isinstance(node, (ast.If, ast.Try)):
                    collect(node.orelse, prefix)
                if isinstance(node, ast.Try):
                    collect(node.finalbody, prefix)
                    for handler in node.handlers:
                        collect(handler.body, prefix)

    collect(tree.body, "")
    return found


def _bound(target: ast.expr) -> list[str]:
    if isinstance(target, ast.Name):
        return [target.id]
    if isinstance(target, (ast.Tuple, ast.List)):
        return [name for element in target.elts for name in _bound(element)]
    if isinstance(target, ast.Starred):
        return _bound(target.value)
    return [""]  # an attribute or an item: the statement does more than bind names


def still_used(tree: ast.Module, gone: set[ast.stmt], names: set[str]) -> list[Finding]:
    """Uses of dropped top-level names in what stays."""
    findings: list[Finding] = []
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if node in gone:
            continue
        if isinstance(node, ast.Name) and node.id in names and isinstance(node.ctx, ast.Load):
            findings.append(Finding(f"{node.id} is still used here", node.lineno))
        pending.extend(ast.iter_child_nodes(node))
    return findings


def unexport(source: SourceText, names: set[str]) -> list[Edit]:
    """Edits that take ``names`` out of ``__all__``."""
    edits: list[Edit] = []
    for node in source.tree.body:
        if not isinstance(node, (ast.Assign, ast.AugAssign)):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        listed = isinstance(node.value, (ast.List, ast.Tuple)) and any(
            isinstance(target, ast.Name) and target.id == "__all__" for target in targets
        )
        if not listed:
            continue
        start, end = source.start(node.value), source.end(node.value)
        expression = libcst.parse_expression(source.utf8[start:end].decode("utf-8"))
        assert isinstance(expression, (libcst.List, libcst.Tuple))
        kept = [
            element
            for element in expression.elements
            if not (
                isinstance(element.value, libcst.SimpleString)
                and element.value.evaluated_value in names
            )
        ]
        if len(kept) == len(expression.elements):
            continue
        if kept:
            kept[-1] = kept[-1].with_changes(comma=expression.elements[-1].comma)
        code = libcst.Module([]).code_for_node(expression.with_changes(elements=kept))
        edits.append(Edit(start, end, code.encode("utf-8")))
    return edits
