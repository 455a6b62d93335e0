from functools import partial

import pytest

from extractor.outcome import Failed, Rewritten, Unchanged
from extractor.rewrites.parts.source_file import SourceFile
from extractor.rewrites.replace_strings import Settings, rewrite, run
from tests.rewrites.tools import check_rewritten, check_unchanged

replace = partial(rewrite, values={"big.conf": "small.conf"})


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("x = '/etc/big.conf'\n", id="part of a longer value"),
        pytest.param("'big.conf'\n", id="docstring"),
        pytest.param("x = b'big.conf'\n", id="bytes"),
        pytest.param("x = f'big.conf'\n", id="f-string"),
        pytest.param("x = big.conf  # 'big.conf'\n", id="code and comment"),
        pytest.param("x = 'small.conf'\n", id="already replaced"),
    ],
)
def test_leaves_alone(source):
    check_unchanged(replace, source)


def test_unreadable_file_is_failed():
    assert isinstance(replace(b"x = 'big.conf\n"), Failed)


def test_quotes_and_prefixes_stay():
    check_rewritten(
        replace,
        """
        a = 'big.conf'
        b = "big.conf"
        c = u'big.conf'
        d = f(r'big.conf', x='big.conf')
        e = ('big'
             '.conf')
        """,
        """
        a = 'small.conf'
        b = "small.conf"
        c = u'small.conf'
        d = f(r'small.conf', x='small.conf')
        e = ('small'
             '.conf')
        """,
    )


def test_value_is_escaped():
    outcome = rewrite(b"x = 'a'\n", values={"a": "it's\\"})
    assert outcome == Rewritten(b"x = 'it\\'s\\\\'\n")


def test_only_in_the_paths_given():
    settings = Settings({"a": "b"}, ("conf/*.py",))
    assert run(SourceFile("conf/x.py", b"x = 'a'\n"), settings) == Rewritten(b"x = 'b'\n")
    assert run(SourceFile("x.py", b"x = 'a'\n"), settings) == Unchanged()
