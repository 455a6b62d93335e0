"""Configuration options that are declared and read nowhere.

What declares an option, the conventions of the project know; it is read when its name stands as
an attribute or a string anywhere else.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from extractor.parsing import UnreadableSource, parse_ast
from extractor.project.options import declared_options
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
        names = {id(name): name for name in declared_options(parsed).values()}
        declared += [(path, str(name.value)) for name in names.values()]
        for node in ast.walk(parsed):
            if isinstance(node, ast.Attribute):
                used.add(node.attr)
            elif isinstance(node, ast.Constant) and id(node) not in names:
                used.add(str(node.value))
    for path, option in declared:
        if option.replace("-", "_") not in used and option not in used:
            yield path, option
