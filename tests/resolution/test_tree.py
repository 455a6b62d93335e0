"""Every first-party name leads to a definition, or is told; what cannot be known is not."""

import pytest

from extractor.resolution import Modules, resolve_tree

SHOP = {
    "shop/__init__.py": "",
    "shop/stock.py": "LIMIT = 1\n\n\ndef count():\n    return LIMIT\n",
}


def modules_of(files):
    names = {
        path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): path
        for path in files
        if path.endswith(".py")
    }
    return Modules(names, lambda path: files[path].encode(), [*files])


def unresolved(**more):
    files = SHOP | {path.replace("__PY", ".py"): text for path, text in more.items()}
    return [(one.path, one.line, one.name) for one in resolve_tree(modules_of(files)).unresolved]


def told(text, files=()):
    found = unresolved(**{**dict(files), "shop/till.py": text})
    assert all(path == "shop/till.py" for path, _, _ in found), found
    return [(line, name) for _, line, name in found]


RESOLVED = {
    "a name": "from shop.stock import count\n",
    "a module": "import shop.stock\nshop.stock.count\n",
    "a submodule as an attribute": "import shop\nshop.stock.count()\n",
    "relative": "from . import stock\nfrom .stock import LIMIT\nstock.count\n",
    "under another name": "import shop.stock as s\ns.LIMIT\n",
    "of another project": "from other.stock import nothing\nimport os\nos.nothing\n",
    "guarded": "try:\n    from shop.fast import count\nexcept ImportError:\n    count = None\n",
    "suppressed": "import contextlib\nwith contextlib.suppress(ImportError):\n    import shop.x\n",
    "expected to fail": "def test(self):\n    with self.assertRaises(ImportError):\n"
    "        import shop.x\n",
    "asked for": "from shop import stock\nif hasattr(stock, 'old'):\n    stock.old()\n",
    "set from outside": "from shop import stock\nstock.FLAG = 1\nstock.FLAG\n",
    "set by name": "from shop import stock\nsetattr(stock, name(), 1)\nstock.X\n",
    "a local of the name": "import shop.stock\ndef f(shop):\n    return shop.nothing\n",
    "a comprehension": "from shop import stock\n[stock.x for stock in y]\n",
    "a class attribute": "from shop import stock\nclass A:\n    stock = stock.LIMIT\n",
    "a class's own name": "class A:\n    stock = 1\n    stock.real\n",
    "a global": "def f():\n    global X\n    X = 1\n__all__ = ['X']\n",
    "conditional": "if x:\n    def f(): pass\nelse:\n    from shop.stock import count as f\n"
    "__all__ = ['f']\n",
    "of a module": "from shop import stock\nstock.__name__, stock.__file__, stock.__doc__\n",
    "by name": "import importlib\nimportlib.import_module('shop.stock')\n",
    "by name, relative": "from importlib import import_module as load\nload('.stock', 'shop')\n",
    "by name, computed": "import importlib\nimportlib.import_module(f'{x}.stock')\n",
    "exec": "exec('X = 1')\n__all__ = ['X']\n",
    "globals": "for n in 'ab':\n    globals()[n] = 1\n__all__ = ['a', 'b']\n",
    "type parameters": "from shop import stock\ndef f(x: 'stock.LIMIT'): ...\n",
    "a name of a match": "from shop import stock\ndef f(x):\n    match x:\n"
    "        case {'a': stock}:\n            return stock.x\n",
}


@pytest.mark.parametrize("text", RESOLVED.values(), ids=RESOLVED)
def test_resolved(text):
    assert told(text) == []


UNRESOLVED = {
    "a name": ("from shop.stock import sold\n", [(1, "shop.stock.sold")]),
    "a module": ("import os\nimport shop.sales\n", [(2, "shop.sales")]),
    "from a module": ("from shop.sales import a\n", [(1, "shop.sales.a")]),
    "relative": ("from .sales import a\n", [(1, "shop.sales.a")]),
    "above the top": ("from ... import a\n", [(1, "....a")]),
    "an attribute": ("from shop import stock\n\nstock.sold\n", [(3, "stock.sold")]),
    "inside a function": ("def f():\n    from shop import sales\n", [(2, "shop.sales")]),
    "a long chain": ("import shop.stock\nshop.stock.sold.x\n", [(2, "shop.stock.sold")]),
    "in a quoted type": (
        "from shop import stock\nX: 'list[stock.Y]' = 1\n",
        [(2, "stock.Y")],
    ),
    "in a type comment": ("from shop import stock\nx = 1  # type: stock.Y\n", [(2, "stock.Y")]),
    "in a cast": ("from shop import stock\ncast('stock.Y', 1)\n", [(2, "stock.Y")]),
    "in __all__": ("__all__ = ['a']\n", [(1, "a")]),
    "in an extended __all__": (
        "__all__ = []\n__all__ += ['a']\n__all__.append('b')\n",
        [
            (2, "a"),
            (3, "b"),
        ],
    ),
    "a star": ("from shop.sales import *\n", [(1, "shop.sales")]),
    "by name": ("import importlib\nimportlib.import_module('shop.x')\n", [(2, "shop.x")]),
    "by name, relative": (
        "from importlib import import_module as load\nload('.x', __package__)\n",
        [(2, "shop.x")],
    ),
    "by name, from a list": ("__import__('shop', fromlist=['x'])\n", [(1, "shop.x")]),
    "in an f-string": ("import shop.stock\nf'{shop.stock.x}'\n", [(2, "shop.stock.x")]),
    "the other handler": (
        "try:\n    x\nexcept KeyError:\n    import shop.x\n",
        [(4, "shop.x")],
    ),
}


@pytest.mark.parametrize(("text", "expected"), UNRESOLVED.values(), ids=UNRESOLVED)
def test_unresolved(text, expected):
    assert told(text) == expected


MORE = {
    "through two stars": {
        "shop/api.py": "from shop.inner import *\n",
        "shop/inner.py": "from shop.stock import *\n",
        "shop/till.py": "from shop.api import count\nfrom shop import api\napi.LIMIT\n",
    },
    "__all__ taken over": {
        "shop/api.py": "from shop import stock\nfrom shop.stock import *\n__all__ = ['x']\nx = 1\n"
        "__all__ += stock.__all__\n",
        "shop/stock.py": "__all__ = ['count']\ndef count(): ...\n",
        "shop/till.py": "from shop.api import *\ncount\nfrom shop import api\napi.count\n",
    },
    "a lazy package": {
        "shop/__init__.py": "def __getattr__(name):\n    return 1\n",
        "shop/till.py": "import shop\nshop.anything\nfrom shop import more\n",
    },
    "registered by a decorator": {
        "shop/base.py": "from shop import objects\n\ndef register(cls):\n"
        "    setattr(objects, cls.__name__, cls)\n    return cls\n",
        "shop/objects.py": "",
        "shop/till.py": "from shop import objects\nobjects.Till\n",
    },
    "replaced by another module": {
        "shop/objects.py": "import sys\nsys.modules[__name__] = object()\n",
        "shop/till.py": "from shop import objects\nobjects.Till\n",
    },
    "an extension module": {
        "shop/_fast.pyx": "",
        "shop/till.py": "from shop._fast import count\nfrom shop import _fast\n_fast.x\n",
    },
    "a namespace package": {
        "shop/plugins/one.py": "X = 1\n",
        "shop/till.py": "from shop.plugins import one, of_another\none.X\n",
    },
    "the package's own name first": {
        "shop/__init__.py": "from shop.stock import count as stock\n",
        "shop/till.py": "from shop import stock\nstock.anything\n",
    },
    "a file that cannot be read": {
        "shop/old.py": "print 'x'\n",
        "shop/till.py": "from shop.old import x\n",
    },
    "a name that only the stub has": {
        "shop/stock.pyi": "class Type: ...\n",
        "shop/till.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n"
        "    from shop.stock import Type\n",
    },
}


@pytest.mark.parametrize("files", MORE.values(), ids=MORE)
def test_resolved_through_others(files):
    assert unresolved(**files) == []


def test_a_broken_re_export_is_told_once_where_it_stands():
    found = unresolved(
        **{
            "shop/api.py": "from shop.sales import sell\n",
            "shop/till.py": "from shop.api import sell\nfrom shop import api\napi.sell\n",
        }
    )
    assert found == [("shop/api.py", 1, "shop.sales.sell")]


def test_the_reason_says_what_is_missing():
    files = SHOP | {"shop/till.py": "from shop.stock import sold\nimport shop.a.b\n"}
    reasons = [one.reason for one in resolve_tree(modules_of(files)).unresolved]
    assert reasons == ["shop.stock has no name sold", "there is no module shop.a"]


def test_files_that_cannot_be_read_are_told():
    files = SHOP | {"shop/old.py": "x = 1\nprint 'x'\n"}
    (unread,) = resolve_tree(modules_of(files)).unread
    assert (unread.path, unread.line) == ("shop/old.py", 2)


def test_deep_expressions_and_chains_of_elif():
    total = "X = " + " + ".join(["'a'"] * 1_200) + "\n"
    elifs = "def f(x):\n    if x == 0:\n        return stock.sold\n"
    elifs += "".join(f"    elif x == {n}:\n        return {n}\n" for n in range(1, 600))
    assert told("from shop import stock\n" + total + elifs) == [(5, "stock.sold")]
