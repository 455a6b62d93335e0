"""Whether a sliced file is what it should be, told by syntax tree and by lines.

Written apart from the slicing on purpose: that is what it checks.
"""

from __future__ import annotations

import ast
import symtable
from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from extractor.parsing import UnreadableSource, parse_ast


def wrong_selection(result: bytes, sources: Sequence[bytes], symbols: Collection[str]) -> list[str]:
    """What speaks against ``result`` being taken from ``sources`` for the sake of ``symbols``.

    Its lines are lines of theirs, in their order where there is one source (several have their
    imports put together). Every symbol is bound in it; whatever a statement of it uses that a
    source binds is bound too; and no statement binds only what nothing in it uses. A file that
    no parser accepts is told by its lines alone.
    """
    found = wrong_lines(result.splitlines(), [source.splitlines() for source in sources])
    try:
        statements = parse_ast(result)[0].body
        whole = [_told(statement) for source in sources for statement in parse_ast(source)[0].body]
    except UnreadableSource:
        return found
    kept = [_told(statement) for statement in statements]
    bound = set[str]().union(*(binds for binds, _uses in kept))
    there = set[str]().union(*(binds for binds, _uses in whole))
    found += [f"{name} is not bound" for name in sorted((set(symbols) & there) - bound)]
    reached: set[str] = set()
    waiting = set(symbols)
    while waiting:
        reached |= waiting
        waiting = {
            name for binds, uses in kept if not binds or binds & reached for name in uses | binds
        } - reached
    unbound = (reached & there) - bound
    if unbound:
        # What is spelled like a name of the module may be a function's own.
        unbound &= set[str]().union(*map(_taken_from_module, statements))
    found += [f"{name} is used but not bound" for name in sorted(unbound)]
    found += [
        f"{', '.join(sorted(binds))} is bound but not needed"
        for binds, _uses in kept
        # What a star brings is not told by the file.
        if binds and not binds & reached and not binds & {"__future__", "*"}
    ]
    return found


def wrong_lines(lines: Sequence[bytes], sources: Sequence[Sequence[bytes]]) -> list[str]:
    """A line that no source has, or that the one source has not in this place."""
    lines = [line for line in lines if line.strip()]
    if len(sources) > 1:
        # Each source may have the line, as a header or an import that is not repeated.
        surplus = Counter(lines) - sum((Counter(source) for source in sources), Counter[bytes]())
        return [f"{line!r} is not a line of the source" for line in sorted(surplus)]
    rest = iter(sources[0])
    for line in lines:
        if line not in rest:
            return [f"{line!r} is not a line of the source, or not in its order"]
    return []


def _told(statement: ast.stmt) -> tuple[set[str], set[str]]:
    """The names that a statement of a module binds there, and those that it uses."""
    uses = {
        node.id
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    return set(_bound(statement)), uses


def _taken_from_module(statement: ast.stmt) -> set[str]:
    """The names that a statement looks up among those of its module, by the rules of scopes."""
    found: set[str] = set()
    waiting = [symtable.symtable(ast.unparse(statement), "a statement", "exec")]
    while waiting:
        table = waiting.pop()
        waiting += table.get_children()
        is_function = table.get_type() == "function"
        found |= {
            symbol.get_name()
            for symbol in table.get_symbols()
            # symtable calls the locals of any function named "top" global as well.
            if symbol.is_referenced()
            and not (is_function and (symbol.is_local() or not symbol.is_global()))
        }
    return found


def _bound(node: ast.AST) -> Iterator[str]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
        return
    if isinstance(node, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
        return
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            yield "__future__"
        for alias in node.names:
            yield alias.asname or alias.name.partition(".")[0]
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    for child in ast.iter_child_nodes(node):
        yield from _bound(child)
