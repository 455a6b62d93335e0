from extractor.project.convention import Kind
from extractor.project.facts import project_of
from extractor.source.tree import MemoryTree


def project(*paths):
    return project_of(MemoryTree(dict.fromkeys(paths, b"")))


def test_pages_and_what_makes_them():
    found = project("doc/source/conf.py", "docs/index.rst")
    assert "sphinx" in found.conventions
    assert found.kind_of("docs/index.rst") is Kind.DOCUMENTATION
    assert found.keeps("doc/source/conf.py", "html_theme") == "sphinx"


def test_a_package_called_doc_inside_another_is_production():
    found = project("p/doc/conf.py")
    assert "sphinx" not in found.conventions
    assert found.kind_of("p/doc/conf.py") is Kind.PRODUCTION
    assert found.keeps("p/doc/conf.py", "html_theme") == ""
