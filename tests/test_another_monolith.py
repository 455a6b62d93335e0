"""Other projects, other plans, the same engine."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from extractor.analysis.resolver import Resolver, modules_of
from extractor.cli import main
from extractor.plan.load import load_plan
from extractor.rewrites import drop_definitions
from extractor.source.tree import FolderTree
from extractor.verification.run import run_checks

PLANS = Path(__file__).parent / "plans"
PLAN = PLANS / "signals"


@pytest.mark.pypi
def test_djangos_signals_leave_with_their_tests(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["run", "pypi:Django==2.2.28", str(tmp_path / "out"), "--plan", str(PLAN)])
    assert ended.value.code == 0, capsys.readouterr().out
    result = tmp_path / "out" / "signals"
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert {check["outcome"] for check in manifest["checks"]} == {"held"}
    assert manifest["left_for_a_person"] == []
    own = subprocess.run(
        [sys.executable, "-m", "unittest", "signals.tests.test_dispatcher"],
        cwd=result,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Ran 19 tests" in own.stderr and own.returncode == 0, own.stderr


def _lost(result, plan, package):
    """Definitions of which a loss is not noticed, of twenty taken out one at a time."""
    tree = FolderTree(result)
    modules = {m: p for m, p in modules_of(tree, [package]).items() if ".tests" not in m}
    resolver = Resolver(tree, modules)
    used = {
        (module, name)
        for module in sorted(modules)
        for unit in resolver.names(module).units
        if unit.kind in {"def", "class"} and modules[module] not in plan.overlay
        for name in unit.names
    }
    # What is named once is defined and never used.
    code = b"\n".join(tree.read(path) for path in modules.values()).decode()
    live = sorted((m, name) for m, name in used if len(re.findall(rf"\b{name}\b", code)) > 1)
    unnoticed = []
    for module, name in live[:: max(1, len(live) // 20)][:20]:
        path = result / modules[module]
        before = path.read_bytes()
        taken = drop_definitions.rewrite(before, names=frozenset([name]), report_used=False)
        path.write_bytes(taken.content)
        (done,) = run_checks(result, plan, ["imports"])
        path.write_bytes(before)
        if not any(name in finding for finding in done.findings):
            unnoticed.append(f"{module}:{name}")
    return unnoticed


# Two of the extractions run in every CI; docs/results/extractions.md has the others.
@pytest.mark.pypi
@pytest.mark.parametrize(
    ("source", "name", "tests"),
    [("scrapy==2.0.0", "itemloaders", 81), ("poetry==1.8.3", "vcs", 9)],
)
def test_a_library_leaves_and_every_definition_that_is_lost_is_noticed(
    tmp_path, capsys, source, name, tests
):
    plan = load_plan(str(PLANS / name))
    with pytest.raises(SystemExit) as ended:
        main(["run", f"pypi:{source}", str(tmp_path / "out"), "--plan", str(plan.folder)])
    assert ended.value.code == 0, capsys.readouterr().out
    result = tmp_path / "out" / name
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert {check["outcome"] for check in manifest["checks"]} == {"held"}
    assert {decision["outcome"] for decision in manifest["decisions"]} <= {"applied"}
    assert manifest["proposed"] == manifest["left_for_a_person"] == []
    (evidence,) = (c["evidence"] for c in manifest["checks"] if c["name"] == "tests_carried")
    assert evidence[0].startswith(f"{tests} tests")
    assert _lost(result, plan, name) == []
