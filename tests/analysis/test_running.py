"""What runs on import and what imports by name. Every case is also imported for real."""

import ast
import sys
import textwrap
from pathlib import Path

import pytest

from extractor.analysis.cascade import loaded
from extractor.analysis.project import import_graph
from extractor.analysis.scan import scan
from extractor.analysis.truth import compare
from extractor.source.tree import MemoryTree
from extractor.verification.laboratory.observe import observe

HEAVY = "def work():\n    import p.heavy\n"
HEAVY_DECORATOR = """
    import functools
    def deco(value):
        def outer(f):
            @functools.wraps(f)
            def wrapper(*args):
                import p.heavy
                return f(*args)
            return wrapper
        return outer
"""

# The text of p.a and of other modules, what importing p.a loads, lines of p.a listed as unknown.
CASES = {
    "nothing imports": ("x = 1", {}, "", ()),
    "an import that nobody calls": (HEAVY, {}, "", ()),
    "a call under the main guard": (
        HEAVY + "if __name__ == '__main__':\n    work()",
        {},
        "",
        (),
    ),
    "a call beside the main guard": (
        HEAVY + "if __name__ == '__main__':\n    pass\nelse:\n    work()",
        {},
        "p.heavy",
        (),
    ),
    "the main guard the other way round": (
        HEAVY + "if '__main__' == __name__:\n    work()",
        {},
        "",
        (),
    ),
    "a call for type checkers": (
        HEAVY + "import typing\nif typing.TYPE_CHECKING:\n    work()",
        {},
        "",
        (),
    ),
    "the wrapper of a decorator factory": (
        "from p.deco import deco\n@deco(1)\ndef f(): pass",
        {"deco": HEAVY_DECORATOR},
        "p.deco",
        (),
    ),
    "the wrapper, once the decorated is called": (
        "from p.deco import deco\n@deco(1)\ndef f():\n    return 1\nf()",
        {"deco": HEAVY_DECORATOR},
        "p.deco p.heavy",
        (),
    ),
    "the two outer functions of a decorator factory": (
        "from p.deco import deco\n@deco(1)\ndef f(): pass",
        {
            "deco": """
                def deco(value):
                    from p import one
                    def outer(f):
                        from p import two
                        return f
                    return outer
            """
        },
        "p.deco p.one p.two",
        (),
    ),
    "a method of a module's object": (
        "from p.app import app\n@app.route('/')\ndef f(): pass",
        {
            "app": """
                class App:
                    def route(self, path):
                        import p.one
                        return self.keep
                    def keep(self, f):
                        import p.two
                        return f
                app = App()
            """
        },
        "p.app p.one p.two",
        (),
    ),
    "a metaclass": (
        """
        class Meta(type):
            def __new__(mcs, name, bases, values):
                import p.one
                return super().__new__(mcs, name, bases, values)
        class A(metaclass=Meta): x = 1
        """,
        {},
        "p.one",
        (),
    ),
    "a metaclass nobody uses": (
        "class Meta(type):\n    def __new__(mcs, *a):\n        import p.one",
        {},
        "",
        (),
    ),
    "the metaclass of a base of another module": (
        "from p.base import Base\nclass A(Base): pass",
        {
            "base": """
                class Meta(type):
                    def __init__(cls, name, bases, values):
                        if bases:
                            cls.register()
                    def register(cls):
                        from p import one
                class Base(metaclass=Meta): pass
            """
        },
        "p.base",
        (2,),
    ),
    "a hook for subclasses": (
        """
        class Base:
            def __init_subclass__(cls, **kwargs):
                cls.setup()
            @classmethod
            def setup(cls):
                import p.one
        class A(Base):
            @classmethod
            def setup(cls):
                import p.two
        """,
        {},
        "p.two",
        (),
    ),
    "a base with a hook and no subclass": (
        "class Base:\n    def __init_subclass__(cls):\n        import p.one",
        {},
        "",
        (),
    ),
    "a context manager": (
        """
        class Manager:
            def __enter__(self):
                import p.one
            def __exit__(self, *args):
                import p.two
        with Manager(): pass
        """,
        {},
        "p.one p.two",
        (),
    ),
    "a context manager that is made and not entered": (
        """
        class Manager:
            def __enter__(self):
                import p.one
            def __exit__(self, *args): pass
        Manager()
        """,
        {},
        "",
        (),
    ),
    "a method that a subclass replaces": (
        """
        class Base:
            def __init__(self):
                self.load()
            def load(self):
                import p.one
        class A(Base):
            def load(self):
                import p.two
        A()
        """,
        {},
        "p.two",
        (),
    ),
    "a function that returns before": (
        """
        import sys
        def f(flag=None):
            if flag is None:
                return
            import p.one
        f()
        """,
        {},
        "",
        (7,),
    ),
    "a version that every supported Python has": (
        "import sys\nif sys.version_info >= (3, 2):\n    import p.one\nelse:\n    import p.two",
        {},
        "p.one",
        (),
    ),
    "a version in the middle": (
        "import sys\nif sys.version_info >= (3, 9):\n    import p.one\nelse:\n    import p.two",
        {},
        "",
        (3, 5),
    ),
    "a platform": (
        "import sys\nif sys.platform == 'win32':\n    import p.one\nelse:\n    import p.two",
        {},
        "",
        (3, 5),
    ),
    "a platform by another name": (
        "import os\nWINDOWS = os.name == 'nt'\nif not WINDOWS:\n    import p.one",
        {},
        "",
        (4,),
    ),
    "an optional library": (
        "try:\n    import no_such_library\nexcept ImportError:\n    from p import one",
        {},
        "",
        (4,),
    ),
    "a module that needs an optional library": (
        "try:\n    from p import fast\nexcept ImportError:\n    from p import one",
        {"fast": "import no_such_library"},
        "",
        (2, 4),
    ),
    "a name of Python 2": (
        "try:\n    import ConfigParser\nexcept ImportError:\n    from p import one",
        {},
        "p.one",
        (),
    ),
    "import_module by another name": (
        "from importlib import import_module as load\nload('p.one')\ngo = load\ngo('p.two')",
        {},
        "p.one p.two",
        (),
    ),
    "import_module of a module that has it by another name": (
        "from p.util import load\nload('p.one')",
        {"util": "from importlib import import_module\nload = import_module"},
        "p.util",
        (2,),
    ),
    "import_module handed to others": (
        "from importlib import import_module\nlist(map(import_module, ['p.one', 'p.two']))",
        {},
        "p.one p.two",
        (),
    ),
    "import_module in a table": (
        "from importlib import import_module\nT = [import_module]\nT[0]('p.one')",
        {},
        "",
        (2, 3),
    ),
    "__import__ with a list": (
        "__import__('p', fromlist=['one'])\n__import__('', globals(), None, ['two'], 1)",
        {},
        "p.one p.two",
        (),
    ),
    "relative names": (
        """
        from importlib import import_module
        import_module(".one", __package__)
        import_module(".two", package="p")
        """,
        {},
        "p.one p.two",
        (),
    ),
    "names made of the module's own": (
        """
        import importlib
        importlib.import_module(f"{__package__}.one")
        importlib.import_module(__name__.rpartition(".")[0] + ".two")
        importlib.import_module("{}.heavy".format(__spec__.parent))
        """,
        {},
        "p.one p.two p.heavy",
        (),
    ),
    "tables": (
        """
        import importlib
        TABLE = {"x": "p.one", "y": "p.two"}
        for key, value in TABLE.items():
            importlib.import_module(value)
        """,
        {},
        "p.one p.two",
        (),
    ),
    "a table in a comprehension": (
        "import importlib\nIT = {n: importlib.import_module(f'p.{n}') for n in ('one', 'two')}",
        {},
        "p.one p.two",
        (),
    ),
    "a walk over a package": (
        """
        import importlib, pkgutil
        import p.plug
        for found in pkgutil.iter_modules(p.plug.__path__, p.plug.__name__ + "."):
            importlib.import_module(found.name)
        for _, name, _ in pkgutil.iter_modules(p.plug.__path__):
            importlib.import_module("p.plug." + name)
        """,
        {"plug/__init__": "", "plug/x": "", "plug/sub/__init__": "", "plug/sub/y": ""},
        "p.plug p.plug.x p.plug.sub",
        (5,),
    ),
    "a module run as a program": (
        "import runpy\nrunpy.run_path('nowhere.py') if 0 else None",
        {},
        "",
        (2,),
    ),
    "text that is run": (
        "exec('import p.one')\nexec('impor' + 't p.two')\nexec(''.join(['x = ', str(1)]))",
        {},
        "p.one p.two",
        (3,),
    ),
    "a name from outside": (
        "import importlib, os\nimportlib.import_module(os.environ.get('NO_SUCH', 'p.one'))",
        {},
        "",
        (2,),
    ),
    "a helper that imports what it is told": (
        "from importlib import import_module\ndef load(n):\n    import_module(n)\nload('p.one')",
        {},
        "",
        (3, 4),
    ),
    "a sum of many terms, and a name that is made of itself": (
        "LONG = " + " + ".join(["'a'"] * 1200) + "\nNAMES = []\nNAMES = NAMES + ['json']\n"
        "MORE = [*NAMES]\nNAMES = [*MORE]\nMORE = [*NAMES]\nimport p.one\n"
        "for name in MORE:\n    __import__(name)",
        {},
        "p.one",
        (9,),
    ),
    "a long chain of elif": (
        "x = 1\nif x == 0: pass\n"
        + "".join(f"elif x == {n}: pass\n" for n in range(2, 900))
        + "else:\n    pass\nimport p.one",
        {},
        "p.one",
        (),
    ),
}


@pytest.mark.parametrize(("text", "more", "others", "unknown"), CASES.values(), ids=CASES)
def test_what_runs(text, more, others, unknown):
    files = {"p/__init__.py": "", "p/a.py": textwrap.dedent(text)}
    files |= {f"p/{name}.py": "" for name in ("one", "two", "heavy")}
    files |= {f"p/{name}.py": textwrap.dedent(value) for name, value in more.items()}
    tree = MemoryTree({path: value.encode() for path, value in files.items()})
    graph = import_graph(tree, ["p"])

    assert loaded(graph, "p.a") == {"p", "p.a", *others.split()}
    assert {u.line for u in graph.unknown if u.importer == "p.a"} == set(unknown)

    seen = observe(tree, graph.modules, Path(sys.executable), ["p.a"])
    assert [o.error for o in seen] == [""]
    report = compare(graph, seen)
    assert [(c.missing, c.extra) for c in report.compared] == [((), ())]


# p/__init__.py, the other modules' texts, and what ``from p import Name`` loads besides p.
LAZY = {
    "a table of relative names": (
        """
        import importlib
        _HOMES = {"Name": ".one", "Other": ".two"}
        def __getattr__(name):
            if name in _HOMES:
                return getattr(importlib.import_module(_HOMES[name], __name__), name)
            raise AttributeError(name)
        """,
        "p.one",
    ),
    "a table turned round": (
        """
        from importlib import import_module
        _STRUCTURE = {"one": ["Name"], "two": ["Other"]}
        _HOMES = {name: home for home, names in _STRUCTURE.items() for name in names}
        def __getattr__(name):
            try:
                home = _HOMES[name]
            except KeyError:
                raise AttributeError(name) from None
            return getattr(import_module(f"{__name__}.{home}"), name)
        """,
        "p.one",
    ),
    "pairs": (
        """
        from importlib import import_module
        _dynamic = {"Name": (__spec__.parent, ".one"), "Other": (__spec__.parent, ".two")}
        def __getattr__(attr):
            found = _dynamic.get(attr)
            if found is None:
                raise AttributeError(attr)
            package, module = found
            return getattr(import_module(module, package=package), attr)
        """,
        "p.one",
    ),
    "a helper of the same file": (
        """
        import importlib
        def _load(home):
            return importlib.import_module("p." + home)
        def __getattr__(name):
            if name == "Name":
                return _load("one").Name
            if name == "Other":
                return _load("two").Other
            raise AttributeError(name)
        """,
        "p.one",
    ),
    "statements": (
        """
        def __getattr__(name):
            if name == "Name":
                from .one import Name
                return Name
            if name == "Other":
                from .two import Other
                return Other
            raise AttributeError(name)
        """,
        "p.one",
    ),
}


@pytest.mark.parametrize(("package", "others"), LAZY.values(), ids=LAZY)
def test_what_making_a_name_loads(package, others):
    files = {
        "p/__init__.py": textwrap.dedent(package),
        "p/one.py": "Name = 1",
        "p/two.py": "Other = 2",
        "p/a.py": "from p import Name",
        "p/b.py": "import p",
    }
    tree = MemoryTree({path: value.encode() for path, value in files.items()})
    graph = import_graph(tree, ["p"])

    assert loaded(graph, "p.a") == {"p", "p.a", *others.split()}
    assert loaded(graph, "p.b") == {"p", "p.b"}

    seen = observe(tree, graph.modules, Path(sys.executable), ["p.a", "p.b"])
    report = compare(graph, seen)
    assert [(c.missing, c.configured, c.extra) for c in report.compared] == 2 * [((), (), ())]


def test_which_unknown_place_loaded_what():
    files = {
        "p/__init__.py": "",
        "p/a.py": "import importlib, os\n\nimportlib.import_module(os.environ.get('NO', 'p.b'))",
        "p/b.py": "import p.c",
        "p/c.py": "",
    }
    tree = MemoryTree({path: value.encode() for path, value in files.items()})
    graph = import_graph(tree, ["p"])
    report = compare(graph, observe(tree, graph.modules, Path(sys.executable), ["p.a"]))
    assert report.chosen == (("p.a:3", ("p.b",)),)
    (compared,) = report.compared
    assert (compared.missing, compared.configured) == ((), ("p.b", "p.c"))


def test_attributes_that_other_tools_leave_on_shared_nodes_are_not_followed():
    checker = pytest.importorskip("pyflakes.checker")
    source = b"import a\n\n\nclass C:\n    x = (a.b() + a.c(),) + (a.d(),)\n"
    before = scan(source, "a.py")
    # It hangs the parent on every node, and the node of an operator is the same in every tree.
    checker.Checker(ast.parse(source), filename="a.py")
    assert scan(source, "a.py") == before


def test_a_star_of_names_that_nobody_can_list_is_unknown():
    files = {
        "p/__init__.py": textwrap.dedent(
            """
            import importlib
            MORE = {"one"}
            __all__ = sorted(MORE | {"x"})
            x = 1
            def __getattr__(name):
                if name in MORE:
                    return importlib.import_module(f"p.{name}")
                raise AttributeError(name)
            """
        ),
        "p/one.py": "",
        "p/a.py": "from p import *",
    }
    tree = MemoryTree({path: value.encode() for path, value in files.items()})
    graph = import_graph(tree, ["p"])
    report = compare(graph, observe(tree, graph.modules, Path(sys.executable), ["p.a"]))
    (compared,) = report.compared
    assert (compared.missing, compared.configured, compared.extra) == ((), ("p.one",), ())
