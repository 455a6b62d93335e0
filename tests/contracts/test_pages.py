"""Every contract type has a page, and what its page shows is what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from extractor_contracts.as_text import verdict_text
from extractor_contracts.configuration import OWN_TYPES

from extractor.database import fingerprint
from tests.contracts.conftest import Shop

PAGES = Path(__file__).parents[2] / "docs" / "contracts"
NAMES = sorted(OWN_TYPES)


def part(page: str, heading: str) -> str:
    return page.split(f"## {heading}\n")[1].split("\n## ")[0]


def files(text: str) -> dict[str, str]:
    return dict(re.findall(r"`([\w/.]+\.py)`\n\n```python\n(.*?)```", text, re.S))


def prepare(shop: Shop, name: str, heading: str) -> str:
    page = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    shop.write(files(part(page, heading)))
    config = re.findall(r"```toml\n(.*?)```", part(page, "The contract"), re.S)[0]
    shop.write({"contracts.toml": config})
    if name == "frozen_schema":
        freeze(shop, files(part(page, "Kept"))["shop/models.py"])
    return page


def freeze(shop: Shop, models: str) -> None:
    shop.write({"as_frozen/models.py": models, "as_frozen/migrations/__init__.py": ""})
    side = fingerprint.Side("result", shop.folder / "as_frozen", "models.py", "migrations")
    lines = [
        fingerprint.Line("shop/models.py", line.table, line.column, line.text, line.line)
        for line in fingerprint.declared(side, ["prices"])
    ]
    shop.write({"frozen.json": fingerprint.freeze(["prices"], {"result": lines}, {})})


def test_every_type_has_a_page() -> None:
    assert sorted(path.stem for path in PAGES.glob("*.md")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_kept(shop: Shop, name: str) -> None:
    prepare(shop, name, "Kept")

    assert [verdict.kept for verdict in shop.check()] == [True]
    assert [verdict.kept for verdict in shop.lint()] == [True]


@pytest.mark.parametrize("name", NAMES)
def test_broken(shop: Shop, name: str) -> None:
    page = prepare(shop, name, "Broken")
    expected = re.findall(r"```text\n(.*?)```", page, re.S)[0]

    verdicts = shop.check()

    assert verdict_text(verdicts[0]) + "\n" == expected
    assert not verdicts[0].kept


@pytest.mark.parametrize("name", NAMES)
def test_lint_imports_says_the_same(shop: Shop, name: str) -> None:
    prepare(shop, name, "Broken")

    assert shop.lint() == shop.check()
