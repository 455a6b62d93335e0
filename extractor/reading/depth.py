"""Room for readers that call themselves: Python runs sums of more terms than they could."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

FRAMES = 40_000  # some ten for each of the terms that CPython's parser accepts in a row


@contextlib.contextmanager
def deep() -> Iterator[None]:
    """Let Python code recurse deeper; since 3.11 its frames take nothing of the C stack."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
