from extractor.analysis.resolver import Resolver, modules_of
from extractor.analysis.stops import Needs, single_stops, smallest_stop_set
from extractor.analysis.symbol_walker import SymbolWalker
from extractor.analysis.symbols import Use
from extractor.source.tree import MemoryTree

FILES = {
    "pkg/__init__.py": "",
    "pkg/sub.py": (
        "from pkg import door\nfrom pkg import plain\n"
        "def run():\n    door.enter()\n    door.leave()\n    plain.f()\n"
    ),
    "pkg/door.py": (
        "from pkg import far\nfrom pkg import plain\n"
        "def enter():\n    far.a()\n    far.b()\n    plain.f()\ndef leave():\n    pass\n"
    ),
    "pkg/far.py": "def a():\n    c()\ndef b():\n    c()\ndef c():\n    pass\n",
    "pkg/plain.py": "def f():\n    g()\ndef g():\n    pass\n",
}


def needs():
    tree = MemoryTree({path: text.encode() for path, text in FILES.items()})
    walker = SymbolWalker(Resolver(tree, modules_of(tree, {"pkg"})))
    walker.add_whole("pkg.sub", Use("pkg.sub", 0))
    return Needs(walker.run(), ["pkg.sub"])


def test_a_stop_saves_what_is_reached_only_through_it():
    (stop,) = single_stops(needs())
    assert stop.subject == "pkg.door:enter"
    assert [str(s) for s in stop.saves] == ["pkg.door:enter", "pkg.far:a", "pkg.far:b", "pkg.far:c"]
    assert (stop.elsewhere, stop.modules) == (3, 2)
    assert [(use.importer, use.line) for use in stop.uses] == [("pkg.sub", 4)]


def test_the_set_ends_where_a_decision_is_not_worth_it():
    chosen, left = smallest_stop_set(needs(), 3)
    assert [stop.subject for stop in chosen] == ["pkg.door:enter"]
    assert sorted(map(str, left)) == ["pkg.door:leave", "pkg.plain:f", "pkg.plain:g"]
    assert smallest_stop_set(needs(), 4)[0] == []


def test_what_must_stay_is_not_offered():
    # The module says it then, with all its names.
    chosen, _ = smallest_stop_set(needs(), 1, keep=["pkg.door:enter", "pkg.door"])
    assert chosen == []
