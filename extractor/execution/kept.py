"""What units came to, one file each, so that nothing is worked out twice."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from extractor.execution.unit import Ending, Executor, Unit


class Kept:
    """The values of finished units in ``folder``, by key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: str) -> Any | None:
        """The value kept under ``key``; None when there is none that can be read."""
        try:
            return json.loads((self.folder / f"{key}.json").read_bytes())
        except (OSError, ValueError, RecursionError):
            return None

    def put(self, key: str, value: Any) -> None:
        """Keep ``value``, whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = self.folder / f".{key}.{os.getpid()}"
        draft.write_text(json.dumps(value, indent=1, sort_keys=True), encoding="utf-8")
        draft.replace(self.folder / f"{key}.json")


def run_units(units: Sequence[Unit], executor: Executor, kept: Kept) -> Iterator[Ending]:
    """The ending of each unit: those that are kept first, the others as they end.

    An error is not kept: the next run tries the unit again.
    """
    waiting = []
    for unit in units:
        value = kept.get(unit.key)
        if value is None:
            waiting.append(unit)
        else:
            yield Ending(unit, value)
    if not waiting:
        return
    for ending in executor.run(waiting):
        if not ending.error:
            kept.put(ending.unit.key, ending.value)
        yield ending
