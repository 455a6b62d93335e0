import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.parsing import UnreadableSource
from extractor.slicing.slices import join_slices, slice_module

MODULE = b'''\
# Copyright somebody
#
# Licensed

"""What the whole module is about."""

from __future__ import absolute_import
import os, sys
import a.b
import a.c
from x import (one,
    two)
from y import three

try:
    import json
except ImportError:
    json = None

CONF = one.CONF
CONF.register(three)
UNUSED = 1

# floating words about a section

# attached to the base
class Base(object):
    text = 'class Fake(object):'
    value = a.b.c(CONF)


LIMIT = \\
    5
"""What LIMIT is."""
OTHER = 6
"""What OTHER is."""

@two.decorate
# between
@two.again(
"col zero")
def helper(os=None):
    """
Text in the first column:
def fake():
"""
    return os


class Child(Base):
    def go(self):
        return helper() + LIMIT, json
'''


def check_slice(source, symbols, expected):
    assert slice_module(source, symbols) == expected
    ast.parse(expected)
    assert slice_module(expected, symbols) == expected


@pytest.mark.parametrize(
    "source, symbols",
    [
        pytest.param(b"", {"x"}, id="nothing at all"),
        pytest.param(b"# only words\n", {"x"}, id="only a comment"),
        pytest.param(MODULE, {"Fake", "fake", "nowhere"}, id="a definition inside a string"),
        pytest.param(MODULE, (), id="no symbols"),
        pytest.param(b"def f():\n    x = 1\n", {"x"}, id="a name of an inner scope"),
        pytest.param(b"[x for x in y]\n", {"x"}, id="a name of a comprehension"),
    ],
)
def test_nothing_to_carry(source, symbols):
    assert slice_module(source, symbols) == b""


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(b"x = 'open\n", id="open string"),
        pytest.param(b"x = (\n", id="open bracket"),
        pytest.param(b'x = """\n', id="open docstring"),
        pytest.param(b"x = 1)\n", id="closed twice"),
        pytest.param(b"  x\n", id="indented"),
    ],
)
def test_unreadable(source):
    with pytest.raises(UnreadableSource):
        slice_module(source, {"x"})


def test_a_name_that_needs_nothing():
    check_slice(
        MODULE,
        {"LIMIT"},
        b"# Copyright somebody\n#\n# Licensed\n\nfrom __future__ import absolute_import\n\n"
        b'\nLIMIT = \\\n    5\n"""What LIMIT is."""\n',
    )


def test_everything_a_class_needs():
    sliced = slice_module(MODULE, {"Child"})
    check_slice(MODULE, {"Child"}, sliced)
    left_out = [
        b'"""What the whole module is about."""\n',
        b"import os, sys\n",
        b"import a.c\n",
        b"UNUSED = 1\n",
        b"# floating words about a section\n",
        b'OTHER = 6\n"""What OTHER is."""\n',
    ]
    expected = MODULE
    for text in left_out:
        assert text not in sliced
        expected = expected.replace(text, b"")
    assert [x for x in sliced.splitlines() if x] == [x for x in expected.splitlines() if x]


@pytest.mark.parametrize("name", ["first", "top"])
def test_the_locals_of_a_function_are_its_own_whatever_it_is_called(name):
    function = f"def {name}(item):\n    other = item\n    return other\n".encode()
    source = b"item = 1\n\nother = 2\n\n\n" + function
    assert slice_module(source, {name}) == function


def test_submodule_imports_without_a_visible_use_all_stay():
    source = b"import a.b\nimport a.c\nX = list(a)\n"
    check_slice(source, {"X"}, source)


def test_a_star_import_stays_for_a_name_of_unknown_origin():
    source = b"from m import *\nfrom n import y\n\nX = y\nZ = origin\n"
    check_slice(source, {"X"}, b"from n import y\n\nX = y\n")
    check_slice(source, {"Z"}, b"from m import *\n\nZ = origin\n")


def test_a_comment_of_the_head_that_touches_the_code_is_still_the_header():
    check_slice(b"# licence\nimport os\nX = 1\n", {"X"}, b"# licence\nX = 1\n")


def test_a_licence_below_another_comment_that_touches_the_docstring_is_the_header():
    head = b"# vim: x\n\n# words\n"
    check_slice(head + b'"""docs"""\n\nX = 1\n', {"X"}, head + b"\nX = 1\n")
    head = b"# vim: x\n\n# Licensed\n"
    check_slice(head + b"import os\n\nX = 1\n", {"X"}, head + b"\nX = 1\n")
    head = b"# vim: x\n\n"
    source = head + b"# why os\nimport os\n\nX = 1\nY = os\n"
    check_slice(source, {"X"}, head + b"X = 1\n")
    check_slice(source, {"Y"}, head + b"# why os\nimport os\n\nY = os\n")


def test_old_grammar_is_sliced_by_its_shape():
    source = (
        b"import logging\nfrom a import b as c, d\n\nasync = 1\n\n\ndef used(x):\n"
        b"    print 'd', x.logging\n    raise E, c\n\n\ndef unused():\n    print async\n"
    )
    sliced = slice_module(source, {"used"})
    assert sliced == (
        b"from a import b as c, d\n\n\ndef used(x):\n    print 'd', x.logging\n    raise E, c\n"
    )
    assert slice_module(sliced, {"used"}) == sliced
    assert slice_module(source, {"unused"}).startswith(b"async = 1\n")


def test_async_as_a_name():
    source = b"import eventlet.green as async\nimport os\n\nX = async.wait\n"
    assert slice_module(source, {"X"}) == b"import eventlet.green as async\n\nX = async.wait\n"


def test_bytes_that_are_not_utf8_and_dos_lines_survive():
    source = b"# coding: latin-1\r\n\r\nX = '\xe9'\r\nY = 1\r\n"
    assert slice_module(source, {"X"}) == b"# coding: latin-1\r\n\r\nX = '\xe9'\r\n"


def test_two_slices_in_one_file():
    one = b"# licence\n\nimport os\n\nA = os\n"
    two = b"# licence\n\nfrom __future__ import division\nimport os\nimport re\n\nB = re, os\n"
    joined = join_slices([one, two])
    assert joined == (
        b"# licence\n\nfrom __future__ import division\n\nimport os\nimport re\n\n\n"
        b"A = os\n\nB = re, os\n"
    )
    ast.parse(joined)
    assert join_slices([joined, b""]) == joined
    assert join_slices([one]) == one


NAMES = ["a", "b", "c", "d", "e"]
EXPRESSIONS = st.lists(st.sampled_from(NAMES), max_size=3).map(lambda n: f"[{', '.join(n)}]")
LINES = st.one_of(
    st.builds("{} = {}\n".format, st.sampled_from(NAMES), EXPRESSIONS),
    st.builds("{}.append({})\n".format, st.sampled_from(NAMES), EXPRESSIONS),
    st.builds("def {}():\n    return {}\n".format, st.sampled_from(NAMES), EXPRESSIONS),
    st.builds("class {}(object):\n    x = {}\n".format, st.sampled_from(NAMES), EXPRESSIONS),
    st.builds("import {}.x\n".format, st.sampled_from(NAMES)),
    st.builds("from m import {}\n".format, st.sampled_from(NAMES)),
    st.builds(
        "try:\n    import {0}\nexcept ImportError:\n    {0} = {1}\n".format,
        st.sampled_from(NAMES),
        EXPRESSIONS,
    ),
    st.sampled_from(["\n", "\n\n", "# words\n", '"""words"""\n', "@deco\ndef f():\n    pass\n"]),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(LINES, max_size=14).map("".join), st.sets(st.sampled_from(NAMES)))
def test_a_slice_is_an_ordered_selection_that_stands_alone(text, symbols):
    source = text.encode()
    sliced = slice_module(source, symbols)
    ast.parse(sliced)
    assert slice_module(sliced, symbols) == sliced
    lines = iter(source.splitlines())
    assert all(line in lines for line in sliced.splitlines() if line.strip())
    bound = bound_at_top(source)
    assert bound_at_top(sliced) >= bound & symbols
    # Whatever the kept lines use and the source binds is bound in the slice too.
    used = {n.id for n in ast.walk(ast.parse(sliced)) if isinstance(n, ast.Name)}
    assert used & bound <= bound_at_top(sliced)


def bound_at_top(source):
    scope = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id != "x":
            scope.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            scope.add(node.name)
        elif isinstance(node, ast.alias):
            scope.add(node.name.partition(".")[0])
    return scope
