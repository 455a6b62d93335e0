"""Classes that a decorator hangs on a package are found there by name."""

import pytest

from extractor.analysis.registered import registered_classes
from extractor.analysis.resolver import Resolver, modules_of
from extractor.analysis.symbol_walker import SymbolWalker
from extractor.analysis.symbols import Symbol, Use
from extractor.source.tree import MemoryTree

REGISTRY = """
from shop import things

class Registry:
    def hook(self, cls):
        setattr(things, cls.__name__, cls)

    @classmethod
    def register(cls, other):
        return other

def hang(cls):
    setattr(things, cls.__name__, cls)
    return cls
"""
FILES = {
    "shop/__init__.py": "",
    "shop/things/__init__.py": "def load():\n    __import__('shop.things.chair')\n",
    "shop/things/base.py": REGISTRY,
    "shop/things/chair.py": (
        "from shop.things import base\n\n@base.Registry.register\nclass Chair:\n    pass\n\n"
        "class Stool:\n    pass\n"
    ),
    "shop/user.py": "from shop import things\n\ndef sit():\n    return things.Chair()\n",
}


def found(files):
    tree = MemoryTree({path: text.encode() for path, text in files.items()})
    modules = modules_of(tree, {"shop"})
    names = Resolver(tree, modules).names
    return registered_classes("shop.things", modules, tree.read, names)


@pytest.mark.parametrize(
    "chair",
    [
        "class Chair:\n    pass\n",
        "from elsewhere import Registry\n\n@Registry.register\nclass Chair:\n    pass\n",
        "from shop.things import base\n\n@base.other\nclass Chair:\n    pass\n",
        "def register(cls):\n    return cls\n\n@register\nclass Chair:\n    pass\n",
    ],
    ids=["no decorator", "another project's", "a decorator that hangs nothing", "its own"],
)
def test_nothing_is_found(chair):
    assert found({**FILES, "shop/things/chair.py": chair}) == {}


def test_nothing_is_found_where_something_else_is_set():
    other = REGISTRY.replace("setattr(things,", "setattr(cls,")
    assert found({**FILES, "shop/things/base.py": other}) == {}


@pytest.mark.parametrize(
    "head",
    [
        "from shop.things import base\n\n@base.Registry.register",
        "from shop.things.base import Registry\n\n@Registry.register",
        "from shop.things.base import Registry as R\n\n@R.register_if(True)",
        "from shop.things.base import hang\n\n@hang",
        "from shop.things import base\n\n@base.hang",
        "import shop.things.base as base\n\n@base.Registry.register",
    ],
)
def test_however_the_decorator_is_written(head):
    chair = f"{head}\nclass Chair:\n    pass\n"
    assert found({**FILES, "shop/things/chair.py": chair}) == {"Chair": "shop.things.chair"}


def test_a_file_that_nothing_parses_stops_no_other():
    broken = {**FILES, "shop/things/broken.py": "setattr(things,\n"}
    assert found({**broken})["Chair"] == "shop.things.chair"


def test_a_use_leads_to_the_class():
    tree = MemoryTree({path: text.encode() for path, text in FILES.items()})
    walker = SymbolWalker(Resolver(tree, modules_of(tree, {"shop"})))
    walker.add_whole("shop.user", Use("shop.user", 0))
    reach = walker.run()
    chair = Symbol("shop.things.chair", "Chair")
    assert chair in reach.symbols
    assert reach.spelled[Symbol("shop.things", "Chair")] == chair
    assert not reach.unknown


def test_what_is_not_registered_leads_nowhere():
    files = {**FILES, "shop/user.py": FILES["shop/user.py"].replace("Chair", "Stool")}
    tree = MemoryTree({path: text.encode() for path, text in files.items()})
    walker = SymbolWalker(Resolver(tree, modules_of(tree, {"shop"})))
    walker.add_whole("shop.user", Use("shop.user", 0))
    assert Symbol("shop.things", "Stool") in walker.run().unknown
