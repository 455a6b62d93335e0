"""Where a relative import leads: one rule, and those that have to repeat it say the same."""

from __future__ import annotations

import importlib.util
import itertools

import pytest
from extractor_contracts import names_used

from extractor.project.relative import absolute
from extractor.resolution.modules import Modules

MODULES = [("a", True), ("a", False), ("a.b", True), ("a.b", False), ("a.b.c", False)]
ASKED = list(itertools.product(MODULES, range(5), [None, "x", "x.y"]))


@pytest.mark.parametrize(("module", "level", "target"), ASKED)
def test_python_says_the_same(module, level, target):
    name, is_package = module
    package = name if is_package else name.rpartition(".")[0]
    try:
        expected = importlib.util.resolve_name("." * level + (target or ""), package)
    except ImportError:
        expected = "." * level + (target or "")
    assert absolute(name, is_package, level, target) == expected


@pytest.mark.parametrize(("module", "level", "target"), ASKED)
def test_contracts_say_the_same(module, level, target):
    assert names_used.absolute(*module, level, target) == absolute(*module, level, target)


def test_an_import_from_above_the_top_is_of_no_module():
    assert names_used.absolute("a.b", False, 3, "x") == "...x"
    modules = Modules({"a.b": "a/b.py", "a": "a/__init__.py"}, {}.__getitem__)
    assert modules.absolute("a.b", "x", 3) is None
    assert modules.absolute("a.b", "x", 1) == "a.x"
    assert modules.absolute("a", "x", 1) == "a.x"
