"""A sweep on a cluster of this machine, of which a worker is killed in the middle."""

import os
import signal
import threading
import time

import pytest

from extractor.execution.cluster import Cluster
from extractor.execution.processes import Processes
from tests.sweep.test_sweeping import line, shop, sweeper

__all__ = ["line", "shop"]
distributed = pytest.importorskip("distributed")


def without_times(sweep):
    told = sweep.model_dump()
    for seen in told["observations"]:
        del seen["seconds"], seen["cpu_seconds"]
    return told


@pytest.mark.slow
def test_the_table_is_the_same_though_a_worker_is_lost(shop, line, tmp_path, monkeypatch, request):
    monkeypatch.setenv("PYTHONPATH", str(request.config.rootpath))
    points = line.every(2)
    here = sweeper(shop, tmp_path / "here", Processes(2)).sweep("shop", points)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        pids = [worker.process.pid for worker in cluster.workers.values()]
        killed = threading.Event()

        def kill_one():
            time.sleep(1)
            os.kill(pids[0], signal.SIGKILL)
            killed.set()

        threading.Thread(target=kill_one).start()
        there = sweeper(shop, tmp_path / "there", Cluster(cluster.scheduler_address)).sweep(
            "shop", points
        )
    assert killed.is_set()
    assert without_times(there) == without_times(here)
    assert {str(seen.state) for seen in there.observations} >= {"held", "did not hold"}
