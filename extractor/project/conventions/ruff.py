"""ruff: which rules hold for which files."""

from __future__ import annotations

from extractor.project.convention import Convention
from extractor.project.files import ProjectFiles


class Ruff(Convention):
    """The files and tables that ruff reads."""

    name = "ruff"
    settings = (("ruff.toml", ""), (".ruff.toml", ""), ("pyproject.toml", "tool.ruff"))

    def is_used(self, files: ProjectFiles) -> bool:
        return files.have_any(self.settings)


CONVENTION = Ruff()
