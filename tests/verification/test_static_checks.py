"""Each check holds on a good extraction, says what broke on a bad one, and bears harmless twins."""

import shutil

import pytest

from extractor.source.tree import MemoryTree
from extractor.verification.checks import dead_code, imports, packaging, tests_carried, words
from extractor.verification.test_names import Fixtures, names_of_tests
from tests.repositories import write

TILL = "shop/till.py"


def test_a_good_extraction_holds(shop):
    for module in (imports, words, dead_code, packaging):
        done = module.check(shop.result(), shop.context())
        assert done.held, (module.__name__, done.findings)
        assert done.evidence


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("import mall.bank\n", "imports mall.bank"),
        ("from mall import bank\n", "imports mall.bank"),
        ("def lazy():\n    from mall.bank import vault\n    return vault\n", "mall.bank.vault"),
        ("try:\n    import mall\nexcept ImportError:\n    mall = None\n", "imports mall"),
        ("NAME = 'mall.bank.Vault'\n", "the string 'mall.bank.Vault' names mall"),
        ("NAME = 'mall.bank:vault'\n", "the string 'mall.bank:vault' names mall"),
    ],
)
def test_imports_catches_what_was_left_behind(shop, line, told):
    shop.write("shop/more.py", line)
    done = imports.check(shop.result(), shop.context())
    assert not done.held
    assert any(told in finding for finding in done.findings)
    assert done.look_at.startswith("shop/more.py:")


def test_imports_catches_a_module_that_nobody_wrote(shop):
    shop.write("shop/more.py", "from shop import till\nfrom shop.till import main\n")
    assert imports.check(shop.result(), shop.context()).held
    shop.write("shop/more.py", "from shop.gone import Away\n")
    assert imports.check(shop.result(), shop.context()).findings == (
        "shop/more.py:1: shop.gone.Away: there is no module shop.gone",
    )


def test_imports_catches_a_mock_string_that_names_nothing(shop):
    shop.write("shop/tests/unit/test_more.py", "PATCHED = 'shop.gone.away'\n")
    assert imports.check(shop.result(), shop.context()).findings == (
        "shop/tests/unit/test_more.py:1: the string 'shop.gone.away' names no module of the result",
    )


@pytest.mark.parametrize(
    "line",
    [
        "import six.moves\n",
        "import mallet\n",
        "NAME = 'mallet.bank.Vault'\n",
        "NAME = 'a mall.bank in a sentence'\n",
        "NAME = 'shop.till.main'\n",
        "# mall.bank was here\n",
    ],
)
def test_imports_bears_harmless_twins(shop, line):
    shop.write("shop/more.py", line)
    assert imports.check(shop.result(), shop.context()).held


def test_imports_reads_settings_but_not_their_comments(shop):
    shop.change("setup.cfg", "shop.till:main", "mall.shop.till:main")
    done = imports.check(shop.result(), shop.context())
    assert done.findings == ("setup.cfg:5: names mall.shop.till",)
    shop.change("setup.cfg", "    till = mall", "#    till = mall")
    assert imports.check(shop.result(), shop.context()).held


def test_imports_reports_what_it_cannot_read(shop):
    shop.write("shop/more.py", "def broken(:\n")
    done = imports.check(shop.result(), shop.context())
    assert "cannot be read" in done.findings[0]


def test_imports_reads_old_grammar(shop):
    shop.write("shop/more.py", "import mall.bank\ndef f(async=False):\n    return async\n")
    done = imports.check(shop.result(), shop.context())
    assert done.findings == ("shop/more.py:1: imports mall.bank",)


def test_words_tells_code_from_prose(shop):
    shop.write(
        "shop/more.py",
        '"""The Mall of old."""\n# mall here\nNAME = "mall"\n',
    )
    done = words.check(shop.result(), shop.context())
    assert done.findings == ('shop/more.py:3: NAME = "mall"',)
    assert "2 x prose" in done.evidence
    assert "1 x a variable that users set" in done.evidence


def test_words_knows_where_a_word_ends(shop):
    shop.write("shop/more.py", 'NAME = "small mallet"\n')
    assert words.check(shop.result(), shop.context()).held


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("def nobody_calls():\n    pass\n", "nobody_calls"),
        ("class Unused(object):\n    pass\n", "Unused"),
    ],
)
def test_dead_code_finds_definitions(shop, text, told):
    before = (shop.root / TILL).read_text()
    shop.write(TILL, before + "\n\n" + text)
    done = dead_code.check(shop.result(), shop.context())
    assert [f for f in done.findings if told in f]


def test_dead_code_finds_modules(shop):
    shop.write("shop/more.py", "VALUE = 1\n")
    assert dead_code.check(shop.result(), shop.context()).findings == (
        "shop.more: nothing imports it, and no string names it",
    )


def test_packaging_compares_both_ways(shop):
    shop.change("requirements.txt", "six>=1.10 # MIT\n", "pbr>=2\n")
    assert packaging.check(shop.result(), shop.context()).findings == (
        "requirements.txt: pbr is required but not imported",
        "shop/till.py:3: six is imported but not required",
    )


def test_packaging_bears_an_import_whose_absence_is_caught(shop):
    shop.write(
        "shop/tests/unit/test_more.py", "try:\n    import ujson\nexcept ImportError:\n    pass\n"
    )
    assert packaging.check(shop.result(), shop.context()).held


def test_packaging_looks_entry_points_up(shop):
    shop.change("setup.cfg", "shop.till:main", "shop.till:mane")
    assert packaging.check(shop.result(), shop.context()).findings == (
        "setup.cfg:5: entry point shop.till:mane leads nowhere",
    )


def source_of(shop):
    """The tree the shop was extracted from."""
    source = shop.folder / "mall"
    shutil.copytree(shop.root / "shop" / "tests" / "unit", source / "mall" / "tests" / "shop")
    return source


def test_tests_carried_compares_with_the_source(shop):
    source = source_of(shop)
    assert tests_carried.check(shop.result(), shop.context(source)).held
    shop.change("shop/tests/unit/test_till.py", "def test_empty", "def skip_empty")
    done = tests_carried.check(shop.result(), shop.context(source))
    assert done.findings == (
        "lost from the source: shop/tests/unit/test_till.py: TillTest.test_empty",
    )


def test_tests_carried_says_when_there_is_nothing_to_compare_with(shop):
    done = tests_carried.check(shop.result(), shop.context())
    assert done.reason


def test_tests_carried_did_not_hold_where_the_plans_tests_are_not_there(shop, tmp_path):
    (tmp_path / "bare").mkdir()
    done = tests_carried.check(shop.result(), shop.context(tmp_path / "bare"))
    assert not done.held and done.findings == (
        "the plan names tests, and there are none: mall.tests.shop",
    )


def test_requests_of_a_test_file_are_tests(shop):
    found = tests_carried.tests_in(shop.result().tree, shop.context().plan.data)
    path = "shop/tests/functional/gabbits/till.yaml"
    assert {(path, "open"), (path, "close")} <= found


def test_imports_finds_names_that_lead_nowhere(shop):
    before = (shop.root / TILL).read_text()
    shop.write(TILL, "from shop import tray\n" + before)
    shop.write("shop/tray.py", "def slot():\n    pass\n")
    assert imports.check(shop.result(), shop.context()).held
    shop.write(TILL, "from shop import tray\n\ntray.slot()\n" + before)
    assert imports.check(shop.result(), shop.context()).held
    shop.write(TILL, "from shop import tray\n\ntray.drawer()\n" + before)
    (found,) = imports.check(shop.result(), shop.context()).findings
    assert found == "shop/till.py:3: tray.drawer: shop.tray has no name drawer"
    shop.write(TILL, "from shop.tray import drawer\n" + before)
    (found,) = imports.check(shop.result(), shop.context()).findings
    assert "shop.tray has no name drawer" in found


def test_functions_are_tests_too_and_none_is_no_proof(shop):
    text = "def test_one():\n    pass\n\n\nif True:\n    async def test_two():\n        pass\n"
    found = names_of_tests(text.encode(), "shop/tests/unit/test_it.py")
    assert found == ["test_one", "test_two"]
    nested = (
        "class A:\n    class B:\n        def test_three(self):\n            def test_no(): pass\n"
    )
    assert names_of_tests(nested.encode(), "a.py") == ["A.B.test_three"]


def test_an_import_is_looked_up_by_its_distribution(shop):
    shop.write("requirements.txt", "six>=1.10 # MIT\nattrs\n")
    shop.write(TILL, "import attr\n" + (shop.root / TILL).read_text())
    assert packaging.check(shop.result(), shop.context()).held
    shop.write(TILL, "import nobody_knows\n" + (shop.root / TILL).read_text())
    (found,) = packaging.check(shop.result(), shop.context()).findings
    assert found == "shop/till.py:1: nobody_knows is imported but not required"


@pytest.mark.parametrize(
    "text",
    [
        "def f():\n    global made\n    made = 1\n\n\ndef g():\n    return made\n",
        "import os as o\n\nclass A:\n    x = o\n    y = [x for x in o.sep]\n",
        "try:\n    unknown\nexcept NameError:\n    unknown = 1\n",
        "from os import *\n\nsep\n",
        "globals()['made'] = 1\n\nmade\n",
        "def f():\n    return 1\n    never_run()\n",
        "class A:\n    def top(self):\n        return self\n",
        "import sys\n\nsetattr(sys.modules[__name__], 'made', 1)\n\nmade\n",
        "exec('made = 1')\n\nmade\n",
        "def f(a, *b, **c):\n    return unicode(a), b, c, __file__\n",
    ],
)
def test_imports_knows_what_binds_a_name(shop, text):
    shop.write("shop/more.py", text)
    assert imports.check(shop.result(), shop.context()).held


def test_imports_finds_a_name_that_nothing_binds(shop):
    shop.write("shop/more.py", "def f():\n    return _gone()\n")
    (found,) = imports.check(shop.result(), shop.context()).findings
    assert found == "shop/more.py:2: _gone: nothing defines or imports it"


@pytest.mark.parametrize(
    "text",
    [
        "def f(x):\n    return x.__dict__, vars(x), _gone\n",
        "import sys\n\nif 'shop' in sys.modules:\n    _gone()\n",
        "exec('made = 1', {})\n\n_gone\n",
        "def f(code, space):\n    exec(code)\n    exec(code, space, globals())\n    _gone()\n",
        "try:\n    unicode\nexcept NameError:\n    unicode = str\n\n_gone\n",
    ],
)
def test_imports_finds_it_beside_what_looks_at_names(shop, text):
    shop.write("shop/more.py", text)
    (found,) = imports.check(shop.result(), shop.context()).findings
    assert "_gone: nothing defines or imports it" in found


def test_an_import_for_some_machines_is_optional(shop):
    text = "import sys\n\nif sys.platform == 'cli':\n    import nobody_knows\n"
    shop.write("shop/more.py", text)
    assert packaging.check(shop.result(), shop.context()).held
    shop.write("shop/more.py", text.replace("sys.platform", "sys.argv[0]"))
    assert not packaging.check(shop.result(), shop.context()).held


def test_a_distribution_may_add_to_the_old_package(shop):
    shop.write("requirements.txt", "six>=1.10 # MIT\nmall-core\n")
    shop.write("shop/more.py", "from mall.core import door\n\ndoor()\n")
    assert imports.check(shop.result(), shop.context()).held
    shop.write("shop/more.py", "from mall.corner import door\n\ndoor()\n")
    assert imports.check(shop.result(), shop.context()).findings == (
        "shop/more.py:1: imports mall.corner.door",
    )


def test_a_test_has_its_cases_and_marks_in_its_name():
    text = (
        "import pytest\n\n\n@pytest.mark.asyncio\n@pytest.mark.parametrize('x', [1, 2, 3])\n"
        "@pytest.mark.parametrize('y', (1, 2))\nasync def test_x(x, y):\n    pass\n\n\n"
        "@pytest.mark.slow\nclass TestIt:\n    @pytest.mark.parametrize('z', made())\n"
        "    def test_y(self, z):\n        pass\n\n    @patch('a.b')\n"
        "    def test_z(self, b):\n        pass\n"
    )
    found = names_of_tests(text.encode(), "test_it.py")
    assert found == ["test_x[6 cases] @asyncio", "TestIt.test_y @slow", "TestIt.test_z @slow"]


FIXTURES = {
    "conftest.py": b"import pytest\n\n\n@pytest.fixture\ndef top():\n    pass\n\n\n"
    b"@pytest.fixture(autouse=True)\ndef auto(behind):\n    pass\n\n\n"
    b"@pytest.fixture\ndef behind():\n    pass\n\n\n@pytest.fixture\ndef unused():\n    pass\n",
    "t/conftest.py": b"import pytest\n\n\n@pytest.fixture(name='near')\ndef made(top):\n    pass\n",
    "t/test_a.py": b"import pytest\n\n\n@pytest.mark.usefixtures('near')\n"
    b"def test_a(tmp_path):\n    pass\n",
    "u/test_b.py": b"def test_b(near):\n    pass\n",
}


def test_fixtures_are_looked_up_in_every_conftest_above():
    fixtures = Fixtures(MemoryTree(FIXTURES))
    assert fixtures.asked_for("t/test_a.py") == {"near", "top", "auto", "behind"}
    assert fixtures.asked_for("u/test_b.py") == {"auto", "behind"}
    assert fixtures.has("t/test_a.py", "near") and not fixtures.has("u/test_b.py", "near")


def test_tests_carried_finds_lost_cases_and_fixtures(shop, tmp_path):
    text = (
        "import pytest\n\n\n@pytest.mark.parametrize('x', [1, 2])\ndef test_x(x, opened):\n"
        "    pass\n"
    )
    conftest = "import pytest\n\n\n@pytest.fixture\ndef opened():\n    pass\n"
    source = tmp_path / "source"
    write(source, {"mall/tests/shop/test_x.py": text, "mall/conftest.py": conftest})
    write(shop.root, {"shop/tests/unit/test_x.py": text.replace("1, 2", "1")})
    done = tests_carried.check(shop.result(), shop.context(source))
    assert done.findings == (
        "lost from the source: shop/tests/unit/test_x.py: fixture opened",
        "lost from the source: shop/tests/unit/test_x.py: test_x[2 cases]",
    )
    write(shop.root, {"shop/tests/unit/test_x.py": text, "shop/tests/conftest.py": conftest})
    assert tests_carried.check(shop.result(), shop.context(source)).held
    # An import may bring it: nobody can tell without running.
    write(shop.root, {"shop/tests/conftest.py": "from shop.tests.helpers import *\n"})
    assert tests_carried.check(shop.result(), shop.context(source)).held
