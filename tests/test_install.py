"""The wheel in an environment of its own, beside others' packages and without the engine's."""

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.pypi

CONTRACTS = """\
[tool.importlinter]
root_packages = ["shop"]
contract_types = [
    "quiet_init: extractor_contracts.quiet_init.QuietInit",
    "cascade_budget: extractor_contracts.cascade_budget.CascadeBudget",
]

[[tool.importlinter.contracts]]
id = "quiet"
name = "Packages import nothing in __init__"
type = "quiet_init"
packages = ["shop"]

[[tool.importlinter.contracts]]
id = "light"
name = "The till loads little"
type = "cascade_budget"
module = "shop.till"
at_most = 2
dynamic = true
"""
PROJECT = {
    "shop/__init__.py": "",
    "shop/till.py": "import contracts\nimport reports\n\nassert contracts.OURS and reports.OURS\n",
    "contracts/__init__.py": "OURS = True\n",
    "reports/__init__.py": "OURS = True\n",
    "contracts.toml": CONTRACTS,
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    tree = folder / "tree"
    shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(".*", "build", "*.egg-info", "site"))
    _pip("wheel", "--no-deps", "-w", folder, tree)
    (found,) = folder.glob("*.whl")
    return found


def _pip(*arguments):
    command = [sys.executable, "-m", "pip", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def light(wheel, tmp_path):
    """What docs/ci.md installs for plain lint-imports, and PyContracts; programs by name."""
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv" / "bin" / "python"
    _pip(
        "--python", python, "install", "-q", "import-linter", "packaging", "stdlibs", "PyContracts"
    )
    _pip("--python", python, "install", "-q", "--no-deps", wheel)
    return lambda name: tmp_path / "venv" / "bin" / name


def test_what_the_wheel_installs(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0].partition("-")[0] for name in names}
    assert all(top.startswith("extractor") for top in tops), tops
    for ending in (
        "licenses/LICENSE",
        "extractor/py.typed",
        "plan.toml",
        "templates/charts.js",
        "report.schema.json",
    ):
        assert any(name.endswith(ending) for name in names), ending


def test_contract_types_beside_others_packages(light, tmp_path):
    project = tmp_path / "project"
    for path, text in PROJECT.items():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text(text)
    for name in ("libcst", "pydantic", "unearth", "git"):
        there = f"import importlib.util as u; raise SystemExit(u.find_spec({name!r}) is None)"
        assert subprocess.run([light("python"), "-c", there]).returncode == 1, name

    def lint():
        command = [light("lint-imports"), "--config", "contracts.toml", "--no-cache"]
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": ".", "HOME": str(tmp_path)}
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, env=environment)
        return done.returncode, done.stdout + done.stderr

    code, said = lint()
    assert (code, "2 kept, 0 broken" in said) == (0, True), said
    (project / "shop" / "stock.py").write_text("")
    (project / "shop" / "__init__.py").write_text("from shop import stock\n")
    code, said = lint()
    assert (code, "0 kept, 2 broken" in said) == (1, True), said
    theirs = [light("python"), "-c", "import shop.till"]
    assert subprocess.run(theirs, cwd=project).returncode == 0
    # PyContracts does not import under today's Python; what stands there is still its own.
    folder = next((light("python").parent.parent / "lib").glob("*/site-packages")) / "contracts"
    assert "contract" in (folder / "__init__.py").read_text()
    assert not any("extractor" in path.read_text() for path in folder.glob("*.py"))
