"""Classes of both sides are compared by what they descend from and the values they hold."""

import sys
from pathlib import Path

import pytest

from extractor.plan.model import Replace
from extractor.verification.checks.classes import counterparts, described, judge, renamed
from extractor.verification.laboratory.environment import Environment, ask

ERRORS = """\
import enum


class Base(Exception):
    code = 500
    words = ("a", "b")
    made = object()


class Lost(Base):
    code = 404

    class Inner(dict):
        x = 1


class Colour(enum.Enum):
    RED = 1


Alias = ValueError
"""


@pytest.fixture
def here():
    said = ask(sys.executable)
    assert said is not None
    return Environment(Path(sys.prefix), said, 0.0)


def test_the_same_classes_hold():
    one = {"shop.error.Lost": {"ancestors": ["shop.error.Base"], "values": {"code": "404"}}}
    judged = judge(one, {**one, "shop.more.New": {"ancestors": [], "values": {}}})
    assert judged.held
    assert judged.evidence == (
        "1 class and 1 of their values compared, 1 class only in the result",
    )


def test_another_parent_and_another_value_are_found():
    there = {"shop.e.Lost": {"ancestors": ["shop.e.Base"], "values": {"code": "404", "x": "1"}}}
    here = {"shop.e.Lost": {"ancestors": ["shop.e.Bad", "shop.e.Base"], "values": {"code": "400"}}}
    assert judge(there, here).findings == (
        "shop.e.Lost descends from shop.e.Bad, shop.e.Base, was shop.e.Base",
        "shop.e.Lost.code is 400, was 404",
        "shop.e.Lost.x is absent, was 1",
    )


def test_what_two_names_became_one_by_is_no_difference(shop):
    data = shop.plan.data.model_copy(
        update={
            "replace": [
                Replace(
                    subject="mall.base",
                    with_="lib.base",
                    names={"MallThing": "Thing", "Kept": "shop.kept:Other"},
                    reason="the library's own will do",
                ),
                Replace(
                    subject="mall.wrap:Wrapper", with_="shop.wrap:Simple", reason="simpler one"
                ),
            ]
        }
    )
    places = counterparts(["mall.shop.till", "mall.other"], ["shop.till"], data)
    assert places == {"mall.shop.till": "shop.till"}
    ancestors = ["mall.base.MallThing", "lib.base.Thing", "mall.base.Kept", "mall.wrap.Wrapper"]
    old = {"mall.shop.till.Till": {"ancestors": ancestors, "values": {}}}
    new = ["lib.base.Thing", "shop.kept.Other", "shop.wrap.Simple"]
    here = {"shop.till.Till": {"ancestors": new, "values": {}}}
    assert judge(renamed(old, places, data), here).held
    assert not judge(
        renamed(old, places, data),
        {"shop.till.Till": {**here["shop.till.Till"], "ancestors": new[:1]}},
    ).held


def test_what_the_subsystem_defines_itself_counts(shop):
    layout = shop.plan.data.layout.model_copy(
        update={"modules": {"mall.error": "shop.error", "mall.shop": "shop"}}
    )
    data = shop.plan.data.model_copy(update={"layout": layout})
    places = counterparts(["mall.shop.error", "mall.error", "mall.x"], ["shop.error"], data)
    assert list(places) == ["mall.error", "mall.shop.error"]
    old = {
        "mall.error.Lost": {"ancestors": ["mall.error.Base"], "values": {}},
        "mall.shop.error.Lost": {"ancestors": [], "values": {}},
    }
    here = {"shop.error.Lost": {"ancestors": [], "values": {}}}
    assert judge(renamed({m: old[m] for m in reversed(old)}, places, data), here).held is False
    assert judge(renamed(old, places, data), here).held


def test_classes_are_read_in_the_interpreter_that_is_given(shop, here):
    shop.write("shop/error.py", ERRORS)
    shop.write("shop/broken.py", "import mall_that_is_not_there\n")
    context = shop.context()
    found = described(["shop.error", "shop.broken"], here, shop.root, context, "result")
    assert set(found) == {
        "shop.error.Base",
        "shop.error.Lost",
        "shop.error.Lost.Inner",
        "shop.error.Colour",
    }
    base = found["shop.error.Base"]
    assert base["ancestors"] == ["builtins.Exception", "builtins.BaseException"]
    # What is no plain value is left out: it prints otherwise in every process.
    assert base["values"] == {"code": "500", "words": "('a', 'b')"}
    assert found["shop.error.Lost"]["ancestors"][0] == "shop.error.Base"
