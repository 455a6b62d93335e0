import pytest

from extractor.analysis.resolver import Resolver, modules_of
from extractor.analysis.symbol_walker import SymbolWalker
from extractor.analysis.symbols import Symbol, Use
from extractor.source.tree import MemoryTree


def tree(**files):
    return MemoryTree({k.replace("__", "/") + ".py": v.encode() for k, v in files.items()})


def reach(files, root="big.sub", stops=None, effects=False):
    source = MemoryTree({path: text.encode() for path, text in files.items()})
    walker = SymbolWalker(
        Resolver(source, modules_of(source, {"big"})),
        (lambda s: str(s) if str(s) in (stops or ()) else None),
        effects=effects,
    )
    walker.add_whole(root, Use(root, 0))
    return walker.run()


def carried(result, root="big.sub"):
    return {str(s) for s in result.symbols if s.module != root}


BASE = {
    "big/__init__.py": "",
    "big/errors.py": (
        "import os\nLOG = os.getpid()\nclass Base(Exception):\n    log = LOG\n"
        "class NotFound(Base): pass\nclass Other(Base): pass\n"
    ),
}


@pytest.mark.parametrize(
    "use",
    [
        pytest.param(
            "from big import errors\nX = errors.NotFound\n", id="from package import module"
        ),
        pytest.param("import big.errors\nX = big.errors.NotFound\n", id="a dotted import"),
        pytest.param("import big.errors as e\nX = e.NotFound\n", id="a dotted import with a name"),
        pytest.param("from big.errors import NotFound as N\nX = N\n", id="a symbol with a name"),
        pytest.param("from . import errors\nX = errors.NotFound\n", id="a relative import"),
        pytest.param(
            "def f():\n    from big import errors\n    errors.NotFound\n", id="in a function"
        ),
        pytest.param(
            "def f():\n    import big.errors\n    big.errors.NotFound\n", id="dotted in one"
        ),
        pytest.param("patch('big.errors.NotFound')\n", id="a string"),
        pytest.param("patch('big.errors.'\n      'NotFound')\n", id="a string in two parts"),
        pytest.param(
            "try:\n    from big import errors\nexcept ImportError:\n    errors = None\n"
            "X = errors.NotFound\n",
            id="a conditional import",
        ),
        pytest.param("from big.errors import *\nX = NotFound\n", id="a star import"),
    ],
)
def test_carries_a_class_its_bases_and_their_needs_only(use):
    result = reach({**BASE, "big/sub.py": use})
    assert carried(result) == {"big.errors:NotFound", "big.errors:Base", "big.errors:LOG"}


def test_re_exports_and_aliases_lead_to_the_definition():
    files = {
        **BASE,
        "big/db/__init__.py": "from big.db.api import *\n",
        "big/db/api.py": "MAX = 1\nLOST = 2\n",
        "big/fields.py": "from lib import fields\nString = fields.String\nclass Own(fields.F): 1\n",
        "big/sub.py": "from big import db, fields\nX = db.MAX\nY = fields.String\nZ = fields.Own\n",
    }
    result = reach(files)
    assert carried(result) == {"big.db.api:MAX", "big.fields:Own"}
    assert result.spelled[Symbol("big.db", "MAX")] == Symbol("big.db.api", "MAX")
    assert result.spelled[Symbol("big.fields", "String")] == Symbol("lib.fields", "String")
    assert "lib.fields.F" in result.external


def test_stops_are_not_followed_and_their_uses_are_kept():
    files = {**BASE, "big/sub.py": "from big import errors\nX = 1\nY = errors.NotFound\n"}
    result = reach(files, stops={"big.errors:NotFound"})
    assert carried(result) == set()
    assert result.stopped["big.errors:NotFound"] == (Use("big.sub", 3, "Y"),)


def test_a_module_that_makes_its_names_is_carried_whole():
    files = {
        **BASE,
        "big/magic.py": "import sys\nclass M(object): pass\nsys.modules[__name__] = M()\n",
        "big/sub.py": "from big import magic\nX = magic.anything\n",
    }
    assert "big.magic" in reach(files).whole


def test_what_resolves_to_nothing_is_unknown():
    files = {**BASE, "big/sub.py": "from big import errors\nX = errors.Missing\n"}
    assert list(reach(files).unknown) == [Symbol("big.errors", "Missing")]


def test_an_attribute_of_the_package_is_seen():
    files = {
        **BASE,
        "big/objects/__init__.py": "",
        "big/objects/rp.py": "CACHE = None\n",
        "big/sub.py": "from big import objects\ndef f():\n    objects.rp.CACHE = 1\n",
    }
    assert carried(reach(files)) == {"big.objects.rp:CACHE"}


def test_chain_says_how_a_symbol_was_reached():
    files = {**BASE, "big/sub.py": "from big import errors\nX = errors.NotFound\n"}
    hops = reach(files).chain(Symbol("big.errors", "LOG"))
    assert [str(symbol) for symbol, _ in hops[:3]] == [
        "big.errors:LOG",
        "big.errors:Base",
        "big.errors:NotFound",
    ]


def test_unreadable_modules_are_reported():
    files = {**BASE, "big/old.py": "print 'x'\n", "big/sub.py": "import big.old\nbig.old.x\n"}
    assert list(reach(files).failed) == ["big.old"]


def test_two_modules_that_may_replace_each_others_names_are_both_followed():
    text = "class X: pass\n\n\ntry:\n    from big.%s import X\nexcept ImportError:\n    pass\n"
    files = {
        "big/__init__.py": "",
        "big/one.py": text % "two",
        "big/two.py": text % "one",
        "big/sub.py": "from big.one import X\n\nX()\n",
    }
    result = reach(files)
    assert {str(symbol) for symbol in result.symbols} >= {"big.one:X", "big.two:X"}
