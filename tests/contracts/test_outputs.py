"""JSON, SARIF and Zuul's comments, and the exit codes of the verb."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from contracts.written import shipped, write_contracts
from extractor.cli.contracts import command
from extractor.errors import UsageError
from tests.contracts.conftest import Shop, configured

CONFIG = configured("one_way", 'upper = ["shop"]\nlower = ["shop.till"]\nway_out = "ask"')
FILES = {
    "contracts.toml": CONFIG,
    "shop/__init__.py": "",
    "shop/stock.py": "async = 1",
    "shop/till.py": "\nfrom shop import stock",
}


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path_factory.mktemp("cache")))


def run(*arguments: str) -> Any:
    result = CliRunner().invoke(command, list(arguments), standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result


def test_text(shop: Shop) -> None:
    shop.write(FILES)

    result = run("check", "--quiet")

    assert result.return_value == 1
    assert result.output.startswith("BROKEN It: 1 new, 0 known\n")
    assert "shop/till.py:2: shop.till imports shop.stock\n  way out: ask\n" in result.output
    assert result.output.endswith("Contracts: 0 kept, 1 broken.\n")


def test_json(shop: Shop) -> None:
    shop.write(FILES)

    values = json.loads(run("check", "--json").output)

    assert values["kept"] is False
    (violation,) = values["contracts"][0]["new"]
    assert (violation["key"], violation["path"], violation["line"]) == (
        "shop.till -> shop.stock",
        "shop/till.py",
        2,
    )


def test_sarif(shop: Shop) -> None:
    shop.write({**FILES, "b.toml": '[it]\n"gone" = "old"\n'})

    log = json.loads(run("check", "--baseline", "b.toml", "--format", "sarif").output)

    assert log["version"] == "2.1.0"
    new, unused = log["runs"][0]["results"]
    place = new["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "shop/till.py"}, "region": {"startLine": 2}}
    assert new["ruleId"] == "it" and "Way out: ask." in new["message"]["text"]
    assert unused["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "b.toml"


def test_zuul(shop: Shop) -> None:
    shop.write(FILES)

    result = run("check", "--format", "zuul", "--output", "comments.json")

    comments = json.loads(Path("comments.json").read_text())["zuul"]["file_comments"]
    assert result.return_value == 1
    assert [(path, c["line"]) for path, cs in comments.items() for c in cs] == [("shop/till.py", 2)]
    assert comments["shop/till.py"][0]["message"].endswith("Way out: ask.")


def test_a_revision_and_the_working_tree_are_told_apart(shop: Shop) -> None:
    shop.write(FILES)
    for arguments in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=n", "-c", "user.email=e", "commit", "-qm", "one"],
    ):
        subprocess.run(["git", *arguments], check=True)
    shop.write({"shop/till.py": ""})

    assert run("check", ".", "--quiet").return_value == 0
    assert run("check", ".", "--rev", "HEAD", "--quiet").return_value == 1


def test_a_baseline_is_written_then_only_shrinks(shop: Shop) -> None:
    shop.write(FILES)

    with pytest.raises(UsageError, match="--reason"):
        run("baseline", "--baseline", "b.toml")
    assert run("baseline", "--baseline", "b.toml", "--reason", "old").return_value == 0
    assert run("check", "--baseline", "b.toml").return_value == 0

    shop.write({"shop/till.py": "import shop.other", "shop/other.py": ""})
    assert run("check", "--baseline", "b.toml").return_value == 1
    result = run("baseline", "--baseline", "b.toml")
    assert result.return_value == 1
    assert result.output == "b.toml: 0 kept, 0 added, 1 taken out, 1 refused\n"


def test_wrong_options_are_told_all_at_once(shop: Shop) -> None:
    wrong = CONFIG.replace('way_out = "ask"', 'symbols = ["x"]').replace('upper = ["shop"]\n', "")
    shop.write({**FILES, "contracts.toml": wrong})

    with pytest.raises(UsageError, match="It: upper: This is a required field"):
        run("check")


def test_what_comes_with_the_package_is_written(tmp_path: Path) -> None:
    known = {shipped()[0]: {"c": {"a -> b": "why"}}}

    written = write_contracts(tmp_path, known)

    names = sorted(path.relative_to(tmp_path).as_posix() for path in written)
    first = shipped()[0]
    assert f"{first}/contracts/{first}.baseline.toml" in names
    assert all(f"{name}/contracts/{name}.toml" in names for name in shipped())
    assert all(f"{name}/tox.ini" in names and f"{name}/zuul.yaml" in names for name in shipped())
    assert "NAME" not in (tmp_path / first / "tox.ini").read_text()
