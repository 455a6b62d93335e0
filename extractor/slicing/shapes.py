"""What one statement binds, changes and uses: by a grammar, or else by its identifiers."""

from __future__ import annotations

import ast
import functools
import re
import symtable
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from extractor.parsing import StandIns, UnreadableSource, parse_ast
from extractor.slicing.statements import TOKEN

_DEFINITION = re.compile(rb"\f*(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)")
_IDENTIFIER = re.compile(rb"(?<![\w.])[^\W\d]\w*")


@dataclass(frozen=True)
class Shape:
    """What one top-level statement does to the module's names."""

    binds: frozenset[str]
    changes: frozenset[str] = frozenset()
    dotted: tuple[str, ...] = ()
    star: bool = False
    assigns: bool = False
    bare_string: bool = False


@functools.lru_cache(maxsize=1 << 14)
def shape_of(code: bytes, encoding: str) -> Shape:
    """What the statement ``code`` binds and changes."""
    definition = _DEFINITION.match(code)
    if definition:
        return Shape(frozenset([definition[1].decode(encoding, "replace")]))
    try:
        tree, stand_ins = parse_ast(_as_utf8(code, encoding))
    except UnreadableSource:
        return _shape_by_text(code)
    binds: set[str] = set()
    changes: set[str] = set()
    dotted: list[str] = []
    star = False
    for node in _module_level(tree.body):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            binds.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                if alias.name == "*":
                    star = True
                    continue
                binds.add(alias.asname or alias.name.partition(".")[0])
                if isinstance(node, ast.Import) and "." in alias.name and not alias.asname:
                    dotted.append(alias.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            binds.add(node.id)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            binds.add(node.name)
    for node in tree.body:
        changes |= _changed_roots(node)
    first = tree.body[0] if tree.body else None
    plain_dotted = tuple(stand_ins.restore_name(name) for name in dotted)
    return Shape(
        binds=frozenset(map(stand_ins.restore_name, binds)),
        changes=frozenset(map(stand_ins.restore_name, changes)),
        # Only a statement that is nothing but submodule imports may wait for its uses.
        dotted=plain_dotted if len(dotted) == len(_import_bindings(tree)) else (),
        star=star,
        assigns=isinstance(first, (ast.Assign, ast.AnnAssign)),
        bare_string=len(tree.body) == 1
        and isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, (str, bytes)),
    )


def _import_bindings(tree: ast.Module) -> list[str]:
    """The dotted names and aliases the import statements at the top of ``tree`` list."""
    return [
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    ]


def _module_level(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All nodes that run in the module's own scope."""
    for node in body:
        yield node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            continue
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            continue
        yield from _module_level(ast.iter_child_nodes(node))


def _changed_roots(node: ast.stmt) -> set[str]:
    """Names whose objects a top-level statement changes in place: ``X += ..``, ``X.f()``."""
    targets: list[ast.expr] = []
    if isinstance(node, ast.AugAssign):
        targets = [node.target]
    elif isinstance(node, ast.Delete):
        targets = node.targets
    elif isinstance(node, ast.Assign):
        targets = [t for t in node.targets if isinstance(t, (ast.Attribute, ast.Subscript))]
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        targets = [node.value.func] if isinstance(node.value.func, ast.Attribute) else []
    roots: set[str] = set()
    for target in targets:
        root = target
        while isinstance(root, (ast.Attribute, ast.Subscript)):
            root = root.value
        if isinstance(root, ast.Name):
            roots.add(root.id)
    return roots


def _shape_by_text(code: bytes) -> Shape:
    """The names a statement of an unknown grammar seems to bind."""
    binds: set[str] = set()
    for line in code.splitlines():
        text = line.strip()
        definition = _DEFINITION.match(text)
        assigned = re.match(rb"((?:[^\W\d]\w*\s*[=,]\s*)+)(?!=)", text)
        imported = re.match(rb"(?:from\s+[\w.]+\s+)?import\s+(.*)", text)
        if definition:
            binds.add(definition[1].decode("latin-1"))
        elif imported:
            for part in imported[1].split(b","):
                words = part.replace(b"(", b" ").replace(b")", b" ").split()
                if words:
                    binds.add(words[-1].decode("latin-1").partition(".")[0])
        elif assigned and b"=" in assigned[1]:
            found = _IDENTIFIER.findall(assigned[1])
            binds.update(name.decode("latin-1") for name in found)
        if definition and line[:1] not in b" \t\f":
            break
    return Shape(frozenset(binds))


@functools.lru_cache(maxsize=1 << 14)
def used_names(code: bytes, encoding: str) -> frozenset[str]:
    """The module-level names that running or importing ``code`` may look up."""
    try:
        tree, stand_ins = parse_ast(_as_utf8(code, encoding))
    except UnreadableSource:
        bare = TOKEN.sub(_blanked, code)
        return frozenset(name.decode("latin-1") for name in _IDENTIFIER.findall(bare))
    try:
        return frozenset(map(stand_ins.restore_name, _global_names(stand_ins)))
    except SyntaxError:
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        return frozenset(map(stand_ins.restore_name, names))


def _blanked(token: re.Match[bytes]) -> bytes:
    return b" " if token[0][:1] in b"\"'#" else token[0]


def _global_names(stand_ins: StandIns) -> set[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        top = symtable.symtable(stand_ins.source.decode("utf-8"), "<statement>", "exec")
    found: set[str] = set()
    tables = [top]
    while tables:
        table = tables.pop()
        tables.extend(table.get_children())
        for symbol in table.get_symbols():
            # symtable calls the locals of any function named "top" global as well.
            is_global = symbol.is_global() and not symbol.is_local()
            is_module_level = table is top or is_global or symbol.is_declared_global()
            if is_module_level and (symbol.is_referenced() or symbol.is_declared_global()):
                found.add(symbol.get_name())
    return found


def _as_utf8(code: bytes, encoding: str) -> bytes:
    if encoding in ("utf-8", "utf-8-sig"):
        return code
    return code.decode(encoding, "replace").encode("utf-8")
