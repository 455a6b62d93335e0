from extractor.project.convention import Kind
from extractor.project.facts import project_of
from extractor.source.tree import MemoryTree


def project(*paths):
    return project_of(MemoryTree(dict.fromkeys(paths, b"")))


def test_every_file_of_gabbits_is_a_test():
    found = project("p/tests/gabbits/a.yaml", "p/tests/gabbits/a.txt")
    assert "gabbi" in found.conventions
    assert found.kind_of("p/tests/gabbits/a.yaml") is Kind.TEST
    assert found.kind_of("p/tests/gabbits/a.txt") is Kind.DATA


def test_other_yaml_is_data():
    found = project("p/gabbits.yaml", "p/my_gabbits/a.yaml")
    assert "gabbi" not in found.conventions
    assert found.kind_of("p/gabbits.yaml") is Kind.DATA
