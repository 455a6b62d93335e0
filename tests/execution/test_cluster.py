"""Units on a real cluster of this machine, of which a worker is killed in the middle."""

import os
import signal
import sys
import threading
import time

import pytest

from extractor.errors import UsageError
from extractor.execution.cluster import Cluster
from extractor.execution.unit import Unit

distributed = pytest.importorskip("distributed")


@pytest.fixture
def scheduler(monkeypatch, request):
    monkeypatch.setenv("PYTHONPATH", str(request.config.rootpath))
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        yield cluster


def unit(key, function, **arguments):
    return Unit(key, key, f"tests.execution.calls:{function}", arguments)


@pytest.mark.slow
def test_a_lost_workers_units_run_elsewhere(scheduler, tmp_path):
    units = [unit(str(n), "slowly", number=n) for n in range(8)]
    pids = [worker.process.pid for worker in scheduler.workers.values()]

    def kill_one():
        time.sleep(1)
        os.kill(pids[0], signal.SIGKILL)

    threading.Thread(target=kill_one).start()
    endings = {e.unit.key: e for e in Cluster(scheduler.scheduler_address).run(units)}
    assert {key: e.value for key, e in endings.items()} == {str(n): 2 * n for n in range(8)}


@pytest.mark.slow
def test_a_unit_whose_process_dies_is_named_and_stops_no_other(scheduler, tmp_path):
    units = [unit("a", "die", log=str(tmp_path / "log")), unit("b", "double", number=2)]
    endings = {e.unit.key: e for e in Cluster(scheduler.scheduler_address).run(units)}
    assert endings["a"].error == "its process ended with signal 9, 3 times"
    assert endings["b"].value == 4


def test_no_scheduler_is_a_sentence(monkeypatch):
    monkeypatch.setattr("extractor.execution.cluster._SECONDS_TO_CONNECT", "0.2s")
    with pytest.raises(UsageError, match="no scheduler answers at"):
        Cluster("tcp://127.0.0.1:9")


def test_without_the_extra_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match="extra 'cluster'"):
        Cluster("tcp://127.0.0.1:9")
