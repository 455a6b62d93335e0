"""What is found without a parser is never less than what the statements say."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest

from extractor.reading import read
from extractor.reading.glance import may_import, may_name


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import a.b.c\n", (0, "a.b.c", "")),
        ("import os, a . b as c\n", (0, "a.b", "")),
        ("if x: import a\n", (0, "a", "")),
        ("x = 1; from a import b\n", (0, "a", "b")),
        ("from a import (b,  # (the first)\n    c as d)\n", (0, "a", "c")),
        ("from a import b, \\\n    c\n", (0, "a", "c")),
        ("from \\\n    a import b\n", (0, "a", "b")),
        ("from . import(b)\n", (1, "", "b")),
        ("from.. a.b import c\n", (2, "a.b", "c")),
        ("from ...import c\n", (3, "", "c")),
        ("from a import *\n", (0, "a", "*")),
        ("def f():\r\n    from a import b\r\n", (0, "a", "b")),
    ],
)
def test_every_spelling_of_an_import_is_seen(text: str, found: tuple[int, str, str]) -> None:
    seen = may_import(text.encode())
    assert seen is not None and found in seen


def test_names_that_are_not_ascii_are_left_to_the_parser() -> None:
    assert may_import("from größe import x\n".encode()) is None
    assert may_import("x = 'größe'\nimport os\n".encode()) is not None


def test_the_standard_library_imports_nothing_that_a_glance_misses() -> None:
    compared = 0
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))[:120]:
        content = path.read_bytes()
        seen = may_import(content)
        if seen is None:
            continue
        reading = read(content)
        said = {(one.level, one.module, one.name) for one in reading.imports}
        said |= {(star.level, star.module, "*") for star in reading.stars}
        assert said <= seen, path
        compared += len(said)
    assert compared > 500


@pytest.mark.parametrize(
    "text",
    [
        "from shop import stock\n",
        "from shop import (\n    till,\n    stock,\n)\n",
        "from shop import till, \\\n    stock\n",
        "shop.stock.count()\n",
        "(shop.  # the package\n    stock)\n",
        "patch.object(shop, 'stock')\n",
        "getattr(shop,\n        'stock')\n",
        "name = 'shop.' 'stock'\n",
        "name = ('shop.'\n        r'stock.X')\n",
        "path = 'shop/stock.py'\n",
        "from .stock import X\n",
    ],
)
def test_a_module_named_in_any_way_is_seen(text: str) -> None:
    assert may_name(text.encode(), [b"stock"])


@pytest.mark.parametrize(
    "text",
    [
        "import shop\nstock = 1\n",
        "import shop\nf(stock=2)\n",
        "import shop\nx = {'stock': 1, 'a': 2}\n",
        "import shop\nx = {'a': 2, 'stock': 1}\n",
        "from shop import stocks\nshop.restock()\n",
    ],
)
def test_a_name_of_its_own_is_not_taken_for_the_module(text: str) -> None:
    assert not may_name(text.encode(), [b"stock"])
