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


def test_how_it_is_set_up():
    without = project_of(MemoryTree({"setup.cfg": CFG})).setup_arguments
    assert without[0] == "-c" and "pbr=True" in without[1]
    script = MemoryTree({"setup.cfg": CFG, "setup.py": b"setup(pbr=True)\n"})
    assert project_of(script).setup_arguments == ("setup.py",)
    plain = MemoryTree({"setup.cfg": b"[metadata]\nname = x\n"})
    assert "pbr" not in project_of(plain).setup_arguments[1]
    assert project_of(MemoryTree({"setup.cfg": b"[flake8]\nignore = x\n"})).setup_arguments == ()
