import textwrap

import pytest

from extractor.analysis import project
from extractor.analysis.cache import Cache
from extractor.analysis.cascade import loaded
from extractor.analysis.name_reader import read_names
from extractor.analysis.project import Project, import_graph
from extractor.source.tree import MemoryTree

FILES = {
    "setup.cfg": b"[entry_points]\np.d =\n    x = p.b\n",
    "p/__init__.py": b"",
    "p/a.py": b"from p import c\nc.go()\ndef f():\n    import p.b\n",
    "p/b.py": b"import os\n",
    "p/c.py": b"def go():\n    return away()\ndef away():\n    from p import d\n",
    "p/d.py": b"import stevedore\nstevedore.DriverManager('p.d', CONF)\nprint(",
}


@pytest.fixture
def scanned(monkeypatch):
    """The files that were really read and parsed, in order."""
    seen = []

    def counted(source, path="<source>", _scan=project.scan):
        seen.append(path)
        return _scan(source, path)

    monkeypatch.setattr(project, "scan", counted)
    return seen


def test_cold_filled_and_warm_graphs_are_equal(tmp_path, scanned):
    tree = MemoryTree(FILES)
    cold = import_graph(tree, ["p"])
    assert import_graph(tree, ["p"], Cache(tmp_path)) == cold
    scanned.clear()
    assert import_graph(tree, ["p"], Cache(tmp_path)) == cold
    assert scanned == []
    assert loaded(cold, "p.a") == {"p", "p.a", "p.c", "p.d"}


def test_after_an_edit_only_the_edited_file_is_read(tmp_path, scanned):
    import_graph(MemoryTree(FILES), ["p"], Cache(tmp_path))
    scanned.clear()
    edited = {**FILES, "p/c.py": b"def go():\n    from p import b\n"}
    found = import_graph(MemoryTree(edited), ["p"], Cache(tmp_path))
    assert scanned == ["p/c.py"]
    assert found == import_graph(MemoryTree(edited), ["p"])
    assert loaded(found, "p.a") == {"p", "p.a", "p.c", "p.b"}


def test_a_file_that_came_back_is_known_still(tmp_path, scanned):
    import_graph(MemoryTree(FILES), ["p"], Cache(tmp_path))
    smaller = {path: text for path, text in FILES.items() if path != "p/d.py"}
    import_graph(MemoryTree(smaller), ["p"], Cache(tmp_path))
    scanned.clear()
    import_graph(MemoryTree({**FILES, "p/e.py": b"# new\n"}), ["p"], Cache(tmp_path))
    assert scanned == ["p/e.py"]


def test_entry_points_are_part_of_what_a_graph_depends_on(tmp_path):
    files = {**FILES, "p/d.py": b"import stevedore\nstevedore.ExtensionManager('p.d')\n"}
    with_b = import_graph(MemoryTree(files), ["p"], Cache(tmp_path))
    moved = {**files, "setup.cfg": b"[entry_points]\np.d =\n    x = p.a\n"}
    with_a = import_graph(MemoryTree(moved), ["p"], Cache(tmp_path))
    assert loaded(with_b, "p.d") == {"p", "p.d", "p.b"}
    assert loaded(with_a, "p.d") == {"p", "p.d", "p.a", "p.c"}


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100])
def test_a_broken_cache_is_started_anew(tmp_path, content, scanned):
    (tmp_path / "imports.sqlite3").write_bytes(content)
    cold = import_graph(MemoryTree(FILES), ["p"], Cache(tmp_path))
    scanned.clear()
    assert import_graph(MemoryTree(FILES), ["p"], Cache(tmp_path)) == cold
    assert scanned == []


def test_a_changed_record_is_not_believed(tmp_path, scanned):
    cold = import_graph(MemoryTree(FILES), ["p"], Cache(tmp_path))
    cache = Cache(tmp_path)
    tables = [r[0] for r in cache._database.execute("select name from sqlite_master")]
    with cache._database:
        for table in tables:
            cache._database.execute(f"update {table} set value = replace(value, 'p.', 'q.')")
            cache._database.execute(f"update {table} set value = replace(value, 'a', 'b')")
    scanned.clear()
    assert import_graph(MemoryTree(FILES), ["p"], cache) == cold
    assert "p/a.py" in scanned


def test_a_cache_that_cannot_be_kept_is_none(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    assert import_graph(MemoryTree(FILES), ["p"], Cache(blocked)) == import_graph(
        MemoryTree(FILES), ["p"]
    )


def test_revisions_share_what_they_share(scanned):
    several = Project(["p"])
    several.graph(MemoryTree(FILES))
    scanned.clear()
    several.graph(MemoryTree({**FILES, "p/b.py": b"import sys\n"}))
    assert scanned == ["p/b.py"]


def test_names_come_back_as_they_were_read(tmp_path, monkeypatch):
    text = textwrap.dedent(
        """
        from p import c as sea
        from p.b import *
        __all__ = ["X", "f"]
        X = sea.y
        @sea.kept(1)
        def f(a, b=X):
            import p.d
            p.d.z(a, "p.c.go")
        X.attribute = 2
        """
    ).encode()
    tree = MemoryTree({**FILES, "p/a.py": text})
    read = []
    monkeypatch.setattr(
        project, "read_names", lambda *args: read.append(args[1]) or read_names(*args)
    )

    def names(tree):
        several = Project(["p"], Cache(tmp_path))
        with several.resolver(tree, several.graph(tree)) as resolver:
            return resolver.names("p.a")

    cold = read_names(text, "p.a", False)
    assert names(tree) == cold and names(tree) == cold
    assert names(tree).binders == cold.binders
    assert read == ["p.a"]
    edited = MemoryTree({**FILES, "p/a.py": text.replace(b"sea.y", b"sea.x")})
    assert names(edited) != cold
    assert read == ["p.a", "p.a"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("p/a.py", b"from p import b\nb.other()\n"),
        ("p/e.py", b"from p import c\nc.away('p.d')\n"),
        ("p/d.py", None),
        ("setup.cfg", b"[entry_points]\np.d =\n    x = p.c\n"),
        ("docs/index.rst", b".. automodule:: p.c\n"),
    ],
)
def test_after_an_edit_every_answer_is_that_of_a_fresh_look(tmp_path, path, text):
    def look(tree, cache):
        several = Project(["p"], cache)
        graph = several.graph(tree)
        return graph, several.uses(tree, graph), several.references(tree, graph)

    before = look(MemoryTree(FILES), Cache(tmp_path))
    edited = {**FILES, path: text}
    if text is None:
        del edited[path]
    after = look(MemoryTree(edited), Cache(tmp_path))
    assert after == look(MemoryTree(edited), None)
    assert after != before
    assert look(MemoryTree(FILES), Cache(tmp_path)) == before


def test_a_module_that_became_a_package_is_read_anew(tmp_path):
    text = b"from . import c\nc.go\n"
    for files in ({"p/a.py": text}, {"p/a/__init__.py": text, "p/a/c.py": b""}):
        tree = MemoryTree({**files, "p/__init__.py": b"", "p/c.py": b""})
        answers = []
        for cache in (Cache(tmp_path), None):
            several = Project(["p"], cache)
            graph = several.graph(tree)
            with several.resolver(tree, graph) as resolver:
                answers.append((graph, several.uses(tree, graph), resolver.names("p.a")))
        assert answers[0] == answers[1]
