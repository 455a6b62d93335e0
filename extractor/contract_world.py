"""What contract types look at, made of our own graph: reads every state, runs no code."""

from __future__ import annotations

import ast

from contracts.file_facts import Store
from contracts.world import (
    CALL,
    IMPORT,
    ON_CALL,
    PARENT,
    STRING,
    TYPE_CHECKING,
    Import,
    Place,
    World,
)
from extractor.analysis.graph import Graph, Kind
from extractor.source.tree import FolderTree, Tree

_HOW = {
    Kind.IMPORT: IMPORT,
    Kind.CONDITIONAL: IMPORT,
    Kind.PARENT: PARENT,
    Kind.STRING: STRING,
    Kind.CALL: CALL,
    Kind.ON_CALL: ON_CALL,
    Kind.TYPE_CHECKING: TYPE_CHECKING,
}
_DYNAMIC = frozenset({Kind.STRING, Kind.CALL})


def world_of(tree: Tree, graph: Graph, store: Store | None = None) -> World:
    """The world of one tree and its graph; files are read only when a contract asks."""

    def read(path: str) -> bytes | None:
        try:
            return tree.read(path)
        except KeyError:
            return None

    def files(folder: str) -> list[str]:
        below = folder + "/"
        return [p for p in tree.paths() if p.startswith(below) and "/" not in p[len(below) :]]

    return World(
        modules={name: Place(m.path or "", m.is_package) for name, m in graph.modules.items()},
        imports=[
            Import(e.importer, e.imported, e.line, _HOW[e.kind], e.kind in _DYNAMIC)
            for e in graph.edges
        ],
        outside=[
            Import(e.importer, e.imported, e.line, _HOW[e.kind], e.kind in _DYNAMIC)
            for e in graph.externals
        ],
        read=read,
        parse=_parse,
        key=lambda path: content_key(tree, path),
        store=store or Store(),
        files=files,
        unreadable=[(u.path, u.line, u.reason) for u in graph.unreadable],
    )


def content_key(tree: Tree, path: str) -> str:
    """What changes when the file does: its blob, or for a folder on disk size and time."""
    try:
        if isinstance(tree, FolderTree):
            status = (tree.root / path).stat()
            return f"{path} {status.st_mtime_ns} {status.st_size}"
        return tree.entry(path).blob
    except (KeyError, OSError):
        return ""


def _parse(source: bytes, path: str) -> ast.Module:
    # Loaded here: it brings a whole parser, and a warm run parses nothing.
    from extractor.parsing import parse_ast

    return parse_ast(source, path)[0]
