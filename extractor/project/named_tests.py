"""What the name of a module says about tests, where there are no files to look at."""

from __future__ import annotations

from extractor.project.conventions.pytest import CONFTEST
from extractor.project.conventions.unittest import HELPERS

_WORDS = {*HELPERS, CONFTEST}


def is_test(module: str) -> bool:
    """Whether a module is a test or serves tests, by its name."""
    parts = module.split(".")
    return not _WORDS.isdisjoint(parts) or parts[-1].startswith("test_")
