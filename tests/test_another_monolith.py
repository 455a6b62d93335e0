"""Another project, another plan, the same engine: Django's signals, with their tests."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from extractor.cli import main

PLAN = Path(__file__).parent / "plans" / "signals"


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
