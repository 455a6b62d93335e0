"""Plain import statements are edited without LibCST, to what LibCST would make of them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from extractor.rewrites.parts.import_statements import Import, edit_import, edit_star
from extractor.rewrites.parts.statement_layout import edit_in_layout, edit_star_in_layout

A, B = Import("new.home", "a", "a"), Import("new.home", "b", "c")


@pytest.mark.parametrize(
    ("statement", "wanted"),
    [
        ("from old import a", [A]),
        ("from old import a, b as c", [A, B]),
        ("from old import a, b as c", [None, B]),
        ("from old import a, b as c", [A, None]),
        ("from old import a as a", [A]),
        ("from . import a", [A]),
        ("from .. import a", [Import("..", "a", "a")]),
        ("from ..old import a, b", [Import("..old", "a", "a"), None]),
        ("import old.a", [Import("new.a", None, "new")]),
        ("import old.a as x, os", [Import("new.a", None, "x"), Import("os", None, "os")]),
        ("import os, old as x", [None, Import("new.a", None, "x")]),
        ("from old  import a", [A]),
        ("from old import (a)  # why", [A]),
    ],
)
def test_both_ways_say_the_same(statement: str, wanted: list[Import | None]) -> None:
    assert edit_import(statement, wanted) == edit_in_layout(statement, wanted).rstrip("\n")


@pytest.mark.parametrize(
    "statement", ["from old import *", "from .old import *", "from old  import *"]
)
def test_both_ways_say_the_same_of_stars(statement: str) -> None:
    assert edit_star(statement, "a.b") == edit_star_in_layout(statement, "a.b").rstrip("\n")


def test_a_rewrite_of_plain_imports_does_not_load_libcst() -> None:
    code = (
        "import sys\n"
        "from extractor.rewrites import rename_references as r\n"
        "renames = r.Renames({'old.a': 'new.a'})\n"
        "done = r.rewrite(b'from old import a\\na.x\\n', module='m', is_package=False,"
        " renames=renames)\n"
        "assert done.content == b'from new import a\\na.x\\n', done\n"
        "assert 'libcst' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
