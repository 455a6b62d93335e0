from dataclasses import replace

import pytest

from extractor.outcome import Failed, Finding, Rewritten
from extractor.rewrites import drop_options
from tests.rewrites.tools import check_rewritten, check_unchanged

# Below, where it moves no line.
IMPORT = b"from oslo_config import cfg\n"


def rewrite(source):
    done = drop_options.rewrite(source + IMPORT, names={"lost", "gone"})
    if isinstance(done, Rewritten):
        assert done.content.endswith(IMPORT)
        done = replace(done, content=done.content.removesuffix(IMPORT))
    return done


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("opts = [cfg.StrOpt('kept')]\n", id="another option"),
        pytest.param("opts = ['lost', f('lost')]\n", id="a string, and a call that is no option"),
        pytest.param("opts = [cfg.StrOpt(name)]\n", id="a name that is computed"),
        pytest.param("opts = [SortOpt('lost')]\n", id="a class of the project's own"),
    ],
)
def test_leaves_alone(source):
    check_unchanged(rewrite, source)


def test_an_option_declared_alone_is_reported():
    message = "option 'lost' is declared by itself: remove it by hand"
    check_unchanged(rewrite, "lost_opt = cfg.StrOpt('lost')\n", (Finding(message, 1),))


def test_unreadable():
    assert isinstance(rewrite(b"print 'lost'\n"), Failed)


def test_first_middle_and_last():
    check_rewritten(
        rewrite,
        """
        opts = [
            cfg.StrOpt(
                'lost',
                help='x, y'),
            cfg.IntOpt('kept'),  # why
            cfg.BoolOpt('gone', default=True),
        ]
        more = (cfg.StrOpt('a'), cfg.StrOpt('lost'), cfg.StrOpt('b'))
        """,
        """
        opts = [
            cfg.IntOpt('kept'),  # why
        ]
        more = (cfg.StrOpt('a'), cfg.StrOpt('b'))
        """,
    )


def test_all_of_them():
    check_rewritten(rewrite, "opts = [cfg.StrOpt('lost'), cfg.StrOpt('gone')]\n", "opts = []\n")
