from functools import partial

import pytest

from extractor.outcome import Finding, Rewritten
from extractor.rewrites.drop_config_entries import rewrite
from tests.rewrites.tools import check_rewritten, check_unchanged

drop = partial(
    rewrite, modules=["shop.till"], sections=["old", "a:b"], keys=["shop:gone", "tool.x:gone"]
)
check = partial(check_rewritten, drop, python=False)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("", id="empty"),
        pytest.param("no sections at all\n", id="prose"),
        pytest.param("gone = 1\n[shop]\nolder = 1\n[older]\nx = 1\n", id="other names"),
        pytest.param("[shop]\n# shop.till\n; shop.till\nx = 1\n", id="comments"),
        pytest.param("[shop]\nx = shop.tills\ny = my.shop.till\nz = shop.till-x\n", id="alike"),
        pytest.param("[other]\ngone = 1\n", id="the key of another section"),
        pytest.param("[a]\nx =\n    [old]\n", id="a section's name inside a value"),
    ],
)
def test_leaves_alone(source):
    check_unchanged(drop, source)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("[old]\nx = 1\n", "", id="the only section"),
        pytest.param("[x]\ny = 1\n\n[old]\nz = 1\n", "[x]\ny = 1\n", id="the last section"),
        pytest.param("[a:b]\nz = 1\n\n\n[x]\n", "[x]\n", id="the first section"),
        pytest.param(
            "[x]\n\n[old]\na = 1\n\n# about y\n[y]\n", "[x]\n\n# about y\n[y]\n", id="between"
        ),
        pytest.param(
            "[h]\nx = shop.a,shop.till.b\n[y]\n", "[h]\nx = shop.a\n[y]\n", id="last in a row"
        ),
        pytest.param(
            "[h]\nx = shop.till:c, shop.a\r\ny = 1\r\n",
            "[h]\nx = shop.a\r\ny = 1\r\n",
            id="first in a row",
        ),
        pytest.param("[shop]\ngone: 1\n  2\nx = 1\n", "[shop]\nx = 1\n", id="key with colon"),
        pytest.param(
            "[shop]\nx =\n  a = shop.till:f\n  b = shop.b:f\n",
            "[shop]\nx =\n  b = shop.b:f\n",
            id="a line of a value",
        ),
        pytest.param(
            "[shop]\nx = 1\ny =\n  a = shop.till:f\n\nz = 1\n",
            "[shop]\nx = 1\n\nz = 1\n",
            id="the only line of a value",
        ),
        pytest.param(
            '[project.scripts]\ntill = "shop.till.cmd:main"\nx = "shop.x:main"\n',
            '[project.scripts]\nx = "shop.x:main"\n',
            id="pyproject",
        ),
        pytest.param(
            "# Licence\n\n# why\n# more\n[old]\nx = 1\n[y]\n", "# Licence\n\n[y]\n", id="comments"
        ),
    ],
)
def test_drops(before, after):
    check(before, after)


def test_line_ends_and_bytes_that_are_not_utf8_stay():
    before = b"[shop]\r\nx = \xe9\r\ngone = 1\r\n"
    assert drop(before) == Rewritten(b"[shop]\r\nx = \xe9\r\n")


def test_a_section_that_loses_its_purpose_is_told():
    check(
        "[app:till]\nuse = call:shop.till:f\nx = 1\n",
        "[app:till]\nx = 1\n",
        (Finding("[app:till] no longer has use", 2),),
    )
