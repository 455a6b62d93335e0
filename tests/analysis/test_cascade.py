import pytest

from extractor.analysis.cascade import cascade, loaded, package_costs
from extractor.errors import UsageError

FILES = {
    "p/__init__.py": "",
    "p/busy/__init__.py": "import p.x\nimport p.y\n",
    "p/busy/small.py": "import json\nimport requests\n",
    "p/a.py": "from p.busy import small\n\n\ndef f():\n    import p.late\n",
    "p/b.py": "import p.busy\n",
    "p/x.py": "import p.z\n",
    "p/y.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import attr, p.types\n",
    "p/types.py": "",
    "p/z.py": "1\n2\n3",
    "p/late.py": "import late_package\n",
}


def test_a_cascade_counts_modules_lines_and_packages(graph_of):
    graph = graph_of(FILES)
    found = cascade(graph, "p.a")
    assert found.modules == ("p", "p.a", "p.busy", "p.busy.small", "p.x", "p.y", "p.z")
    assert found.lines == 0 + 5 + 2 + 2 + 1 + 3 + 3
    assert found.third_party == {
        "json": ("p.busy.small",),
        "requests": ("p.busy.small",),
        "typing": ("p.y",),
    }
    assert found.on_call == ("p.late",)
    assert found.type_checking == ("p.types",)


def test_a_chain_tells_every_hop(graph_of):
    found = cascade(graph_of(FILES), "p.a")
    assert [(e.importer, e.line, e.imported) for e in found.chain("p.z")] == [
        ("p.a", 1, "p.busy.small"),
        ("p.busy.small", 0, "p.busy"),
        ("p.busy", 1, "p.x"),
        ("p.x", 1, "p.z"),
    ]
    assert found.chain("p.a") == ()


def test_an_unknown_root_is_a_usage_error(graph_of):
    with pytest.raises(UsageError, match=r"no module 'p\.gone'"):
        cascade(graph_of(FILES), "p.gone")


def test_a_package_pays_for_its_own_doing_only(graph_of):
    (cost,) = package_costs(graph_of(FILES), "p.a")
    assert (cost.package, cost.loads, cost.own) == ("p.busy", 5, 3)
    assert cost.own_modules == ("p.x", "p.y", "p.z")
    assert cost.statements == 2
    assert cost.passers_by == ("p.a",)
    assert cost.on_path


def test_a_parents_doing_is_not_the_childs(graph_of):
    files = {**FILES, "p/__init__.py": "import p.x"}
    costs = {c.package: c for c in package_costs(graph_of(files))}
    assert costs["p.busy"].own_modules == ("p.y",)
    assert costs["p"].own_modules == ("p.x", "p.z")
    assert not costs["p"].on_path


def test_every_loaded_module_has_a_chain(graph_of):
    graph = graph_of(FILES)
    for root in graph.modules:
        found = cascade(graph, root)
        assert set(found.modules) == loaded(graph, root)
        assert set(found.blame) == set(found.modules) - {root}
