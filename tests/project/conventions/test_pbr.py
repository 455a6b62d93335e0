from extractor.project.facts import project_of
from extractor.source.tree import MemoryTree

CFG = (
    b"[files]\npackages =\n    p\n[entry_points]\nconsole_scripts =\n    one = p.cli:main\n"
    b"wsgi_scripts =\n    two = p.wsgi:init\n[extras]\nfast =\n    b>=1 # MIT\n"
)


def test_its_sections():
    found = project_of(MemoryTree({"setup.cfg": CFG}))
    assert found.conventions == ("pbr", "setuptools")
    assert [(p.group, p.target, p.line) for p in found.entry_points] == [
        ("console_scripts", "p.cli:main", 6),
        ("wsgi_scripts", "p.wsgi:init", 8),
    ]
    assert [(r.name, r.group) for r in found.requirements] == [("b", "fast")]


def test_setuptools_alone_is_not_pbr():
    found = project_of(MemoryTree({"setup.cfg": b"[metadata]\nname = x\n"}))
    assert found.conventions == ("setuptools",)
