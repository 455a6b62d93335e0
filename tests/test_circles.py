"""What others find on a package comes from its module in the result: no circle breaks."""

import json
import subprocess
import sys

import pytest

from tests.repositories import committed, git, write
from tests.shop import call

PLAN = """
name = "till"
source_package = "shop"
target_package = "till"
description = "The till"

[roots]
packages = ["shop.till"]

[[replace]]
subject = "shop.things.base"
with = "till.base"
reason = "Nothing has to be found on a package any more."

[layout]
whole = ["shop.things.kinds", "shop.things.coin"]

[layout.modules]
"shop.till" = "till"
"shop.things.kinds" = "till.kinds"
"shop.things.coin" = "till.coin"

[packaging]
distribution = "till"
requirements = "requirements.txt"
test_requirements = "requirements.txt"
"""
KINDS = (
    "from shop import things\n\n\nclass Kind:\n    def of(self, name):\n"
    "        return things.Coin.PREFIX + name\n"
)
FILES = {
    "requirements.txt": "",
    "shop/__init__.py": "",
    "shop/things/__init__.py": "def load():\n    __import__('shop.things.coin')\n",
    "shop/things/base.py": (
        "from shop import things\n\n\ndef register(cls):\n"
        "    setattr(things, cls.__name__, cls)\n    return cls\n"
    ),
    "shop/things/kinds.py": KINDS,
    "shop/things/coin.py": (
        "from shop.things import base\nfrom shop.things import kinds\n\n\n"
        "@base.register\nclass Coin:\n    PREFIX = 'C'\n    kind = kinds.Kind()\n"
    ),
    "shop/till/__init__.py": "",
    "shop/till/door.py": (
        "from shop.things import coin\n\n\ndef open_it():\n    return coin.Coin().kind.of('x')\n"
    ),
}


def extracted(tmp_path, files):
    """The exit code of the extraction, and its manifest."""
    committed(tmp_path / "source", files)
    overlay = "def register(cls):\n    return cls\n"
    write(tmp_path / "plan", {"plan.toml": PLAN, "overlay/till/base.py": overlay})
    output = tmp_path / "output"
    code = call("run", tmp_path / "source", output, "--plan", f"{tmp_path / 'plan'}/", "--quiet")
    return code, json.loads((output / "manifest.json").read_text())


def can_import(result, module):
    command = [sys.executable, "-c", f"import {module}"]
    return subprocess.run(command, cwd=result, capture_output=True, check=False).returncode == 0


def test_each_module_can_be_imported_alone(tmp_path):
    code, manifest = extracted(tmp_path, FILES)
    assert code == 0 and manifest["failed"] == []
    result = tmp_path / "output/till"
    assert [m for m in ("till.kinds", "till.coin", "till.door") if not can_import(result, m)] == []
    assert (
        "    def of(self, name):\n        from till import coin as things\n"
        in (result / "till/kinds.py").read_text()
    )
    called = "from till import door; assert door.open_it() == 'Cx'"
    subprocess.run([sys.executable, "-c", called], cwd=result, check=True)


@pytest.mark.parametrize(
    "kinds",
    [
        KINDS + "    text = property(lambda self: things.Coin.PREFIX)\n",
        KINDS.replace("name):", "name, kind=lambda: things.Coin):"),
        KINDS + "\n\nclass Same:\n    def of(self): return things.Coin\n",
    ],
    ids=["in a class", "in a default", "on the line of its function"],
)
def test_a_circle_that_cannot_be_cured_is_told(tmp_path, kinds):
    code, manifest = extracted(tmp_path, {**FILES, "shop/things/kinds.py": kinds})
    assert code == 1
    assert ["a circular import" in one["reason"] for one in manifest["failed"]] == [True]


def test_no_import_moves_where_the_source_has_the_same_circle(tmp_path):
    kinds = KINDS.replace("from shop import things", "from shop.things import coin")
    files = {**FILES, "shop/things/kinds.py": kinds.replace("things.Coin", "coin.Coin")}
    code, manifest = extracted(tmp_path, files)
    assert code == 0 and manifest["failed"] == []
    assert "Import where it is used" not in git(tmp_path / "output/till", "log", "--format=%s")


def test_no_import_moves_where_no_circle_breaks(tmp_path):
    coin = FILES["shop/things/coin.py"].replace("kind = kinds.Kind()", "kind = None")
    door = FILES["shop/till/door.py"].replace(".kind.of('x')", "")
    code, _ = extracted(tmp_path, {**FILES, "shop/things/coin.py": coin, "shop/till/door.py": door})
    assert code == 0
    assert "Import where it is used" not in git(tmp_path / "output/till", "log", "--format=%s")
