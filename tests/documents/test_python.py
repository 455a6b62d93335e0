"""The examples of docs/python.md, run one after the other as they stand."""

import re
from pathlib import Path

import pytest

from tests.repositories import committed, write
from tests.shop import FILES, PLAN, call

PAGE = Path(__file__).parents[2] / "docs" / "python.md"


@pytest.fixture
def beside_a_shop(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    committed(tmp_path / "shop", FILES)
    write(tmp_path / "shop-plan", {"plan.toml": PLAN})


def test_the_examples_run(beside_a_shop, capsys):
    run, rewrite, report = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    exec(run, {})
    assert "True\n" in capsys.readouterr().out
    exec(rewrite, {})
    assert len(capsys.readouterr().out) > 10
    assert call("report", "out", "--plan", "shop-plan", "--quiet") == 0
    names = {}
    exec(report, names)
    assert "The till" in names["page"]
