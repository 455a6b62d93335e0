import pytest

from extractor.analysis.name_reader import read_names
from extractor.analysis.names import Imported
from extractor.project.relative import absolute


def references(source, **kw):
    names = read_names(source.encode(), "pkg.mod", False)
    return {r.chain for unit in names.units for r in unit.references if not r.text}


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("def f(exception):\n    return exception.NotFound\n", id="a parameter"),
        pytest.param("def f():\n    db = 1\n    return db.x\n", id="a local variable"),
        pytest.param("f = lambda db: db.x\n", id="a lambda's parameter"),
        pytest.param("def f():\n    for db in ():\n        db.x\n", id="a loop variable"),
        pytest.param("def f():\n    with () as db:\n        db.x\n", id="a with target"),
        pytest.param("x = [db.y for db in ()]\n", id="a comprehension's target"),
        pytest.param(
            "def f():\n    try:\n        pass\n    except () as db:\n        db.x\n", id="except as"
        ),
    ],
)
def test_local_names_are_no_references(source):
    assert not {c for c in references(source) if c[0] in {"db", "exception"}}


@pytest.mark.parametrize(
    ("source", "chain"),
    [
        pytest.param("def f():\n    return db.api.x\n", ("db", "api", "x"), id="chain in a body"),
        pytest.param("def f():\n    global db\n    db = 1\n    db.x\n", ("db", "x"), id="global"),
        pytest.param("@db.reader\ndef f(): pass\n", ("db", "reader"), id="a decorator"),
        pytest.param("def f(a=db.X): pass\n", ("db", "X"), id="a default"),
        pytest.param("class A(base.B): pass\n", ("base", "B"), id="a base class"),
        pytest.param(
            "class A:\n    db = 1\n    def f(self):\n        return db.x\n",
            ("db", "x"),
            id="a class's name does not hide the module's in a method",
        ),
        pytest.param("objects.rp.CACHE = None\n", ("objects", "rp", "CACHE"), id="a store"),
        pytest.param(
            "x = [db.y for i in db.all()]\n", ("db", "all"), id="a comprehension's source"
        ),
    ],
)
def test_finds_references(source, chain):
    assert chain in references(source)


def test_a_functions_own_import_is_resolved_there():
    names = read_names(b"def f():\n    from a.b import c as d\n    return d.e\n", "pkg.mod", False)
    assert (("d", "e"), Imported("a.b", "c")) in {
        (r.chain, r.base) for r in names.units[0].references
    }


def test_lines_and_kinds():
    source = b"import a\n\n@deco\ndef f():\n    pass\n\nX = a.Y\nX.z = 1\nif a:\n    B = 1\n"
    units = read_names(source, "m", False).units
    assert [(u.kind, u.names, u.augments) for u in units] == [
        ("import", ("a",), ()),
        ("def", ("f",), ()),
        ("assign", ("X",), ()),
        ("assign", (), ("X",)),
        ("code", ("B",), ()),
    ]
    assert (units[1].first_line, units[1].last_line) == (3, 5)
    assert units[2].alias_of == ("a", "Y")


@pytest.mark.parametrize(
    ("is_package", "level", "target", "expected"),
    [
        (False, 1, "x", "a.b.x"),
        (True, 1, "x", "a.b.c.x"),
        (False, 2, None, "a"),
        (True, 0, "x", "x"),
    ],
)
def test_relative_imports(is_package, level, target, expected):
    assert absolute("a.b.c", is_package, level, target) == expected


def test_decorators_that_refuse_are_left_out():
    source = (
        b"@r.register_if(False)\nclass A: pass\n@r.register(1)\nclass B: pass\n@d\nclass C: pass\n"
    )
    assert [u.decorators for u in read_names(source, "m", False).units] == [
        (),
        (("r", "register"),),
        (("d",),),
    ]
