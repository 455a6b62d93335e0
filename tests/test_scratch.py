"""Workspaces of the living stay, those of the dead go."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from extractor import scratch
from extractor.scratch import for_children, locked_folder, remove_leftovers, workspace


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_lasts_as_long_as_the_block(temporary):
    with workspace() as folder:
        assert names(folder) == []
        (folder / "file").write_text("x")
        assert folder.is_relative_to(temporary)
    assert names(temporary) == []


def test_is_private(temporary):
    with workspace() as folder:
        assert folder.parent.stat().st_mode & 0o077 == 0


def test_removed_when_the_work_fails(temporary):
    with pytest.raises(ValueError, match="oops"), workspace():
        raise ValueError("oops")
    assert names(temporary) == []


def test_a_killed_runs_is_removed_by_the_next_and_a_living_ones_is_not(temporary):
    script = (
        "import time\n"
        "from extractor.scratch import workspace\n"
        "with workspace() as folder:\n"
        "    (folder / 'file').write_text('x')\n"
        "    print(folder.parent.name, flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(temporary)},
    ) as process:
        theirs = process.stdout.readline().strip()
        with workspace() as folder:
            assert set(names(temporary)) == {theirs, folder.parent.name}
        assert names(temporary) == [theirs]
        process.send_signal(signal.SIGKILL)
    assert names(temporary) == [theirs]
    with workspace() as folder:
        assert names(temporary) == [folder.parent.name]


def test_what_is_not_ours_stays(temporary):
    (temporary / "p-link").symlink_to(temporary)
    (temporary / "p-file").write_text("")
    (temporary / "p-folder").mkdir()
    (temporary / "p-folder" / "file").write_text("")
    assert not remove_leftovers(temporary, "p-")
    assert names(temporary) == ["p-file", "p-folder", "p-link"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_another_users_stays(temporary):
    (temporary / "p-theirs").mkdir()
    os.chown(temporary / "p-theirs", 65534, 65534)
    remove_leftovers(temporary, "p-")
    assert names(temporary) == ["p-theirs"]


def test_prefix_is_taken_literally(temporary):
    (temporary / ".a[b]*-x").mkdir()
    (temporary / ".ab-x").mkdir()
    remove_leftovers(temporary, ".a[b]*-")
    assert names(temporary) == [".ab-x"]


def test_in_use_is_told(temporary):
    with locked_folder(temporary, "p-"):
        assert remove_leftovers(temporary, "p-")
    assert not remove_leftovers(temporary, "p-")


def test_what_could_not_be_removed_the_next_run_removes(temporary, monkeypatch):
    def fails(path, ignore_errors):
        assert ignore_errors

    with monkeypatch.context() as patched:
        with workspace() as folder:
            (folder / "big").write_text("x")
            patched.setattr("shutil.rmtree", fails)
        assert names(folder.parent) == ["content", "lock"]
    with workspace() as other:
        assert names(temporary) == [other.parent.name]


def test_what_programs_leave_goes_away_with_the_oldest_workspace(monkeypatch):
    # Fixtures of other tests may hold one.
    monkeypatch.setattr(scratch, "_OPEN", [])
    assert for_children() == {}
    with workspace() as outer:
        with workspace():
            variables = os.environ | for_children()
            left = subprocess.check_output(["mktemp", "-d"], env=variables, text=True).strip()
            assert Path(left).is_relative_to(outer)
        assert Path(left).is_dir()
    assert not Path(left).exists()
    assert for_children() == {}
