"""What a file was read with is gone when its facts are there, without the collector of circles."""

from __future__ import annotations

import ast
import gc

from extractor.analysis.project import import_graph
from extractor.analysis.scan import scan
from extractor.source.tree import MemoryTree

SOURCE = b"""
NAMES = ["a", "b"]

class Thing:
    def late(self):
        import p.a
        return [p.a for _ in NAMES]

def __getattr__(name):
    import p.b
    return p.b
"""


def trees() -> int:
    return sum(isinstance(one, ast.AST) for one in gc.get_objects())


def test_no_tree_outlives_its_file():
    gc.collect()
    before = trees()
    gc.disable()
    try:
        kept = [scan(SOURCE) for _ in range(5)]
        assert trees() == before
    finally:
        gc.enable()
    assert all("Thing.late" in facts.functions for facts in kept)


def test_collecting_goes_on_afterwards():
    graph = import_graph(MemoryTree({"p/__init__.py": SOURCE, "p/a.py": b"", "p/b.py": b""}))
    assert len(graph.modules) == 3
    assert gc.isenabled()
    gc.disable()
    try:
        import_graph(MemoryTree({"p/__init__.py": b""}))
        assert not gc.isenabled()
    finally:
        gc.enable()
