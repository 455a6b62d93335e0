"""JSON, SARIF and Zuul's comments, and the exit codes of the verb."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from extractor.cli.contracts import command
from extractor.errors import MachineError, UsageError
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
    assert "shop/till.py:2: shop.till imports shop.stock\n  fix: ask\n" in result.output
    assert "\nIt [it]\n-------\n" in result.output
    assert result.output.endswith(
        "\nContracts: 0 kept, 1 broken.\n"
        "To accept the new ones, give the reason: extractor contracts baseline . "
        "--config contracts.toml --baseline FILE --reason WHY\n"
    )


def test_text_says_how_far_there_is_to_go(shop: Shop) -> None:
    options = 'module = "shop.till"\nat_most = 2'
    shop.write({**FILES, "contracts.toml": configured("cascade_budget", options)})
    shop.write({"b.toml": '[it]\n"loads shop.stock" = "old"\n'})

    assert run("check", "--baseline", "b.toml").output == (
        "KEPT   It: 0 new, 1 known\n"
        "       importing shop.till loads 3 modules, 2 are allowed\n"
        "\nContracts: 1 kept, 0 broken.\n"
    )


def test_text_says_what_to_do_about_the_baseline(shop: Shop) -> None:
    shop.write({**FILES, "b.toml": '[it]\n"shop.till -> shop.stock" = "old"\n'})
    assert run("check", "--baseline", "b.toml").output == (
        "KEPT   It: 0 new, 1 known\n\nContracts: 1 kept, 0 broken.\n"
    )

    shop.write({"shop/till.py": ""})
    assert run("check", "--baseline", "b.toml").output.endswith(
        "\nNo longer needed in b.toml, remove them:\n    shop.till -> shop.stock\n"
        "\nContracts: 0 kept, 1 broken.\n"
        "To remove what is no longer needed: extractor contracts baseline . "
        "--config contracts.toml --baseline b.toml\n"
    )


def test_who_looks_at_the_log_sees_the_text(shop: Shop) -> None:
    shop.write(FILES)

    printed = run("check", "--format", "zuul", "--output", "comments.json").output

    assert printed.startswith("BROKEN It: 1 new, 0 known\n")
    assert "zuul" in json.loads((shop.folder / "comments.json").read_text())


def test_a_file_that_cannot_be_parsed_is_told(shop: Shop) -> None:
    """Nobody knows what it imports; it breaks no contract, but is not passed over either."""
    shop.write({**FILES, "shop/till.py": "import shop.stock\n\nprint(\n"})

    text = run("check").output
    values = json.loads(run("check", "--format", "json").output)
    (log,) = json.loads(run("check", "--format", "sarif").output)["runs"]
    comments = json.loads(run("check", "--format", "zuul").output)["zuul"]["file_comments"]

    assert "\nThese cannot be parsed, so their imports are unknown:\n    shop/till.py:3: " in text
    (file,) = values["unreadable"]
    assert (file["path"], file["line"]) == ("shop/till.py", 3)
    (notification,) = log["invocations"][0]["toolExecutionNotifications"]
    assert file["reason"] in notification["message"]["text"]
    (comment,) = comments["shop/till.py"]
    assert (comment["line"], comment["level"]) == (3, "warning")


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
    assert new["ruleId"] == "it" and "Fix: ask." in new["message"]["text"]
    assert unused["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "b.toml"


def test_zuul(shop: Shop) -> None:
    shop.write(FILES)

    result = run("check", "--format", "zuul", "--output", "comments.json")

    comments = json.loads(Path("comments.json").read_text())["zuul"]["file_comments"]
    assert result.return_value == 1
    assert [(path, c["line"]) for path, cs in comments.items() for c in cs] == [("shop/till.py", 2)]
    assert comments["shop/till.py"][0]["message"].endswith("Fix: ask.")


def test_what_no_file_is_to_blame_for_is_said_of_the_contracts(shop: Shop) -> None:
    shop.write({**FILES, "contracts.toml": configured("quiet_init", 'packages = ["shop.gone"]')})

    comments = json.loads(run("check", "--format", "zuul").output)["zuul"]["file_comments"]
    (result,) = json.loads(run("check", "--format", "sarif").output)["runs"][0]["results"]

    assert list(comments) == ["contracts.toml"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "contracts.toml"
    assert "\nthere is no package shop.gone\n" in run("check", "--quiet").output


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


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["check", "--baseline", "gone.toml"], "there is no baseline gone.toml"),
        (["check", "--output", "gone/comments.json"], "cannot write gone/comments.json: No such"),
        (["baseline", "--baseline", "gone/b.toml", "--reason", "x"], "cannot write gone/b.toml"),
        (["check", "--config", "gone.toml"], "gone.toml: .*No such file"),
    ],
)
def test_a_file_that_is_not_there(shop: Shop, arguments: list[str], says: str) -> None:
    shop.write(FILES)

    with pytest.raises((UsageError, MachineError), match=says):
        run(*arguments)


def test_sarif_has_what_its_schema_asks_for(shop: Shop) -> None:
    """https://docs.oasis-open.org/sarif/sarif/v2.1.0/: required members and closed vocabularies."""
    shop.write({**FILES, "b.toml": '[it]\n"gone" = "old"\n'})

    log = json.loads(run("check", "--baseline", "b.toml", "--format", "sarif").output)

    assert set(log) == {"$schema", "version", "runs"}
    (one,) = log["runs"]
    rules = [rule["id"] for rule in one["tool"]["driver"]["rules"]]
    assert one["tool"]["driver"]["name"] and len(set(rules)) == len(rules)
    for result in one["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in {"none", "note", "warning", "error"}
        assert result["message"]["text"]
        for location in result["locations"]:
            physical = location["physicalLocation"]
            uri = physical["artifactLocation"]["uri"]
            assert uri and not uri.startswith("/") and " " not in uri
            assert physical.get("region", {"startLine": 1})["startLine"] >= 1
        for suppression in result.get("suppressions", ()):
            assert suppression["kind"] in {"inSource", "external"}
