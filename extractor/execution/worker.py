"""The other end of a unit's process: ``python -m extractor.execution.worker RESULT``.

The call comes on standard input as a line of JSON; RESULT gets ``{"value": ...}`` or
``{"error": ...}``, or ``{"machine": ...}`` when this machine is at fault. The process ends, and all
that it started with it, when its parent does.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from extractor.errors import MachineError, machine_error

# The exit code when not even the result could be written.
NO_ROOM = 75


def make_call(call: str, arguments: Mapping[str, Any]) -> Any:
    """What ``module:function`` returns for ``arguments``."""
    module, _, function = call.partition(":")
    return getattr(importlib.import_module(module), function)(**arguments)


def _end_with_parent() -> None:
    # Nobody writes a second line: this returns when the parent is gone.
    # Without a buffer, whose lock would end the interpreter's own ending.
    os.read(sys.stdin.fileno(), 1)
    os.killpg(0, signal.SIGKILL)


def main(result: Path) -> None:
    """Read one call, make it, write what came of it in one step."""
    asked = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        said = {"value": make_call(asked["call"], asked["arguments"])}
    except Exception as error:
        machines = error if isinstance(error, MachineError) else machine_error(error)
        if machines is not None:
            _write(result, {"machine": str(machines)})
            return
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(where.filename).name}:{where.lineno}"
        said = {"error": f"{type(error).__name__}: {error} ({place})"}
    _write(result, said)


def _write(result: Path, said: Mapping[str, Any]) -> None:
    draft = result.with_suffix(".draft")
    try:
        draft.write_text(json.dumps(said), encoding="utf-8")
        draft.replace(result)
    except OSError as error:
        print(error, file=sys.stderr)
        sys.exit(NO_ROOM)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
