from functools import partial

import pytest

from extractor.errors import UsageError
from extractor.outcome import Failed, Finding, Rewritten, Unchanged
from extractor.rewrites.move_statements import (
    Block,
    Settings,
    blocks_of,
    key_of,
    prepare,
    put_first,
    run,
    take_out,
)
from extractor.rewrites.parts.source_file import SourceFile
from extractor.rewrites.parts.source_text import read_source
from tests.rewrites.cases import project_of
from tests.rewrites.tools import check_rewritten, check_unchanged

WORDS = ("os.environ['A'] = 'b'", "import patches")
SOURCE = b"import os\n\nos.environ['A'] = 'b'\nimport patches  # noqa\n"
BLOCKS = blocks_of(read_source(SOURCE, "shop.py"), [key_of(word) for word in WORDS])
take = partial(take_out, statements=WORDS)
put = partial(put_first, blocks=BLOCKS)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("", id="empty"),
        pytest.param("# only words\n", id="comment"),
        pytest.param("def f():\n    import patches\n", id="in a function"),
        pytest.param("try:\n    import patches\nexcept ImportError:\n    pass\n", id="guarded"),
        pytest.param("if TYPE_CHECKING:\n    import patches\n", id="for the type checker"),
        pytest.param("import patches as p\n", id="aliased"),
        pytest.param("import patches.more\n", id="a submodule"),
        pytest.param("import patches, other\n", id="one of two"),
        pytest.param("from patches import *\n", id="star"),
        pytest.param("from . import patches\n", id="relative"),
        pytest.param("os.environ['A'] = 'c'\nos.environ['B'] = 'b'\n", id="another value"),
        pytest.param("x = 'import patches'\n", id="string"),
    ],
)
def test_take_out_leaves_alone(source):
    check_unchanged(take, source)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("import os\n\nos.environ['A'] = 'b'\nimport patches\n", id="has them"),
        pytest.param('x = 1\nimport patches\nos.environ["A"] = "b"\n', id="has them elsewhere"),
    ],
)
def test_put_first_leaves_alone(source):
    check_unchanged(put, source)


def test_unreadable_files_are_failed():
    assert isinstance(take(b"import patches\nprint 1\n"), Failed)
    assert isinstance(put(b"print 1\n"), Failed)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("import patches\n", "", id="nothing else"),
        pytest.param("'''Doc.'''\n\nimport patches\n", "'''Doc.'''\n", id="after a docstring"),
        pytest.param("import patches; x = 1\n", "x = 1\n", id="two statements on a line"),
        pytest.param(
            "import os\nimport patches\nos.environ[  # why\n    'A'\n] = 'b'\n\nx = 1\n",
            "x = 1\n",
            id="another layout",
        ),
        pytest.param(
            "import os\nos.environ['A'] = 'b'\nx = os.sep\n",
            "import os\nx = os.sep\n",
            id="an import that serves others, too",
        ),
        pytest.param(
            "# Licence\n\n# about it\nimport patches\n# about x\nx = 1\n",
            "# Licence\n\n# about x\nx = 1\n",
            id="comments",
        ),
    ],
)
def test_take_out(before, after):
    check_rewritten(take, before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("", "{block}", id="empty"),
        pytest.param("# Licence\n", "# Licence\n\n{block}", id="only a comment"),
        pytest.param("'''Doc.'''\n", "'''Doc.'''\n\n{block}", id="only a docstring"),
        pytest.param("'''Doc.'''", "'''Doc.'''\n\n{block}", id="no newline at the end"),
        pytest.param(
            "'''Doc.'''\n\nx = 1\n", "'''Doc.'''\n\n{block}\nx = 1\n", id="docstring and code"
        ),
        pytest.param(
            "from __future__ import division\nx = 1\n",
            "from __future__ import division\n\n{block}\nx = 1\n",
            id="future",
        ),
        pytest.param(
            "#!/usr/bin/env python\n# Licence\n\n# about x\nx = 1\n",
            "#!/usr/bin/env python\n# Licence\n\n{block}\n# about x\nx = 1\n",
            id="comments",
        ),
        pytest.param("x = 1; y = 2\n", "{block}\nx = 1; y = 2\n", id="two statements on a line"),
    ],
)
def test_put_first(before, after):
    check_rewritten(put, before, after.replace("{block}", SOURCE.decode()))


def test_line_ends_and_encoding_are_the_target_s():
    before = "# coding: latin-1\r\nx = '\xe9'\r\n".encode("latin-1")
    block = SOURCE.replace(b"\n", b"\r\n")
    first, rest = before.splitlines(True)
    assert put(before) == Rewritten(first + block + b"\r\n" + rest)


def test_blocks():
    assert [(block.text, block.gap, block.needed) for block in BLOCKS] == [
        ("import os", False, True),
        ("os.environ['A'] = 'b'", True, False),
        ("import patches  # noqa", False, False),
    ]
    assert isinstance(BLOCKS[0], Block)


def prepared(statements=WORDS, sources=("shop",), targets=("shop.cmd",), target=b"", source=SOURCE):
    project = project_of({"shop/__init__.py": source, "shop/cmd/__init__.py": target})
    return prepare(Settings(statements, sources, targets), project)


def test_run_knows_its_files():
    settings = prepared()
    run_on = partial(run, settings=settings)
    assert run_on(SourceFile("shop/x.py", SOURCE, "shop.x")) == Unchanged()
    assert run_on(SourceFile("shop/__init__.py", SOURCE, "shop", True)) == Rewritten(b"")
    assert run_on(SourceFile("shop/cmd/__init__.py", b"", "shop.cmd", True)) == Rewritten(SOURCE)


def test_a_second_run_changes_nothing():
    settings = prepared(target=SOURCE, source=b"")
    assert run(SourceFile("shop/__init__.py", b"", "shop", True), settings) == Unchanged()
    assert (
        run(SourceFile("shop/cmd/__init__.py", SOURCE, "shop.cmd", True), settings) == Unchanged()
    )


def test_what_the_rest_needs_stays():
    assert take(b"import patches\npatches.f()\n") == Unchanged(
        (Finding("patches is used here: it stays", 1),)
    )


def test_a_source_that_is_a_target():
    settings = prepared(targets=("shop",))
    assert isinstance(run(SourceFile("shop/__init__.py", SOURCE, "shop", True), settings), Failed)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"sources": ("absent",)}, "no module absent"),
        ({"targets": ("absent",)}, "no module absent"),
        ({"statements": ("import absent",)}, "'import absent' is not a statement of shop"),
        ({"statements": ("import",)}, "'import' is not one Python statement"),
        ({"statements": ("a = 1; b = 2",)}, "is not one Python statement"),
    ],
)
def test_wrong_settings_are_one_sentence(more, says):
    with pytest.raises(UsageError, match=says):
        prepared(**more)


def test_a_module_that_holds_them_is_made_with_the_sources_licence():
    words = ("os.environ['A'] = 'b'", "import patches")
    files = {
        "shop/__init__.py": b'# Licence\n\n"""The shop."""\n\n' + SOURCE,
        "shop/cmd.py": b"",
        "shop/tests.py": b"run()\n",
    }
    project = project_of(files)
    settings = prepare(
        Settings(words, ("shop",), ("shop.cmd", "shop.tests"), ("shop.first",)), project
    )
    assert settings.creates == {"shop/first.py": "shop.first"}
    modules = {"shop/first.py": "shop.first", "shop/tests.py": "shop.tests"}
    made = {
        path: run(SourceFile(path, files.get(path, b""), module), settings)
        for path, module in modules.items()
    }
    assert made == {
        "shop/first.py": Rewritten(b"# Licence\n\n" + SOURCE),
        "shop/tests.py": Rewritten(b"import shop.first  # noqa\n\nrun()\n"),
    }


def test_only_one_module_can_hold_them():
    project = project_of({"shop/__init__.py": b"import patches\n"})
    with pytest.raises(UsageError, match="through one module only"):
        prepare(Settings(("import patches",), ("shop",), (), ("shop.a", "shop.b")), project)
