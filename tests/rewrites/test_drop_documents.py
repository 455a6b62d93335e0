from functools import partial

import pytest

from extractor.outcome import Finding, Rewritten
from extractor.rewrites.drop_documents import rewrite
from tests.rewrites.tools import check_rewritten, check_unchanged

drop = partial(rewrite, documents=["doc/user/till.rst"], path="doc/index.rst")
check = partial(check_rewritten, drop, python=False)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("", id="empty"),
        pytest.param("user/till\n", id="prose"),
        pytest.param(".. toctree::\n\n   user/tills\n   admin/till\n   till\n", id="others"),
        pytest.param(".. toctree::\n   :glob:\n\n   user/*\n\nuser/till\n", id="after it"),
        pytest.param(".. code::\n\n   user/till\n", id="another directive"),
        pytest.param(":doc:`user/other`\n", id="another link"),
    ],
)
def test_leaves_alone(source):
    check_unchanged(drop, source)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            ".. toctree::\n\n   /user/till\n   x\n", ".. toctree::\n\n   x\n", id="absolute"
        ),
        pytest.param(
            ".. toctree::\n\n   user/till.rst\n   x\n", ".. toctree::\n\n   x\n", id="suffix"
        ),
        pytest.param(
            "* x\n\n  .. toctree::\n\n     ./user/till\n     x\n\n* y\n",
            "* x\n\n  .. toctree::\n\n     x\n\n* y\n",
            id="indented",
        ),
        pytest.param(
            "x\n\n.. toctree::\n\n   user/till\n\n.. toctree::\n\n   y\n",
            "x\n\n.. toctree::\n\n   y\n",
            id="one of two tables",
        ),
    ],
)
def test_drops(before, after):
    check(before, after)


def test_links_are_told_with_their_new_lines():
    check(
        ".. toctree::\n\n   user/till\n   x\n\n:doc:`user/till` :doc:`it <user/till>`\n",
        ".. toctree::\n\n   x\n\n:doc:`user/till` :doc:`it <user/till>`\n",
        (
            Finding("links to user/till, which is gone", 5),
            Finding("links to user/till, which is gone", 5),
        ),
    )


def test_bytes_and_line_ends_stay():
    before = b"\xe9\r\n.. toctree::\r\n\r\n   user/till\r\n   x\r\n"
    assert drop(before) == Rewritten(b"\xe9\r\n.. toctree::\r\n\r\n   x\r\n")


def test_what_is_in_a_document_that_goes_is_nobody_s_business():
    check_unchanged(partial(drop, path="doc/user/till.rst"), ":doc:`till`\n")
