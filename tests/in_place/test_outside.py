"""Files of the project that a rewrite was not given are told where they name what moves."""

import pytest
from click.testing import CliRunner

from extractor.cli import cli

FILES = {
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n',
    "src/shop/__init__.py": "",
    "src/shop/stock.py": "def count():\n    return 1\n",
    "tests/test_stock.py": "from shop.stock import count\n",
    "tests/test_till.py": "from shop.till import total\n",
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rewrite(*words):
    rename = ["rewrite", "rename_references", "--symbol", "shop.stock:count=shop.stock:number"]
    done = CliRunner().invoke(cli, [*rename, *words], standalone_mode=False)
    return done.output


@pytest.mark.parametrize("given", ["src", "src/shop/stock.py"])
def test_a_user_outside_of_what_was_given_is_told(project, given):
    assert "not looked at: 1 file mentions shop.stock.count: tests/test_stock.py" in rewrite(given)


@pytest.mark.parametrize("given", [["."], ["src", "tests"]])
def test_what_was_given_is_not_outside(project, given):
    assert "not looked at" not in rewrite(*given)


def test_without_a_project_nothing_is_outside(project):
    (project / "pyproject.toml").unlink()
    assert "not looked at" not in rewrite("src")
