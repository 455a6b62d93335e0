from types import SimpleNamespace

from extractor.analysis.dead_code import Alive, find_unreached
from extractor.analysis.resolver import modules_of
from extractor.source.tree import MemoryTree


def dead(files, entry_points=("pkg.app:main",), **more):
    tree = MemoryTree({path: text.encode() for path, text in files.items()})
    modules = modules_of(tree, {"pkg"})
    tests = {m for m in modules if ".test_" in m}
    helpers = {m for m in modules if ".tests." in m} - tests
    found = find_unreached(
        tree, modules, Alive(entry_points=entry_points, tests=tests, helpers=helpers, **more)
    )
    names = {}
    for one in found:
        if one.name:
            names.setdefault(one.module, []).append(one.name)
    return SimpleNamespace(
        modules=tuple(one.module for one in found if not one.name),
        names={module: tuple(sorted(found)) for module, found in names.items()},
        found=found,
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


def test_each_says_where_it_is_and_why():
    files = {"pkg/app.py": "def main(): pass\n\n\n@property\ndef _x():\n    pass\n"}
    (found,) = dead(files).found
    assert (found.path, found.first_line, found.last_line) == ("pkg/app.py", 4, 6)
    assert found.subject == "pkg.app:_x"
    assert found.reason == "private, and nothing that is reached uses it"


def test_what_python_enum_and_notebooks_call_lives():
    files = {
        "pkg/app.py": (
            "class A:\n"
            "    def __len__(self): pass\n"
            "    def _missing_(self): pass\n"
            "    def _repr_html_(self): pass\n"
            "def main(): return A\n"
            "def __getattr__(name): pass\n"
        ),
    }
    assert dead(files).names == {}


def test_methods_of_a_computed_name_live_and_others_do_not():
    for made in ("'_do_' + x", "f'_do_{x}'", "'_do_%s' % x", "'_do_{}'.format(x)"):
        files = {
            "pkg/app.py": (
                f"class A:\n    def run(self, x): return getattr(self, {made})\n"
                "    def _do_it(self): pass\n    def _other(self): pass\n"
                "def main(): return A\n"
            ),
        }
        assert dead(files).names == {"pkg.app": ("A._other",)}, made
    files["pkg/app.py"] = files["pkg/app.py"].replace("getattr(self, ", "print(")
    assert dead(files).names == {"pkg.app": ("A._do_it", "A._other")}


def test_a_base_or_a_decorator_from_elsewhere_may_call_a_private_method():
    body = "    def _x_changed(self): pass\n"
    for head in ("import t\nclass A(t.HasTraits):\n", "from t import obs\nclass A:\n    @obs\n"):
        assert dead({"pkg/app.py": f"{head}{body}def main(): return A\n"}).names == {}, head
    files = {"pkg/app.py": f"class B: pass\nclass A(B):\n{body}def main(): return A\n"}
    assert dead(files).names == {"pkg.app": ("A._x_changed",)}


def test_a_decorator_that_stores_what_it_decorates_keeps_it():
    files = {
        "pkg/app.py": (
            "KNOWN = {}\n"
            "def command(name):\n"
            "    def keep(f):\n        KNOWN[name] = f\n        return f\n    return keep\n"
            "def plain(f):\n    def inner(): return f()\n    return inner\n"
            "app = object()\nmade = object\n"
            "@command('a')\ndef stored(): pass\n"
            "@app.route('/')\ndef routed(): pass\n"
            "@plain\ndef wrapped(): pass\n"
            "def main(): return KNOWN\n"
        ),
    }
    assert dead(files).names == {"pkg.app": ("made", "plain", "wrapped")}
    assert "routed" in dead(files, wrappers=["pkg.app:app"]).names["pkg.app"]


def test_classes_that_their_base_knows_live():
    files = {
        "pkg/app.py": (
            "class Base:\n    def __init_subclass__(cls): pass\n"
            "class _Known(Base): pass\nclass _Alone: pass\n"
            "def main(): return Base\n"
        ),
    }
    assert dead(files).names == {"pkg.app": ("_Alone",)}
    files["pkg/app.py"] = files["pkg/app.py"].replace("def __init_subclass__(cls)", "def f(cls)")
    assert dead(files).names == {"pkg.app": ("_Alone", "_Known")}


def test_modules_that_are_loaded_by_a_computed_name_live():
    loads = "import importlib\ndef main(x): importlib.import_module(f'{__package__}.{x}')\n"
    files = {
        "pkg/__init__.py": "",
        "pkg/a/__init__.py": "",
        "pkg/a/app.py": loads,
        "pkg/a/_plug.py": "def f(): pass\n",
        "pkg/_other.py": "",
    }
    assert dead(files, ["pkg.a.app:main"]).modules == ("pkg._other",)
    files["pkg/a/app.py"] = "def main(): pass\n"
    assert dead(files, ["pkg.a.app:main"]).modules == ("pkg._other", "pkg.a._plug")


def test_what_settings_files_name_lives():
    files = {
        "pkg/app.py": "def main(): pass\ndef make(): pass\ndef lost(): pass\n",
        "paste.ini": "[app:main]\npaste.app_factory = pkg.app:make\n",
        "README.md": "pkg.app:lost\n",
    }
    assert dead(files).names == {"pkg.app": ("lost",)}


def test_the_public_names_of_an_interface_live_with_what_they_use():
    files = {
        "pkg/app.py": (
            "__all__ = ['_odd']\ndef one(): return _two()\ndef _two(): pass\n"
            "def _odd(): pass\ndef _gone(): pass\n"
        ),
    }
    assert dead(files, (), interface=["pkg.app"]).names == {"pkg.app": ("_gone",)}


def test_what_a_decorated_functions_own_decorator_registers_lives():
    files = {
        "pkg/app.py": (
            "import functools\n@functools.singledispatch\ndef show(x): pass\n"
            "@show.register\ndef _(x: int): pass\n@show.register(str)\ndef _text(x): pass\n"
            "class Table:\n    kept = []\n"
            "    @classmethod\n    def add(cls, f): cls.kept.append(f)\n"
            "    @staticmethod\n    def named(f): return f\n"
            "@Table.add\ndef _added(): pass\n@Table.named\ndef _named(): pass\n"
            "def main(): show(1)\n"
        )
    }
    assert dead(files, interface=["pkg.app"]).names == {"pkg.app": ("_named",)}


def test_a_decorator_that_hands_on_in_any_way_keeps_what_it_decorates():
    ways = {
        "returned": "return REG.setdefault(f.__name__, f)",
        "in_a_table": "REG.update({f.__name__: f})\n    return f",
        "in_a_tuple": "LIST.append((1, f))\n    return f",
        "added": "global LIST\n    LIST += [f]\n    return f",
    }
    plain = {
        "wrapped": "return functools.wraps(f)(lambda: f())",
        "looked_at": "assert inspect.isfunction(f)\n    return f",
    }
    text = "import functools, inspect\nREG, LIST = {}, []\n"
    for name, body in {**ways, **plain}.items():
        text += f"def {name}(f):\n    {body}\n@{name}\ndef _by_{name}(): pass\n"
    result = dead({"pkg/app.py": text + "def main(): pass\n"}, interface=["pkg.app"])
    assert result.names == {"pkg.app": ("_by_looked_at", "_by_wrapped")}


def test_an_object_that_is_annotated_or_made_under_a_condition_keeps_alike():
    files = {
        "pkg/app.py": (
            "import lib\nAPP: lib.App = lib.App()\nif lib.x:\n    OTHER = lib.App()\n"
            "@APP.on\ndef _one(): pass\n@OTHER.on\ndef _two(): pass\ndef _three(): pass\n"
        )
    }
    assert dead(files, interface=["pkg.app"]).names == {"pkg.app": ("_three",)}


def test_what_runs_a_package_by_its_name_lives():
    files = {
        "pkg/__init__.py": "",
        "pkg/__main__.py": "from pkg.app import main\nmain()\n",
        "pkg/app.py": "def main(): pass\n",
        "pkg/other.py": "",
    }
    assert dead(files, []).modules == ("pkg.other",)
