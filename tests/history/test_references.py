import pytest

from extractor.history.references import dangling_imports, named_modules, old_module_names
from extractor.moves import SliceMove, WholeMove
from extractor.parsing import UnreadableSource
from extractor.source.tree import MemoryTree

OLD = frozenset({"old.mod"})


@pytest.mark.parametrize(
    "text",
    [
        "import other\n",
        "import old\nold.model.x\n",
        "from old import model\nmodel.x\n",
        "'old.model'\n",
        "'see old.mod for more'\n",
        "import new.mod\nnew.mod.f()\n",
        "old = 1\nold.mod\n",
    ],
)
def test_names_nothing_old(text):
    assert named_modules(text.encode(), OLD) == set()


@pytest.mark.parametrize(
    "text, expected",
    [
        ("import old.mod\n", {(1, "old.mod")}),
        ("import old\nold.mod.f()\n", {(2, "old.mod.f"), (2, "old.mod")}),
        ("from old import mod as m\nm.f\n", {(1, "old.mod"), (2, "old.mod.f")}),
        ("def f():\n    from old.mod import x\n", {(2, "old.mod.x")}),
        ("patch('old.mod.f')\n", {(1, "old.mod.f")}),
    ],
)
def test_names_something_old(text, expected):
    assert named_modules(text.encode(), OLD) == expected


def test_relative_imports_are_read_where_they_stand():
    text = b"from . import mod\nfrom .mod import x\nfrom .. import mod\n"
    assert named_modules(text, OLD, "old.other") == {(1, "old.mod"), (2, "old.mod.x")}
    assert named_modules(b"from . import mod\n", OLD, "old", True) == {(1, "old.mod")}


def test_a_file_no_parser_accepts():
    with pytest.raises(UnreadableSource):
        named_modules(b"print 'old.mod'\n", OLD)


def test_the_old_names_of_moved_modules():
    moves = [
        WholeMove("old/a.py", "new/a.py"),
        WholeMove("old/p/__init__.py", "new/p/__init__.py"),
        WholeMove("same.py", "same.py"),
        WholeMove("old/text.rst", "text.rst"),
        SliceMove("old/big.py", "new/big.py", frozenset("A")),
    ]
    older = {"before/a.py": "old/a.py", "before/big.py": "old/big.py", "new/a.py": "old/a.py"}
    assert old_module_names(moves, older) == {"old.a", "old.p", "before.a"}


def test_imports_of_what_is_not_there():
    tree = MemoryTree(
        {
            "new/__init__.py": b"",
            "new/a.py": b"import new.b\nimport os\nfrom new import anything\nfrom . import b\n",
            "new/b.py": b"import new.gone\nfrom new.c import x\nimport old.a\nfrom .d import y\n",
            "new/e.py": b"print 1\n",
        }
    )
    *imports, unreadable = dangling_imports(tree, {"new", "old"})
    assert unreadable.startswith("new/e.py: cannot be read: ")
    assert imports == [
        "new/b.py:1: imports new.gone, which does not exist",
        "new/b.py:2: imports new.c, which does not exist",
        "new/b.py:3: imports old.a, which does not exist",
        "new/b.py:4: imports new.d, which does not exist",
    ]
