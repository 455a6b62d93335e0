from extractor.project.facts import project_of
from extractor.source.tree import MemoryTree


def project(text, *paths):
    return project_of(MemoryTree({"pyproject.toml": text.encode(), **dict.fromkeys(paths, b"")}))


def test_a_file_that_is_no_toml_declares_nothing():
    assert project("[project\n").entry_points == ()


def test_entry_points_with_their_lines():
    text = (
        '[project.scripts]\none = "p.cli:main"\n[project.gui-scripts]\ntwo = "p.gui:main"\n'
        '[project.entry-points."shop.tills"]\nthree = "p.till"\n'
        '[tool.flit.scripts]\nfour = "p.cli:four"\n[tool.flit.entrypoints.more]\nfive = "p.a:b"\n'
    )
    assert [(p.group, p.name, p.target, p.line) for p in project(text).entry_points] == [
        ("console_scripts", "four", "p.cli:four", 8),
        ("console_scripts", "one", "p.cli:main", 2),
        ("gui_scripts", "two", "p.gui:main", 4),
        ("more", "five", "p.a:b", 10),
        ("shop.tills", "three", "p.till", 6),
    ]


def test_requirements_of_every_kind():
    text = (
        '[project]\ndependencies = ["a>=1"]\n[project.optional-dependencies]\nfast = ["b"]\n'
        '[dependency-groups]\ntest = ["c", {include-group = "lint"}]\nlint = ["d"]\n'
        'round = ["r", {include-group = "round"}]\n'
        '[tool.pdm.dev-dependencies]\nall = ["e"]\n[tool.uv]\ndev-dependencies = ["f"]\n'
        '[tool.flit.metadata]\nrequires = ["g"]\n[tool.flit.metadata.requires-extra]\nx = ["h"]\n'
    )
    assert [(r.name, r.group) for r in project(text).requirements] == [
        ("a", ""),
        ("b", "fast"),
        ("c", "test"),
        ("d", "test"),
        ("d", "lint"),
        ("r", "round"),
        ("e", "dev-all"),
        ("f", "dev"),
        ("g", ""),
        ("h", "x"),
    ]


def test_source_folders_that_are_declared():
    for text in (
        '[tool.setuptools.packages.find]\nwhere = ["python"]\n',
        '[tool.setuptools.package-dir]\n"" = "python"\n',
        '[tool.hatch.build.targets.wheel]\npackages = ["python/p"]\n',
        '[tool.pdm.build]\npackage-dir = "python"\n',
    ):
        assert project(text, "python/p/a.py").tops == ("p",), text


def test_pythons():
    text = '[project]\nrequires-python = ">=3.9, <3.12"\n'
    assert project(text).pythons == ("3.9", "3.10", "3.11")
