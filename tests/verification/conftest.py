"""A tiny extraction to check: a package with one module, its tests and its packaging."""

from pathlib import Path

import pytest

from extractor.plan.load import load_plan
from extractor.verification.check import Context, Result

PLAN = """\
name = "shop"
source_package = "mall"
target_package = "shop"
[roots]
packages = ["mall.shop"]
tests = ["mall.tests.shop"]
entry_points = ["shop.till:main"]
[layout]
modules = { "mall.shop" = "shop", "mall.tests.shop" = "shop.tests.unit" }
[drop]
all = true
public = true
[packaging]
distribution = "tiny-shop"
requirements = "requirements.txt"
test_requirements = "test-requirements.txt"
[[words]]
pattern = 'MALL_HOME'
reason = "a variable that users set"
[verify]
python = ">=3.8"
tests = ["shop/tests"]
"""

FILES = {
    "requirements.txt": "six>=1.10 # MIT\n",
    "test-requirements.txt": "",
    "setup.cfg": "[metadata]\nname = tiny-shop\n[entry_points]\nconsole_scripts =\n"
    "    till = shop.till:main\n",
    "shop/__init__.py": "",
    "shop/till.py": (
        "import os\n\nimport six\n\n\n"
        "def main():\n"
        '    """Sum what was bought."""\n'
        "    home = os.environ.get('MALL_HOME', '')\n"
        "    return _total([six.text_type(home)])\n\n\n"
        "def _total(bought):\n"
        "    return len(bought)\n"
    ),
    "shop/tests/__init__.py": "",
    "shop/tests/unit/__init__.py": "",
    "shop/tests/unit/test_till.py": (
        "import unittest\n\nfrom shop import till\n\n\n"
        "class TillTest(unittest.TestCase):\n"
        "    def test_total(self):\n"
        "        self.assertEqual(2, till._total([1, 2]))\n\n"
        "    def test_empty(self):\n"
        "        self.assertEqual(0, till._total([]))\n"
    ),
    "shop/tests/functional/gabbits/till.yaml": (
        "tests:\n- name: open\n  GET: /\n- name: close\n  DELETE: /\n"
    ),
}


class Shop:
    """The extraction on disk: change a file, then ask a check."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "shop"
        self.folder = folder
        for path, text in FILES.items():
            self.write(path, text)
        plan = folder / "plan"
        plan.mkdir()
        (plan / "plan.toml").write_text(PLAN)
        self.plan = load_plan(str(plan))
        (folder / "scratch").mkdir()

    def write(self, path: str, text: str) -> None:
        full = self.root / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_text(text)

    def change(self, path: str, old: str, new: str) -> None:
        text = (self.root / path).read_text()
        assert text.count(old) == 1
        self.write(path, text.replace(old, new))

    def context(self, against: Path | None = None) -> Context:
        settings = self.plan.data.verify
        scratch, shared = self.folder / "scratch", self.folder / "shared"
        shared.mkdir(exist_ok=True)
        return Context(self.plan, settings, scratch, shared, against=against)

    def result(self) -> Result:
        return Result.at(self.root)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)
