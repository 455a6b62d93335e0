"""A rewrite writes as the project does: relative, by the module's name, within its lines."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from extractor.cli import cli
from extractor.errors import ExitCode
from extractor.project.line_length import line_length

STOCK = "from .low import Y\n\n\ndef get():\n    return Y\n"
MOVE = ["--module", "shop.stock=shop.parts.storage", "--move-files"]


@pytest.fixture
def project(tmp_path, monkeypatch):
    for name, text in {
        "pyproject.toml": "[tool.ruff]\nline-length = 60\n",
        "shop/__init__.py": "",
        "shop/parts/__init__.py": "",
        "shop/low.py": "Y = 3\n",
        "shop/stock.py": STOCK,
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rename(*words):
    arguments = ["rewrite", "rename_references", ".", *words, "--write"]
    return CliRunner().invoke(cli, arguments, standalone_mode=False)


def runs(project, module):
    words = [sys.executable, "-B", "-c", f"import {module}"]
    done = subprocess.run(words, cwd=project, capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stderr


USERS = {
    "relative": (
        "from . import stock\n\nstock.get()\n",
        "from .parts import storage\n\nstorage.get()\n",
    ),
    "relative name": (
        "from .stock import get\n\nget()\n",
        "from .parts.storage import get\n\nget()\n",
    ),
    "relative star": ("from .stock import *\n\nget()\n", "from .parts.storage import *\n\nget()\n"),
    "relative with others": (
        "from . import low, stock\n\nlow.Y, stock.get()\n",
        "from . import low\nfrom .parts import storage\n\nlow.Y, storage.get()\n",
    ),
    "absolute": (
        "from shop import stock\n\nstock.get()\n",
        "from shop.parts import storage\n\nstorage.get()\n",
    ),
    "in functions": (
        "def f():\n    from . import stock\n    stock.get()\n\n\n"
        "def g():\n    from . import stock\n    stock.get()\n\n\nf(), g()\n",
        "def f():\n    from .parts import storage\n    storage.get()\n\n\n"
        "def g():\n    from .parts import storage\n    storage.get()\n\n\nf(), g()\n",
    ),
    "under a name of its own": (
        "from . import stock as st\n\nst.get()\n",
        "from .parts import storage as st\n\nst.get()\n",
    ),
    "the new name is taken": (
        "from . import stock\n\n\ndef f(storage):\n    return storage, stock.get()\n\n\nf(1)\n",
        "from .parts import storage as stock\n\n\ndef f(storage):\n"
        "    return storage, stock.get()\n\n\nf(1)\n",
    ),
    "in the list of names": (
        "from . import stock\n\n__all__ = ['stock']\n",
        "from .parts import storage as stock\n\n__all__ = ['stock']\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), USERS.values(), ids=USERS)
def test_a_user(project, before, after):
    (project / "shop/till.py").write_text(before)
    assert runs(project, "shop.till")[0]
    assert rename(*MOVE).return_value == ExitCode.DONE
    assert (project / "shop/till.py").read_text() == after
    assert runs(project, "shop.till") == (True, "")
    moved = STOCK.replace(".low", "..low")
    assert (project / "shop/parts/storage.py").read_text() == moved


OTHERS = {
    "by its attribute": "from shop import till\n\ntill.stock.get()\n",
    "by name": "from shop.till import stock\n\nstock.get()\n",
    "by a patch": "from unittest import mock\nfrom shop import till\n\n"
    "with mock.patch('shop.till.stock.get', lambda: 7):\n    assert till.X() == 7\n",
    "by patch.object": "from unittest import mock\nfrom shop import till\n\n"
    "with mock.patch.object(till, 'stock'):\n    assert till.X() != 3\n",
    "by a star": "from shop.till import *\n\nstock.get()\n",
}


@pytest.mark.parametrize("text", OTHERS.values(), ids=OTHERS)
def test_a_name_that_others_take_from_there_stays(project, text):
    (project / "shop/till.py").write_text(
        "from . import stock\n\n\ndef X():\n    return stock.get()\n"
    )
    (project / "shop/desk.py").write_text(text)
    assert runs(project, "shop.desk")[0]
    assert rename(*MOVE).return_value == ExitCode.DONE
    assert (project / "shop/till.py").read_text().startswith("from .parts import storage as stock")
    assert runs(project, "shop.desk") == (True, "")


def test_told_otherwise_local_names_stay(project):
    (project / "shop/till.py").write_text("from . import stock\n\nstock.get()\n")
    assert rename(*MOVE, "--keep-local-names").return_value == ExitCode.DONE
    text = (project / "shop/till.py").read_text()
    assert text == "from .parts import storage as stock\n\nstock.get()\n"


def test_a_module_of_another_top_level_is_named_in_full(project):
    (project / "shop/till.py").write_text("from . import stock\n\nstock.get()\n")
    words = ["--module", "shop.stock=stock", "--move-files"]
    assert rename(*words).return_value == ExitCode.DONE
    assert (project / "shop/till.py").read_text() == "import stock\n\nstock.get()\n"
    assert (project / "stock.py").read_text() == STOCK.replace(".low", "shop.low")
    assert runs(project, "shop.till") == (True, "")


def test_lines_keep_to_the_length_and_get_no_backslash(project):
    long = "from shop.stock import get, get as the_old_name\n"
    long += "from shop.stock import get as another_one_of_them  # noqa\n"
    (project / "shop/till.py").write_text(long)
    assert rename("--module", "shop.stock=shop.parts.storage_of_all", *MOVE[2:]).return_value == 0
    assert (project / "shop/till.py").read_text() == (
        "from shop.parts.storage_of_all import (\n    get,\n    get as the_old_name,\n)\n"
        "from shop.parts.storage_of_all import (  # noqa\n    get as another_one_of_them,\n)\n"
    )
    assert runs(project, "shop.till") == (True, "")


SETTINGS = {
    "ruff": ({"pyproject.toml": "[tool.ruff]\nline-length = 120\n"}, 120),
    "ruff alone": ({"ruff.toml": "line-length = 99\n"}, 99),
    "black": ({"pyproject.toml": "[tool.black]\nline-length = 100\n"}, 100),
    "black as it comes": ({"pyproject.toml": "[tool.black]\npreview = true\n"}, 88),
    "isort": ({".isort.cfg": "[settings]\nline_length=95\n"}, 95),
    "flake8": ({".flake8": "[flake8]\nmax-line-length = 101  # wide\n"}, 101),
    "setup.cfg": ({"setup.cfg": "[pycodestyle]\nmax_line_length = 90\n"}, 90),
    "tox.ini": ({"tox.ini": "[flake8]\nmax-line-length = 110\n"}, 110),
    "not for lines": ({"tox.ini": "[tox]\nenvlist = py311\n"}, 79),
    "broken": ({"pyproject.toml": "[tool", "setup.cfg": "no\n"}, 79),
    "nothing": ({}, 79),
}


@pytest.mark.parametrize(("files", "length"), SETTINGS.values(), ids=SETTINGS)
def test_the_length_is_read_from_the_settings(files, length):
    assert line_length(files.get) == length


@pytest.mark.parametrize("prefix", ["", "api/", "/api/"])
def test_a_document_called_after_a_module_is_renamed_with_its_entry(project, prefix):
    entry = "API\n===\n\n.. toctree::\n\n   %s\n   %s.rst\n   Stock <%s>\n   shop.stocks\n"
    folder = project / "docs" / prefix.strip("/")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "shop.stock.rst").write_text("Stock\n=====\n\n.. automodule:: shop.stock\n")
    (project / "docs/index.rst").write_text(entry % ((f"{prefix}shop.stock",) * 3))
    assert rename(*MOVE).return_value == ExitCode.DONE
    index = (project / "docs/index.rst").read_text()
    assert index == entry % ((f"{prefix}shop.parts.storage",) * 3)
    assert [path.name for path in folder.glob("shop*")] == ["shop.parts.storage.rst"]
    text = (folder / "shop.parts.storage.rst").read_text()
    assert text == "Stock\n=====\n\n.. automodule:: shop.parts.storage\n"


def test_a_document_of_another_name_stays(project):
    (project / "stock.md").write_text("The stock.\n")
    assert rename(*MOVE).return_value == ExitCode.DONE
    assert (project / "stock.md").read_text() == "The stock.\n"


USER = (
    "{imports}\n\ndef one():\n    return 1\n\n\ndef two():\n    return 2\n\n\nprint(one(), two())\n"
)
MOVED = ["--symbol", "shop.till:one=shop.desk:one", "--symbol", "shop.till:two=shop.desk:two"]
HABITS = {
    "joined": ("from os import path, sep\n", "from os import path, sep\n"),
    "unknown": ("import os\n", "import os\n"),
    "one each": ("from os import path\nfrom os import sep\n",) * 2,
}


@pytest.mark.parametrize("habit", HABITS)
def test_new_imports_of_one_module_share_a_statement_unless_the_file_has_one_each(project, habit):
    imports, kept = HABITS[habit]
    (project / "shop/till.py").write_text(USER.format(imports=imports))
    (project / "shop/desk.py").write_text("def three():\n    return 3\n")
    words = ["rewrite", "move_definitions", ".", *MOVED, "--write"]
    assert CliRunner().invoke(cli, words, standalone_mode=False).return_value == ExitCode.DONE
    new = "from shop.desk import one, two\n"
    if habit == "one each":
        new = "from shop.desk import one\nfrom shop.desk import two\n"
    text = (project / "shop/till.py").read_text()
    assert text.split() == f"{kept}\n{new}\nprint(one(), two())\n".split()
    assert runs(project, "shop.till") == (True, "")


KEEPERS = {
    "plain": ("from shop.desk import alpha, three\n", "from shop.desk import alpha, one, three\n"),
    "lines": (
        "from shop.desk import (\n    three,\n    alpha,\n)\n",
        "from shop.desk import (\n    three,\n    alpha,\n    one,\n)\n",
    ),
    "comment": (
        "from shop.desk import alpha, three  # both\n",
        "from shop.desk import alpha, three  # both\nfrom shop.desk import one\n",
    ),
}


@pytest.mark.parametrize("layout", KEEPERS)
def test_a_statement_takes_in_a_new_name_where_its_layout_allows(project, layout):
    before, after = KEEPERS[layout]
    rest = "\nprint(alpha, three)\n\n\ndef one():\n    return 1\n\n\nprint(one())\n"
    (project / "shop/till.py").write_text(before + rest)
    (project / "shop/desk.py").write_text("alpha = three = 3\n")
    words = ["rewrite", "move_definitions", ".", *MOVED[:2], "--write"]
    assert CliRunner().invoke(cli, words, standalone_mode=False).return_value == ExitCode.DONE
    text = (project / "shop/till.py").read_text()
    assert text.startswith(after + "\nprint(alpha, three)\n")
    assert runs(project, "shop.till") == (True, "")
