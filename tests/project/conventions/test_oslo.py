import ast

import pytest

from extractor.project.facts import project_of
from extractor.project.options import declared_options
from extractor.source.tree import MemoryTree


def options(text):
    return [name.value for name in declared_options(ast.parse(text)).values()]


@pytest.mark.parametrize(
    "text",
    [
        "from oslo_config import cfg\ncfg.StrOpt('a')\n",
        "from oslo_config import cfg\ncfg.StrOpt(name='a')\n",
        "from oslo_config import cfg as c\nc.Opt('a')\n",
        "from oslo_config.cfg import StrOpt\nStrOpt('a')\n",
        "import oslo_config.cfg\noslo_config.cfg.Opt('a')\n",
        "from oslo.config import cfg\ncfg.IntOpt('a')\n",
        "from oslo_config.cfg import *\nStrOpt('a')\n",
        "def f():\n    from oslo_config import cfg\n    cfg.IntOpt('a')\n",
    ],
)
def test_what_is_an_option(text):
    assert options(text) == ["a"]


@pytest.mark.parametrize(
    "text",
    [
        "class SortOpt: pass\nSortOpt('a')\n",
        "from shop.menu import SortOpt\nSortOpt('a')\n",
        "from oslo_config.cfg import *\nclass MyOpt: pass\nMyOpt('a')\n",
        "from shop import cfg\ncfg.StrOpt('a')\n",
        "from . import cfg\ncfg.StrOpt('a')\n",
        "from oslo_config import cfg\ncfg.DeprecatedOpt('a')\n",
        "from oslo_config import cfg\ncfg.StrOpt(name)\n",
        "from oslo_config import cfg\ncfg.StrOpt()\n",
        "from oslo_config import cfg\nmake()('a')\n",
    ],
)
def test_what_is_none(text):
    assert options(text) == []


def test_what_shows_it():
    assert "oslo" in project_of(MemoryTree({"p.py": b"from oslo_config import cfg\n"})).conventions
    assert "oslo" not in project_of(MemoryTree({"p.py": b"import os\n"})).conventions
