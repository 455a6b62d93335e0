"""From a tree to its import graph: read, scan, assemble, with what is cached left out."""

from __future__ import annotations

from collections.abc import Sequence

from extractor.analysis.graph import Graph, build_graph
from extractor.analysis.modules import find_modules, top_packages
from extractor.analysis.scan import Facts, scan
from extractor.errors import UsageError
from extractor.source.tree import Tree


def import_graph(tree: Tree, packages: Sequence[str] = ()) -> Graph:
    """The import graph of ``packages`` of ``tree``; the largest package when none is named."""
    paths = tree.paths()
    packages = tuple(packages) or _largest(paths)
    modules = find_modules(paths, packages)
    facts: dict[str, Facts] = {}
    lines: dict[str, int] = {}
    deep: dict[str, Facts] = {}
    for module in modules.values():
        if module.path is None:
            continue
        source = tree.read(module.path)
        facts[module.name] = scan(source, module.path)
        lines[module.name] = source.count(b"\n")

    def look_deep(name: str) -> Facts:
        if name not in deep:
            path = modules[name].path
            deep[name] = scan(tree.read(path), path, deep=True) if path else Facts()
        return deep[name]

    return build_graph(packages, modules, facts, lines, look_deep)


def _largest(paths: Sequence[str]) -> tuple[str, ...]:
    found = top_packages(paths)
    if not found:
        raise UsageError("no Python package in this source")
    return (found[0],)
