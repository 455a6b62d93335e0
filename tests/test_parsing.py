import json

import libcst
import pytest

from extractor.parsing import (
    UnreadableSource,
    parse_ast,
    parse_cst,
    unparse_cst,
    with_stand_ins,
)

ASYNC_AS_NAME = b"""\
import eventlet.green as async
def wait(async=True, *, await_=1):
    self.async = async
    return async(await_)
"""


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(b"async def f():\n    await g()\n", id="a real coroutine"),
        pytest.param(b"x = 'async = 1'\n", id="only in a string"),
        pytest.param(b"asynchronous = 1\n", id="part of a longer name"),
        pytest.param(b"async def f():\n    await (g())\n", id="await with parentheses"),
    ],
)
def test_leaves_alone(source):
    assert with_stand_ins(source).source == source


def test_async_is_spelled_anew_where_it_is_to_run():
    source = b"def f(async, await_):\n    return x.async, await_, await\n"
    # A name that is taken is not given twice.
    anew = b"def f(async_, await_):\n    return x.async_, await_, awaiX\n"
    assert with_stand_ins(source).spelled_anew() == anew
    assert with_stand_ins(b"x = 1\n").spelled_anew() == b"x = 1\n"


def test_async_as_a_name_parses_and_keeps_every_position():
    tree, stand_ins = parse_ast(ASYNC_AS_NAME)
    assert len(stand_ins.source) == len(ASYNC_AS_NAME)
    assert stand_ins.restore(stand_ins.source) == ASYNC_AS_NAME
    alias = tree.body[0].names[0]
    assert stand_ins.restore_name(alias.asname) == "async"


def test_concrete_tree_gives_the_bytes_back():
    module, stand_ins = parse_cst(ASYNC_AS_NAME)
    assert isinstance(module, libcst.Module)
    assert unparse_cst(module, stand_ins) == ASYNC_AS_NAME


def test_bytes_that_are_not_utf8_survive():
    source = b"# coding: latin-1\nasync = '\xe9'\n"
    assert unparse_cst(*parse_cst(source)) == source


def test_unreadable_source_says_where():
    with pytest.raises(UnreadableSource) as caught:
        parse_ast(b"x = 1\nprint 'python 2'\n", "old.py")
    assert caught.value.line == 2
    assert "old.py" in str(caught.value)
    with pytest.raises(UnreadableSource):
        parse_cst(b"print 'python 2'\n", "old.py")


def test_whoever_asks_about_a_text_shares_its_tree():
    source = b"shared = 'by all'\n"
    assert parse_ast(source)[0] is parse_ast(bytes(bytearray(source)))[0]


@pytest.mark.pypi
def test_a_run_parses_each_text_about_once(released):
    counted = json.loads(released.with_suffix(".parsed.json").read_text())
    assert counted["texts"] > 800
    assert counted["parsed"] <= 1.2 * counted["texts"]
