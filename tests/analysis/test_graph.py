"""Every case is also imported for real: an expectation that is wrong fails as well."""

import sys
import textwrap
from pathlib import Path

import pytest

from extractor.analysis.cascade import loaded
from extractor.analysis.graph import Kind
from extractor.analysis.modules import ancestors
from extractor.analysis.project import import_graph
from extractor.source.tree import MemoryTree
from extractor.verification.laboratory.observe import observe

# files, the module imported, what is loaded besides it and its parents
CASES = {
    "nothing": ({"p/__init__.py": "x = 1"}, "p", ""),
    "a parent package's imports are paid for": (
        {"p/__init__.py": "import p.a", "p/a.py": "", "p/b.py": ""},
        "p.b",
        "p.a",
    ),
    "imports in a function are not loaded": (
        {"p/__init__.py": "", "p/a.py": "def f():\n    import p.b", "p/b.py": ""},
        "p.a",
        "",
    ),
    "nor in a lambda or a method": (
        {
            "p/__init__.py": "",
            "p/a.py": """
                f = lambda: __import__("p.b")
                class A:
                    def m(self):
                        from p import b
                A()
            """,
            "p/b.py": "",
        },
        "p.a",
        "",
    ),
    "a class body runs": (
        {"p/__init__.py": "", "p/a.py": "class A:\n    from p import b", "p/b.py": ""},
        "p.a",
        "p.b",
    ),
    "imports for type checkers are not loaded": (
        {
            "p/__init__.py": "",
            "p/a.py": """
                from typing import TYPE_CHECKING
                import typing as t
                if TYPE_CHECKING:
                    import p.b
                if t.TYPE_CHECKING:
                    import p.b
                else:
                    import p.c
            """,
            "p/b.py": "",
            "p/c.py": "",
        },
        "p.a",
        "p.c",
    ),
    "a main guard is not entered": (
        {
            "p/__init__.py": "",
            "p/a.py": "if __name__ == '__main__':\n    import p.b\n",
            "p/b.py": "",
        },
        "p.a",
        "",
    ),
    "a version test is decided": (
        {
            "p/__init__.py": "",
            "p/a.py": """
                import sys
                if sys.version_info[0] < 3:
                    import p.b
                elif sys.version_info >= (3, 0):
                    import p.c
            """,
            "p/b.py": "",
            "p/c.py": "",
        },
        "p.a",
        "p.c",
    ),
    "a fallback is not loaded when the first choice is there": (
        {
            "p/__init__.py": "",
            "p/a.py": """
                try:
                    from p import b as it
                except ImportError:
                    from p import c as it
            """,
            "p/b.py": "",
            "p/c.py": "",
        },
        "p.a",
        "p.b",
    ),
    "a fallback is loaded when the first choice is gone": (
        {
            "p/__init__.py": "",
            "p/a.py": """
                try:
                    from p.gone import it
                except ImportError:
                    from p import c as it
            """,
            "p/c.py": "",
        },
        "p.a",
        "p.c",
    ),
    "a name of the first choice that is gone counts": (
        {
            "p/__init__.py": "",
            "p/a.py": """
                try:
                    from p.b import gone
                except ImportError:
                    from p.c import it
            """,
            "p/b.py": "",
            "p/c.py": "it = 1",
        },
        "p.a",
        "p.b p.c",
    ),
    "relative imports of every level": (
        {
            "p/__init__.py": "",
            "p/q/__init__.py": "from . import a\nfrom .. import b",
            "p/q/a.py": "from .c import x\nfrom ..d import y",
            "p/q/c.py": "x = 1",
            "p/b.py": "",
            "p/d.py": "y = 1",
        },
        "p.q",
        "p.q.a p.q.c p.b p.d",
    ),
    "an attribute hides the submodule of its name": (
        {"p/__init__.py": "b = 1", "p/a.py": "from p import b", "p/b.py": ""},
        "p.a",
        "",
    ),
    "a function hides the submodule of its name": (
        {"p/__init__.py": "def b(): pass", "p/a.py": "from p import b", "p/b.py": ""},
        "p.a",
        "",
    ),
    "a package that imports its own submodule by name": (
        {"p/__init__.py": "from p import b", "p/a.py": "from p import b", "p/b.py": ""},
        "p.a",
        "p.b",
    ),
    "a star import loads the submodules that __all__ names": (
        {
            "p/__init__.py": "",
            "p/a.py": "from p.q import *",
            "p/q/__init__.py": "__all__ = ['b']\n__all__ += ['d']\n__all__.extend(('e',))",
            "p/q/b.py": "",
            "p/q/c.py": "",
            "p/q/d.py": "",
            "p/q/e.py": "",
        },
        "p.a",
        "p.q p.q.b p.q.d p.q.e",
    ),
    "an import string is an import": (
        {
            "p/__init__.py": "",
            "p/a.py": "__import__('p.b')\n__import__('p.' 'q.c')",
            "p/b.py": "",
            "p/q/__init__.py": "",
            "p/q/c.py": "",
        },
        "p.a",
        "p.b p.q p.q.c",
    ),
    "import_module with a constant, a package, a format and an f-string": (
        {
            "p/__init__.py": "",
            "p/a.py": """
                import importlib
                from importlib import import_module
                WHERE = "p"
                importlib.import_module("p.b")
                import_module(".c", "p")
                import_module("%s.d" % WHERE)
                import_module(f"{__package__}.e")
                import_module(WHERE + ".f")
            """,
            **{f"p/{name}.py": "" for name in "bcdefg"},
        },
        "p.a",
        "p.b p.c p.d p.e p.f",
    ),
    "a loop over constant names": (
        {
            "p/__init__.py": "",
            "p/a.py": """
                import importlib
                NAMES = ("b", "c")
                for name in NAMES:
                    importlib.import_module("p." + name)
            """,
            "p/b.py": "",
            "p/c.py": "",
        },
        "p.a",
        "p.b p.c",
    ),
    "a call at module level runs the function": (
        {
            "p/__init__.py": "",
            "p/a.py": "from p import objects\nobjects.register_all()",
            "p/objects/__init__.py": "def register_all():\n    __import__('p.objects.b')",
            "p/objects/b.py": "import p.c",
            "p/c.py": "",
        },
        "p.a",
        "p.objects p.objects.b p.c",
    ),
    "also through a re-export, a star and another function": (
        {
            "p/__init__.py": "",
            "p/a.py": "from p.api import *\nstart()",
            "p/api.py": "from p.inner import begin as start",
            "p/inner.py": "from p import deep\ndef begin():\n    deep.go()",
            "p/deep.py": "def go():\n    from p import c",
            "p/c.py": "",
        },
        "p.a",
        "p.api p.inner p.deep p.c",
    ),
    "a decorator is a call": (
        {
            "p/__init__.py": "",
            "p/a.py": "from p.b import mark\n@mark\ndef f():\n    import p.d",
            "p/b.py": "def mark(f):\n    import p.c\n    return f",
            "p/c.py": "",
            "p/d.py": "",
        },
        "p.a",
        "p.b p.c",
    ),
    "making an object runs the __init__ of its base": (
        {
            "p/__init__.py": "",
            "p/a.py": "from p import b\nit = b.Late()",
            "p/b.py": "from p.c import Early\nclass Late(Early):\n    pass",
            "p/c.py": """
                class Early:
                    def __init__(self):
                        self.load()
                    def load(self):
                        import p.d
            """,
            "p/d.py": "",
        },
        "p.a",
        "p.b p.c p.d",
    ),
    "a lazy __getattr__ loads when the name is asked for": (
        {
            "p/__init__.py": "",
            "p/a.py": "from p.lazy import thing",
            "p/b.py": "from p.lazy import known",
            "p/lazy.py": """
                known = 1
                def __getattr__(name):
                    if name != "thing":
                        raise AttributeError(name)
                    from p import c
                    return c
            """,
            "p/c.py": "",
        },
        "p.a",
        "p.lazy p.c",
    ),
    "names attached lazily load their submodule when imported": (
        {
            "p/__init__.py": """
                from typing import TYPE_CHECKING
                import importlib
                if TYPE_CHECKING:
                    from p.b import thing
                NAMES = {"b": ["thing"], "c": ["other"]}
                def attach(name, submod_attrs):
                    homes = {a: m for m, names in submod_attrs.items() for a in names}
                    def __getattr__(attribute):
                        if attribute not in homes:
                            raise AttributeError(attribute)
                        home = importlib.import_module(f"{name}.{homes[attribute]}")
                        return getattr(home, attribute)
                    return __getattr__, list
                __getattr__, __dir__ = attach(__name__, submod_attrs=NAMES)
            """,
            "p/a.py": "from p import thing",
            "p/b.py": "thing = 1",
            "p/c.py": "other = 1",
        },
        "p.a",
        "p.b",
    ),
    "a namespace package is a module too": (
        {"p/__init__.py": "", "p/a.py": "import p.n.b", "p/n/b.py": ""},
        "p.a",
        "p.n p.n.b",
    ),
    "a circle ends": (
        {"p/__init__.py": "", "p/a.py": "import p.b", "p/b.py": "import p.a"},
        "p.a",
        "p.b",
    ),
    "statements of every kind are looked into": (
        {
            "p/__init__.py": "",
            "p/a.py": """
                import contextlib
                with contextlib.suppress(ValueError):
                    import p.b
                while True:
                    import p.c
                    break
                for _ in (1,):
                    import p.d
                try:
                    pass
                finally:
                    import p.e
                it = [__import__("p.f") for _ in (1,)]
                def g(x=__import__("p.g")): pass
            """,
            **{f"p/{name}.py": "" for name in "bcdefg"},
        },
        "p.a",
        "p.b p.c p.d p.e p.f p.g",
    ),
}


def dedented(files):
    return MemoryTree({path: textwrap.dedent(text).encode() for path, text in files.items()})


@pytest.mark.parametrize(("files", "module", "others"), CASES.values(), ids=CASES)
def test_what_an_import_loads(files, module, others):
    tree = dedented(files)
    graph = import_graph(tree, ["p"])
    expected = {module, *ancestors(module), *others.split()}

    assert loaded(graph, module) == expected

    (seen,) = observe(tree, graph.modules, Path(sys.executable), [module])
    assert seen.error == ""
    assert set(seen.loaded) == expected


def test_what_is_not_loaded_is_kept_apart(graph_of):
    graph = graph_of(
        {
            "p/__init__.py": "",
            "p/a.py": """
                from typing import TYPE_CHECKING
                if TYPE_CHECKING:
                    import p.b
                class A:
                    def m(self):
                        def inner():
                            import p.c
            """,
            "p/b.py": "",
            "p/c.py": "",
        }
    )
    assert [(e.imported, e.line, e.kind, e.via) for e in graph.imports_of("p.a") if e.line] == [
        ("p.b", 4, Kind.TYPE_CHECKING, ""),
        ("p.c", 8, Kind.ON_CALL, "A.m"),
    ]


def test_a_call_names_the_function_and_both_lines(graph_of):
    graph = graph_of(
        {
            "p/__init__.py": "",
            "p/a.py": "import p.b\n\np.b.go()",
            "p/b.py": "\ndef go():\n    import p.c",
            "p/c.py": "",
        }
    )
    (edge,) = [e for e in graph.imports_of("p.a") if e.kind is Kind.CALL]
    assert (edge.imported, edge.line, edge.via, edge.via_line) == ("p.c", 3, "p.b:go", 3)


def test_plugins_of_a_namespace_are_entry_points(graph_of):
    files = {
        "setup.cfg": "[entry_points]\np.drivers =\n    one = p.one\n    two = p.two:Driver\n",
        "p/__init__.py": "",
        "p/a.py": """
            from stevedore import driver, extension
            from p.conf import CONF
            def chosen():
                return driver.DriverManager("p.drivers", CONF.driver).driver
            chosen()
        """,
        "p/b.py": "from stevedore import driver\ndriver.DriverManager('p.drivers', 'two')",
        "p/c.py": "from stevedore import extension\nextension.ExtensionManager('p.drivers')",
        "p/conf.py": "CONF = object()",
        "p/one.py": "",
        "p/two.py": "",
    }
    graph = graph_of(files)
    assert loaded(graph, "p.b") == {"p", "p.b", "p.two"}
    assert loaded(graph, "p.c") == {"p", "p.c", "p.one", "p.two"}
    # The function by itself, and the call of it when p.a is imported.
    assert [(u.importer, u.line, u.on_call, u.candidates) for u in graph.unknown] == [
        ("p.a", 5, True, ("p.one", "p.two")),
        ("p.a", 6, False, ("p.one", "p.two")),
    ]


def test_plugins_that_a_function_loads_are_loaded_on_call(graph_of):
    files = {
        "setup.cfg": "[entry_points]\np.drivers =\n    one = p.one\n",
        "p/__init__.py": "",
        "p/a.py": """
            from stevedore import driver
            def chosen():
                return driver.DriverManager("p.drivers", "one").driver
        """,
        "p/one.py": "",
    }
    graph = graph_of(files)
    assert [(e.importer, e.line, e.kind) for e in graph.importers_of("p.one")] == [
        ("p.a", 4, Kind.ON_CALL)
    ]


def test_a_backend_is_loaded_when_its_wrapper_is_used(graph_of):
    files = {
        "p/__init__.py": "",
        "p/api.py": """
            from oslo_db import concurrency
            _MAPPING = {"sql": "p.sql"}
            IMPL = concurrency.TpoolDbapiWrapper(None, backend_mapping=_MAPPING)
            def reader(f):
                return IMPL.reader(f)
        """,
        "p/sql.py": "",
        "p/a.py": "from p import api",
        "p/b.py": "from p import api\n@api.reader\ndef f(): pass",
    }
    graph = graph_of(files)
    assert "p.sql" not in loaded(graph, "p.a")
    assert "p.sql" in loaded(graph, "p.b")


def test_files_in_an_old_grammar_are_read(graph_of):
    graph = graph_of(
        {
            "p/__init__.py": "",
            "p/a.py": "async = 1\nfrom p import b\ndef f(async=async):\n    return async\n",
            "p/b.py": "",
        }
    )
    assert graph.unreadable == []
    assert loaded(graph, "p.a") == {"p", "p.a", "p.b"}


def test_files_nobody_can_read_are_named(graph_of):
    graph = graph_of({"p/__init__.py": "", "p/a.py": "import p\nprint 'x'\n"})
    (unreadable,) = graph.unreadable
    assert (unreadable.module, unreadable.path, unreadable.line) == ("p.a", "p/a.py", 2)


def test_a_name_only_the_run_knows_is_unknown(graph_of):
    graph = graph_of(
        {"p/__init__.py": "import os\n__import__(os.environ['X'])\n", "p/a.py": "__import__('p')"}
    )
    assert [(u.importer, u.line, u.on_call) for u in graph.unknown] == [("p", 2, False)]


def test_a_name_that_a_package_makes_up_is_unknown_and_stops_nothing(graph_of):
    graph = graph_of(
        {
            "p/__init__.py": """
                import importlib
                import os

                def __getattr__(name):
                    return importlib.import_module(os.environ["P_" + name])
            """,
            "p/a.py": "from p import made_up",
            "p/b.py": "",
        }
    )
    assert ("p.a", 1) in {(unknown.importer, unknown.line) for unknown in graph.unknown}
    assert all(edge.imported in graph.modules for edge in graph.edges)


HOOK = """\
import sys
class Finder:
    def {method}(self, name, path=None, target=None):
        return getattr(self, "find_" + name)()
    def find_backend(self):
        from p import backend
        return backend
sys.meta_path.insert(0, Finder())
"""


@pytest.mark.parametrize(
    ("method", "hook"), [("find_spec", True), ("find_module", True), ("find", False)]
)
def test_what_an_import_hook_loads_is_unknown(graph_of, method, hook):
    files = {"p/__init__.py": HOOK.format(method=method), "p/backend.py": ""}
    unknown = graph_of(files).unknown
    named = [(u.importer, u.line, u.function, u.candidates) for u in unknown]
    assert named == ([("p", 6, "import hook", ("p.backend",))] if hook else [])


def test_a_function_that_another_module_replaces_may_load_what_the_new_one_does(graph_of):
    files = {
        "p/__init__.py": "",
        "p/plain.py": "def tables():\n    return {}\ndef alone():\n    pass\n",
        "p/use.py": "from p import plain\nplain.tables()\nplain.alone()\n",
        "p/rich.py": (
            "from p import plain\n"
            "def more():\n    import p.big\n    return {}\n"
            "plain.tables = more\n"
            "class Own:\n    def alone(self):\n        import p.other\n"
            "own = Own()\nown.alone = more\n"
        ),
        "p/big.py": "",
        "p/other.py": "",
    }
    graph = graph_of(files)
    (place,) = [u for u in graph.unknown if u.importer == "p.use"]
    assert (place.line, place.candidates) == (2, ("p.big",))
