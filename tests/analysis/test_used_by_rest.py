from extractor.analysis.resolver import modules_of
from extractor.analysis.symbols import Symbol
from extractor.analysis.used_by_rest import Rest
from extractor.source.tree import MemoryTree

LEAVES = {
    "big/__init__.py": "",
    "big/sub/__init__.py": "",
    "big/sub/app.py": "def f(): pass\ndef g(): pass\nclass A:\n    def _m(self): pass\n",
}


def rest(files):
    files = {**LEAVES, **files}
    tree = MemoryTree({path: text.encode() for path, text in files.items()})
    return Rest(tree, modules_of(tree, {"big", "tools"}), ["big.sub", "big.sub.app"])


def used(files, *names):
    found = rest(files).uses_of([Symbol.parse(name) for name in names])
    return {str(symbol): place for symbol, place in found.symbols.items()}, dict(found.methods)


def test_nothing_is_used_by_files_that_only_spell_it_or_leave_themselves():
    files = {"big/other.py": "def f(): pass\nf()\n", "big/sub.md": "big.sub.app.f\n"}
    assert used(files, "big.sub.app:f") == ({}, {})
    assert used({"big/sub/more.py": ""}, "big.sub.app:f") == ({}, {})


def test_uses_and_imports_are_seen_in_every_spelling():
    for text in (
        "from big.sub.app import f\n",
        "from big.sub import app\n\napp.f()\n",
        "import big.sub.app\n\nbig.sub.app.f()\n",
        "from big.sub.app import *\n",
        "def h():\n    from big.sub import app as a\n    a.f()\n",
        "import mock\nmock.patch('big.sub.app.f')\n",
    ):
        symbols, _ = used({"big/other.py": text}, "big.sub.app:f")
        assert list(symbols) == ["big.sub.app:f"], text


def test_a_use_in_a_script_outside_of_every_package_counts():
    symbols, _ = used({"bin/run.py": "from big.sub.app import f\n"}, "big.sub.app:f")
    assert symbols == {"big.sub.app:f": "bin/run.py:1"}
    assert used({"bin/run.py": "from big.sub.app import f\n"}, "big.sub.app:g") == ({}, {})


def test_a_module_and_a_method_are_told_by_name():
    files = {"big/other.py": "from big.sub import app\n\napp.A()._m()\n"}
    assert used(files, "big.sub.app") == ({"big.sub.app": "big/other.py:1"}, {})
    assert used(files, "big.sub.app:A._m") == ({}, {"_m": "big/other.py:3"})
