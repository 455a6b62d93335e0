"""Files are written all or none, whatever happens on the way."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from extractor.errors import UsageError
from extractor.in_place import write
from extractor.in_place.change import Change
from extractor.outcome import Rewritten, Unchanged


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path_factory):
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path_factory.mktemp("cache")))


def changed(path, text):
    return Change(path, path.read_bytes() if path.exists() else None, Rewritten(text.encode()))


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def folder(tmp_path):
    for name in ("a.py", "b.py", "pkg/c.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"old {name}")
    return tmp_path


def test_nothing(folder):
    before = contents(folder)
    write.write_all([], folder)
    assert contents(folder) == before


def test_changes_new_files_and_moves(folder):
    (folder / "a.py").chmod(0o755)
    move = Change(folder / "pkg/c.py", b"old pkg/c.py", Unchanged(), folder / "new/deep/c.py")
    write.write_all([changed(folder / "a.py", "1"), changed(folder / "d.py", "2"), move], folder)
    assert contents(folder) == {
        "a.py": "1",
        "b.py": "old b.py",
        "d.py": "2",
        "new/deep/c.py": "old pkg/c.py",
    }
    assert (folder / "a.py").stat().st_mode & 0o777 == 0o755
    assert not (folder / "pkg").exists()


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("number", range(4))
def test_a_failure_on_the_way_leaves_everything_as_it_was(folder, monkeypatch, number, error):
    before = contents(folder)
    real = Path.replace
    calls = []

    def replace(self, target):
        calls.append(target)
        if len(calls) == number + 1:
            raise error
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    move = Change(folder / "pkg/c.py", b"old pkg/c.py", Unchanged(), folder / "new/c.py")
    changes = [changed(folder / "a.py", "1"), changed(folder / "d.py", "2"), move]
    with pytest.raises(type(error)):
        write.write_all(changes, folder)
    assert contents(folder) == before
    assert not (folder / "new").exists()


def test_a_failure_before_leaves_no_file(folder, monkeypatch):
    before = contents(folder)
    monkeypatch.setattr(os, "fsync", lambda number: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(OSError, match="full"):
        write.write_all([changed(folder / "a.py", "1")], folder)
    assert contents(folder) == before


def test_a_place_that_is_taken_is_refused(folder):
    before = contents(folder)
    move = Change(folder / "a.py", b"", Unchanged(), folder / "b.py")
    with pytest.raises(UsageError, match="exists already"):
        write.write_all([move], folder)
    assert contents(folder) == before


KILLED = """
import os, signal, sys
from pathlib import Path
from extractor.in_place import write
from extractor.in_place.change import Change
from extractor.outcome import Rewritten
folder, moment = Path(sys.argv[1]), int(sys.argv[2])
real, calls = Path.replace, []
def replace(self, target):
    calls.append(target)
    if len(calls) == moment:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(self, target)
Path.replace = replace
names = ["a.py", "b.py"]
changes = [Change(folder / n, (folder / n).read_bytes(), Rewritten(b"new")) for n in names]
write.write_all(changes, folder)
"""


@pytest.mark.parametrize(("moment", "text"), [(1, "old"), (2, "new"), (3, "new")])
def test_what_a_killed_process_began_is_ended_or_cleared_away(folder, moment, text):
    # The first rename puts the list there; from then on everything is at hand.
    done = subprocess.run([sys.executable, "-c", KILLED, folder, str(moment)], check=False)
    assert done.returncode == -9
    write.complete_interrupted(folder)
    after = contents(folder)
    assert after.keys() == {"a.py", "b.py", "pkg/c.py"}
    assert after["a.py"].startswith(text) and after["b.py"].startswith(text)


BUSY = """
import fcntl, os, sys
lock = os.open(sys.argv[1], os.O_RDONLY)
fcntl.flock(lock, fcntl.LOCK_EX)
print("locked", flush=True)
sys.stdin.read()
"""


def test_another_process_that_writes_is_waited_for(folder):
    (folder / ".extractor-x").mkdir()
    busy = subprocess.Popen(
        [sys.executable, "-c", BUSY, folder / ".extractor-x"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with busy:
        busy.stdout.readline()
        with pytest.raises(UsageError, match="wait"):
            write.write_all([changed(folder / "a.py", "1")], folder)
    assert (folder / "a.py").read_text() == "old a.py"
    # It is gone, and its folder is a leftover.
    write.write_all([changed(folder / "a.py", "1")], folder)
    assert contents(folder)["a.py"] == "1"
    assert not (folder / ".extractor-x").exists()


@pytest.fixture
def strangers_list(folder, tmp_path_factory):
    """A project that comes with a list as a killed run leaves it, and what it is after."""
    precious = tmp_path_factory.mktemp("precious") / "key"
    precious.write_text("secret")
    left = folder / ".extractor-1-x"
    left.mkdir()
    (left / "0").write_text("ours now")

    def made(text=None, **more):
        steps = [[str(left / "0"), str(precious), str(folder / "a.py")]]
        said = json.dumps({"steps": steps, **more}) if text is None else text
        (left / "list.json").write_text(said)
        return precious

    return made


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"signature": ""},
        {"signature": None},
        {"signature": "0" * 64},
        {"text": "[["},
        {"text": "[" * 100_000},
        {"text": "[]"},
        {"text": "{}"},
        {"text": '{"steps": [1], "signature": "x"}'},
    ],
)
def test_a_list_that_came_with_the_project_is_not_followed(folder, strangers_list, more):
    precious = strangers_list(**more)
    before = contents(folder)
    with pytest.raises(UsageError, match="not signed by a run of yours"):
        write.write_all([changed(folder / "a.py", "1")], folder)
    assert precious.read_text() == "secret"
    assert contents(folder) == before


def test_a_list_of_ours_is_not_followed_in_another_place(folder, tmp_path_factory):
    done = subprocess.run([sys.executable, "-c", KILLED, folder, "2"], check=False)
    assert done.returncode == -9
    copy = tmp_path_factory.mktemp("copies") / "copy"
    shutil.copytree(folder, copy)
    with pytest.raises(UsageError, match="not signed"):
        write.complete_interrupted(copy)
    assert (folder / "a.py").read_text() == "old a.py"


def test_a_folder_of_somebody_elses_stays(folder):
    (folder / ".extractor-notes").mkdir()
    (folder / ".extractor-notes/mine").write_text("mine")
    (folder / ".extractor-99999999999999999999-x").write_text("no folder")
    write.write_all([changed(folder / "a.py", "1")], folder)
    assert contents(folder)[".extractor-notes/mine"] == "mine"
    assert contents(folder)["a.py"] == "1"


def test_without_a_place_for_the_key_it_is_written_all_the_same(folder, monkeypatch):
    monkeypatch.setenv("EXTRACTOR_CACHE", "/dev/null/nowhere")
    write.write_all([changed(folder / "a.py", "1")], folder)
    assert contents(folder)["a.py"] == "1"
    done = subprocess.run([sys.executable, "-c", KILLED, folder, "2"], check=False)
    assert done.returncode == -9
    with pytest.raises(UsageError, match="not signed"):
        write.complete_interrupted(folder)
