"""Take out statements that only call a given function.

A call that prepared what did not come along (registries, monkey patches) has to go with it.
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from dataclasses import dataclass, field

from extractor.outcome import Failed, Outcome, Rewritten, Unchanged
from extractor.parsing import UnreadableSource
from extractor.rewrites.parts.removal import remove_statements, suites
from extractor.rewrites.parts.renames import Renames, follow
from extractor.rewrites.parts.scopes import Binding, Names, Use, read_names
from extractor.rewrites.parts.source_file import Review, SourceFile
from extractor.rewrites.parts.source_text import apply_edits, read_source

REVIEW = Review.DECIDE


@dataclass(frozen=True)
class Settings:
    """``calls``: the functions, as ``module:name``, whose bare calls go."""

    calls: frozenset[str] = field(default_factory=frozenset)


def run(file: SourceFile, settings: Settings) -> Outcome:
    """The rewrite as the registry calls it."""
    return rewrite(
        file.content,
        calls=settings.calls,
        module=file.module,
        is_package=file.is_package,
        path=file.path,
    )


def rewrite(
    source: bytes,
    *,
    calls: Collection[str],
    module: str,
    is_package: bool = False,
    path: str = "<source>",
) -> Outcome:
    """Drop every statement of one file that is nothing but a call of one of ``calls``.

    ``module`` is the dotted name under which the text was written. The import that served
    only the call is left for ``remove_unused_imports``.
    """
    symbols = frozenset(calls)
    if not any(symbol.rpartition(":")[2].encode("utf-8") in source for symbol in symbols):
        return Unchanged()
    try:
        text = read_source(source, path)
    except UnreadableSource as error:
        return Failed(str(error), error.line)
    called = calls_of(read_names(text.tree, module, is_package), symbols)
    called |= own_calls(text.tree, module, symbols)
    gone = {
        statement
        for _, body in suites(text.tree)
        for statement in body
        if isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Call)
        and statement.value.func in called
    }
    if not gone:
        return Unchanged()
    return Rewritten(text.encode(apply_edits(text.utf8, remove_statements(text, gone))))


def calls_of(names: Names, symbols: frozenset[str]) -> set[ast.expr]:
    """The expressions that name one of ``symbols`` through an import."""
    renames = Renames(symbols={symbol: symbol for symbol in symbols})
    found: set[ast.expr] = set()
    for scope in names.scopes:
        for local, bindings in scope.imports.items():
            for use in scope.uses.get(local, ()):
                if any(_names_symbol(renames, binding, use) for binding in bindings):
                    found.add(use.attributes[-1] if use.attributes else use.name)
    return found


def _names_symbol(renames: Renames, binding: Binding, use: Use) -> bool:
    if binding.is_root:
        root, path = binding.local, list(use.path)
    elif binding.module is None:
        root, *rest = binding.alias.name.split(".")
        path = [*rest, *use.path]
    else:
        root, *rest = binding.module.split(".")
        path = [*rest, binding.alias.name, *use.path]
    found = follow(renames, root, path)
    return f"{found.module}:{found.name}" in renames.symbols and found.used == len(path)


def own_calls(tree: ast.Module, module: str, symbols: frozenset[str]) -> set[ast.expr]:
    """Calls at the module's top level of functions that the module itself defines."""
    own = {symbol.partition(":")[2] for symbol in symbols if symbol.partition(":")[0] == module}
    return {
        node.value.func
        for node in tree.body
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id in own
    }
