"""What Python files name: modules that are not there, and moved ones by an old path.

Written apart from the rewrites on purpose: these are what it checks.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping

from extractor.moves import Move, WholeMove
from extractor.parsing import UnreadableSource, parse_ast
from extractor.project.layout import module_of
from extractor.source.tree import Tree, is_link

_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")


def old_module_names(moves: Collection[Move], older_paths: Mapping[str, str]) -> frozenset[str]:
    """Dotted names that moved modules have no more: those of the source, and older ones.

    ``older_paths`` are paths before renames, each with the path it has in the source.
    """
    whole = {m.source: m.target for m in moves if isinstance(m, WholeMove)}
    old = {path for path, target in whole.items() if path != target}
    old |= {path for path, now in older_paths.items() if now in whole}
    new = {module_of(target) for target in whole.values()}
    return frozenset(module_of(path) for path in old if path.endswith(".py")) - new


def named_modules(
    content: bytes, old: Collection[str], module: str = "", is_package: bool = False
) -> set[tuple[int, str]]:
    """Lines that name one of ``old`` or something below it, and the name.

    Read are imports, chains of attributes on what they bind, and strings that are a dotted
    name. Raises ``UnreadableSource`` when no parser accepts the file.
    """
    tree, _ = parse_ast(content)
    bound: dict[str, set[str]] = {}
    found: set[tuple[int, str]] = set()

    def see(line: int, dotted: str) -> None:
        parts = dotted.split(".")
        if any(".".join(parts[:end]) in old for end in range(1, len(parts) + 1)):
            found.add((line, dotted))

    for line, dotted, local in _imports(tree, module, is_package):
        see(line, dotted)
        if local:
            bound.setdefault(local, set()).add(dotted)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            attributes: list[str] = []
            inner: ast.expr = node
            while isinstance(inner, ast.Attribute):
                attributes.append(inner.attr)
                inner = inner.value
            if isinstance(inner, ast.Name):
                for dotted in bound.get(inner.id, ()):
                    see(node.lineno, ".".join([dotted, *reversed(attributes)]))
        elif isinstance(node, ast.Constant) and _DOTTED.fullmatch(str(node.value)):
            see(node.lineno, str(node.value))
    return found


def dangling_imports(tree: Tree, packages: Collection[str]) -> list[str]:
    """Imports below ``packages`` of modules that ``tree`` has no file for, one line each.

    What cannot be read is such a line too.
    """
    modules = {module_of(path) for path in tree.paths() if path.endswith(".py")}
    for module in list(modules):
        # A folder without __init__ can be imported as well.
        parts = module.split(".")
        modules.update(".".join(parts[:end]) for end in range(1, len(parts)))
    found: list[str] = []
    for path in tree.paths():
        if not path.endswith(".py") or is_link(tree, path):
            continue
        try:
            parsed, _ = parse_ast(tree.read(path), path)
        except UnreadableSource as error:
            found.append(f"{path}: cannot be read: {error}")
            continue
        is_package = path.endswith("/__init__.py")
        for node in ast.walk(parsed):
            if isinstance(node, ast.Import):
                wanted = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                wanted = [_absolute(node, module_of(path), is_package)]
            else:
                continue
            found += [
                f"{path}:{node.lineno}: imports {name}, which does not exist"
                for name in wanted
                if name.partition(".")[0] in packages and name not in modules
            ]
    return found


def _imports(tree: ast.Module, module: str, is_package: bool) -> Iterator[tuple[int, str, str]]:
    """Line, dotted name and local name of everything imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name.partition(".")[0]
                yield node.lineno, alias.name, alias.asname or ""
                if not alias.asname:
                    yield node.lineno, root, root
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, module, is_package)
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}", alias.asname or alias.name


def _absolute(node: ast.ImportFrom, module: str, is_package: bool) -> str:
    """The dotted name that an ``import from`` takes its names from."""
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    base = parts[: len(parts) - node.level + is_package]
    return ".".join([*base, *([node.module] if node.module else [])])
