"""Names of ours that lead nowhere, each with what would cure it."""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterable, Mapping

from extractor.analysis.resolver import modules_of
from extractor.parsing import UnreadableSource, parse_ast
from extractor.plan.alive import result_tops
from extractor.plan.model import PlanData
from extractor.plan.moves import is_below
from extractor.resolution import Modules, Unresolved, resolve_tree
from extractor.verification.check import Result

# What every module has, and what Python 2 had besides.
_GIVEN = frozenset(dir(builtins)) | frozenset(
    [
        "__annotations__",
        "__builtins__",
        "__class__",
        "__file__",
        "__path__",
        "WindowsError",
        "apply",
        "basestring",
        "buffer",
        "cmp",
        "coerce",
        "execfile",
        "file",
        "intern",
        "long",
        "raw_input",
        "reduce",
        "reload",
        "unichr",
        "unicode",
        "xrange",
    ]
)

_LEAVES = ast.Return | ast.Raise | ast.Continue | ast.Break


def unresolved_names(result: Result, data: PlanData) -> list[str]:
    """Every first-party name of the result that leads to no definition, as ``path:line: ...``."""
    tree = result.tree
    paths = modules_of(tree, result_tops(data))
    python = set(paths.values())
    modules = Modules(paths, tree.read, [p for p in tree.paths() if p not in python])
    parts = {
        str(move["target"]): str(move["source"])
        for move in result.manifest.get("moves", ())
        if move.get("symbols")
    }
    found = list(resolve_tree(modules).unresolved)
    known = {(one["path"], one["name"]) for one in result.manifest.get("unbound", ())}
    for path in sorted(python):
        missing = unbound_names(tree.read(path), path)
        found += [one for one in missing if (path, one.name) not in known]
    return [f"{one}{_cure(one, data, paths, parts)}" for one in sorted(set(found))]


def unbound_names(content: bytes, path: str) -> list[Unresolved]:
    """Names that nothing binds: neither the module, nor Python, nor one of its star imports."""
    try:
        parsed, _ = parse_ast(content, path)
        table = symtable.symtable(_what_runs(parsed), path, "exec")
    except (UnreadableSource, SyntaxError, RecursionError):
        return []
    nodes = list(ast.walk(parsed))
    stars = any(isinstance(n, ast.ImportFrom) and n.names[0].name == "*" for n in nodes)
    if stars or _binds_by_computing(nodes):
        return []
    used, bound = set[str](), set(_GIVEN)
    scopes = [table]
    while scopes:
        scope = scopes.pop()
        scopes += scope.get_children()
        for symbol in scope.get_symbols():
            is_top = scope is table or symbol.is_declared_global()
            if is_top and (symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()):
                bound.add(symbol.get_name())
            # symtable calls the locals of any function named "top" global as well.
            is_global = symbol.is_global() and not symbol.is_local()
            if symbol.is_referenced() and (scope is table or is_global):
                used.add(symbol.get_name())
    found = []
    for name in sorted(used - bound - _asked_for(nodes)):
        line = next((n.lineno for n in nodes if isinstance(n, ast.Name) and n.id == name), 0)
        found.append(Unresolved(path, line, name, "nothing defines or imports it"))
    return found


def _binds_by_computing(nodes: Iterable[ast.AST]) -> bool:
    """Whether the module gets names that are spelled nowhere."""
    calls = [n for n in nodes if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
    # ``eval`` binds nothing, and ``exec`` nothing in the namespace of its caller's locals.
    spared = {id(one) for c in calls if _called(c) == "eval" for one in c.args}
    spared |= {id(one) for c in calls if _called(c) == "exec" for one in c.args[2:3]}
    functions = [n for n in nodes if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    local = {id(inner) for function in functions for inner in ast.walk(function)}
    for call in calls:
        name = _called(call)
        if name == "globals" and id(call) not in spared:
            return True
        without = len(call.args) < 2 if name in {"exec", "execfile"} else not call.args
        at_top = id(call) not in local and id(call) not in spared
        if name in {"exec", "execfile", "locals", "vars"} and without and at_top:
            return True
    return any(
        isinstance(node, ast.Subscript)
        and getattr(node.slice, "id", "") == "__name__"
        and getattr(node.value, "attr", "") == "modules"
        for node in nodes
    )


def _what_runs(tree: ast.Module) -> str:
    """The module's text without what stands behind a statement that leaves its block."""
    copied = ast.parse(ast.unparse(tree))
    for node in ast.walk(copied):
        for block in ("body", "orelse", "finalbody"):
            statements = getattr(node, block, None)
            if isinstance(statements, list):
                leaving = (n for n, one in enumerate(statements) if isinstance(one, _LEAVES))
                del statements[next(leaving, len(statements)) + 1 :]
    return ast.unparse(copied)


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _asked_for(nodes: Iterable[ast.AST]) -> set[str]:
    """Names in a ``try`` that catches their absence: so code finds out which Python it runs on."""
    return {
        inner.id
        for node in nodes
        if isinstance(node, ast.Try) and any(_catches_name(h) for h in node.handlers)
        for statement in node.body
        for inner in ast.walk(statement)
        if isinstance(inner, ast.Name)
    }


def _catches_name(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or getattr(kind, "id", "") == "NameError" for kind in kinds)


def _cure(
    one: Unresolved, data: PlanData, paths: Mapping[str, str], parts: Mapping[str, str]
) -> str:
    """What the missing name should have come from, and what would bring it."""
    module, name = _owner(one.name, paths)
    for rule in data.replace:
        stand_in = rule.with_.partition(":")[0]
        if is_below(module or one.name, [stand_in]):
            return f" ({stand_in} stands in for {rule.subject}: write {name or one.name} there)"
    source = parts.get(paths.get(module, ""))
    if source is not None:
        return f" (only a part of {source} came along: give it a use, or cut what names {name})"
    if one.path in parts:
        return f" (this is a part of {parts[one.path]}: {name or one.name} stayed behind)"
    return ""


def _owner(dotted: str, modules: Iterable[str]) -> tuple[str, str]:
    """The longest module that a dotted name begins with, and the rest."""
    parts = dotted.split(".")
    for end in range(len(parts), 0, -1):
        if ".".join(parts[:end]) in modules:
            return ".".join(parts[:end]), ".".join(parts[end:])
    return "", dotted
