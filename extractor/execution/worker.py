"""The other end of a unit's process: ``python -m extractor.execution.worker RESULT``.

The call comes on standard input as a line of JSON; RESULT gets ``{"value": ...}`` or
``{"error": ...}``. The process ends, and all that it started with it, when its parent does.
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


def make_call(call: str, arguments: Mapping[str, Any]) -> Any:
    """What ``module:function`` returns for ``arguments``."""
    module, _, function = call.partition(":")
    return getattr(importlib.import_module(module), function)(**arguments)


def _end_with_parent() -> None:
    # Nobody writes a second line: this returns when the parent is gone.
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)


def main(result: Path) -> None:
    """Read one call, make it, write what came of it in one step."""
    asked = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        said = {"value": make_call(asked["call"], asked["arguments"])}
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(where.filename).name}:{where.lineno}"
        said = {"error": f"{type(error).__name__}: {error} ({place})"}
    draft = result.with_suffix(".draft")
    draft.write_text(json.dumps(said), encoding="utf-8")
    draft.replace(result)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
