"""An import goes from the top of a module into the functions that use it, or stays."""

import pytest

from extractor.rewrites.parts.late_imports import import_late

TOP = "import os\n\nfrom a import b as c\n\n\n"


def late(body, top=TOP):
    content = import_late((top + body).encode(), "c", module="a.m", is_package=False, path="m.py")
    return None if content is None else content.decode()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("def f():\n    return c.x\n", "def f():\n    from a import b as c\n    return c.x\n"),
        (
            'def f():\n    """Text."""\n    return c.x\n',
            'def f():\n    """Text."""\n    from a import b as c\n    return c.x\n',
        ),
        (
            "class K:\n    def f(self):\n"
            "        def g():\n            return c\n        return g\n",
            "class K:\n    def f(self):\n        from a import b as c\n"
            "        def g():\n            return c\n        return g\n",
        ),
        (
            "def f():\n\treturn c.x\n",
            "def f():\n\tfrom a import b as c\n\treturn c.x\n",
        ),
        (
            "def f(c):\n    return c.x\n\n\ndef g():\n    return c\n",
            "def f(c):\n    return c.x\n\n\ndef g():\n    from a import b as c\n    return c\n",
        ),
    ],
    ids=["a function", "a docstring", "inside another", "tabs", "a parameter of its name"],
)
def test_it_moves(body, expected):
    assert late(body) == f"import os\n\n\n{expected}"


def test_the_other_names_of_its_statement_stay():
    moved = late("def f():\n    return c, d\n", "from a import b as c, d\n\n\n")
    assert moved == ("from a import d\n\n\ndef f():\n    from a import b as c\n    return c, d\n")


@pytest.mark.parametrize(
    "body",
    [
        "x = c.y\n",
        "def f(x=c):\n    return c\n",
        "@c\ndef f():\n    return c\n",
        "class K(c.Base):\n    pass\n",
        "f = lambda: c\n",
        "def f(): return c\n",
        "def f():\n    global c\n    c = 1\n",
        "__all__ = ['c']\n\n\ndef f():\n    return c\n",
        "def f():\n    pass\n",
        "if 0:\n    c = None\n\n\ndef f():\n    return c\n",
    ],
)
def test_it_stays(body):
    assert late(body) is None


def test_a_guarded_import_stays():
    top = "try:\n    from a import b as c\nexcept ImportError:\n    c = None\n\n\n"
    assert late("def f():\n    return c\n", top) is None
