"""The file of a module goes when all that it defines has moved, and stays for what else it does."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from extractor.cli import cli
from extractor.errors import ExitCode
from extractor.in_place import write

STOCK = '"""What there is."""\n\nimport os\n\n\ndef get():\n    return os.sep\n\n\nPLACES = ["a"]\n'
USE = "import shop.stock\nfrom shop import stock\nfrom shop.stock import PLACES\n\n"
USE += "print(stock.get(), shop.stock.get(), PLACES)\n"
MOVE = ["--symbol", "shop.stock:*=shop.desk:*"]


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "shop").mkdir()
    files = {"__init__": "", "stock": STOCK, "desk": "DESK = 1\n"}
    for name, text in files.items():
        (tmp_path / f"shop/{name}.py").write_text(text)
    (tmp_path / "use.py").write_text(USE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def move(*words):
    arguments = ["rewrite", "move_definitions", ".", *MOVE, *words]
    return CliRunner().invoke(cli, arguments, standalone_mode=False)


def said(project):
    words = [sys.executable, "-B", "use.py"]
    done = subprocess.run(words, cwd=project, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.mark.parametrize("is_there", [True, False])
def test_a_module_that_holds_nothing_more_goes_and_its_users_name_the_other(project, is_there):
    if not is_there:
        (project / "shop/desk.py").unlink()
    result = move("--write")
    assert result.return_value == ExitCode.DONE, result.output
    assert not (project / "shop/stock.py").exists()
    assert said(project) == "/ / ['a']\n"
    assert "stock" not in (project / "use.py").read_text()
    assert move("--write").return_value == ExitCode.NOTHING_TO_DO


def test_git_takes_the_diff_of_a_dry_run(project):
    subprocess.run(["git", "init", "-q"], cwd=project, check=True)
    diff = move().output.encode()
    text = diff[diff.index(b"diff --git") if diff.startswith(b"diff") else 0 :]
    done = subprocess.run(["git", "apply", "-"], input=text, cwd=project, check=False)
    assert done.returncode == 0
    assert not (project / "shop/stock.py").exists()
    assert said(project) == "/ / ['a']\n"


@pytest.mark.parametrize(
    ("left", "told"),
    [
        ("import shop.effects\n", "import shop.effects"),
        ("print('loaded')\n", "print('loaded')"),
        ("if True:\n    import shop.effects\n", "if True:"),
    ],
)
def test_what_else_a_module_does_keeps_its_file_and_is_told(project, left, told):
    (project / "shop/effects.py").write_text("print('effect')\n")
    (project / "shop/stock.py").write_text(STOCK + "\n" + left)
    result = move("--write")
    assert result.return_value == ExitCode.DONE, result.output
    assert f"shop.stock stays, for what is left in it: {told}" in result.output
    assert (project / "shop/stock.py").exists()
    assert said(project).endswith("/ / ['a']\n")


def test_a_module_with_a_stub_stays(project):
    (project / "shop/stock.pyi").write_text("def get() -> str: ...\n")
    assert "more than one file" in move("--write").output
    assert (project / "shop/stock.py").exists()


def test_some_of_the_definitions_leave_the_file(project):
    words = ["rewrite", "move_definitions", ".", "--symbol", "shop.stock:get=shop.desk:get"]
    CliRunner().invoke(cli, [*words, "--write"], standalone_mode=False)
    left = (project / "shop/stock.py").read_text()
    assert left.split() == ['"""What', "there", 'is."""', "PLACES", "=", '["a"]']
    assert said(project) == "/ / ['a']\n"


def test_a_circle_that_the_merge_makes_is_refused(project):
    (project / "shop/till.py").write_text("from shop.stock import get\n\nTILL = get()\n")
    (project / "shop/desk.py").write_text("from shop.till import TILL\n\nDESK = TILL\n")
    result = move("--write")
    assert result.return_value == ExitCode.DID_NOT_HOLD
    assert "a circular import" in result.output
    assert (project / "shop/stock.py").read_text() == STOCK


def test_a_write_that_fails_brings_the_file_back(project, monkeypatch):
    (project / "shop/zoo.py").write_text("from shop.stock import get\n")
    real = write._move

    def failing(source, target):
        if target.name == "zoo.py" and not source.name.startswith("old"):
            raise OSError("no room")
        real(source, target)

    monkeypatch.setattr(write, "_move", failing)
    assert move("--write").exception is not None
    assert (project / "shop/stock.py").read_text() == STOCK
    assert (project / "shop/desk.py").read_text() == "DESK = 1\n"
    assert sorted(path.name for path in project.iterdir()) == ["shop", "use.py"]
