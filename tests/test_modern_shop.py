"""The whole job on a modern project: a src layout, pyproject.toml, pytest, several packages.

Tests are functions, beside the code and in a folder of their own with a conftest; there are two
top-level packages and a namespace package.
"""

import json
import subprocess
import sys

import pytest

from extractor.project.facts import project_of
from extractor.source.tree import FolderTree, MemoryTree
from tests.repositories import committed, write
from tests.shop import call

SOURCE = {
    "pyproject.toml": (
        '[build-system]\nrequires = ["setuptools>=61"]\n\n'
        '[project]\nname = "mall"\nversion = "1"\nrequires-python = ">=3.9"\n'
        'dependencies = ["PyYAML>=6", "click>=8"]\n\n'
        '[project.scripts]\ntill = "shop.till.door:main"\nmall = "mall.app:main"\n\n'
        '[dependency-groups]\ntest = ["pytest>=7"]\n\n'
        '[tool.setuptools.packages.find]\nwhere = ["src"]\n'
    ),
    "README.md": "# The mall\n",
    "src/shop/__init__.py": "",
    "src/shop/errors.py": (
        "class Broken(Exception):\n    pass\n\n\nclass Other(Exception):\n    pass\n"
    ),
    "src/shop/stock.py": (
        "import click\n\nfrom shop.till import door\n\n\ndef f():\n    return door\n"
    ),
    "src/shop/till/__init__.py": "",
    "src/shop/till/door.py": (
        "import yaml\n\nfrom acme.money.coins import Coin\n"
        "from shop.errors import Broken\n\n\ndef main():\n    return price('1')\n\n\n"
        "def price(text):\n    if not text:\n        raise Broken(text)\n"
        "    return Coin(yaml.safe_load(text)).value\n\n\n"
        "def only_tested():\n    return 2\n\n\ndef beside():\n    return 3\n"
    ),
    "src/shop/till/test_beside.py": (
        "from shop.till.door import beside\n\n\ndef test_beside():\n    assert beside() == 3\n"
    ),
    "src/mall/__init__.py": "",
    "src/mall/app.py": "from shop import stock\n\n\ndef main():\n    return stock.f()\n",
    # No __init__: a part of a namespace.
    "src/acme/money/coins.py": (
        "class Coin:\n    def __init__(self, value):\n        self.value = value\n\n\n"
        "class Note:\n    pass\n"
    ),
    "tests/conftest.py": (
        "import pytest\n\nfrom shop.till import door\n\n\n"
        "@pytest.fixture\ndef opened():\n    return door\n"
    ),
    "tests/test_till.py": (
        "import pytest\n\nfrom shop.errors import Broken\nfrom shop.till import door\n\n\n"
        "def test_price(opened):\n    assert opened.price('7') == 7\n"
        "    assert door.only_tested() == 2\n\n\n"
        "def test_nothing():\n    with pytest.raises(Broken):\n        door.price('')\n"
    ),
}
PLAN = """
name = "till"
source_package = "shop"
target_package = "till"

[roots]
packages = ["shop.till"]
tests = ["tests.test_till", "tests.conftest"]

[layout]
whole = ["acme.money.coins"]

[layout.modules]
"shop.till" = "till"
"shop.errors" = "till.errors"
"acme.money" = "till.money"
"tests" = "tests"

[packaging]
distribution = "till"
requirements = "pyproject.toml"
test_requirements = "pyproject.toml"

[packaging.scripts]
till = "till.door:main"

[packaging.entry_points.console_scripts]
till = "till.door:main"
"""


@pytest.fixture(scope="module")
def lifted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("modern")
    committed(folder / "src", SOURCE)
    project = project_of(FolderTree(folder / "src"))
    files = {f"packaging/{name}": text for name, text in project.packaging("till").items()}
    write(folder / "plan", {"plan.toml": PLAN, **files})
    code = call("run", folder / "src", folder / "out", "--plan", folder / "plan", "--quiet")
    return code, folder / "out"


def test_its_facts():
    project = project_of(MemoryTree({path: text.encode() for path, text in SOURCE.items()}))
    assert project.tops == ("shop", "mall", "acme")
    assert project.is_module("acme.money") and project.path_of("acme.money") is None
    assert project.tests == ("shop.till.test_beside", "tests.test_till")
    assert project.conventions == ("pyproject", "pytest", "unittest")


def test_everything_that_was_asked_holds(lifted):
    code, out = lifted
    manifest = json.loads((out / "manifest.json").read_text())
    broken = [check for check in manifest["checks"] if check["outcome"] == "did not hold"]
    assert (code, broken, manifest["failed"]) == (0, [], [])
    held = {check["name"] for check in manifest["checks"] if check["outcome"] == "held"}
    assert held >= {"dead_code", "imports", "packaging", "tests_carried"}


def test_its_tests_pass_where_they_lie(lifted):
    _code, out = lifted
    files = project_of(FolderTree(out / "till")).files.present
    assert {"tests/conftest.py", "tests/test_till.py", "till/test_beside.py"} <= files
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=out / "till",
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(out / "till"), "PATH": ""},
    )
    assert "3 passed" in done.stdout, done.stdout


def test_requirements_are_those_of_what_came_along(lifted):
    _code, out = lifted
    assert (out / "till" / "requirements.txt").read_text() == "PyYAML>=6\n"
    assert (out / "till" / "test-requirements.txt").read_text() == "pytest>=7\n"


def test_its_contracts_are_its_own(lifted):
    _code, out = lifted
    assert sorted(path.name for path in (out / "contracts").iterdir()) == ["shop", "till"]


def test_the_draft_runs_as_it_is(tmp_path):
    committed(tmp_path / "src", SOURCE)
    drafted = ["plan", tmp_path / "src", "--root", "shop.till", "--into", "till"]
    assert call(*drafted, "--write", tmp_path / "plan", "--quiet") == 0
    code = call("run", tmp_path / "src", tmp_path / "out", "--plan", tmp_path / "plan", "--quiet")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    # What it does not carry it tells: acme is another package of the source.
    told = json.dumps([manifest["left_for_a_person"], manifest["checks"]])
    assert code == 0 or "acme" in told
    result = project_of(FolderTree(tmp_path / "out" / "till"))
    assert [point.symbol for point in result.entry_points] == ["till.door:main"]
    assert "till.test_beside" in result.tests
