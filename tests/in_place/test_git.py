"""What git takes, and what it ignores."""

import subprocess
from pathlib import Path

import pytest

from extractor.errors import UsageError
from extractor.in_place.attempt import attempt
from extractor.in_place.files import find_files
from extractor.rewrites import load
from extractor.rewrites.parts.renames import Renames

MOVE = Renames(modules={"shop.stock": "shop.store"}, move_files=True)


def git(folder, *arguments, **more):
    return subprocess.run(["git", *arguments], cwd=folder, check=True, **more)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    files = {
        "shop/__init__.py": "",
        "shop/stock.py": "COUNT = 1\n",
        "shop/till.py": "from shop.stock import COUNT\n",
        ".gitignore": "*.egg-info/\nbuild/\n",
        "shop.egg-info/SOURCES.txt": "shop/stock.py\n",
        "build/lib/shop/__init__.py": "",
        "build/lib/shop/stock.py": "COUNT = 0\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    git(tmp_path, "init", "-q")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def made(folder, settings=MOVE):
    return attempt(load("rename_references"), settings, [folder])


def test_a_moved_file_is_followed_by_others_in_the_diff(folder):
    (folder / 'with "quotes" and space.py').write_text("import shop.stock\n")
    (folder / "new\nline.py").write_text("import shop.stock\n")
    found = made(Path())
    diff = "".join(change.diff() for change in found.changes)
    git(folder, "apply", "-", input=diff.encode())
    assert not (folder / "shop/stock.py").exists()
    assert (folder / 'with "quotes" and space.py').read_text() == "import shop.store\n"
    assert (folder / "new\nline.py").read_text() == "import shop.store\n"
    assert (folder / "shop/till.py").read_text() == "from shop.store import COUNT\n"


def test_what_git_ignores_is_left_and_told(folder):
    found = made(folder)
    changed = {change.path.relative_to(folder).as_posix() for change in found.changes}
    assert changed == {"shop/stock.py", "shop/till.py"}
    assert found.mentions == ((folder / "shop.egg-info/SOURCES.txt").as_posix(),)


def test_an_ignored_file_that_is_tracked_is_not_ignored(folder):
    git(folder, "add", "-f", "shop.egg-info/SOURCES.txt")
    changed = {change.path.name for change in made(folder).changes}
    assert "SOURCES.txt" in changed


def test_an_ignored_folder_that_is_asked_for_is_read(folder):
    found = find_files([folder / "build"], [".py"])
    assert {path.name for path in found.chosen} == {"__init__.py", "stock.py"}
    assert find_files([folder / "shop"], [".py"]).ignored == ()


@pytest.mark.parametrize("symbol", ["shop.stock:COUNTS", "shop.stock:total"])
def test_a_symbol_that_is_nowhere_is_a_mistake(folder, symbol):
    with pytest.raises(UsageError, match=r"shop\.stock does not define"):
        made(folder, Renames(symbols={symbol: "shop.stock:amount"}))


def test_a_symbol_that_was_moved_before_is_none(folder):
    found = made(folder, Renames(symbols={"shop.till:COUNT": "shop.stock:COUNT"}))
    assert not found.broken
    found = made(folder, Renames(symbols={"shop.stock:OLD": "shop.stock:COUNT"}))
    assert not found.broken
