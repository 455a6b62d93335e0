"""Other projects, other plans, the same engine."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from extractor.analysis.symbols import Resolver, modules_of
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


@pytest.mark.pypi
def test_scrapys_item_loaders_leave_and_every_definition_that_is_lost_is_noticed(tmp_path, capsys):
    plan = load_plan(str(PLANS / "itemloaders"))
    with pytest.raises(SystemExit) as ended:
        main(["run", "pypi:scrapy==2.0.0", str(tmp_path / "out"), "--plan", str(plan.folder)])
    assert ended.value.code == 0, capsys.readouterr().out
    result = tmp_path / "out" / "itemloaders"
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert {check["outcome"] for check in manifest["checks"]} == {"held"}
    assert manifest["proposed"] == manifest["left_for_a_person"] == []
    (evidence,) = (c["evidence"] for c in manifest["checks"] if c["name"] == "tests_carried")
    assert evidence[0].startswith("81 tests")
    tree = FolderTree(result)
    modules = {m: p for m, p in modules_of(tree, ["itemloaders"]).items() if ".tests" not in m}
    resolver = Resolver(tree, modules)
    live = [
        (module, name)
        for module in sorted(modules)
        for unit in resolver.names(module).units
        if unit.kind in {"def", "class"}
        for name in unit.names
    ]
    for module, name in live[:: len(live) // 20][:20]:
        path = result / modules[module]
        before = path.read_bytes()
        taken = drop_definitions.rewrite(before, names=frozenset([name]), report_used=False)
        path.write_bytes(taken.content)
        (done,) = run_checks(result, plan, ["imports"])
        path.write_bytes(before)
        assert any(name in finding for finding in done.findings), (module, name)
