"""Each check is a file with a row in the documents, a test, and a fault with a harmless twin."""

import pkgutil
import re
import tomllib
from pathlib import Path

import pytest

from extractor.plan.load import PLANS
from extractor.verification import checks, run

ROOT = Path(__file__).parents[2]
ROWS = dict(
    re.findall(r"^\| `(\w+)` \| (\w+) \|", (ROOT / "docs/verification.md").read_text(), re.M)
)
FAULTS = {
    fault["check"]: fault
    for path in PLANS.glob("*/faults.toml")
    for fault in tomllib.loads(path.read_text())["faults"]
}


def test_every_file_is_a_check():
    files = [module.name for module in pkgutil.iter_modules(checks.__path__)]
    assert sorted(run.CHECKS) == files


def test_every_row_says_what_a_check_needs():
    assert {name: run.needs(name) for name in run.CHECKS} == ROWS


@pytest.mark.parametrize("name", run.CHECKS)
def test_a_fault_and_its_twin(name):
    assert FAULTS[name]["fault"] != FAULTS[name]["twin"]


@pytest.mark.parametrize("name", run.CHECKS)
def test_a_test_of_its_own(name):
    used = re.compile(rf'checks\.{name} import|checks import [^)]*?\b{name}\b|"{name}"')
    texts = [path.read_text() for path in Path(__file__).parent.glob("test_*.py")]
    assert any(map(used.search, texts)), f"no file in tests/verification uses {name}"
