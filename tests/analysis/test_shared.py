from extractor.analysis import project
from extractor.analysis.cache import Cache
from extractor.analysis.project import Project
from extractor.analysis.resolver import Resolver
from extractor.analysis.shared import find_shared
from extractor.analysis.symbol_walker import SymbolWalker
from extractor.analysis.symbols import Symbol, Use
from extractor.source.tree import MemoryTree

SOURCE = {
    "pkg/__init__.py": "",
    "pkg/errors.py": "class Gone(Exception):\n    pass\nclass Other(Exception):\n    pass\n",
    "pkg/names.py": "from pkg.errors import Gone as Lost\nfrom pkg.sub import tool as hammer\n",
    "pkg/sub/__init__.py": "",
    "pkg/sub/tool.py": "from pkg import errors\ndef hit():\n    raise errors.Gone\n",
    "pkg/rest.py": (
        "from pkg import errors\nfrom pkg import names\nimport pkg.sub.tool\n"
        "def f(errors=None):\n    errors.Gone\n"
        "def g():\n    raise errors.Gone\n    raise errors.Other\n"
        "def h():\n    raise names.Lost\n"
        "names.hammer.hit()\npkg.sub.tool.hit()\n"
    ),
    "pkg/tests.py": "@patch('pkg.sub.tool.hit')\ndef test(): pass\n",
    "pkg/stars.py": "from pkg.errors import *\nx = Gone\n",
}


def shared(files, cache=None):
    tree = MemoryTree({path: text.encode() for path, text in files.items()})
    reading = Project(["pkg"], cache)
    graph = reading.graph(tree)
    modules = {name: m.path for name, m in graph.modules.items()}
    resolver = Resolver(tree, modules)
    walker = SymbolWalker(resolver)
    for module in modules:
        if module.startswith("pkg.sub"):
            walker.add_whole(module, Use(module, 0))
    uses, failed = reading.uses(tree, graph)
    assert not failed
    return find_shared(resolver, walker.run(), uses)


def places(found):
    return {str(s.symbol): [f"{use.importer}:{use.line}" for use in s.outside] for s in found}


def test_what_both_sides_use_is_found_under_every_name():
    assert places(shared(SOURCE).both) == {
        "pkg.errors:Gone": ["pkg.rest:7", "pkg.rest:10", "pkg.stars:2"]
    }


def test_what_the_rest_uses_of_the_subsystem():
    assert places(shared(SOURCE).of_subsystem) == {
        "pkg.sub.tool:hit": ["pkg.rest:11", "pkg.rest:12", "pkg.tests:1"]
    }


def test_the_subsystems_own_uses_stand_beside():
    (gone,) = shared(SOURCE).both
    assert gone.symbol == Symbol("pkg.errors", "Gone")
    assert [(use.importer, use.line, use.within) for use in gone.inside] == [
        ("pkg.sub.tool", 3, "hit")
    ]


def test_a_cache_is_never_wrong_after_an_edit(tmp_path):
    cold = places(shared(SOURCE, Cache(tmp_path)).both)
    assert places(shared(SOURCE, Cache(tmp_path)).both) == cold
    edited = SOURCE | {
        "pkg/rest.py": SOURCE["pkg/rest.py"].replace("raise errors.Gone", "\n    raise errors.Gone")
    }
    assert places(shared(edited, Cache(tmp_path)).both) == {
        "pkg.errors:Gone": ["pkg.rest:8", "pkg.rest:11", "pkg.stars:2"]
    }
    # The same content under another name is another file: its relative imports lead elsewhere.
    moved = {path.replace("pkg/rest", "pkg/sub/rest"): text for path, text in SOURCE.items()}
    assert places(shared(moved, Cache(tmp_path)).both) == {"pkg.errors:Gone": ["pkg.stars:2"]}


def test_a_warm_cache_reads_no_file_again(tmp_path, monkeypatch):
    shared(SOURCE, Cache(tmp_path))

    def refuse(*_):
        raise AssertionError("read again")

    monkeypatch.setattr(project, "uses_of", refuse)
    monkeypatch.setattr(project, "scan", refuse)
    assert shared(SOURCE, Cache(tmp_path)).both
