"""The static answer on a real release, against what its imports were seen to load.

``observed/nova-17.0.13.txt`` was written with ``dump_observations`` from imports in Python
3.6.15 and the requirements of February 2018.
"""

from pathlib import Path

import pytest

from extractor.analysis.cascade import loaded
from extractor.analysis.cuts import smallest_cut_set
from extractor.analysis.project import import_graph
from extractor.analysis.truth import compare, load_observations
from extractor.progress import Progress
from extractor.source.opening import open_source

pytestmark = pytest.mark.pypi
OBSERVED = Path(__file__).parent / "observed" / "nova-17.0.13.txt"
ROOT = "nova.api.openstack.placement.wsgi"


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    with open_source(
        "pypi:nova==17.0.13",
        None,
        workspace=tmp_path_factory.mktemp("workspace"),
        progress=Progress(),
        need_history=False,
    ) as source:
        yield import_graph(source.tree, ["nova"])


def test_nothing_is_missing_and_nothing_invented(graph):
    observations = load_observations(OBSERVED.read_text())
    assert len(observations) >= 60
    assert len({o.module.split(".")[1] for o in observations if "." in o.module}) >= 40
    report = compare(graph, observations)
    assert report.holds
    assert [c for c in report.compared if c.extra] == []
    # The one name that only configuration knows: the backend for IPv6 addresses.
    assert {m for c in report.compared for m in c.configured} <= {"nova.ipv6.rfc2462", "nova.i18n"}


def test_files_in_the_old_grammar_are_read(graph):
    assert graph.unreadable == []
    assert {e.imported for e in graph.imports_of("nova.virt.libvirt.guest") if e.loads} > {
        "nova.compute.power_state"
    }


def test_the_cuts_that_took_people_months_are_found(graph):
    before = loaded(graph, ROOT)
    keep = {m for m in before if m.startswith("nova.api.openstack.placement")}
    keep |= {"nova.objects.resource_provider"}
    found = smallest_cut_set(graph, ROOT, 50, keep)
    assert found.met
    assert found.before == len(before) > 270
    statements = {(s.importer, s.via or s.imported) for c in found.cuts for s in c.statements}
    assert ("nova.api.openstack.placement.deploy", "nova.objects:register_all") in statements
    assert (ROOT, ("nova.config",)) in statements
    assert "nova.api.openstack" in {c.silences for c in found.cuts}
    assert ("nova.db", ("nova.db.api",)) in statements
