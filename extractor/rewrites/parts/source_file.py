"""What every rewrite is given, and how much a person has to look at what it made."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from extractor.rewrites.parts.source_text import PLAIN, Style


class Review(enum.Enum):
    """How much of a rewrite's result a person has to read."""

    READ = "read the diff"
    DECIDE = "read the diff and the code around it: it takes something away"


@dataclass(frozen=True)
class SourceFile:
    """One file: its path, its bytes, the dotted names it had and has, and how it is written.

    ``module`` is the name under which the text was written, ``new_module`` the one it has now (the
    same by default); so with ``is_package`` and ``new_is_package``. ``formerly`` is the module
    whose names the text had for its own (``module`` by default).
    """

    path: str
    content: bytes
    module: str = ""
    is_package: bool = False
    new_module: str | None = None
    style: Style = PLAIN
    new_is_package: bool | None = None
    formerly: str | None = None
