import pytest

from extractor.history.selection import wrong_selection

SOURCE = b"""\
# licence

import os
import sys

LIMIT = 3


class Base(object):
    pass


class Wanted(Base):
    limit = LIMIT


class Other(object):
    where = os.sep
"""
GOOD = SOURCE.replace(b"import os\nimport sys\n\n", b"").partition(b"\n\nclass Other")[0]


def test_a_good_slice_is_silent():
    assert wrong_selection(GOOD, [SOURCE], {"Wanted"}) == []
    assert wrong_selection(SOURCE, [SOURCE], {"Wanted", "Other", "sys"}) == []


def test_a_file_no_parser_accepts_is_told_by_its_lines():
    old = b"print 'a'\nprint 'b'\n"
    assert wrong_selection(b"print 'b'\n", [old], {"x"}) == []
    assert wrong_selection(b"print 'c'\n", [old], {"x"}) != []


def test_several_sources_may_both_have_a_line():
    other = b"# licence\n\nimport os\n\nMORE = os.sep\n"
    joined = (
        b"# licence\n\nimport os\n\n\nclass Other(object):\n    where = os.sep\n\nMORE = os.sep\n"
    )
    assert wrong_selection(joined, [SOURCE, other], {"Other", "MORE"}) == []
    assert wrong_selection(joined + b"x = 1\n", [SOURCE, other], {"Other", "MORE"}) == [
        "b'x = 1' is not a line of the source",
        "x is bound but not needed",
    ]


@pytest.mark.parametrize(
    "result, said",
    [
        pytest.param(GOOD.replace(b"3", b"4"), "b'LIMIT = 4' is not a line", id="another line"),
        pytest.param(
            GOOD.replace(b"LIMIT = 3\n", b"") + b"LIMIT = 3\n", "in its order", id="another order"
        ),
        pytest.param(
            GOOD.replace(b"LIMIT = 3\n", b""), "LIMIT is used but not bound", id="a need is lost"
        ),
        pytest.param(GOOD.partition(b"class Wanted")[0], "Wanted is not bound", id="a symbol lost"),
        pytest.param(
            SOURCE.replace(b"import sys\n", b""), "Other is bound but not needed", id="one too much"
        ),
        pytest.param(
            GOOD.replace(b"\nLIMIT", b"\nimport sys\nLIMIT"),
            "sys is bound but not needed",
            id="an import too much",
        ),
    ],
)
def test_what_is_wrong_is_said(result, said):
    assert any(said in found for found in wrong_selection(result, [SOURCE], {"Wanted"}))


def test_what_a_star_brings_is_not_told_by_the_file():
    source = b"from lib import *\n\nWanted = 1\nOther = 2\n"
    assert wrong_selection(b"from lib import *\n\nWanted = 1\n", [source], {"Wanted"}) == []
    assert wrong_selection(source, [source], {"Wanted"}) == ["Other is bound but not needed"]


LOCAL = b"""\
import os
import urllib.parse


def to_url(path):
    import urllib.request

    return urllib.request.pathname2url(path)


def other(path):
    return urllib.parse.quote(path)
"""


def test_a_name_that_a_function_binds_itself_is_not_the_module_s():
    to_url = LOCAL[LOCAL.index(b"def to_url") : LOCAL.index(b"\n\ndef other")]
    assert wrong_selection(to_url, [LOCAL], {"to_url"}) == []
    other = LOCAL[LOCAL.index(b"def other") :]
    assert wrong_selection(other, [LOCAL], {"other"}) == ["urllib is used but not bound"]


@pytest.mark.parametrize(
    "body",
    [
        b"    global urllib\n    import urllib.request\n    urllib.x",
        b"    class A:\n        y = urllib",
    ],
)
def test_a_name_of_the_module_is_missed_wherever_it_is_used(body):
    source = b"import urllib\n\n\ndef f():\n" + body + b"\n"
    found = wrong_selection(source.partition(b"\n\n\n")[2], [source], {"f"})
    assert found == ["urllib is used but not bound"]
