import ast
from textwrap import dedent

import pytest

from extractor.reading.exports import read_exports


def read(source):
    return read_exports(ast.parse(dedent(source)))


@pytest.mark.parametrize(
    "source",
    [
        "",
        "x = ['a']\n",
        "def f():\n    __all__ = ['a']\n",
        "__all__: list\n",
        "a.__all__ = ['b']\n",
    ],
)
def test_there_is_none(source):
    found = read(source)
    assert not found.is_there
    assert found.names == []
    assert found.is_complete


@pytest.mark.parametrize(
    "source",
    [
        "__all__ = ['a', 'b']",
        "__all__ = 'a', 'b'",
        "__all__: list[str] = ['a', 'b']",
        "__all__ = ['a'] + ['b']",
        "__all__ = ['a']\n__all__ += ['b']",
        "__all__ = []\n__all__.extend(['a'])\n__all__.append('b')",
        "__all__ = ['b']\n__all__.insert(0, 'a')",
        "__all__ = ['a', 'b', 'c']\n__all__.remove('c')",
        "__all__ = ['a']\nif x:\n    __all__ += ['b']",
        "try:\n    pass\nexcept E:\n    __all__ = ['a', 'b']",
        "__all__ = sorted(['a', 'b'])",
        "__all__ = tuple(['a', 'b'])",
        "__all__ = [*['a'], 'b']",
        "x = __all__ = ['a', 'b']",
    ],
)
def test_spellings(source):
    found = read(source)
    assert found.is_there
    assert sorted(found.names) == ["a", "b"]
    assert found.is_complete
    assert not found.others


@pytest.mark.parametrize(
    ("source", "others"),
    [
        ("__all__ = base.__all__ + ['a']", ["base.__all__"]),
        ("__all__ = ['a']\n__all__ += base.__all__", ["base.__all__"]),
        ("__all__ = ['a', *x.y.__all__]", ["x.y.__all__"]),
        ("__all__ = ['a']\n__all__.extend(base.__all__)", ["base.__all__"]),
        ("__all__ = ['a'] + names", ["names"]),
    ],
)
def test_the_lists_of_others(source, others):
    found = read(source)
    assert found.names == ["a"]
    assert [ast.unparse(node) for node in found.others] == others
    assert found.is_complete


@pytest.mark.parametrize(
    "source",
    [
        "__all__ = [n for n in dir() if n[0] != '_']",
        "__all__ = ['a', f'b']",
        "__all__ = ['a']\n__all__.pop()",
        "__all__ = ['a']\ndel __all__",
        "__all__ = make(1, 2)",
    ],
)
def test_what_is_computed_is_not_known(source):
    assert not read(source).is_complete


def test_a_long_sum():
    source = "__all__ = " + " + ".join(f"['n{i}']" for i in range(900))
    assert len(read(source).names) == 900
