import pytest

from extractor.project.facts import project_of
from extractor.source.tree import MemoryTree


def project(text, *paths):
    return project_of(MemoryTree({"pyproject.toml": text.encode(), **dict.fromkeys(paths, b"")}))


def test_scripts_and_plugins():
    text = (
        '[tool.poetry.scripts]\none = "p.cli:main"\n'
        'two = {reference = "p.cli:two", type = "console"}\n'
        '[tool.poetry.plugins."shop.tills"]\nthree = "p.till:Till"\n'
    )
    assert [(p.group, p.name, p.target) for p in project(text).entry_points] == [
        ("console_scripts", "one", "p.cli:main"),
        ("console_scripts", "two", "p.cli:two"),
        ("shop.tills", "three", "p.till:Till"),
    ]


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ('"*"', "a"),
        ('"1.2"', "a==1.2"),
        ('"^1.2.3"', "a>=1.2.3,<2"),
        ('"^0.2.3"', "a>=0.2.3,<0.3"),
        ('"~1.2"', "a>=1.2,<1.3"),
        ('">=1,<2"', "a>=1,<2"),
        ('{version = "^1", extras = ["x"]}', "a[x]>=1,<2"),
        ('{version = "*", python = "^3.8"}', 'a; python_version>="3.8" and python_version<"4"'),
        ('{git = "https://example.org/a.git", tag = "v1"}', "a @ git+https://example.org/a.git@v1"),
    ],
)
def test_constraints_in_everybodys_syntax(given, line):
    text = f'[tool.poetry.dependencies]\npython = "^3.8"\na = {given}\n'
    (found,) = project(text).requirements
    assert (found.text, found.group, found.line) == (line, "", 3)


def test_groups_and_extras():
    text = (
        '[tool.poetry.dependencies]\na = {version = "1", optional = true}\n'
        '[tool.poetry.dev-dependencies]\nb = "*"\n'
        '[tool.poetry.group.test.dependencies]\nc = "*"\n[tool.poetry.extras]\nfast = ["a"]\n'
    )
    assert [(r.name, r.group) for r in project(text).requirements] == [
        ("a", "fast"),
        ("b", "dev"),
        ("c", "test"),
    ]


def test_packages_and_pythons():
    text = (
        '[tool.poetry]\npackages = [{include = "p", from = "python"}]\n'
        '[tool.poetry.dependencies]\npython = "~3.9"\n'
    )
    found = project(text, "python/p/__init__.py")
    assert found.tops == ("p",)
    assert found.pythons == ("3.9",)
