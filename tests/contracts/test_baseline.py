"""The ratchet: known violations are accepted, new ones fail, and so do entries not needed."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from extractor_contracts import baseline

from tests.contracts.conftest import Shop, configured, keys

CONFIG = configured("quiet_init", 'packages = ["shop"]')
KNOWN = {"it": {"shop -> shop.a": "needed until the till is split"}}


def test_accepts_what_is_known(shop: Shop) -> None:
    shop.write({"contracts.toml": CONFIG, "shop/__init__.py": "import shop.a", "shop/a.py": ""})

    (verdict,) = shop.check(KNOWN)

    assert verdict.kept
    assert [reason for _, reason in verdict.accepted] == ["needed until the till is split"]


def test_fails_on_what_is_new_and_on_every_entry_not_needed(shop: Shop) -> None:
    shop.write({"contracts.toml": CONFIG, "shop/__init__.py": "import shop.b", "shop/b.py": ""})
    known = {"it": {**KNOWN["it"], "shop -> shop.c": "old"}, "gone": {"x": "old"}}

    verdicts = shop.check(known)

    assert keys(verdicts) == ["shop -> shop.b"]
    assert [verdict.unused for verdict in verdicts] == [
        ("shop -> shop.a", "shop -> shop.c"),
        ("x",),
    ]
    assert not any(verdict.kept for verdict in verdicts)


def test_lint_imports_reads_it_too(shop: Shop) -> None:
    config = CONFIG.replace("[tool.importlinter]\n", '[tool.importlinter]\nbaseline = "b.toml"\n')
    shop.write(
        {
            "contracts.toml": config,
            "b.toml": baseline.dump(KNOWN),
            "shop/__init__.py": "import shop.a",
            "shop/a.py": "",
        }
    )

    assert [verdict.kept for verdict in shop.lint()] == [True]


def test_an_update_shrinks_and_keeps_reasons(shop: Shop) -> None:
    text = "import shop.a\nimport shop.b"
    shop.write({"contracts.toml": CONFIG, "shop/__init__.py": text})
    shop.write({"shop/a.py": "", "shop/b.py": ""})
    verdicts = shop.check({"it": {**KNOWN["it"], "shop -> shop.c": "old"}})

    assert baseline.updated(verdicts, None) == KNOWN
    assert baseline.updated(verdicts, lambda contract, violation: "why not") == {
        "it": {**KNOWN["it"], "shop -> shop.b": "why not"}
    }


def test_the_file_has_an_entry_a_line_and_reads_back(tmp_path: Path) -> None:
    known = {"b c": {'x "y" -> z\\': "tab\tand \x7f"}, "a": {"2": "two", "1": "one"}, "empty": {}}

    text = baseline.dump(known)
    (tmp_path / "b.toml").write_text(text, encoding="utf-8")

    assert baseline.load(tmp_path / "b.toml") == {"a": known["a"], "b c": known["b c"]}
    assert text == baseline.dump(tomllib.loads(text))
    assert [line for line in text.splitlines() if " = " in line][:2] == [
        '"1" = "one"',
        '"2" = "two"',
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[it]\n"a" = ""\n[more]\n"b" = 1', r"'a' has no reason; \[more\] 'b' has no reason"),
        ("it = 1", "it is not a table"),
        ("[it", "b.toml"),
    ],
)
def test_says_what_is_wrong_with_it(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "b.toml").write_text(text, encoding="utf-8")

    with pytest.raises(baseline.BadBaseline, match=says):
        baseline.load(tmp_path / "b.toml")
