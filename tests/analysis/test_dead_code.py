from extractor.analysis.dead_code import find_dead_code
from extractor.analysis.symbols import modules_of
from extractor.source.tree import MemoryTree


def dead(files, entry_points=("pkg.app:main",)):
    tree = MemoryTree({path: text.encode() for path, text in files.items()})
    return find_dead_code(
        tree,
        modules_of(tree, {"pkg"}),
        entry_points,
        lambda m: ".test_" in m,
        lambda m: ".tests." in m,
    )


def test_nothing_is_dead_that_an_entry_point_a_test_or_an_import_reaches():
    files = {
        "pkg/__init__.py": "",
        "pkg/app.py": "from pkg import effects\ndef main(): helper()\ndef helper(): pass\n",
        "pkg/effects.py": "TABLE = {}\nTABLE.update(a=1)\n",
        "pkg/tested.py": "def tested(): pass\n",
        "pkg/tests/__init__.py": "",
        "pkg/tests/test_it.py": "from pkg import tested\ntested.tested()\n",
    }
    result = dead(files)
    assert result.modules == ()
    assert result.names == {}


def test_an_entry_point_that_is_a_module_stands_for_all_below_it():
    files = {
        "pkg/__init__.py": "",
        "pkg/app.py": "def one(): pass\ndef two(): pass\n",
        "pkg/lib/__init__.py": "",
        "pkg/lib/deep.py": "def three(): pass\n",
    }
    assert dead(files, ["pkg.lib"]).modules == ("pkg.app",)
    assert dead(files, ["pkg"]).modules == ()
    assert dead(files, ["pkg"]).names == {}


def test_definitions_another_project_registers_live():
    files = {
        "pkg/app.py": (
            "import functools\nimport r\nfrom pkg.own import deco\n@r.register\ndef hook(): pass\n"
            "@r.register_if(False)\nclass Lost: pass\n"
            "@functools.wraps(1)\ndef wrapped(): pass\n"
            "@deco\ndef lonely(): pass\n"
            "def main(): pass\n"
        ),
        "pkg/own.py": "def deco(f): return f\n",
    }
    assert dead(files).names == {"pkg.app": ("Lost", "lonely", "wrapped"), "pkg.own": ("deco",)}


def test_dead_definitions_methods_and_modules():
    files = {
        "pkg/app.py": (
            "def main():\n    return A().run()\n"
            "class A:\n    def run(self): return self._used()\n"
            "    def _used(self): pass\n    def _unused(self): pass\n"
            "def island(): return bridge()\ndef bridge(): return island()\nCONST = 1\n"
        ),
        "pkg/alone.py": "def f(): pass\n",
    }
    result = dead(files)
    assert result.modules == ("pkg.alone",)
    assert result.names == {"pkg.app": ("A._unused", "CONST", "bridge", "island")}


def test_a_view_through_which_something_live_is_changed_lives():
    files = {
        "pkg/app.py": (
            "SCHEMA = {'a': {}}\nview = SCHEMA['a']\nview['b'] = 1\n"
            "unused = SCHEMA['a']\nlost = {}\nlost['b'] = 1\n"
            "def main(): return SCHEMA\n"
        ),
    }
    assert dead(files).names == {"pkg.app": ("lost", "unused")}
