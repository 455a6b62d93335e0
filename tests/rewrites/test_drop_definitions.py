from functools import partial

import pytest

from extractor.outcome import Failed, Finding
from extractor.rewrites.drop_definitions import Settings, rewrite, run
from extractor.rewrites.parts.source_file import SourceFile
from tests.rewrites.tools import check_unchanged, content_of


def dropping(*names):
    return partial(rewrite, names=frozenset(names))


def missing(*names):
    return tuple(Finding(f"{name} is not defined here") for name in names)


@pytest.mark.parametrize(
    ("names", "source"),
    [
        pytest.param(["gone"], "def kept():\n    pass\n", id="not there"),
        pytest.param(["gone"], "def kept():\n    gone = 1\n    return gone\n", id="a local name"),
        pytest.param(["gone"], "class C:\n    def gone(self):\n        pass\n", id="a method"),
        pytest.param(["C.gone"], "def gone():\n    pass\n", id="a function, not the method"),
        pytest.param(["gone"], "from a import gone\n", id="imported"),
    ],
)
def test_leaves_alone(names, source):
    check_unchanged(dropping(*names), source, missing(*names))


def test_unreadable_file_is_failed_with_its_line():
    outcome = dropping("gone")(b"gone = 1\nprint 'x'\n")
    assert isinstance(outcome, Failed)
    assert outcome.line == 2


def test_function_between_functions_with_decorator_and_comment():
    check_text(
        dropping("gone"),
        "def first():\n    return 1\n\n\n# About gone.\n@decorated(\n    1)\ndef gone():\n"
        "    return 1  # here\n\n\ndef last():\n    return 3\n",
        "def first():\n    return 1\n\n\ndef last():\n    return 3\n",
    )


def check_text(rewriter, before, after, findings=(), again=None):
    outcome = rewriter(before.encode())
    assert content_of(outcome).decode() == after
    assert outcome.findings == tuple(findings)
    check_unchanged(rewriter, after, missing(*again) if again else missing("gone"))


def test_methods():
    check_text(
        dropping("C.gone"),
        "class C(object):\n    '''Doc.'''\n\n    def gone(self):\n        pass\n\n"
        "    def kept(self):\n        pass\n",
        "class C(object):\n    '''Doc.'''\n\n    def kept(self):\n        pass\n",
        again=["C.gone"],
    )


def test_last_method_of_a_class_before_a_function():
    check_text(
        dropping("C.gone"),
        "class C(object):\n    def kept(self):\n        pass\n\n    def gone(self):\n        pass\n"
        "\n\ndef f():\n    pass\n",
        "class C(object):\n    def kept(self):\n        pass\n\n\ndef f():\n    pass\n",
        again=["C.gone"],
    )


def test_only_statement_of_a_class_leaves_pass():
    check_text(
        dropping("C.gone"),
        "class C(object):\n    @property\n    def gone(self):\n        pass\n\n\nx = 1\n",
        "class C(object):\n    pass\n\n\nx = 1\n",
        again=["C.gone"],
    )


def test_docstring_is_body_enough():
    check_text(
        dropping("C.gone"),
        "class C(object):\n    '''Doc.'''\n\n    gone = 1\n\n\nx = 1\n",
        "class C(object):\n    '''Doc.'''\n\n\nx = 1\n",
        again=["C.gone"],
    )


def test_last_definition_leaves_no_blank_lines_at_the_end():
    check_text(
        dropping("gone"),
        "x = 1\n\n\ndef gone():\n    pass\n",
        "x = 1\n",
    )


def test_assignments_keep_the_comment_over_their_group():
    check_text(
        dropping("gone"),
        "# Tables.\ngone = 1\nkept = 2\n",
        "# Tables.\nkept = 2\n",
    )
    check_text(
        dropping("gone"),
        "kept = 2\n# Only tests use it.\ngone = 1\nlast = 3\n",
        "kept = 2\nlast = 3\n",
    )


def test_two_statements_on_a_line():
    check_text(dropping("gone"), "a = 1; gone = 2; b = 3\n", "a = 1; b = 3\n")
    check_text(dropping("gone"), "gone = 2; b = 3\n", "b = 3\n")
    check_text(dropping("gone"), "a = 1; gone = 2\n", "a = 1\n")


def test_statement_that_binds_several_names_goes_with_the_last_of_them():
    check_unchanged(
        dropping("gone"),
        "a, gone = 1, 2\n",
        (Finding("gone is bound together with other names", 1),),
    )
    check_text(dropping("a", "gone"), "a, gone = 1, 2\nb = 1\n", "b = 1\n", again=["a", "gone"])


def test_definition_in_a_branch():
    check_text(
        dropping("gone"),
        "try:\n    import a\nexcept ImportError:\n    def gone():\n        pass\n",
        "try:\n    import a\nexcept ImportError:\n    pass\n",
    )


def test_exported_name_leaves_all():
    check_text(
        dropping("gone"),
        "__all__ = ['kept', 'gone']\n\nkept = 1\ngone = 2\n",
        "__all__ = ['kept']\n\nkept = 1\n",
    )


def test_use_that_stays_is_a_finding():
    outcome = dropping("gone")(b"def gone():\n    pass\n\n\nx = gone()\n")
    assert content_of(outcome) == b"x = gone()\n"
    assert outcome.findings == (Finding("gone is still used here", 5),)


def test_other_bytes_survive():
    check = dropping("gone")
    outcome = check(b"# coding: latin-1\r\nx = '\xe9'\r\n\r\n\r\ndef gone():\r\n    pass\r\n")
    assert content_of(outcome) == b"# coding: latin-1\r\nx = '\xe9'\r\n"


def test_names_are_those_of_the_files_own_module():
    settings = Settings(frozenset({"a.b:gone", "a.c:kept"}))
    outcome = run(SourceFile("a/b.py", b"gone = 1\nkept = 2\n", "a.b"), settings)
    assert content_of(outcome) == b"kept = 2\n"


def test_used_names_can_be_kept_with_all_that_they_use():
    keeping = partial(rewrite, names=frozenset({"base", "props", "gone"}), keep_used=True)
    source = "base = 1\nprops = base\ngone = props\nprops['x'] = 1\n"
    outcome = keeping(source.encode())
    assert content_of(outcome) == b"base = 1\nprops = base\nprops['x'] = 1\n"
    assert outcome.findings == (
        Finding("base is still used here", 2),
        Finding("props is still used here", 4),
    )


def test_a_local_name_is_no_use():
    keeping = partial(rewrite, names=frozenset({"gone"}), keep_used=True)
    outcome = keeping(b"gone = 1\n\n\ndef f(gone):\n    return gone\n")
    assert content_of(outcome) == b"def f(gone):\n    return gone\n"
    assert outcome.findings == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("__all__: list = ['gone', 'kept']", "__all__: list = ['kept']"),
        ("__all__ = ['kept'] + ['gone']", "__all__ = ['kept'] + []"),
        ("__all__ = ['kept']\n__all__.extend(['gone'])", "__all__ = ['kept']\n__all__.extend([])"),
        ("__all__ = ['kept']\n__all__.append('gone')", "__all__ = ['kept']"),
        ("__all__ = 'kept', 'gone'", "__all__ = ('kept',)"),
        ("if x:\n    __all__.append('gone')", "if x:\n    pass"),
    ],
)
def test_every_spelling_of_all(before, after):
    check_text(dropping("gone"), f"gone = 1\n{before}\n", f"{after}\n")


def test_registrations_go_with_their_function():
    check_text(
        dropping("gone"),
        """from functools import singledispatch


@singledispatch
def gone(x):
    pass


@gone.register(int)
def _(x):
    pass


@gone.register
def gone_of_str(x: str):
    pass


@other.register(int)
def _(x):
    pass
""",
        """from functools import singledispatch


@other.register(int)
def _(x):
    pass
""",
    )


def test_definitions_under_every_condition_go():
    check_text(
        dropping("gone"),
        "try:\n    def gone():\n        pass\nexcept* E:\n    gone = 1\n",
        "try:\n    pass\nexcept* E:\n    pass\n",
    )
