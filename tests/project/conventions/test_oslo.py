import ast

import pytest

from extractor.project.facts import project_of
from extractor.source.tree import MemoryTree


def option(call, **imports):
    node = ast.parse(call, mode="eval").body
    found = project_of(MemoryTree({})).option_of(node, imports)
    return found.value if found is not None else None


@pytest.mark.parametrize(
    ("call", "imports"),
    [
        ("cfg.StrOpt('a')", {"cfg": "oslo_config.cfg"}),
        ("cfg.StrOpt(name='a')", {"cfg": "oslo_config.cfg"}),
        ("StrOpt('a')", {"StrOpt": "oslo_config.cfg.StrOpt"}),
        ("oslo_config.cfg.Opt('a')", {"oslo_config": "oslo_config"}),
        ("cfg.IntOpt('a')", {"cfg": "oslo.config.cfg"}),
    ],
)
def test_what_is_an_option(call, imports):
    assert option(call, **imports) == "a"


@pytest.mark.parametrize(
    ("call", "imports"),
    [
        ("SortOpt('a')", {}),
        ("SortOpt('a')", {"SortOpt": "shop.menu.SortOpt"}),
        ("cfg.StrOpt('a')", {"cfg": "shop.cfg"}),
        ("cfg.DeprecatedOpt('a')", {"cfg": "oslo_config.cfg"}),
        ("cfg.StrOpt(name)", {"cfg": "oslo_config.cfg"}),
        ("cfg.StrOpt()", {"cfg": "oslo_config.cfg"}),
        ("make()('a')", {"make": "oslo_config.cfg"}),
    ],
)
def test_what_is_none(call, imports):
    assert option(call, **imports) is None


def test_what_shows_it():
    assert "oslo" in project_of(MemoryTree({"p.py": b"from oslo_config import cfg\n"})).conventions
    assert "oslo" not in project_of(MemoryTree({"p.py": b"import os\n"})).conventions
