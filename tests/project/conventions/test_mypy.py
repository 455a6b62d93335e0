"""Where the settings of mypy may stand."""

import pytest

from extractor.project.facts import project_of
from extractor.source.tree import MemoryTree


def conventions(path, text):
    return project_of(MemoryTree({path: text.encode(), "shop.py": b""})).conventions


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("mypy.ini", "[mypy]\nstrict = True\n"),
        ("setup.cfg", "[mypy-shop.*]\nstrict = True\n"),
        ("pyproject.toml", "[tool.mypy]\nstrict = true\n"),
    ],
)
def test_its_settings_are_found(path, text):
    assert "mypy" in conventions(path, text)


@pytest.mark.parametrize("path", ["setup.cfg", "pyproject.toml"])
def test_a_file_of_others_is_not_its_own(path):
    assert "mypy" not in conventions(path, "[other]\nname = 1\n")
