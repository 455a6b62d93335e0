from extractor.analysis.entry_points import entry_points
from extractor.source.tree import MemoryTree


def points(**files):
    named = {name.replace("_", "."): text.encode() for name, text in files.items()}
    return [tuple(p) for p in entry_points(MemoryTree(named))]


def test_none():
    assert points(setup_cfg="[metadata]\nname = p\n", other="x") == []


def test_setup_cfg_of_pbr_and_setuptools():
    text = """[metadata]
name = p

[entry_points]
# a comment
p.drivers =
    one = p.one:Driver
    two = p.two:Driver [extra]
console_scripts =
    run = p.cmd:main

[options.entry_points]
p.more =
    three = p.three
"""
    assert points(setup_cfg=text) == [
        ("console_scripts", "run", "p.cmd:main", "setup.cfg", 10),
        ("p.drivers", "one", "p.one:Driver", "setup.cfg", 7),
        ("p.drivers", "two", "p.two:Driver", "setup.cfg", 8),
        ("p.more", "three", "p.three", "setup.cfg", 14),
    ]


def test_pyproject():
    text = """[project.scripts]
run = "p.cmd:main"
[project.entry-points."p.drivers"]
one = "p.one"
"""
    assert points(pyproject_toml=text) == [
        ("console_scripts", "run", "p.cmd:main", "pyproject.toml", 2),
        ("p.drivers", "one", "p.one", "pyproject.toml", 4),
    ]


def test_a_broken_pyproject_has_none():
    assert points(pyproject_toml="[project\n") == []
