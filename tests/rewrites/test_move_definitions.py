import ast
import sys
import types

import pytest

from extractor.errors import UsageError
from extractor.outcome import Failed, Rewritten, Unchanged
from extractor.rewrites.move_definitions import Settings, prepare, run
from extractor.rewrites.moving.departure import is_repeatable
from extractor.rewrites.parts.shims import shim
from extractor.rewrites.parts.source_file import SourceFile
from tests.rewrites.cases import project_of
from tests.rewrites.tools import as_bytes

PRICE = {"shop.till:Price": "shop.prices:Price"}


class Shop:
    """Files by their paths, and what a move makes of them."""

    def __init__(self, **texts):
        self.files = {"shop/__init__.py": b""}
        for name, text in texts.items():
            path = name if "/" in name or "." in name else f"shop/{name}.py"
            self.files[path] = as_bytes(text)

    def move(self, symbols=PRICE, shims=()):
        """Move and write; the findings."""
        project = project_of(self.files)
        settings = prepare(Settings(symbols, frozenset(shims)), project)
        modules = {path: module for module, path in project.paths.items()}
        findings = []
        for path in sorted({*self.files, *settings.creates}):
            module = modules.get(path) or settings.creates.get(path, "")
            is_package = path.endswith("__init__.py")
            content = self.files.get(path, b"")
            outcome = run(SourceFile(path, content, module, is_package), settings)
            assert not isinstance(outcome, Failed), outcome
            findings += [(path, found.message) for found in outcome.findings]
            if isinstance(outcome, Rewritten):
                self.files[path] = outcome.content
        return findings

    def path_of(self, module):
        """Where ``module`` is among the files."""
        path = module.replace(".", "/")
        return f"{path}/__init__.py" if f"{path}/__init__.py" in self.files else f"{path}.py"

    def __getitem__(self, name):
        return self.files[f"shop/{name}.py"].decode()


def check(shop, symbols=PRICE, shims=(), findings=(), **expected):
    """One move gives ``expected`` texts, all Python; a second one changes nothing."""
    assert shop.move(symbols, shims) == list(findings)
    for name, text in expected.items():
        assert shop[name] == as_bytes(text).decode()
        ast.parse(shop[name])
    before = dict(shop.files)
    shop.move(symbols, shims)
    assert shop.files == before


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("class Price:\n    pass\n", id="the same name here"),
        pytest.param("from shop import till\ntill.sell()\n", id="another name of the module"),
        pytest.param("from shop import till\nf(till)\n", id="the module itself"),
        pytest.param("import shop.till\n", id="an unused import of the module"),
        pytest.param("from shop.prices import Price\n", id="already done"),
        pytest.param("'''See shop.till.'''\nx = 'shop.till'\n", id="words about the module"),
    ],
)
def test_leaves_alone(source):
    shop = Shop(till="class Price:\n    pass\n\n\ndef sell():\n    pass\n", user=source)
    shop.move()
    assert shop["user"] == source


def test_a_second_move_is_none():
    shop = Shop(till="def sell():\n    pass\n", prices="class Price:\n    pass\n")
    check(shop, till="def sell():\n    pass\n", prices="class Price:\n    pass\n")


def test_a_module_is_made_with_the_licence_of_the_old_one():
    check(
        Shop(
            till="""
            # Licence

            '''The till.'''

            import decimal
            import os


            @decimal.rounded
            class Price:
                pass


            print(os)
            """
        ),
        till="""
        # Licence

        '''The till.'''

        import os


        print(os)
        """,
        prices="""
        # Licence

        import decimal


        @decimal.rounded
        class Price:
            pass
        """,
    )


def test_private_names_that_only_the_moved_code_needs_go_along():
    check(
        Shop(
            till="""
            import decimal

            RATES = {}


            def _convert(x):
                return RATES[x]


            def Price(x):
                return decimal.Decimal(_convert(x))


            def sell():
                pass
            """,
            user="from shop.till import _convert\n",
        ),
        till="RATES = {}\n\n\ndef sell():\n    pass\n",
        prices="""
        import decimal

        from shop.till import RATES


        def _convert(x):
            return RATES[x]


        def Price(x):
            return decimal.Decimal(_convert(x))
        """,
        user="from shop.prices import _convert\n",
        findings=[("shop/till.py", "_convert moves too: nothing else here needs it")],
    )


def test_what_both_need_is_imported_or_repeated():
    check(
        Shop(
            till="""
            import logging

            from shop import conf

            CONF = conf.CONF
            LOG = logging.getLogger(__name__)
            CACHE = {}


            class Price:
                LOG.info(CONF, CACHE)


            def sell():
                LOG.info(CONF, CACHE)
            """,
            conf="CONF = 1\n",
        ),
        prices="""
        import logging

        from shop import conf
        from shop.till import CACHE

        CONF = conf.CONF
        LOG = logging.getLogger(__name__)


        class Price:
            LOG.info(CONF, CACHE)
        """,
    )


def test_relative_imports_mean_the_same_afterwards():
    check(
        Shop(
            **{
                "shop/parts/__init__.py": "",
                "shop/parts/till.py": "from . import stock\n\n\nclass Price(stock.X):\n    pass\n",
                "shop/parts/stock.py": "",
            }
        ),
        {"shop.parts.till:Price": "shop.prices:Price"},
        prices="from shop.parts import stock\n\n\nclass Price(stock.X):\n    pass\n",
    )


def test_everything_of_a_package_s_init():
    shop = Shop(
        **{
            "shop/api/__init__.py": """
            '''The API.'''
            import web


            class A(web.X):
                pass


            B = A()
            """,
            "shop/api/wsgi.py": "from . import A\nimport shop.api\nshop.api.B\n",
            "etc/paste.ini": "factory = shop.api:A.factory\n",
        },
        user="from shop import api as the_api\n\nthe_api.A(the_api.B)\n",
    )
    check(
        shop,
        {"shop.api:*": "shop.api.apps:*"},
        **{
            "api/__init__": "'''The API.'''\n",
            "api/apps": "import web\n\n\nclass A(web.X):\n    pass\n\n\nB = A()\n",
            "api/wsgi": "import shop.api.apps\nfrom shop.api.apps import A\nshop.api.apps.B\n",
            "user": "from shop.api import apps as the_api\n\nthe_api.A(the_api.B)\n",
        },
    )
    assert shop.files["etc/paste.ini"] == b"factory = shop.api.apps:A.factory\n"


def test_a_package_need_not_import_a_submodule_for_others():
    shop = Shop(
        **{
            "shop/api/__init__.py": """
                from shop.api import wsgi


                def serve():
                    return wsgi.start()
            """,
            "shop/api/wsgi.py": "def start():\n    pass\n",
            "shop/user.py": "from shop.api import wsgi\n\nwsgi.start()\n",
        }
    )
    shop.move({"shop.api:serve": "shop.door:serve"})
    assert b"wsgi" not in shop.files["shop/api/__init__.py"]
    assert "from shop.api import wsgi" in shop["door"]
    assert "from shop.api import wsgi" in shop["user"]


def test_a_base_class_goes_before_who_needs_it_at_import():
    check(
        Shop(
            till="class Price:\n    pass\n",
            prices="from shop.till import Price\n\n\nclass Low(Price):\n    pass\n",
            user="from shop.till import Price\n",
        ),
        prices="class Price:\n    pass\n\n\nclass Low(Price):\n    pass\n",
        user="from shop.prices import Price\n",
    )


def test_encodings_and_line_ends_are_the_file_s_own():
    shop = Shop(
        till="class Price:\n    pass\n",
        prices="# coding: latin-1\r\nx = '\xe9'\r\n".encode("latin-1"),
    )
    shop.move()
    assert shop.files["shop/prices.py"] == (
        "# coding: latin-1\r\nx = '\xe9'\r\n\r\n\r\nclass Price:\r\n    pass\r\n".encode("latin-1")
    )


def test_shims():
    shop = Shop(
        till="""
        import decimal


        class Price(decimal.Decimal):
            pass


        def make(x):
            return Price(x)
        """
    )
    moved = {"shop.till:Price": "shop.prices:Price", "shop.till:make": "shop.prices:make"}
    check(shop, moved, ["shop.till:make", "shop.till:Price.new"])
    assert "decimal" not in shop["till"]
    assert "'make is now '\n        'shop.prices:make'" in shop["till"]
    assert "shop.till" not in shop["till"]


def test_a_shim_warns_and_hands_on(monkeypatch):
    moved = types.ModuleType("prices")
    moved.make = lambda *args, **kwargs: (args, kwargs)
    moved.Price = types.SimpleNamespace(new=moved.make, old=moved.make)
    monkeypatch.setitem(sys.modules, "prices", moved)
    namespace = {}
    code = shim("make", "prices:make") + shim("Price", "prices:Price", ["new", "old"])
    exec("import warnings\n" + code, namespace)
    with pytest.warns(DeprecationWarning, match="make is now prices:make"):
        assert namespace["make"](1, a=2) == ((1,), {"a": 2})
    with pytest.warns(DeprecationWarning, match="Price.old is now prices:Price.old"):
        assert namespace["Price"].old(3) == ((3,), {})


def test_shims_keep_to_the_line_length():
    long = "shop." + ".".join("part" * 4 for _ in range(3))
    code = shim("LongEnoughName", f"{long}:LongEnoughName", ["factory"])
    assert max(map(len, code.splitlines())) <= 79
    ast.parse(code)


@pytest.mark.parametrize(
    ("statement", "repeatable"),
    [
        ("x = a.b", True),
        ("x = a.get(__name__)", True),
        ("x = a", True),
        ("x = a.get()", False),
        ("x = {}", False),
        ("x = b.c", False),
        ("x: int = a.b", False),
        ("def x(): pass", False),
    ],
)
def test_is_repeatable(statement, repeatable):
    assert is_repeatable(ast.parse(statement).body[0], {"a"}) == repeatable


@pytest.mark.parametrize(
    ("symbols", "shims", "says"),
    [
        ({"shop.till:Absent": "shop.prices:Absent"}, (), "shop.till does not define Absent"),
        ({"shop.absent:X": "shop.prices:X"}, (), "no module shop.absent"),
        ({"shop.till:Price": "shop.prices:*"}, (), "write OLD.MODULE:NAME=NEW.MODULE:NAME"),
        ({"shop.till": "shop.prices"}, (), "write a symbol as module:name"),
        ({"shop.till:Price": "far.prices:Price"}, (), "no package far for far.prices"),
        (PRICE, ("shop.till:sell",), "shop.till:sell is not one of the moved names"),
    ],
)
def test_wrong_settings_are_one_sentence(symbols, shims, says):
    with pytest.raises(UsageError, match=says):
        Shop(till="class Price:\n    pass\n").move(symbols, shims)


def test_unreadable_files():
    settings = prepare(Settings(PRICE), project_of(Shop(till="class Price:\n    pass\n").files))
    user = SourceFile("shop/user.py", b"from shop.till import Price\nprint 1\n", "shop.user")
    assert isinstance(run(user, settings), Failed)
    old = SourceFile("shop/till.py", b"class Price:\n    pass\nprint 1\n", "shop.till")
    assert isinstance(run(old, settings), Failed)
    other = SourceFile("shop/other.py", b"print 1\n", "shop.other")
    assert run(other, settings) == Unchanged()
