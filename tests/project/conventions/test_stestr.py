from extractor.project.convention import Kind
from extractor.project.facts import project_of
from extractor.source.tree import MemoryTree


def project(*paths):
    return project_of(MemoryTree(dict.fromkeys(paths, b"")))


def test_its_settings():
    for path in (".stestr.conf", ".testr.conf"):
        assert "stestr" in project(path).conventions
        assert project(path).kind_of(path) is Kind.PACKAGING


def test_settings_of_something_else():
    assert "stestr" not in project("p/.stestr.conf", "stestr.py").conventions
