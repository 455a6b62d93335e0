"""Units in processes: values, errors, deaths, and what is kept."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from extractor.errors import MachineError
from extractor.execution.kept import Kept, run_units
from extractor.execution.processes import Processes
from extractor.execution.unit import Unit
from extractor.execution.worker import NO_ROOM

HERE = "tests.execution.calls"


@pytest.fixture(autouse=True)
def on_the_path(monkeypatch, request):
    monkeypatch.setenv("PYTHONPATH", str(request.config.rootpath))


def unit(key, function, **arguments):
    return Unit(key, key, f"{HERE}:{function}", arguments)


def by_key(endings):
    return {ending.unit.key: ending for ending in endings}


def test_no_unit_needs_no_process():
    assert list(Processes(2).run([])) == []


def test_values_come_back_and_one_failure_stops_no_other():
    endings = by_key(
        Processes(2).run(
            [unit("a", "double", number=2), unit("b", "fail"), unit("c", "double", number=5)]
        )
    )
    assert endings["a"].value == 4
    assert endings["c"].value == 10
    assert endings["b"].error.startswith("ValueError: no such thing (calls.py:")
    assert endings["b"].tries == 1


def test_a_process_that_dies_is_tried_three_times_and_named(tmp_path):
    (ending,) = Processes(1).run([unit("a", "die", log=str(tmp_path / "log"))])
    assert ending.error == "its process ended with signal 9, 3 times"
    assert (tmp_path / "log").read_text() == "xxx"


def test_what_died_once_is_done_at_the_second_try(tmp_path):
    (ending,) = Processes(1).run([unit("a", "die", log=str(tmp_path / "log"), until=1)])
    assert (ending.value, ending.tries, ending.error) == ("alive", 2, "")


@pytest.mark.parametrize("count", [1, 2])
def test_a_full_disk_ends_the_run_and_says_nothing_of_a_unit(tmp_path, count):
    kept = Kept(tmp_path / "kept")
    units = [unit("a", "full"), unit("b", "full"), unit("c", "full")]
    with pytest.raises(MachineError, match="No space left"):
        list(run_units(units, Processes(count), kept))
    assert [kept.get(key) for key in "abc"] == [None] * 3


def test_a_unit_that_cannot_even_be_started_ends_the_run(monkeypatch):
    def full(self, unit, result):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Processes, "_process", full)
    with pytest.raises(OSError, match="No space left"):
        list(Processes(2).run([unit("a", "double", number=1), unit("b", "double", number=2)]))


def test_a_result_that_cannot_be_written_ends_the_run(tmp_path):
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)); {WORKER}"
    child = subprocess.Popen(
        [sys.executable, "-c", limited, str(tmp_path / "result.json")],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # It ends its group when nobody is there any more to ask.
        start_new_session=True,
    )
    with child:
        child.stdin.write(json.dumps({"call": f"{HERE}:double", "arguments": {"number": 1}}))
        child.stdin.write("\n")
        child.stdin.flush()
        assert "File too large" in child.stderr.read()
    assert child.returncode == NO_ROOM


WORKER = "import sys, pathlib; from extractor.execution.worker import main; " + (
    "main(pathlib.Path(sys.argv[1]))"
)


def test_a_value_that_is_kept_is_not_worked_out_again(tmp_path):
    kept = Kept(tmp_path / "kept")
    log = tmp_path / "log"
    units = [unit("a", "note", log=str(log)), unit("b", "fail")]
    first = by_key(run_units(units, Processes(1), kept))
    again = by_key(run_units(units, Processes(1), kept))
    assert first["a"].value == again["a"].value == "noted"
    assert log.read_text() == "x"
    # An error is tried again.
    assert again["b"].error


def test_a_file_that_was_cut_off_is_no_value(tmp_path):
    kept = Kept(tmp_path)
    (tmp_path / "a.json").write_text('{"val')
    assert kept.get("a") is None


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_units_end_with_the_run(tmp_path, how):
    text = (
        # A shell starts what runs in the background deaf to Ctrl-C.
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from extractor.execution.processes import Processes\n"
        "from extractor.execution.unit import Unit\n"
        f"arguments = {{'log': {str(tmp_path / 'pid')!r}}}\n"
        f"list(Processes(1).run([Unit('a', 'a', '{HERE}:sleep', arguments)]))"
    )
    run = subprocess.Popen([sys.executable, "-c", text], stderr=subprocess.DEVNULL)
    pids = wait_for(lambda: (tmp_path / "pid").read_text().split())
    run.send_signal(how)
    run.wait(20)
    # The worker, and the process that the worker had started.
    wait_for(lambda: not any(is_alive(int(pid)) for pid in pids))


def wait_for(question):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            if answer := question():
                return answer
        except OSError:
            pass
        time.sleep(0.05)
    raise AssertionError("not within 20 seconds")


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A zombie that nobody has reaped yet runs no more.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
