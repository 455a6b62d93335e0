from extractor.project.convention import Kind
from extractor.project.facts import project_of
from extractor.source.tree import MemoryTree


def project(*paths):
    return project_of(MemoryTree(dict.fromkeys(paths, b"")))


def test_a_module_named_for_it_is_loaded_by_name():
    found = project("p/wsgi.py", "p/api_wsgi.py", "p/a.py")
    assert "wsgi" in found.conventions
    assert found.kind_of("p/wsgi.py") is Kind.PRODUCTION
    assert found.keeps("p/wsgi.py", "application") == "wsgi"
    assert found.keeps("p/api_wsgi.py", "application") == "wsgi"
    assert found.keeps("p/wsgi.py", "other") == ""
    assert found.keeps("p/a.py", "application") == ""


def test_a_package_of_that_name_is_not_looked_into():
    assert "wsgi" not in project("p/wsgi/a.py").conventions
