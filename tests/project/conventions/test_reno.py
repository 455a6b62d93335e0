from extractor.project.convention import Kind
from extractor.project.facts import project_of
from extractor.source.tree import MemoryTree


def project(*paths):
    return project_of(MemoryTree(dict.fromkeys(paths, b"")))


def test_notes():
    found = project("releasenotes/notes/a-1.yaml")
    assert "reno" in found.conventions
    assert found.kind_of("releasenotes/notes/a-1.yaml") is Kind.RELEASE_NOTES


def test_a_folder_of_that_name_in_a_package_is_none():
    found = project("p/releasenotes/a.yaml")
    assert "reno" not in found.conventions
    assert found.kind_of("p/releasenotes/a.yaml") is Kind.DATA
