"""Units in processes of this machine: one process a unit, a few of them at a time."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from extractor.errors import MachineError
from extractor.execution.unit import Ending, Unit
from extractor.execution.worker import NO_ROOM
from extractor.scratch import workspace

_TRIES = 3
# What one unit may need, in bytes: a large repository's history with its rewrites.
_MEMORY_OF_A_UNIT = 1 << 30


def sensible_count() -> int:
    """How many units fit into this machine's processors and memory."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
    except (ValueError, OSError):
        return processors
    return max(1, min(processors, memory // _MEMORY_OF_A_UNIT))


class Processes:
    """``count`` units at a time; a process that dies is started again, three times in all."""

    def __init__(self, count: int | None = None) -> None:
        self.count = count or sensible_count()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = threading.Event()

    def run(self, units: Sequence[Unit]) -> Iterator[Ending]:
        """Each unit's ending; leaving the iterator early ends the processes.

        What this machine refuses, as room on its disk, ends the run: it says nothing of a unit.
        """
        waiting: queue.SimpleQueue[Unit] = queue.SimpleQueue()
        for unit in units:
            waiting.put(unit)
        ended: queue.SimpleQueue[Ending | Exception] = queue.SimpleQueue()
        with workspace() as scratch:
            threads = [
                threading.Thread(target=self._work, args=(waiting, ended, scratch / str(number)))
                for number in range(min(self.count, len(units)))
            ]
            for thread in threads:
                thread.start()
            try:
                for _ in units:
                    ending = ended.get()
                    if isinstance(ending, Exception):
                        raise ending
                    yield ending
            finally:
                self._stop(threads)

    def _work(
        self,
        waiting: queue.SimpleQueue[Unit],
        ended: queue.SimpleQueue[Ending | Exception],
        scratch: Path,
    ) -> None:
        while not self._stopped.is_set():
            try:
                unit = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                ended.put(self.carry_out(unit, scratch))
            except Exception as error:
                # Whoever waits for this unit must not wait for ever.
                ended.put(error)
                return

    def carry_out(self, unit: Unit, scratch: Path) -> Ending:
        """One unit in a process of its own; ``scratch`` is a folder for it alone."""
        scratch.mkdir(parents=True, exist_ok=True)
        result = scratch / "result.json"
        for count in range(1, _TRIES + 1):
            result.unlink(missing_ok=True)
            started = time.monotonic()
            code = self._process(unit, result)
            seconds = time.monotonic() - started
            if result.is_file():
                said = json.loads(result.read_bytes())
                if "machine" in said:
                    raise MachineError(said["machine"])
                return Ending(unit, said.get("value"), said.get("error", ""), count, seconds)
            if code == NO_ROOM:
                raise MachineError(f"a process could not write down its result: {_last(result)}")
            if self._stopped.is_set():
                break
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return Ending(
            unit, error=f"its process ended with {how}, {count} times", tries=count, seconds=seconds
        )

    def _process(self, unit: Unit, result: Path) -> int:
        command = [sys.executable, "-P", "-m", "extractor.execution.worker", str(result)]
        with (result.parent / "said.txt").open("wb") as said:
            # A group of its own: what it starts ends with it.
            child = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=said, stderr=said, start_new_session=True
            )
        self._running.add(child)
        assert child.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            call = {"call": unit.call, "arguments": dict(unit.arguments)}
            child.stdin.write(json.dumps(call).encode() + b"\n")
            child.stdin.flush()
        code = child.wait()
        with contextlib.suppress(BrokenPipeError):
            child.stdin.close()
        self._running.discard(child)
        return code

    def _stop(self, threads: Sequence[threading.Thread]) -> None:
        self._stopped.set()
        for child in list(self._running):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
        for thread in threads:
            thread.join()
        self._stopped.clear()


def _last(result: Path) -> str:
    """The last line that the process of ``result`` said."""
    said = (result.parent / "said.txt").read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line.strip() for line in reversed(said) if line.strip()), "it does not say why")
