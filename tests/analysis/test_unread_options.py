"""Options that are declared and read nowhere."""

from extractor.analysis.unread_options import unread_options
from extractor.source.tree import MemoryTree


def unread(source):
    source = f"from oslo_config import cfg\n{source}"
    tree = MemoryTree({"shop/conf.py": source.encode()})
    return [name for _, name in unread_options(tree, "shop")]


def test_a_class_of_the_projects_own_is_no_option():
    assert unread("from shop.menu import SortOpt\nmenu = [SortOpt('by price')]\n") == []


def test_an_option_that_is_read_is_none_of_them():
    assert unread("cfg.StrOpt('colour')\nconf.colour\n") == []
    assert unread("cfg.StrOpt('two-words')\nconf.two_words\n") == []
    assert unread("cfg.StrOpt('colour')\nconf.set_override('colour', 1)\n") == []


def test_an_option_that_is_read_nowhere():
    assert unread("cfg.StrOpt('colour')\n") == ["colour"]


def test_the_old_name_of_an_option_is_not_to_be_read():
    assert (
        unread("cfg.StrOpt('colour', deprecated_opts=[cfg.DeprecatedOpt('color')])\nc.colour") == []
    )
