"""The quick reading of a file's uses says what reading all of its scopes says."""

import textwrap

import pytest

from extractor.analysis import uses as module_under_test
from extractor.analysis.scan import scan
from extractor.analysis.uses import uses_of
from extractor.parsing import UnreadableSource


def uses(text, module="pkg.here"):
    source = textwrap.dedent(text).lstrip("\n").encode()
    found = uses_of(source, scan(source), module, False, {"pkg"})
    return {key: lines for key, lines in found.items() if lines}


CASES = {
    "attribute and call": (
        """
        from pkg import a
        from pkg.b import f as g
        a.X
        g()
        """,
        {"pkg:a.X": [3], "pkg.b:f": [4]},
    ),
    "not ours": ("import os\nfrom other import a\nos.x\na.b\n", {}),
    "plain import": ("import pkg.a\npkg.a.X\n", {"pkg:a.X": [2]}),
    "relative": (
        "from . import a\nfrom .b import c\na.X\nc.Y\n",
        {"pkg:a.X": [3], "pkg.b:c.Y": [4]},
    ),
    "a parameter hides it": (
        """
        from pkg import a
        def f(a):
            return a.X
        def g():
            return a.Y
        """,
        {"pkg:a.Y": [5]},
    ),
    "a local hides it": (
        """
        from pkg import a
        class C(object):
            def f(self):
                a = 1
                return a.X
            def g(self):
                return a.Y
        """,
        {"pkg:a.Y": [7]},
    ),
    "a class's own name is not its methods'": (
        """
        from pkg import a
        class C(object):
            a = a.X
            b = a.Y
            def g(self):
                return a.Z
        """,
        {"pkg:a.X": [3], "pkg:a.Z": [6]},
    ),
    "the name of an argument is no use": (
        """
        from pkg import a
        x = f(a=1, b=a)
        y = f(1, a=a.X)
        """,
        {"pkg:a": [2], "pkg:a.X": [3]},
    ),
    "a default and an annotation": (
        "from pkg import a\ndef f(x=a, y: a.X = 1):\n    pass\n",
        {"pkg:a": [2], "pkg:a.X": [2]},
    ),
    "a comprehension hides it": (
        "from pkg import a\nx = [a for a in y]\nz = [b.X for b in a]\n",
        {"pkg:a": [3]},
    ),
    "a lambda hides it": ("from pkg import a\nx = f(lambda a: a.X)\n", {}),
    "an attribute of that name": ("from pkg import a\nx.a.Y\n(x.\n a.Y)\n", {}),
    "over several lines": (
        "from pkg import a\nx = (a\n     .b.X)\ny = a.\\\n    c\n",
        {"pkg:a.b.X": [2], "pkg:a.c": [4]},
    ),
    "comments and strings": ("from pkg import a\n# a.X\nx = 'a.X'\n'''\na.Y\n'''\n", {}),
    "an f-string": ("from pkg import a\nx = f'{a.X} a.Y'\n", {"pkg:a.X": [2]}),
    "a name in a string": (
        "@patch('pkg.a.X')\n@patch('pkg.'\n       'b.Y')\ndef f(): pass\n",
        {"pkg.a.X": [1], "pkg.b.Y": [2]},
    ),
    "a part of a string": ("x = 'y=' \\\n    'pkg.a'\n# 'pkg.b'\nz = 'pkg.c d'\n", {}),
    "an import in a function": (
        """
        def f():
            from pkg import a
            return a.X
        def g():
            return a.Y
        """,
        {"pkg:a.X": [3]},
    ),
    "a decorator": (
        "from pkg import a\n@a\n@a.X\ndef f(a):\n    pass\n",
        {"pkg:a": [2], "pkg:a.X": [3]},
    ),
    "bases, raise, except": (
        """
        from pkg.a import E
        class C(E):
            def f(self):
                try:
                    raise E
                except E:
                    pass
        """,
        {"pkg.a:E": [2, 5, 6]},
    ),
    "what an except binds": (
        "from pkg import a\ndef f():\n    try:\n        g()\n    except E as a:\n        a.X\n",
        {},
    ),
    "a def of that name": ("from pkg import a\ndef f():\n    def a(): pass\n    a.X\n", {}),
    "old grammar": (
        "from pkg import a\ndef f(async, a=1):\n    a.X\na.Y(async=True)\n",
        {"pkg:a.Y": [4]},
    ),
    "a star": (
        "from pkg.a import *\nx = X\ny = x\n",
        {"*pkg.a:X": [2]},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_uses_of_one_file(name):
    text, expected = CASES[name]
    assert uses(text) == expected


@pytest.mark.parametrize("name", CASES)
def test_reading_every_scope_says_the_same(name, monkeypatch):
    monkeypatch.setattr(module_under_test, "masked_lines", lambda *_, **__: None)
    text, expected = CASES[name]
    assert uses(text) == expected


# Where an imported name may be hidden, and where it only looks so.
DOUBTFUL = [
    "x = a.A\n",
    "@a.A.mark\ndef f(x=a.B) -> a.C:\n    return [a.D for _ in x]\n",
    "f(a=[a.A], x=a)\n",
    "f(\n    a=a.A,\n    y=(a.B))\n",
    "x = 'a.A'  # a.B\n",
    "a.a.A\nmy_a.B\n",
    "mock.patch.object(a, 'A')\na . B\nif not hasattr(a, 'C'):\n    pass\n",
    "x = (a\n     .A)\n",
    "def f(a):\n    return a.A\n",
    "def f(a,\n      a=None):\n    return a.A\n",
    "f(lambda a: a.A)\n",
    "def f():\n    a = []\n    return a.A\na.B\n",
    "def f():\n    a, a = g()\n    return a.A\n",
    "def f():\n    (a, a) = g()\n    return a.A\n",
    "def f():\n    for a in g():\n        a.A\n",
    "x = [a.A for a in y]\n",
    "def f():\n    with g() as a:\n        a.A\n",
    "def f():\n    if (a := g()):\n        a.A\n",
    "def f():\n    from q import a\n    return a.A\n",
    "def f():\n    import pkg.a\n    return pkg.a.A\n",
    "def f():\n    a: int = 1\n    return a.A\n",
]


@pytest.mark.parametrize("text", DOUBTFUL)
def test_names_that_may_be_hidden_are_read_alike(text, monkeypatch):
    text = f"from pkg import other, a\n{text}"
    quick = uses(text)
    monkeypatch.setattr(module_under_test, "masked_lines", lambda *_, **__: None)
    assert quick == uses(text)


def test_nothing_is_parsed_where_a_name_can_only_be_read(monkeypatch):
    def refuse(*_):
        raise AssertionError("parsed")

    monkeypatch.setattr(module_under_test, "read_names", refuse)
    assert uses("from pkg import a\ndef f(x):\n    return g(a, a.X, y=a.Y)\n") == {
        "pkg:a": [3],
        "pkg:a.X": [3],
        "pkg:a.Y": [3],
    }


def test_what_imports_bind_is_said_too():
    source = b"from pkg.a import b as c\nfrom pkg.d import *\n"
    assert uses_of(source, scan(source), "pkg.here", False, {"pkg"}) == {
        "c=pkg.a:b": [],
        "*=pkg.d:": [],
    }


def test_a_file_that_nothing_reads_is_no_silence():
    source = b"from pkg import a\ndef f(a:\n    x\n"
    with pytest.raises(UnreadableSource):
        uses_of(source, scan(source), "pkg.here", False, {"pkg"})
