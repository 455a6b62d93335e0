"""A second process finds out about half of the files, and nothing depends on it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import extractor_contracts.world
import pytest
from extractor_contracts.world import World

import extractor.contracting.helper
from extractor.contracting.helper import Process, helped
from extractor.contracting.world import _IMPORTS, world_of
from extractor.source.tree import FolderTree

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no second process here")


class Counted(FolderTree):
    """Remembers what this process has read."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.read_here: list[str] = []

    def read(self, path: str) -> bytes:
        self.read_here.append(path)
        return super().read(path)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counted:
    monkeypatch.setattr(extractor_contracts.world, "_MANY", 4)
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").write_text("")
    for number in range(20):
        text = "from shop import till\n" if number % 5 == 0 else "import os\n"
        (tmp_path / "shop" / f"m{number:02}.py").write_text(text)
    (tmp_path / "shop" / "till.py").write_text("")
    # What is younger is not kept, by either of the two.
    time.sleep(0.1)
    return Counted(tmp_path)


@pytest.fixture
def world(tree: Counted) -> Iterator[World]:
    world = world_of(tree, ["shop"])
    process = Process(world)
    world.helper = process
    yield world
    process.end()


def test_each_reads_its_half(tree: Counted, world: World) -> None:
    assert world.spelled(["till"], world.modules) == [
        "shop.m00",
        "shop.m05",
        "shop.m10",
        "shop.m15",
    ]
    assert len([path for path in tree.read_here if path.startswith("shop/")]) == 11


def test_what_it_learns_is_known_here(tree: Counted, world: World) -> None:
    alone = world_of(tree, ["shop"])

    found = list(world.importing(["shop.till"], world.modules))

    assert found == list(alone.importing(["shop.till"], alone.modules))
    keys = [world.content_key(f"shop.m{number:02}") for number in (0, 5, 10, 15)]
    assert all(world.store.get(key, _IMPORTS, lambda: None) for key in keys)


@pytest.mark.parametrize("before", [True, False], ids=["never answers", "dies later"])
def test_where_it_dies_all_is_found_alone(world: World, before: bool) -> None:
    assert isinstance(world.helper, Process)
    if before:
        world.helper.ask("answers", "nothing that could be called", [0])
    else:
        world.helper.ask("learn", ["shop.m01"])
        world.helper.wait()
    os.kill(world.helper._id, signal.SIGKILL)

    assert len(list(world.importing(["shop.till"], world.modules))) == 4
    assert world.helper._failed


def test_an_answer_that_nobody_waited_for_is_not_the_next_one(world: World) -> None:
    assert isinstance(world.helper, Process)
    world.helper.ask("learn", ["shop.m01"])

    assert len(world.spelled(["till"], world.modules)) == 4
    assert not world.helper._failed


def test_what_cannot_be_sent_is_found_alone(world: World) -> None:
    text = b"import os"

    assert len(world.where("begins", lambda source: source.startswith(text), world.modules)) == 16
    assert len(world.spelled(["till"], world.modules)) == 4


def test_only_a_large_project_gets_one(tree: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1}, raising=False)
    with helped(world_of(tree, ["shop"]), tree) as small:
        assert small.helper is None

    monkeypatch.setattr(extractor.contracting.helper, "_LARGE", 4)
    with helped(world_of(tree, ["shop"]), tree) as large:
        helper = large.helper
        assert isinstance(helper, Process)
        large.spelled(["till"], large.modules)
        process = helper._id
        assert process
    assert large.helper is None
    with pytest.raises(ChildProcessError):
        os.waitpid(process, os.WNOHANG)


def test_one_processor_gets_none(tree: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extractor.contracting.helper, "_LARGE", 4)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0}, raising=False)
    with helped(world_of(tree, ["shop"]), tree) as world:
        assert world.helper is None
