import textwrap

import pytest

from extractor.analysis.project import import_graph
from extractor.source.tree import MemoryTree


def tree_of(files):
    return MemoryTree({path: textwrap.dedent(text).encode() for path, text in files.items()})


@pytest.fixture
def graph_of():
    def build(files, *packages):
        return import_graph(tree_of(files), packages or ("p",))

    return build
