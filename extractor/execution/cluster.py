"""Units on the workers of a Dask cluster; each worker gives every unit a process of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from extractor.errors import UsageError
from extractor.execution.processes import Processes
from extractor.execution.unit import Ending, Unit
from extractor.scratch import workspace

_SECONDS_TO_CONNECT = "20s"


class Cluster:
    """The cluster whose scheduler listens at ``address``, as ``tcp://host:8786``.

    ``UsageError`` when the extra ``cluster`` is not installed or nobody answers.
    """

    def __init__(self, address: str) -> None:
        try:
            import distributed
        except ImportError:
            raise UsageError(
                "--scheduler needs Dask's distributed: install the package with its extra 'cluster'"
            ) from None
        try:
            dask: Any = distributed
            self._client = dask.Client(address, timeout=_SECONDS_TO_CONNECT, set_as_default=False)
        except (OSError, ValueError) as error:
            raise UsageError(f"no scheduler answers at {address}: {error}") from None

    def run(self, units: Sequence[Unit]) -> Iterator[Ending]:
        """Each unit's ending. A lost worker's units run on another; Dask counts the losses."""
        import distributed

        dask: Any = distributed
        # Dask would hand out an older value of the same key.
        futures = {
            self._client.submit(carry_out, unit, key=f"extractor-{unit.key}", pure=False): unit
            for unit in units
        }
        try:
            for future in dask.as_completed(list(futures), loop=self._client.loop):
                yield self._ending(futures[future], future)
        finally:
            self._client.cancel(list(futures))

    def _ending(self, unit: Unit, future: Any) -> Ending:
        error = future.exception()
        if error is None:
            ending: Ending = future.result()
            return ending
        if type(error).__name__ == "KilledWorker":
            return Ending(unit, error="every worker that tried it was lost")
        return Ending(unit, error=f"{type(error).__name__}: {error}")


def carry_out(unit: Unit) -> Ending:
    """What a worker does with a unit: the same as this machine would."""
    with workspace() as scratch:
        return Processes(1).carry_out(unit, scratch / "unit")
