import ast
import re
import sysconfig
import warnings
from pathlib import Path

import pytest

from extractor.analysis.skeleton import functions_named, mask, skeleton


class WithoutBodies(ast.NodeTransformer):
    def visit_FunctionDef(self, node):
        node.body = []
        return node

    visit_AsyncFunctionDef = visit_FunctionDef


def outline(source):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = WithoutBodies().visit(ast.parse(source))
    # Where a body went its definition ends elsewhere; all that runs on import stays in place.
    ends = re.compile(r", end_lineno=\d+, end_col_offset=\d+")
    return ends.sub("", ast.dump(tree, include_attributes=True))


def check_same_outline(source):
    reduced = skeleton(source)
    if reduced is not None:
        assert outline(reduced) == outline(source)


def test_no_functions_no_change():
    source = b"import a\n\nx = 'def f():'\n"
    assert skeleton(source) == source


def test_a_body_goes_and_lines_stay():
    source = b"def f():\n    a = 1\n    return a\n\n\nx = f()\n"
    assert skeleton(source) == b"def f():\n pass\n\n\n\nx = f()\n"


def test_a_body_that_speaks_of_imports_stays():
    source = b"def f():\n    import a\n    return a\n"
    assert skeleton(source) == source


@pytest.mark.parametrize(
    "source",
    [
        b"def f(): return 1\nimport a\n",
        b"def f(\n    a,\n    b={'x': 1},\n):\n    return a\nimport b\n",
        b"def f():\n    x = '''\nimport no\n'''\n    return x\nimport a\n",
        b'def f():\n    """One.\n\n  def g():\n    """\n    x = """a\n"""\nimport a\n',
        b"def f():\n    x = [\n1,\n]\n    return x\nimport a\n",
        b"def f():\n    x = 1 + \\\n1\n    return x\nimport a\n",
        b"class A:\n    def f(self):\n        pass\n    # a comment\n\n    x = 1\n",
        b"class A:\n\tdef f(self):\n\t\treturn 1\n\tx = 1\n",
        b"if x:\n    def f():\n        return 1\nelse:\n    def f():\n        return 2\n",
        b"def f():\n    return 'it''s'\n    # it's\nx = \"it's\"\n",
        b"def f(a: 'x:y' = lambda: 1) -> 'z':\n    return r'\\\\'\nx = 1\n",
        b"def f():\n    def g():\n        return 1\n    return g\ndef h():\n    return 2",
        b"async def f():\n    await g()\nx = 1\n",
        b"def f():\r\n    return 1\r\nimport a\r\n",
        b"def f():\n    '''a\\''' '''\nimport b\n",
    ],
)
def test_what_runs_on_import_is_the_same(source):
    check_same_outline(source)
    reduced = skeleton(source)
    assert reduced is not None
    assert outline(reduced).count("Import(") == outline(source).count("Import(")


def test_the_whole_standard_library_keeps_its_outline():
    library = Path(sysconfig.get_path("stdlib"))
    checked = 0
    for path in sorted(library.glob("*.py")) + sorted(library.glob("email/*.py")):
        source = path.read_bytes()
        try:
            ast.parse(source)
        except SyntaxError:
            continue
        check_same_outline(source)
        checked += skeleton(source) is not None
    assert checked > 100


def test_masked_text_has_the_same_lines():
    source = b'x = """a\nb"""; y = 1 # c\nz = \'d\' \\\n  + e\n'
    assert mask(source) == b'x = ""\n\0; y = 1 \nz = "" \\\n\0  + e\n'


def test_one_function_is_cut_out_with_its_line():
    source = (
        b"class A:\n    @x\n    def f(self):\n        return 1\n\n    def g(self):\n        go()\n"
    )
    (found,) = ast.parse(functions_named(source, "A.g")).body[0].body
    assert (found.name, found.lineno) == ("g", 6)
    assert functions_named(source, "A.h") == b""


def test_all_definitions_of_a_name_are_cut_out():
    source = b"if a:\n    def f():\n        one()\nelse:\n    def f():\n        two()\nf()\n"
    text = functions_named(source, "f")
    assert [n.lineno for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef)] == [2, 5]


def test_a_name_is_found_only_where_it_is_defined():
    source = (
        b'class A:\n    f = "def g():"\n    def g(self):\n        one()\n\n\n'
        b"class B:\n    def h(self):\n        two()\n\n\nasync def h():\n    three()\n"
    )
    assert functions_named(source, "A.h") == b""
    assert functions_named(source, "nowhere") == b""
    assert functions_named(source, "g_") == b""
    (function,) = ast.parse(functions_named(source, "h")).body
    assert (type(function), function.lineno) == (ast.AsyncFunctionDef, 12)
    assert b"one()" in functions_named(source, "A.g")
    assert b"two()" in functions_named(source, "B.h")
