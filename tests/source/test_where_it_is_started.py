"""Files of the folder that a user stands in are never run, whatever they are called."""

import os
import subprocess
import sys

from extractor.verification.laboratory.environment import ask

TRAP = "from pathlib import Path\nPath(__file__).with_name('ran').touch()\n"
NAMES = ("enum", "json", "pip", "re", "sysconfig", "venv", "platform")


def test_neither_an_interpreter_nor_pip_is_asked_with_them(tmp_path, monkeypatch):
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text(TRAP)
    monkeypatch.chdir(tmp_path)
    assert ask(sys.executable) is not None
    text = "from extractor.source.package_index import pip_settings; print(pip_settings())"
    path = os.pathsep.join(p for p in sys.path if p)
    subprocess.run(
        [sys.executable, "-P", "-c", text], check=True, env={**os.environ, "PYTHONPATH": path}
    )
    assert not (tmp_path / "ran").exists()


def test_the_trap_works(tmp_path):
    (tmp_path / "pip.py").write_text(TRAP)
    subprocess.run([sys.executable, "-m", "pip", "--version"], cwd=tmp_path, capture_output=True)
    assert (tmp_path / "ran").exists()
