import ast
import textwrap

import pytest

from extractor.analysis.project import import_graph
from extractor.analysis.registry import (
    _Attributes,
    _plain_uses,
    registry_coupling,
    what_moving_takes,
)
from extractor.errors import UsageError
from extractor.source.tree import MemoryTree

FILES = {
    "p/__init__.py": "",
    "p/objects/__init__.py": """
        def register_all():
            __import__('p.objects.thing')
            __import__('p.objects.part')
        HELPER = 1
    """,
    "p/objects/base.py": "class Registry: pass",
    "p/objects/thing.py": """
        from p import db
        from p.db import models
        from p.objects import base
        from p.objects import part
        _T = models.Thing.__table__
        def _read():
            return _T
        @base.Registry.register
        class Thing(object):
            fields = {'part': base.ObjectField('Part'), 'name': base.String()}
            def get(self):
                _read()
                return db.part_get(1)
        class NotRegistered(object):
            fields = {'part': base.ObjectField('Part')}
        @base.Registry.register_if(False)
        class Quiet(object):
            pass
    """,
    "p/objects/part.py": """
        from p.db import models
        from p.objects import base
        @base.Registry.register
        class Part(object):
            def get(self):
                return models.Part
    """,
    "p/db/__init__.py": "from p.db.api import *",
    "p/db/api.py": """
        from oslo_db import concurrency
        IMPL = concurrency.TpoolDbapiWrapper(None, backend_mapping={'sql': 'p.db.sql'})
        def part_get(i):
            return IMPL.part_get(i)
    """,
    "p/db/sql.py": """
        from p.db import models
        def _query():
            return models.Part
        def part_get(i):
            return _query()
        def other():
            return models.Other
    """,
    "p/db/models.py": """
        class Thing: __tablename__ = 'things'
        class Part: __tablename__ = 'parts'
        class Other: __tablename__ = 'others'
    """,
    "p/user.py": """
        import p.objects
        from p import objects
        from p import objects as o
        def f():
            return objects.Thing(), o.Thing, p.objects.Part
        def g(objects):
            return objects.Thing
        def h():
            objects = []
            return objects.Part
        def i():
            return [objects.thing, objects.HELPER, objects.Gone]
        objects.register_all()
    """,
    "p/importer.py": "from p.objects import thing\nthing.Thing",
}


@pytest.fixture
def coupling():
    tree = MemoryTree({path: textwrap.dedent(text).encode() for path, text in FILES.items()})
    return registry_coupling(tree, import_graph(tree, ["p"]), "p.objects")


def by_name(coupling):
    return {c.name: c for c in coupling.classes}


def test_only_decorated_classes_are_registered(coupling):
    assert [(c.name, c.module, c.line, c.decorator) for c in coupling.classes] == [
        ("Part", "p.objects.part", 5, "base.Registry.register"),
        ("Quiet", "p.objects.thing", 18, "base.Registry.register_if(False)"),
        ("Thing", "p.objects.thing", 10, "base.Registry.register"),
    ]


def test_uses_by_attribute_heed_local_names(coupling):
    classes = by_name(coupling)
    assert [(u.importer, u.line) for u in classes["Thing"].by_attribute] == [
        ("p.user", 6),
        ("p.user", 6),
    ]
    assert [(u.importer, u.line) for u in classes["Part"].by_attribute] == [("p.user", 6)]
    assert [(u.importer, u.line, u.name) for u in coupling.module_uses] == [("p.user", 13, "thing")]
    assert [(u.line, u.name) for u in coupling.unexplained] == [(13, "Gone")]


def test_imports_of_the_own_module(coupling):
    thing = by_name(coupling)["Thing"]
    assert {(e.importer, e.line) for e in thing.by_import} >= {("p.importer", 1)}


def test_fields_name_other_classes(coupling):
    assert by_name(coupling)["Thing"].fields == (("part", "Part"),)
    assert by_name(coupling)["Part"].fields == ()


def test_tables_through_models_helpers_and_backends(coupling):
    assert by_name(coupling)["Thing"].tables == ("parts", "things")
    assert by_name(coupling)["Part"].tables == ("parts",)
    assert by_name(coupling)["Quiet"].tables == ()


def test_what_moving_takes(coupling):
    move = what_moving_takes(coupling, ["Thing"])
    assert move.modules == ("p.objects.thing",)
    assert move.fields_out == (("Thing", "part", "Part"),)
    assert move.fields_in == ()
    assert move.shared_tables == (("parts", ("Part",)),)
    assert move.neighbours == ("Quiet",)
    assert [(u.importer, u.name) for u in move.users_by_attribute] == [
        ("p.user", "Thing"),
        ("p.user", "thing"),
    ]
    assert what_moving_takes(coupling, ["Part"]).fields_in == (("Thing", "part", "Part"),)


def test_wrong_names_are_usage_errors(coupling):
    with pytest.raises(UsageError, match="not registered: Nobody"):
        what_moving_takes(coupling, ["Nobody"])
    tree = MemoryTree({"p/__init__.py": b""})
    graph = import_graph(tree, ["p"])
    with pytest.raises(UsageError, match="nothing in p is registered"):
        registry_coupling(tree, graph, "p")
    with pytest.raises(UsageError, match="no package 'q'"):
        registry_coupling(tree, graph, "q")


PLAIN = [
    "x = objects.A\n",
    "@objects.A.mark\ndef f(x=objects.B) -> objects.C:\n    return [objects.D for _ in x]\n",
    "f(objects=[objects.A], x=objects)\n",
    "f(\n    objects=objects.A,\n    y=(objects.B))\n",
    "x = 'objects.A'  # objects.B\n",
    "a.objects.A\nmy_objects.B\n",
    "mock.patch.object(objects, 'A')\nobjects . B\nif not hasattr(objects, 'C'):\n    pass\n",
]
DOUBTFUL = [
    "x = (objects\n     .A)\n",
    "def f(objects):\n    return objects.A\n",
    "def f(a,\n      objects=None):\n    return objects.A\n",
    "f(lambda objects: objects.A)\n",
    "def f():\n    objects = []\n    return objects.A\nobjects.B\n",
    "def f():\n    a, objects = g()\n    return objects.A\n",
    "def f():\n    (a, objects) = g()\n    return objects.A\n",
    "def f():\n    for objects in g():\n        objects.A\n",
    "x = [objects.A for objects in y]\n",
    "def f():\n    with g() as objects:\n        objects.A\n",
    "def f():\n    if (objects := g()):\n        objects.A\n",
    "def f():\n    from q import objects\n    return objects.A\n",
    "def f():\n    import p.objects\n    return p.objects.A\n",
    "def f():\n    objects: int = 1\n    return objects.A\n",
]


@pytest.mark.parametrize("text", [*PLAIN, *DOUBTFUL])
def test_reading_fast_says_what_the_tree_says_or_nothing(text):
    source = f"from p import other, objects\n{text}".encode()
    slow = sorted(_Attributes("p.m", False, "p.objects").uses(ast.parse(source)))
    fast = _plain_uses(source, "p.m", "p.objects", {"p.objects"})
    if text in PLAIN:
        assert fast is not None
    if fast is not None:
        assert sorted(fast) == slow
