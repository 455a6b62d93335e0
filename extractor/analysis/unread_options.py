"""Configuration options that are declared and read nowhere.

An option is a call of something named ``...Opt`` whose first argument is its name; it is read
when the name stands as an attribute or a string anywhere else.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from extractor.parsing import UnreadableSource, parse_ast
from extractor.source.tree import Tree


def unread_options(tree: Tree, package: str) -> Iterator[tuple[str, str]]:
    """Path and name of options that are declared with a literal name and read nowhere."""
    declared: list[tuple[str, str]] = []
    used: set[str] = set()
    for path in tree.paths():
        if not path.startswith(f"{package}/") or not path.endswith(".py"):
            continue
        try:
            parsed, _ = parse_ast(tree.read(path), path)
        except UnreadableSource:
            continue
        names: dict[int, ast.Constant] = {}
        for node in ast.walk(parsed):
            name = declared_option(node)
            if name is not None:
                names[id(name)] = name
                declared.append((path, str(name.value)))
        for node in ast.walk(parsed):
            if isinstance(node, ast.Attribute):
                used.add(node.attr)
            elif isinstance(node, ast.Constant) and id(node) not in names:
                used.add(str(node.value))
    for path, option in declared:
        if option.replace("-", "_") not in used and option not in used:
            yield path, option


def declared_option(node: ast.AST) -> ast.Constant | None:
    """The literal name in ``cfg.StrOpt("name", ...)``; ``None`` for anything else."""
    if not isinstance(node, ast.Call) or not node.args:
        return None
    called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    called = node.func.id if isinstance(node.func, ast.Name) else called
    name = node.args[0]
    # An old name of some option is declared to be understood, never to be read.
    if called == "DeprecatedOpt":
        return None
    if called.endswith("Opt") and isinstance(name, ast.Constant) and isinstance(name.value, str):
        return name
    return None
