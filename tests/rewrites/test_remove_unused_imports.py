from functools import partial

import pytest

from extractor.outcome import Failed, Finding, Rewritten, Unchanged
from extractor.rewrites.remove_unused_imports import rewrite
from tests.rewrites.tools import check_rewritten, check_unchanged, content_of

run = partial(rewrite)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("import os\nos.x\n", id="used"),
        pytest.param("import os  # noqa\n", id="noqa"),
        pytest.param("from a import (\n    b,  # noqa\n)\n", id="noqa inside"),
        pytest.param("from a import b\n__all__ = ['b']\n", id="exported"),
        pytest.param("from a import b\n__all__ += ('b',)\n", id="exported later"),
        pytest.param("try:\n    import a\nexcept ImportError:\n    a = None\n", id="guarded"),
        pytest.param("from __future__ import division\n", id="future"),
        pytest.param("from a import *\n", id="star"),
        pytest.param("import a.b\nimport a.c\na.c.x()\n", id="root used"),
        pytest.param("import a\ndel a\n", id="deleted by hand"),
        pytest.param("def f():\n    global b\n    from a import b\n", id="global"),
        pytest.param("class C:\n    from a import b\n", id="a class attribute"),
        pytest.param("import a\n\n\ndef f():\n    return f'{a.x}'\n", id="used in an f-string"),
    ],
)
def test_leaves_alone(source):
    check_unchanged(run, source)


def test_a_packages_own_imports_are_its_interface():
    check_unchanged(partial(rewrite, is_package=True), "from a import b\n")


def test_only_the_names_asked_for():
    check_unchanged(partial(rewrite, names=frozenset({"c"})), "from a import b\n")
    check_unchanged(partial(rewrite, keep=frozenset({"b"})), "from a import b\n")


def test_a_fixture_that_is_asked_for_goes():
    asked = partial(rewrite, names=frozenset({"prepared"}))
    assert content_of(asked(b"from shop.fixtures import prepared\n")) == b""


def test_unreadable_file_is_failed():
    assert isinstance(run(b"import a\nprint 'x'\n"), Failed)


def test_groups_close_up():
    check_rewritten(
        run,
        """
        # Licence.

        import os
        # Why b.
        import b

        # Ours.
        from c import d
        from c import e

        e(os)
        """,
        """
        # Licence.

        import os

        # Ours.
        from c import e

        e(os)
        """,
    )


def test_a_group_that_is_gone_takes_its_blank_line():
    check_rewritten(
        run,
        "import os\n\nimport six\n\nfrom a import b\n\nos.x(b)\n",
        "import os\n\nfrom a import b\n\nos.x(b)\n",
    )


def test_all_imports_unused():
    check_rewritten(run, "import os\nimport sys\n\n\nx = 1\n", "x = 1\n")
    check_rewritten(run, "# Licence.\n\nimport os\n\n\nx = 1\n", "# Licence.\n\n\nx = 1\n")


def test_one_of_several_names():
    check_rewritten(
        run,
        "from a import b, c, d\nfrom e import (\n    f,\n    g,  # why\n)\n\nb(d, f)\n",
        "from a import b, d\nfrom e import (\n    f,\n)\n\nb(d, f)\n",
    )


def test_in_a_function():
    check_rewritten(
        run,
        "def f():\n    import os\n\n    return 1\n\n\ndef g():\n    import os\n",
        "def f():\n    return 1\n\n\ndef g():\n    pass\n",
    )


def test_relative_import_keeps_its_dots():
    check_rewritten(run, "from .. import a, b\n\nb()\n", "from .. import b\n\nb()\n")


def test_name_shadowed_everywhere_is_unused():
    check_rewritten(
        run,
        "from a import b\n\n\ndef f(b):\n    return b\n",
        "def f(b):\n    return b\n",
    )


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("from a import B\nx = []  # type: list[B]\n", id="type comment"),
        pytest.param(
            "from a import B\n\n\ndef f(x):\n    # type: (B) -> int\n    pass\n", id="def"
        ),
        pytest.param("from a import B\nx: 'B' = 1\n", id="annotation"),
        pytest.param("from a import B\nx: ('B'\n    ' | None') = 1\n", id="two literals"),
        pytest.param("from a import B\nx: \"list['B']\" = 1\n", id="quoted twice"),
        pytest.param(
            "from a import B\nfrom typing import TypeVar\nT = TypeVar('T', bound='B')\n", id="bound"
        ),
        pytest.param("from a import B\nimport typing as t\nt.cast('B', t)\n", id="cast"),
        pytest.param(
            "from a import B\nfrom typing import NamedTuple\nN = NamedTuple('N', [('x', 'B')])\n",
            id="field",
        ),
        pytest.param(
            "from a import B\nfrom typing import TypeAlias\nA: TypeAlias = 'B | None'\n", id="alias"
        ),
        pytest.param("from a import B\nfrom typing import List\nA = List['B']\n", id="generic"),
        pytest.param("from a import B, Box\n\n\nclass C(Box['B']):\n    pass\n", id="base class"),
        pytest.param("from a import B as B\n", id="handed on as typed code does"),
        pytest.param("import a\n\n\ndef f():\n    '''\n    >>> a.x\n    '''\n", id="doctest"),
        pytest.param("import a\n'''\n>>> for x in y:\n...     a.x\n'''\n", id="doctest lines"),
        pytest.param("from a import b\n__all__: list = ['b']\n", id="annotated list"),
        pytest.param("from a import b\n__all__ = []\n__all__.append('b')\n", id="appended"),
        pytest.param("try:\n    import a\nexcept* ImportError:\n    pass\n", id="except group"),
        pytest.param("with suppress(ImportError):\n    import a\n", id="suppressed"),
        pytest.param("with contextlib.suppress(E):\n    import a\n", id="suppressed, dotted"),
        pytest.param("from a import b\n\n\ndef test_x(b):\n    pass\n", id="fixture"),
        pytest.param(
            "from a import b\n\n\n@pytest.fixture\ndef x(b):\n    pass\n", id="fixture's fixture"
        ),
        pytest.param(
            "from a import b\n\n\n@mark.usefixtures('b')\nclass TestX:\n    pass\n", id="by string"
        ),
        pytest.param("from a import pytest_configure\n", id="hook"),
        pytest.param("from a import setUpModule\n", id="called by the runner"),
    ],
)
def test_keeps_what_is_named_otherwise(source):
    check_unchanged(run, source)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("import os\nx = {'os': 1}['os']\n", id="key"),
        pytest.param("import os\nCONF['os']\n", id="key of a constant"),
        pytest.param("import os\n\n\ndef f(os):\n    return os\n", id="parameter"),
        pytest.param("import os\nfrom typing import Literal\nx: Literal['os']\n", id="literal"),
        pytest.param("import os\n'''Uses os.'''\n", id="prose"),
        pytest.param("import os\nx: 'int'  # os\n", id="comment"),
        pytest.param("import os\nfrom a import cast\ncast('os', a)\n", id="another cast"),
        pytest.param("import os\nx: Field(name='os') = 1\n", id="argument in an annotation"),
        pytest.param("import os\nwith open(x):\n    pass\n", id="beside another with"),
    ],
)
def test_still_removes(source):
    assert b"import os" not in content_of(run(source.encode()))


def test_a_computed_list_may_have_any_name():
    told = (Finding("b may be in __all__, which is computed: it stays", 1),)
    check_unchanged(run, "from a import b\n__all__ = [n for n in dir()]\n", told)
    check_unchanged(run, "from a import b\n__all__ = b_.__all__\n", told)


@pytest.mark.parametrize(
    "expression",
    [" + ".join(["x"] * 1200), "x" + ".y()" * 600, "[" * 80 + "]" * 80],
    ids=["sum", "chain", "brackets"],
)
def test_deep_expressions(expression):
    check_rewritten(run, f"import os\n\ny = {expression}\n", f"y = {expression}\n")


@pytest.mark.parametrize("path", ["tests/test_shop.py", "tests/shop_test.py", "tests/conftest.py"])
def test_keeps_what_pytest_finds_where_it_collects(path):
    source = b"from shop.fixtures import prepared\n"
    assert rewrite(source, path=path) == Unchanged()


def test_a_module_of_fixtures_itself_is_not_collected():
    source = b"from shop.fixtures import prepared\n"
    outcome = rewrite(source, path="tests/fixtures.py")
    assert isinstance(outcome, Rewritten)
    assert outcome.content == b""


@pytest.mark.parametrize("index", ["()", "(1,)"])
def test_an_index_may_be_a_tuple_of_any_length(index):
    used = f"import os\n\ntable = {{}}\ntable[{index}] = os\nAnnotated[{index}]\n".encode()
    assert isinstance(rewrite(used), Unchanged)
    unused = used.replace(b"= os", b"= 1")
    assert rewrite(unused).content == unused.replace(b"import os\n\n", b"")
