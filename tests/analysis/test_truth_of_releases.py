"""Five small distributions of different shapes: the static answer beside what was seen."""

from __future__ import annotations

import pytest

from tests.benchmarks.truth import compared


@pytest.mark.pypi
@pytest.mark.slow
@pytest.mark.parametrize("name", ["click", "jinja2", "requests", "rich", "werkzeug"])
def test_an_import_loads_what_was_foretold(name, tmp_path):
    row, report = compared(name, tmp_path, most=20)
    assert row.compared >= 10
    assert row.missing == 0
    assert row.worst <= 2 and row.extra * 100 <= row.seen
    assert report.holds
