from functools import partial

import pytest

from extractor.outcome import Failed
from extractor.rewrites.remove_unused_imports import rewrite
from tests.rewrites.tools import check_rewritten, check_unchanged

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
