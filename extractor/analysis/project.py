"""From a tree to its import graph: read, scan, assemble, with what is cached left out."""

from __future__ import annotations

from collections.abc import Sequence

from extractor.analysis.graph import Graph, build_graph
from extractor.analysis.modules import find_modules, top_packages
from extractor.analysis.scan import Body, Facts, scan, scan_function
from extractor.errors import UsageError
from extractor.source.tree import Tree


def import_graph(tree: Tree, packages: Sequence[str] = ()) -> Graph:
    """The import graph of ``packages`` of ``tree``; the largest package when none is named."""
    paths = tree.paths()
    packages = tuple(packages) or _largest(paths)
    modules = find_modules(paths, packages)
    facts: dict[str, Facts] = {}
    lines: dict[str, int] = {}
    for module in modules.values():
        if module.path is not None:
            source = tree.read(module.path)
            facts[module.name] = scan(source, module.path)
            lines[module.name] = source.count(b"\n")
    looked: dict[tuple[str, str], Body | None] = {}

    def look(name: str, qualified: str) -> Body | None:
        key = (name, qualified)
        if key not in looked:
            path = modules[name].path
            looked[key] = scan_function(tree.read(path), qualified, path) if path else None
        return looked[key]

    return build_graph(packages, modules, facts, lines, look)


def _largest(paths: Sequence[str]) -> tuple[str, ...]:
    found = top_packages(paths)
    if not found:
        raise UsageError("no Python package in this source")
    return (found[0],)
