"""Where the settings of ruff may stand."""

import pytest

from extractor.project.facts import project_of
from extractor.source.tree import MemoryTree


def conventions(path, text):
    return project_of(MemoryTree({path: text.encode(), "shop.py": b""})).conventions


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("ruff.toml", "line-length = 99\n"),
        ("pyproject.toml", "[tool.ruff]\nline-length = 99\n"),
    ],
)
def test_its_settings_are_found(path, text):
    assert "ruff" in conventions(path, text)


@pytest.mark.parametrize("path", ["setup.cfg", "pyproject.toml"])
def test_a_file_of_others_is_not_its_own(path):
    assert "ruff" not in conventions(path, "[other]\nname = 1\n")
