"""A name is renamed where it is defined and wherever it is used, and what is public stays."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from extractor.cli import cli
from extractor.errors import ExitCode
from extractor.rewrites import rename_references
from extractor.rewrites.parts.renames import Renames
from extractor.rewrites.parts.source_text import Style

TILL = """\
__all__ = ["sell", "LIMIT"]
LIMIT = 3


def sell(count=1):
    global LIMIT
    LIMIT += 1
    return f"{sell.__name__[:0]}{LIMIT}"


def other(sell):
    return sell, [LIMIT for LIMIT in "ab"]


class Till:
    sell = sell

    def run(self) -> "list[LIMIT]":
        return self.sell, sell(), LIMIT
"""
USES = {
    "a name": "from shop.till import sell\nprint(sell())\n",
    "under another name": "from shop.till import sell as s\nprint(s())\n",
    "a module": "from shop import till\nprint(till.sell(), till.LIMIT)\n",
    "a full name": "import shop.till\nprint(shop.till.sell())\n",
    "a star": "from shop.till import *\nprint(sell(), LIMIT)\n",
    "through the package": "import shop\nprint(shop.sell())\n",
    "from the package": "from shop import sell\nprint(sell())\n",
    "a patch": "from unittest import mock\nimport shop.till\n"
    "with mock.patch('shop.till.sell', lambda: 7):\n    print(shop.till.Till().run()[1])\n",
    "patch.object": "from unittest import mock\nfrom shop import till\n"
    "with mock.patch.object(till, 'sell', lambda: 7):\n    print(till.Till().run()[1])\n",
    "a local of the name": "from shop.till import sell as f\ndef g(sell):\n    return sell\n"
    "print(g(1), f())\n",
    "getattr": "from shop import till\nprint(getattr(till, 'sell')())\n",
    "an f-string": "from shop import till\nprint(f'{till.sell()}')\n",
}


def run(folder, name="use.py"):
    done = subprocess.run(
        [sys.executable, "-B", name], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.stdout if done.returncode == 0 else done.stderr


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/till.py").write_text(TILL)
    init = 'from shop.till import sell\n\n__all__ = ["sell"]\n'
    (tmp_path / "shop/__init__.py").write_text(init)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rename(*arguments):
    words = ["rewrite", "rename_references", ".", *arguments, "--write"]
    return CliRunner().invoke(cli, words, standalone_mode=False)


@pytest.mark.parametrize("text", USES.values(), ids=USES)
def test_uses_follow(project, text):
    (project / "use.py").write_text(text)
    before = run(project)
    assert "Error" not in before
    symbols = ["shop.till:sell=shop.till:vend", "shop.till:LIMIT=shop.till:MOST"]
    result = rename(*(word for one in symbols for word in ("--symbol", one)))
    assert result.return_value == ExitCode.DONE, result.output
    assert run(project) == before
    till = (project / "shop/till.py").read_text()
    assert "def vend(" in till and "global MOST" in till and '["vend", "MOST"]' in till
    assert "def other(sell)" in till and "LIMIT for LIMIT" in till and "list[MOST]" in till


def refused(project, *arguments):
    before = {path: path.read_text() for path in project.rglob("*.py")}
    result = rename(*arguments)
    assert {path: path.read_text() for path in project.rglob("*.py")} == before
    return result


TAKEN = {
    "the name is taken": "vend = 1\n",
    "a parameter would hide it": "def f(vend):\n    return sell, vend\n",
}


@pytest.mark.parametrize("more", TAKEN.values(), ids=TAKEN)
def test_a_name_that_is_taken_is_refused(project, more):
    (project / "shop/till.py").write_text(TILL + more)
    result = refused(project, "--symbol", "shop.till:sell=shop.till:vend")
    assert result.return_value == ExitCode.DID_NOT_HOLD
    assert "shop/till.py:" in result.output and "--force" in result.output


@pytest.mark.parametrize(
    "words",
    [
        ["--module", "shop.tll=shop.desk"],
        ["--module", "shop.till=shop.my-till"],
        ["--module", "shop.till=shop.class"],
        ["--symbol", "shop.till:sell=shop.till:del"],
        ["--symbol", "shop.till.sell=shop.till.vend"],
    ],
)
def test_names_that_are_none_are_refused(project, words):
    error = refused(project, *words).exception
    assert error is not None and error.exit_code == ExitCode.USAGE


def test_a_package_moves_with_everything_in_it(project):
    for name in ("desk/__init__.py", "desk/lamp.py", "desk/data.txt", "parts/__init__.py"):
        (project / "shop" / name).parent.mkdir(exist_ok=True)
        (project / "shop" / name).write_text("")
    (project / "shop/desk/lamp.py").write_text("from . import __name__ as X\n")
    (project / "use.py").write_text("from shop.desk import lamp\nprint(lamp.X[:0] + 'ok')\n")
    result = rename("--module", "shop.desk=shop.parts.table", "--move-files")
    assert result.return_value == ExitCode.DONE, result.output
    assert run(project) == "ok\n"
    assert sorted(path.name for path in (project / "shop/parts/table").iterdir()) == [
        "__init__.py",
        "data.txt",
        "lamp.py",
    ]
    assert not (project / "shop/desk").exists()


def test_a_module_goes_to_the_top_level_with_its_stub(project):
    (project / "shop/lamp.py").write_text("X = 1\n")
    (project / "shop/lamp.pyi").write_text("X: int\n")
    (project / "use.py").write_text("from shop.lamp import X\nprint(X)\n")
    result = rename("--module", "shop.lamp=lamp", "--move-files")
    assert result.return_value == ExitCode.DONE, result.output
    assert run(project) == "1\n"
    assert (project / "lamp.pyi").exists() and not (project / "shop/lamp.pyi").exists()


TYPED = """\
import shop.stock
from shop import stock
from shop.stock import Box


def f(x, y):
    # type: (stock.Box, shop.stock.Box) -> List[Box]
    z = []  # type: List[stock.Box]  # noqa
    for one in z:  # type: ignore
        pass
    return z


def g(x,  # type: stock.Box
      ):
    # type: (...) -> Box
    return x
"""


def test_names_in_type_comments_follow():
    expected = (
        TYPED.replace("stock.Box", "stock.Case")
        .replace("Box", "Case")
        .replace("shop.stock", "shop.store")
        .replace("import stock", "import store")
        .replace("(stock.", "(store.")
        .replace("[stock.", "[store.")
        .replace(" stock.", " store.")
    )
    settings = Renames(
        modules={"shop.stock": "shop.store"},
        symbols={"shop.stock:Box": "shop.store:Case"},
        known_modules=frozenset({"shop", "shop.stock"}),
    )
    outcome = rename_references.rewrite(
        TYPED.encode(), module="use", is_package=False, renames=settings, style=Style(follows=True)
    )
    assert outcome.content.decode() == expected


@pytest.mark.parametrize(
    "text, same",
    [
        (r'"\nshop.stock.X\tshop.stock"', False),
        (r'f"\nshop.stock.X {x}"', False),
        (r'"\\nshop.stock.X"', True),
        (r'r"\nshop.stock.X"', True),
    ],
)
def test_an_escape_ends_before_a_name(text, same):
    settings = Renames(modules={"shop.stock": "shop.store"})
    outcome = rename_references.rewrite(
        f"X = {text}\n".encode(), module="use", is_package=False, renames=settings
    )
    expected = text if same else text.replace("shop.stock", "shop.store")
    content = getattr(outcome, "content", f"X = {text}\n".encode())
    assert content.decode() == f"X = {expected}\n"
