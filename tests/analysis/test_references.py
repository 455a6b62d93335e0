import textwrap

from extractor.analysis.project import import_graph
from extractor.analysis.references import find_references
from extractor.source.tree import MemoryTree

FILES = {
    "setup.cfg": "[entry_points]\np.apps =\n    main = p.app:make\nopts =\n    p = p.conf:rules\n",
    "etc/api-paste.ini": "[filter:x]\npaste.filter_factory = p.app:Filter.factory\n",
    "etc/p-config-generator.conf": "[DEFAULT]\nnamespace = p.conf\nnamespace = oslo.log\n",
    "etc/p-policy-generator.conf": "[DEFAULT]\nnamespace = p\n",
    "doc/index.rst": ".. automodule:: p.app\n\nSee :class:`p.app.Filter` and p.conf, e.g. p.x.\n",
    "tox.ini": "[flake8]\nexclude = p/app.py,./p/conf.py\n",
    "p/__init__.py": "",
    "p/app.py": "",
    "p/conf.py": "",
    "p/tests.py": """
        from unittest import mock
        @mock.patch('p.app.Filter')
        @mock.patch("p.app."
                    "Filter.run")
        @mock.patch.object(p.app, 'Filter')
        def test(): pass
        importutils.import_object('p.conf.Options')
        x = 'p.conf'
        y = 'p.gone.away'
        z = 'p'
        w = 'up.app'
    """,
    "picture.png": "p.app",
}


def found(below=()):
    tree = MemoryTree({path: textwrap.dedent(text).encode() for path, text in FILES.items()})
    return [
        (r.path, r.line, r.kind.value, r.module, r.symbol)
        for r in find_references(tree, import_graph(tree, ["p"]), below)
    ]


def test_every_kind_is_found_at_its_place():
    assert sorted(found()) == [
        ("doc/index.rst", 1, "docs directive", "p.app", ""),
        ("doc/index.rst", 3, "docs directive", "p.app", "Filter"),
        ("doc/index.rst", 3, "docs directive", "p.conf", ""),
        ("etc/api-paste.ini", 2, "paste", "p.app", "Filter.factory"),
        ("etc/p-config-generator.conf", 2, "config generator", "p.conf", ""),
        ("etc/p-policy-generator.conf", 2, "config generator", "p.conf", "rules"),
        ("p/tests.py", 3, "mock.patch", "p.app", "Filter"),
        ("p/tests.py", 4, "mock.patch", "p.app", "Filter.run"),
        ("p/tests.py", 8, "import by string", "p.conf", "Options"),
        ("p/tests.py", 9, "string", "p.conf", ""),
        ("setup.cfg", 3, "entry point", "p.app", "make"),
        ("setup.cfg", 5, "entry point", "p.conf", "rules"),
        ("tox.ini", 2, "path", "p.app", ""),
        ("tox.ini", 2, "path", "p.conf", ""),
    ]


def test_only_what_was_asked_for():
    assert {module for _, _, _, module, _ in found(["p.conf"])} == {"p.conf"}
