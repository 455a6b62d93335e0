import textwrap

import pytest

from extractor.analysis.cache import Cache
from extractor.analysis.project import Project
from extractor.analysis.registry import what_moving_takes
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


def couple(files, package="p.objects", cache=None):
    tree = MemoryTree({path: textwrap.dedent(text).encode() for path, text in files.items()})
    project = Project(["p"], cache)
    return project.coupling(tree, project.graph(tree), package)


@pytest.fixture
def coupling():
    return couple(FILES)


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
    assert [(u.importer, u.line) for u in classes["Thing"].by_attribute] == [("p.user", 6)]
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
    with pytest.raises(UsageError, match="nothing in p is registered"):
        couple({"p/__init__.py": ""}, "p")
    with pytest.raises(UsageError, match="no package 'q'"):
        couple({"p/__init__.py": ""}, "q")


def test_names_imported_from_the_package_itself():
    files = {
        **FILES,
        "p/user.py": """
            from p.objects import Thing
            from p.objects import thing
            def f():
                from p.objects import Part as P
                return P, thing.Thing, Thing
        """,
        "p/other.py": "import p.objects as o\no.Quiet\n",
    }
    uses = [u for c in couple(files).classes for u in c.by_attribute]
    assert [(u.importer, u.line, u.name, u.imported) for u in uses] == [
        ("p.user", 5, "Part", True),
        ("p.other", 2, "Quiet", False),
        ("p.user", 2, "Thing", True),
    ]


def test_a_kept_answer_is_the_same_and_not_believed_after_an_edit(tmp_path, coupling):
    cache = Cache(tmp_path)
    assert couple(FILES, cache=cache) == coupling
    assert couple(FILES, cache=Cache(tmp_path)) == coupling
    more = {**FILES, "p/more.py": "from p import objects\nobjects.Quiet\n"}
    again = couple(more, cache=Cache(tmp_path))
    assert again != coupling and again == couple(more)
