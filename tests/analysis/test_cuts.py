from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.analysis.cascade import loaded
from extractor.analysis.cuts import single_cuts, smallest_cut_set
from extractor.analysis.graph import Edge, Graph, Kind
from extractor.analysis.modules import Module

NAMES = [f"p.m{i}" for i in range(9)]


def graph_with(edges):
    modules = {name: Module(name, name.replace(".", "/") + ".py", False) for name in NAMES}
    modules["p"] = Module("p", "p/__init__.py", True)
    found = [Edge(name, "p", 0, Kind.PARENT) for name in NAMES]
    found += [Edge(a, b, line, Kind.IMPORT) for a, b, line in edges if a != b]
    lines = dict.fromkeys(modules, 10)
    return Graph(("p",), modules, sorted(set(found)), [], [], [], lines)


def without(graph, statements):
    gone = {(s.importer, s.line) for s in statements}
    edges = [e for e in graph.edges if (e.importer, e.line) not in gone]
    return Graph(graph.packages, graph.modules, edges, [], [], [], graph.lines)


nodes = st.sampled_from([*NAMES, "p"])
graphs = st.lists(st.tuples(nodes, nodes, st.integers(1, 4)), max_size=30).map(graph_with)


@given(graphs)
@settings(max_examples=200, deadline=None)
def test_what_a_cut_saves_is_what_is_gone_without_it(graph):
    before = loaded(graph, "p.m0")
    offered = set()
    for cut in single_cuts(graph, "p.m0"):
        after = loaded(without(graph, cut.statements), "p.m0")
        assert set(cut.saves) == before - after
        assert cut.saves and cut.lines == 10 * len(cut.saves)
        offered |= {cut.statements}
    for edge in graph.edges:
        if edge.line and edge.importer in before:
            saved = before - loaded(without(graph, [edge]), "p.m0")
            alone = any(
                len(statements) == 1 and statements[0].line == edge.line
                for statements in offered
                if statements[0].importer == edge.importer
            )
            assert bool(saved) == alone


@given(graphs, st.integers(1, 9), st.sets(st.sampled_from(NAMES), max_size=2))
@settings(max_examples=200, deadline=None)
def test_a_set_of_cuts_keeps_its_promise(graph, budget, keep):
    before = loaded(graph, "p.m0")
    keep &= before
    found = smallest_cut_set(graph, "p.m0", budget, keep)
    after = loaded(without(graph, [s for c in found.cuts for s in c.statements]), "p.m0")
    assert found.before == len(before)
    assert found.after == len(after)
    assert found.met == (len(after) <= budget)
    assert keep <= after
    if found.cuts:
        assert found.together[-1] == len(before) - len(after)
        assert list(found.together) == sorted(found.together)


def test_nothing_to_do_needs_no_cut():
    found = smallest_cut_set(graph_with([("p.m0", "p.m1", 1)]), "p.m0", 3)
    assert (found.cuts, found.after, found.met) == ((), 3, True)


def test_a_busy_parent_is_one_decision(graph_of):
    graph = graph_of(
        {
            "p/__init__.py": "",
            "p/q/__init__.py": "import p.x\nimport p.y\n",
            "p/q/root.py": "",
            "p/x.py": "import p.z",
            "p/y.py": "import p.z",
            "p/z.py": "",
        }
    )
    best = single_cuts(graph, "p.q.root")[0]
    assert (best.silences, best.saves) == ("p.q", ("p.x", "p.y", "p.z"))
    found = smallest_cut_set(graph, "p.q.root", 3)
    assert [c.silences for c in found.cuts] == ["p.q"]


def test_a_module_used_in_two_places_takes_two_cuts(graph_of):
    graph = graph_of(
        {
            "p/__init__.py": "",
            "p/root.py": "import p.a\nimport p.b\n",
            "p/a.py": "\nimport p.heavy",
            "p/b.py": "\n\nimport p.heavy",
            "p/heavy.py": "import p.h1, p.h2, p.h3",
            "p/h1.py": "",
            "p/h2.py": "",
            "p/h3.py": "",
        }
    )
    found = smallest_cut_set(graph, "p.root", 4, ["p.a", "p.b"])
    assert found.met
    assert {(s.importer, s.line) for c in found.cuts for s in c.statements} == {
        ("p.a", 2),
        ("p.b", 3),
    }
    assert [c.frees for c in found.cuts] == ["p.heavy"]
