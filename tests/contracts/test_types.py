"""What contract types leave alone, and what they see; both readers must agree on each."""

from __future__ import annotations

import pytest

from tests.contracts.conftest import Shop, configured, keys

REGISTER_ALL = {
    "shop/__init__.py": "",
    "shop/things/__init__.py": "def register_all():\n    __import__('shop.things.price')\n",
    "shop/things/price.py": "",
    "shop/app.py": "from shop import things\n\nthings.register_all()\n",
}
CASCADE = 'module = "shop.app"\nnever = ["shop.things.*"]\n'
ONE_WAY = 'upper = ["shop"]\nlower = ["shop.till"]\n'
REGISTRY = 'registry = "shop.things"\nmodules = ["shop.things.price"]\nusers = ["shop.till"]\n'
PRICE = "def register(c):\n    return c\n\n\n@register\nclass Price:\n    pass\n"

# One kind each of naming a module that no import statement shows; asked or unasked.
UPPER = 'upper = ["shop.things"]\nlower = ["shop"]\n'
ENTRY_POINTS = "[entry_points]\nshop.prices =\n    one = shop.things.price:Price\n"
KINDS = {
    "__import__": "def f():\n    __import__('shop.things.price')\n",
    "importutils": (
        "from oslo_utils import importutils\n\nimportutils.import_module('shop.things.price')\n"
    ),
    "importutils in a function": (
        "from oslo_utils import importutils\n\n\n"
        "def f():\n    return importutils.import_object('shop.things.price.Price')\n"
    ),
    "a string of mock": "import mock\n\n\n@mock.patch('shop.things.price')\ndef f(m):\n    pass\n",
    "an entry point": "import stevedore\n\nstevedore.ExtensionManager('shop.prices')\n",
    "an entry point in a function": (
        "from stevedore import driver\n\n\n"
        "def f():\n    return driver.DriverManager('shop.prices', name='one')\n"
    ),
}
DYNAMIC = [
    pytest.param(
        "one_way",
        UPPER + options,
        {
            "shop/__init__.py": "",
            "shop/things/__init__.py": "",
            "shop/things/price.py": "Price = 1\n",
            "shop/a.py": text,
            "setup.cfg": ENTRY_POINTS,
        },
        expected,
        id=f"{kind}, {asked}",
    )
    for kind, text in KINDS.items()
    for asked, options, expected in (
        ("unasked", "", []),
        ("asked", "dynamic = true", ["shop.a -> shop.things.price"]),
    )
]

# Statements that importing shop.app does not run.
WAITING = {
    "a signature over several lines": (
        "class App:\n    def run(\n        self,\n    ) -> None:\n"
        "        import shop.things.price\n"
    ),
    "a text at the margin": (
        'def f():\n    text = """\nat the margin\n"""\n    import shop.things.price\n'
    ),
    "for type checkers": (
        "import typing\n\nif not typing.TYPE_CHECKING:\n    X = 1\n"
        "else:\n    import shop.things.price\n"
    ),
    "the program's own part": "if __name__ == '__main__':\n    import shop.things.price\n",
    "on one line": "def f(): import shop.things.price\n",
}

CASES = [
    *DYNAMIC,
    *(
        pytest.param(
            "cascade_budget",
            CASCADE,
            {**REGISTER_ALL, "shop/app.py": text},
            [],
            id=f"an import that waits: {name}",
        )
        for name, text in WAITING.items()
    ),
    pytest.param(
        "cascade_budget",
        CASCADE,
        {
            **REGISTER_ALL,
            "shop/app.py": "class A:\n    try:\n        import shop.things.price\n"
            "    finally:\n        pass\n",
        },
        ["never shop.things.price"],
        id="an import in a class and a try",
    ),
    pytest.param(
        "cascade_budget",
        CASCADE + "dynamic = true",
        {
            "shop/__init__.py": "",
            "shop/things/__init__.py": (
                "import stevedore\n\n\n"
                "def plugins():\n    return stevedore.ExtensionManager('shop.prices')\n"
            ),
            "shop/things/price.py": "",
            "shop/app.py": "from shop import things\n\nthings.plugins()\n",
            "setup.cfg": ENTRY_POINTS,
        },
        ["never shop.things.price"],
        id="a call at import time that loads an entry point",
    ),
    pytest.param("cascade_budget", CASCADE, REGISTER_ALL, [], id="strings do not count unasked"),
    pytest.param(
        "cascade_budget",
        CASCADE + "dynamic = true",
        REGISTER_ALL,
        ["never shop.things.price"],
        id="a call at import time that imports by string",
    ),
    pytest.param(
        "cascade_budget",
        CASCADE + "dynamic = true",
        {
            **REGISTER_ALL,
            "shop/things/__init__.py": (
                "class Things:\n    def __init__(self):\n        self.fill()\n\n"
                "    def fill(self):\n        from shop.things import price\n"
            ),
            "shop/app.py": "from shop.other import Things\n\nTHINGS = Things()\n",
            "shop/other.py": "from shop.things import Things\n",
        },
        ["never shop.things.price"],
        id="a statement that a call at import time runs, through a method and another name",
    ),
    pytest.param(
        "cascade_budget",
        CASCADE + "dynamic = true",
        {**REGISTER_ALL, "shop/app.py": "from shop import things\n\n\ndef f():\n    things.x()\n"},
        [],
        id="a call in a function is not made at import time",
    ),
    pytest.param(
        "cascade_budget",
        'module = "shop.a.b"\ninits_at_most = 2',
        {
            "shop/__init__.py": "",
            "shop/a/__init__.py": "import shop.c",
            "shop/a/b.py": "",
            "shop/c.py": "",
        },
        ["init loads shop.c"],
        id="what the packages above bring",
    ),
    pytest.param(
        "cascade_budget",
        'module = "shop.a"\nat_most = 2\nown = ["shop.a", "shop.b"]',
        {
            "shop/__init__.py": "",
            "shop/a.py": "import shop.b, shop.c",
            "shop/b.py": "",
            "shop/c.py": "",
        },
        ["loads shop.c"],
        id="own modules count but are no violations",
    ),
    pytest.param(
        "cascade_budget",
        'module = "shop.a"\nat_most = 2\nown = ["shop.d.e"]',
        {
            "shop/__init__.py": "",
            "shop/a.py": "import shop.d.e\n",
            "shop/d/__init__.py": "",
            "shop/d/e.py": "import shop.c.f\n",
            "shop/c/__init__.py": "",
            "shop/c/f.py": "",
        },
        ["loads shop.c", "loads shop.c.f"],
        id="packages above own modules are no violations either",
    ),
    pytest.param(
        "quiet_init",
        'packages = ["shop.*"]',
        {"shop/__init__.py": "import shop.a", "shop/a/__init__.py": "def f():\n    import os\n"},
        [],
        id="imports in functions and of other packages",
    ),
    pytest.param(
        "quiet_init",
        'packages = ["shop"]',
        {"shop/__init__.py": "try:\n    import json\nexcept ImportError:\n    json = None\n"},
        ["shop -> json"],
        id="an indented import that runs",
    ),
    pytest.param(
        "one_way",
        ONE_WAY,
        {"shop/__init__.py": "", "shop/till.py": "import os", "shop/a.py": "import shop.till"},
        [],
        id="the allowed direction",
    ),
    pytest.param(
        "one_way",
        ONE_WAY,
        {
            "shop/__init__.py": "",
            "shop/till.py": "def f():\n    from shop import a\n",
            "shop/a.py": "",
        },
        ["shop.till -> shop.a"],
        id="an import in a function",
    ),
    pytest.param(
        "one_way",
        ONE_WAY + 'symbols = ["shop.a: X"]',
        {
            "shop/__init__.py": "",
            "shop/a.py": "X = Y = 1",
            "shop/till.py": "from shop import a as b\n\n\ndef f(b):\n    return b.Y\n\n\nb.X.Y\n",
        },
        [],
        id="a parameter hides the module",
    ),
    pytest.param(
        "one_way",
        ONE_WAY + 'symbols = ["shop.a: X"]',
        {
            "shop/__init__.py": "",
            "shop/a.py": "X = Y = 1",
            "shop/till.py": "from shop import a as b\nfrom shop.a import Y\n\nprint(b)\n",
        },
        ["shop.till -> shop.a", "shop.till -> shop.a:Y"],
        id="the module itself as a value, and a name not allowed",
    ),
    pytest.param(
        "one_way",
        ONE_WAY + 'dynamic = true\nallowed = ["shop.till.*, shop.x -> shop.a, shop.b"]',
        {
            "shop/__init__.py": "",
            "shop/a/__init__.py": "",
            "shop/a/c.py": "X = 1\n",
            "shop/b.py": "",
            "shop/till/__init__.py": "import shop.b\n",
            "shop/till/f.py": "import mock\nimport shop.b\n\nmock.patch('shop.a.c.X')\n",
        },
        ["shop.till -> shop.b"],
        id="single imports that are meant to be, in strings too",
    ),
    pytest.param(
        "registry",
        REGISTRY,
        {
            "shop/__init__.py": "",
            "shop/things/__init__.py": "",
            "shop/things/price.py": PRICE,
            "shop/till.py": "from shop.things import price",
            "shop/a.py": "Price = price = 1\n",
        },
        [],
        id="a listed user, and the same words elsewhere",
    ),
    pytest.param(
        "registry",
        REGISTRY,
        {
            "shop/__init__.py": "",
            "shop/things/__init__.py": "",
            "shop/things/price.py": PRICE,
            "shop/a.py": "from shop import things as t\n\nt.price.CACHE = None\n",
            "shop/b.py": "from shop.things import (\n    Price,\n)\n",
            "shop/c.py": "from shop.things.price import Price\n",
        },
        [
            "shop.a -> shop.things.price",
            "shop.b -> shop.things:Price",
            "shop.c -> shop.things.price",
        ],
        id="a bare attribute, a name of the package, the module",
    ),
    pytest.param(
        "owned_symbols",
        'symbols = ["shop.a: X", "shop.b: X"]',
        {
            "shop/__init__.py": "",
            "shop/a.py": "",
            "shop/b.py": "X = 1\n",
            "shop/c.py": "def f():\n    X = 2\n\n\nclass C:\n    X = 3\n",
        },
        [],
        id="the first of several that has it; names that are not top level",
    ),
    pytest.param(
        "owned_symbols",
        'symbols = ["shop.a: X", "shop.a: Y"]\nnamesakes = ["shop.b: X, Y", "shop.a: X"]',
        {"shop/__init__.py": "", "shop/a.py": "X = Y = 1\n", "shop/b.py": "X = 2\n"},
        ["shop.b:Y is not a namesake"],
        id="namesakes, and one that is not there",
    ),
    pytest.param(
        "one_way",
        'upper = ["shpo"]\nlower = ["shop.till"]',
        {"shop/__init__.py": "", "shop/till.py": ""},
        ["no module in upper"],
        id="a side that nothing is on",
    ),
    pytest.param(
        "registry",
        'registry = "shop.things"\nmodules = ["shop.thing"]',
        {"shop/__init__.py": "", "shop/things.py": ""},
        ["no modules"],
        id="no module that registers",
    ),
    pytest.param(
        "owned_symbols",
        'symbols = ["shop.a: X"]',
        {"shop/__init__.py": "", "shop/a.py": "from shop.b import X\n", "shop/b.py": "X = 1\n"},
        ["shop.a:X is not defined", "shop.b:X"],
        id="moved away silently",
    ),
]


@pytest.mark.parametrize(("type_", "options", "files", "expected"), CASES)
def test_both_readers_agree(
    shop: Shop, type_: str, options: str, files: dict[str, str], expected: list[str]
) -> None:
    shop.write({**files, "contracts.toml": configured(type_, options)})

    found = shop.check()

    assert sorted(keys(found)) == expected
    assert sorted(keys(shop.lint())) == expected


def test_a_chain_names_the_function_called(shop: Shop) -> None:
    options = CASCADE + "dynamic = true"
    shop.write({**REGISTER_ALL, "contracts.toml": configured("cascade_budget", options)})

    for ((violation,),) in ([v.new for v in shop.check()], [v.new for v in shop.lint()]):
        assert violation.chain[-1] == (
            "shop/app.py:3: shop.app -> shop.things.price (call of shop.things:register_all)"
        )
        assert violation.way_out == (
            "do not call shop.things:register_all at import time: that loads shop.things.price"
        )


def test_a_state_that_grimp_refuses(shop: Shop) -> None:
    shop.write(
        {
            "shop/__init__.py": "",
            "shop/till.py": "from shop import stock\n\nasync = stock.SoldOut\n",
            "shop/stock.py": "SoldOut = 1\n",
            "contracts.toml": configured("one_way", ONE_WAY + 'symbols = ["shop.stock: Other"]'),
        }
    )

    assert keys(shop.check()) == ["shop.till -> shop.stock:SoldOut"]
    with pytest.raises(Exception, match=r"till\.py"):
        shop.lint()


def test_import_linters_own_types_run_too(shop: Shop) -> None:
    config = configured("forbidden", 'source_modules = ["shop.a"]\nforbidden_modules = ["shop.c"]')
    lines = [line for line in config.splitlines() if not line.startswith("contract_types")]
    shop.write({"contracts.toml": "\n".join(lines), "shop/__init__.py": "", "shop/c.py": ""})
    shop.write({"shop/a.py": "\nfrom shop import b", "shop/b.py": "from shop import c"})

    (verdict,) = shop.check()

    assert [(v.key, v.path, v.line) for v in verdict.new] == [("shop.a -> shop.b", "shop/a.py", 2)]
    assert verdict.new[0].chain[1].startswith("shop.b -> shop.c")
    shop.write({"shop/b.py": ""})
    assert shop.check()[0].kept


def test_long_names_stay_in_one_line(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    long = "a_name_" * 20
    config = configured(
        "forbidden", f'source_modules = ["shop.{long}"]\nforbidden_modules = ["shop.c"]'
    )
    lines = [line for line in config.splitlines() if not line.startswith("contract_types")]
    shop.write({"contracts.toml": "\n".join(lines), "shop/__init__.py": "", "shop/c.py": ""})
    shop.write({f"shop/{long}.py": "from shop import c"})

    (verdict,) = shop.check()

    assert [v.key for v in verdict.new] == [f"shop.{long} -> shop.c"]
    one_way = f'upper = ["shop.c"]\nlower = ["shop.{long}"]\nway_out = "[no] markup"'
    shop.write({"contracts.toml": configured("one_way", one_way)})
    shop.lint()
    printed = capsys.readouterr().out
    assert f"\nshop/{long}.py:1: shop.{long} imports shop.c\n  fix: [no] markup\n" in printed
