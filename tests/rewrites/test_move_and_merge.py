"""Definitions move under new names, modules are merged, and an interpreter is asked about it."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from extractor.cli import cli
from extractor.errors import ExitCode

PRICES = '''\
"""Prices."""

import json
from functools import singledispatch
from typing import overload

__all__ = ["Price", "show"]


class Price:
    pass


@singledispatch
def show(x):
    return json.dumps(x)


@show.register
def _(x: int):
    return "int"


@show.register(Price)
def _price(x):
    return "price"


@overload
def same(x: int) -> int: ...
@overload
def same(x: str) -> str: ...
def same(x):
    return x


if json:

    def chosen():
        return 1
else:

    def chosen():
        return 2
'''
TILL = """\
from shop import prices
from shop.prices import Price, same


class Dear(Price):
    pass


def run():
    return same(1), prices.show(Dear()), prices.show(3), prices.chosen()
"""
USE = "from shop.till import run, Dear\nfrom shop import prices\nprint(run(), prices.same('x'))\n"
SAID = "(1, 'price', 'int', 1) x\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "shop").mkdir()
    files = {"shop/__init__.py": "", "shop/prices.py": PRICES, "shop/till.py": TILL, "use.py": USE}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rewrite(name, *words):
    arguments = ["rewrite", name, ".", *words, "--write"]
    return CliRunner().invoke(cli, arguments, standalone_mode=False)


def said(project):
    words = [sys.executable, "-B", "use.py"]
    done = subprocess.run(words, cwd=project, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_two_modules_are_merged(project):
    both = ["--symbol", "shop.prices:*=shop.all:*", "--symbol", "shop.till:*=shop.all:*"]
    result = rewrite("move_definitions", *both)
    assert result.return_value == ExitCode.DONE, result.output
    assert said(project) == SAID
    merged = (project / "shop/all.py").read_text()
    assert merged.count("class ") == 2 and "shop" not in merged
    assert rewrite("move_definitions", *both).return_value == ExitCode.NOTHING_TO_DO


def test_two_modules_that_define_one_name_are_not_merged(project):
    (project / "shop/till.py").write_text(TILL + "\n\ndef chosen():\n    return 3\n")
    before = (project / "shop/till.py").read_text()
    both = ["--symbol", "shop.prices:*=shop.all:*", "--symbol", "shop.till:*=shop.all:*"]
    error = rewrite("move_definitions", *both).exception
    assert error is not None and error.exit_code == ExitCode.DID_NOT_HOLD
    assert "chosen" in str(error)
    assert (project / "shop/till.py").read_text() == before


def test_what_moves_gets_another_name(project):
    words = ["shop.prices:show=shop.views:display", "shop.prices:same=shop.till:equal"]
    result = rewrite("move_definitions", *(w for word in words for w in ("--symbol", word)))
    assert result.return_value == ExitCode.DONE, result.output
    assert said(project) == SAID
    views = (project / "shop/views.py").read_text()
    assert "def display(" in views and views.count("@display.register") == 2
    till = (project / "shop/till.py").read_text()
    assert till.count("def equal(") == 3 and "return equal(1)" in till and "same" not in till
    assert '__all__ = ["Price"]' in (project / "shop/prices.py").read_text()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("move_definitions", ["--symbol", "shop.prices:show=shop.views:del"]),
        ("move_definitions", ["--symbol", "shop.prices:show=shop.views:*"]),
        ("move_definitions", ["--symbol", "shop.prices:show=shop.prices:display"]),
        ("move_definitions", ["--symbol", "shop.till:Dear.x=shop.views:x"]),
        ("rename_references", ["--symbol", "shop.till:Dear.x=shop.till:Dear.y"]),
        (
            "rename_references",
            [
                *["--module", "shop.till=shop.all", "--module", "shop.prices=shop.all"],
                "--move-files",
            ],
        ),
    ],
)
def test_what_cannot_be_meant_is_said(project, name, words):
    error = rewrite(name, *words).exception
    assert error is not None and error.exit_code == ExitCode.USAGE
    assert (project / "shop/till.py").read_text() == TILL


def test_an_interpreter_imports_before_and_after(project):
    (project / "shop/prices.py").write_text(PRICES + "\n\nassert 'prices' in __name__\n")
    move = ["--module", "shop.prices=shop.costs", "--move-files"]
    result = rewrite("rename_references", *move, "--python", sys.executable)
    assert result.return_value == ExitCode.DID_NOT_HOLD
    assert "shop.costs can no longer be imported: AssertionError" in result.output
    assert (project / "shop/prices.py").exists()


def test_an_interpreter_that_imports_all_lets_it_be_written(project):
    (project / "shop/broken.py").write_text("from shop import till, nothing\n")
    move = ["--module", "shop.till=shop.desk", "--move-files"]
    result = rewrite("rename_references", *move, "--python", sys.executable)
    assert result.return_value == ExitCode.DONE, result.output
    assert (
        "shop.broken cannot be imported before the change, so nothing was compared" in result.output
    )
    assert said(project) == SAID
