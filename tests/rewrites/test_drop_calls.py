from functools import partial

import pytest

from extractor.outcome import Failed
from extractor.rewrites.drop_calls import rewrite
from tests.rewrites.tools import check_rewritten, check_unchanged

run = partial(rewrite, calls=frozenset({"big.objects:register_all"}), module="big.start")


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("import os\nos.register_all()\n", id="the same name of another module"),
        pytest.param("from big import objects\nx = objects.register_all()\n", id="value used"),
        pytest.param("from big import objects\nf(objects.register_all)\n", id="not called"),
        pytest.param("from big import objects\nobjects.register_all().x()\n", id="method of it"),
        pytest.param("def register_all():\n    pass\n\n\nregister_all()\n", id="own function"),
        pytest.param(
            "from big import objects\n\n\ndef f(objects):\n    objects.register_all()\n",
            id="shadowed by a parameter",
        ),
    ],
)
def test_leaves_alone(source):
    check_unchanged(run, source)


def test_unreadable_file_is_failed():
    assert isinstance(run(b"register_all(\n"), Failed)


def test_call_in_a_function():
    check_rewritten(
        run,
        """
        from big import objects


        def main():
            prepare()
            # All of them.
            objects.register_all()
            serve(objects)
        """,
        """
        from big import objects


        def main():
            prepare()
            serve(objects)
        """,
    )


@pytest.mark.parametrize(
    "statement",
    [
        "from big.objects import register_all as go",
        "from .objects import register_all as go",
    ],
)
def test_every_form_of_import(statement):
    before = f"{statement}\n\n\nif True:\n    go(1, *a, **b)\n"
    check_rewritten(run, before, before.replace("go(1, *a, **b)", "pass"))


def test_full_name():
    check_rewritten(
        run,
        "import big.objects\n\nbig.objects.register_all()\nx = 1\n",
        "import big.objects\n\nx = 1\n",
    )


def test_two_statements_on_a_line():
    check_rewritten(
        run,
        "from big import objects; objects.register_all(); go()\n",
        "from big import objects; go()\n",
    )


def test_own_function_at_top_level():
    own = partial(rewrite, calls=frozenset({"big.start:setup"}), module="big.start")
    check_rewritten(
        own,
        "def setup():\n    pass\n\n\nsetup()\n",
        "def setup():\n    pass\n",
    )
