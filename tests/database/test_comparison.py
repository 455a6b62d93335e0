"""Both sides' own migrations of a real release, on real servers."""

from __future__ import annotations

import pytest

from extractor.database.comparison import Place, compare_sides, settings_of
from extractor.database.servers import ENGINES, find
from extractor.progress import Progress
from tests.conftest import not_tried
from tests.database.drills import PLAN

pytestmark = [pytest.mark.slow, pytest.mark.pypi]


@pytest.mark.parametrize("engine", ENGINES)
def test_both_sides_leave_the_same_schema(subjects, engine):
    if engine != "sqlite" and find(engine) is None:
        not_tried(f"no {engine} server is installed")
    source, result = (
        Place(subject.tree, subject.python) for subject in map(subjects, ("source", "result"))
    )

    report = compare_sides(settings_of(PLAN), source, result, [engine], Progress())

    assert report.same, report.text()
    (found,) = report.engines
    assert found.tables == len(PLAN.data.database.tables)
    # What the plan says is in no model, and nothing else.
    assert [str(d) for d in found.expected] == [
        "resource_providers.can_host: column: there / missing"
    ]
