"""What is kept in the cache: done without where it is broken or cannot be written."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from extractor.files import replace_file

_T = TypeVar("_T")


def read_kept(path: Path, read: Callable[[str], _T]) -> _T | None:
    """What ``read`` makes of the file's text; ``None`` where it is not there or makes no sense."""
    with contextlib.suppress(
        OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError
    ):
        # A pipe would never answer.
        if path.is_file():
            return read(path.read_text(encoding="utf-8"))
    return None


def keep(path: Path, content: bytes) -> None:
    """Write the file for later runs; where that cannot be done they take longer."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, content)
