"""Whether a module that all definitions leave may go: what would be lost with its file."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from extractor.outcome import Finding
from extractor.project.standard_library import is_standard_library
from extractor.rewrites.moving.departure import is_repeatable
from extractor.rewrites.moving.part import Part
from extractor.rewrites.parts.scopes import Names, read_names
from extractor.rewrites.parts.source_text import read_source


def what_stays(part: Part, left: bytes) -> list[Finding]:
    """What of ``left``, the text without all that moves, keeps the file; nothing: it may go.

    Docstrings, loggers and imports that load what the new module loads too mean nothing alone.
    """
    if part.is_package or f"{part.path}i" in part.project.others:
        return [Finding(f"{part.old} stays, without its definitions: it is more than one file")]
    text = read_source(left, part.path)
    imported = set(read_names(text.tree).scopes[0].imports)
    loaded = set(_loaded(part))
    nodes = [node for node in text.tree.body if not _says_nothing(node, imported)]
    kept = [node for node in nodes if part.kept or not _loads_only(node, loaded)]
    code = (ast.unparse(node).splitlines()[0] for node in kept[:1])
    return [Finding(f"{part.old} stays, for what is left in it: {line}") for line in code]


def _says_nothing(node: ast.stmt, imported: set[str]) -> bool:
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.ImportFrom):
        return node.module == "__future__"
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
        return isinstance(node.value, ast.List | ast.Tuple) and not node.value.elts
    return isinstance(node, ast.Pass) or is_repeatable(node, imported)


def _loads_only(node: ast.stmt, loaded: set[str]) -> bool:
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        return not node.orelse
    if isinstance(node, ast.Import):
        return all(_is_loaded(alias.name, loaded) for alias in node.names)
    return (
        isinstance(node, ast.ImportFrom)
        and not node.level
        and _is_loaded(node.module or "", loaded)
    )


def _is_loaded(module: str, loaded: set[str]) -> bool:
    return module in loaded or is_standard_library(module.partition(".")[0])


def _loaded(part: Part) -> Iterator[str]:
    """The modules that the new module loads already, or will with what comes."""
    if part.new in part.project.paths:
        yield from _modules(read_names(part.project.source(part.new).tree, part.new))
    nodes = {node for unit in part.departure.again for node in unit.nodes}
    names = part.departure.units.names
    for binding in names.bindings:
        if binding.statement in nodes:
            yield binding.module or binding.alias.name


def _modules(names: Names) -> Iterator[str]:
    for binding in names.bindings:
        if binding.scope.kind == "module":
            yield binding.module or binding.alias.name
