"""Reading only what is asked for says what reading everything says."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from extractor_contracts.file_facts import Store, stat_key
from extractor_contracts.naming import defines, may_name, roots_of
from extractor_contracts.world import CALL, PARENT, World

from extractor.analysis.graph import Graph, Kind
from extractor.analysis.project import import_graph
from extractor.contracting.world import _computes, world_of
from extractor.source.tree import FolderTree, MemoryTree, Tree
from tests.analysis.conftest import tree_of
from tests.analysis.test_graph import CASES

HERE = Path(__file__).parents[2]


def full(tree: Tree, package: str) -> tuple[Graph, World]:
    return import_graph(tree, [package]), world_of(tree, [package])


def same(graph: Graph, world: World, seed: int) -> None:
    """Every module's imports, and for each module who names it, asked in a random order."""
    shuffled = random.Random(seed)
    modules = list(graph.modules)
    assert modules == list(world.modules)
    shuffled.shuffle(modules)
    others = set()
    for module in modules:
        expected = [(e.imported, e.line, e.kind.value) for e in graph.imports_of(module)]
        found = [(e.imported, e.line, e.how) for e in world.imports_of(module)]
        plain = {Kind.CONDITIONAL.value: Kind.IMPORT.value}
        assert found == [(m, line, plain.get(kind, kind)) for m, line, kind in expected], module
        others.update((e.importer, e.imported, e.line) for e in world.outside_of(module))
    assert others == {(e.importer, e.imported, e.line) for e in graph.externals}
    for imported in modules:
        asked = world.importing({imported}, world.modules)
        expected_importers = {
            (e.importer, e.line)
            for e in graph.importers_of(imported)
            if e.kind.value not in {PARENT, CALL}
        }
        assert {(e.importer, e.line) for e in asked} == expected_importers, imported


@pytest.mark.parametrize("name", CASES)
def test_small_projects(name: str) -> None:
    files: Mapping[str, str] = CASES[name][0]

    same(*full(tree_of(files), "p"), seed=len(name))


def test_this_project() -> None:
    same(*full(FolderTree(HERE), "extractor"), seed=1)


def test_a_package_of_others() -> None:
    click = Path(pytest.importorskip("rich").__file__).parent
    same(*full(FolderTree(click.parent), click.name), seed=2)


HIDDEN = {
    "a package's __all__": {
        "p/__init__.py": "",
        "p/a/__init__.py": "__all__ = ['inner']",
        "p/a/inner.py": "",
        "p/user.py": "from p.a import *",
    },
    "a package that makes its attributes up": {
        "p/__init__.py": "",
        "p/a/__init__.py": "def __getattr__(name):\n    from p.b import far\n    return far",
        "p/b/__init__.py": "",
        "p/b/far.py": "",
        "p/user.py": "from p.a import anything",
    },
    "a package that attaches its attributes": {
        "p/__init__.py": "",
        "p/a/__init__.py": (
            "import lazy_loader\n"
            "__getattr__, __dir__, __all__ = lazy_loader.attach(\n"
            "    __name__, submod_attrs={'inner': ['Thing']}\n)"
        ),
        "p/a/inner.py": "Thing = 1",
        "p/user.py": "from p.a import Thing",
    },
    "a name put together": {
        "p/__init__.py": "",
        "p/a/__init__.py": "",
        "p/a/inner.py": "",
        "p/user.py": "for name in ('inner', 'x'):\n    __import__('p.a.' + name)",
        "p/other.py": "base = 'p.a'\nimport_module('%s.inner' % base)",
    },
    "a relative name, and one after the package's own": {
        "p/__init__.py": "",
        "p/a/__init__.py": "",
        "p/a/inner.py": "",
        "p/a/user.py": "import_module('.inner', __package__)",
        "p/a/other.py": "from . import (  # why\n    other,\n    inner)",
        "p/a/third.py": "import_module(__package__ + '.inner')",
        "p/user.py": "from .a \\\n    import inner",
    },
    "an entry point": {
        "p/__init__.py": "",
        "p/a/__init__.py": "",
        "p/a/inner.py": "",
        "p/user.py": "stevedore.ExtensionManager('p.plugins')",
        "setup.cfg": "[entry_points]\np.plugins =\n    one = p.a.inner:One\n",
    },
    "no such module": {
        "p/__init__.py": "",
        "p/a/__init__.py": "",
        "p/a/inner.py": "",
        "p/user.py": "import p.a.inner.gone",
    },
}


@pytest.mark.parametrize("name", HIDDEN)
def test_what_a_text_does_not_show_at_once(name: str) -> None:
    graph, world = full(tree_of(HIDDEN[name]), "p")

    same(graph, world, seed=3)
    assert any(list(world.importing({m}, ["p.user"])) for m in world.modules if m.count(".") == 2)


def test_few_files_are_read_for_a_question_about_few() -> None:
    files = {f"p/m{number}.py": b"def f():\n    import os" for number in range(50)}
    tree = Counting(
        {**files, "p/__init__.py": b"", "p/a.py": b"from p import b", "p/b.py": b"x = 1"}
    )
    world = world_of(tree, ["p"])
    tree.read_paths.clear()

    assert list(world.loaded_by("p.a")) == ["p.a", "p", "p.b"]
    assert sorted(tree.read_paths) == ["p/__init__.py", "p/a.py", "p/b.py"]


class Counting(MemoryTree):
    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__(files)
        self.read_paths: list[str] = []

    def read(self, path: str) -> bytes:
        self.read_paths.append(path)
        return super().read(path)


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("'a.b'", False),
        ("u'a.b', 'x'", False),
        ("CONF.driver", False),
        ("self.name, x", False),
        ("name_of(x)", False),
        ("names[0]", False),
        ("name", True),
        ("\\\n  name, x", True),
        ("name=name", True),
        ("'a.' + name", True),
        ("'a.'\n  'b'", True),
        ("'a.%s' % name", True),
        ("f'a.{name}'", True),
        ("('a' + 'b')", True),
        ('"""a.b"""', True),
    ],
)
def test_an_argument_that_may_be_put_together(argument: str, expected: bool) -> None:
    for function in ("__import__", "import_module", "try_import", "resolve_name"):
        assert _computes(f"x = a.{function}({argument})".encode()) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", False),
        ("# a.b.c is meant", True),
        ("import a.b.c", True),
        ("from a.b import (\n    # why\n    x,\n    c,\n)", True),
        ("from a.b import x, \\\n    c", True),
        ("from a.b \\\n  import c", True),
        ("from a.b import (\n    imports,  # import first\n    c)", True),
        ("patch('a.b.c.d')", True),
        ("patch('a.b.'\n      'c.d')", True),
        ("patch('a.b'\n      '.c.d')", True),
        ("patch('a.b.lon'\n      'ger.d')", True),
        ("patch('a.b.other'\n      'wise.d')", False),
        ("b = 1\nc = 2\nimport os", False),
        ("import os\n\n\ndef f(b):\n    return c", False),
        ("import x.c", False),
        ("b.cc", False),
    ],
)
def test_a_text_that_may_name_a_module(text: str, expected: bool) -> None:
    assert may_name(["a.b.c", "a.b.longer"])(text.encode()) is expected


def test_roots() -> None:
    assert roots_of(["a.b", "a.b.c", "a.bc", "d.e.f"]) == ("a.b", "a.bc", "d.e.f")


@pytest.mark.parametrize("text", ["X = 1", "class X:", "def X():", "Y = X = 1", "X: int = 1"])
def test_a_text_that_may_define_a_name(text: str) -> None:
    assert defines(["X"])(text.encode())
    assert not defines(["X"])(b"def f():\n    return X\n")


def test_an_edit_is_seen_whatever_the_clock_says(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("one")
    assert stat_key(str(file)) == "", "so new that it can change again and keep its times"
    time.sleep(0.1)
    before = stat_key(str(file))
    assert before and stat_key(str(file)) == before

    times = file.stat()
    file.write_text("two")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    time.sleep(0.1)
    assert stat_key(str(file)) != before, "same size, same time of modification"


def test_the_store_asks_once_and_forgets_what_no_run_used(tmp_path: Path) -> None:
    asked: list[str] = []

    def answer(name: str) -> bool:
        asked.append(name)
        return name == "yes"

    names, keys = ["yes", "no", "new", "same"], {"yes": "k1", "no": "k2", "new": "", "same": "k1"}
    for expected in (["yes", "no", "new"], ["new"]):
        store = Store(tmp_path / "s.json")
        asked.clear()
        assert store.where("q", names, keys, answer) == ["yes", "same"]
        assert store.get("k1", "facts", lambda: [1, 2]) == [1, 2]
        assert asked == expected
        store.save()
    store = Store(tmp_path / "s.json")
    assert store.get("k1", "facts", lambda: "never") == [1, 2]
    store.get("k3", "more", lambda: 3)
    store.save()
    assert Store(tmp_path / "s.json").where("q", ["yes"], keys, lambda name: False) == []


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"version": 4, "keys": [1]}', "\0"])
def test_a_broken_store_is_as_good_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "s.json").write_text(content)

    store = Store(tmp_path / "s.json")

    assert store.get("k", "q", lambda: 1) == 1


@pytest.mark.parametrize("kind", ["deep", "device", "pipe"])
def test_a_store_that_cannot_be_read_is_as_good_as_none(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "s.json"
    if kind == "deep":
        path.write_bytes(b"[" * 200_000)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        os.mkfifo(path)
    assert Store(path).get("k1", "facts", lambda: 1) == 1
