"""coverage.py: what of the code its figures are of."""

from __future__ import annotations

from extractor.project.convention import Convention
from extractor.project.files import ProjectFiles


class Coverage(Convention):
    """The files and tables that coverage reads."""

    name = "coverage"
    settings = (
        (".coveragerc", "*"),
        ("setup.cfg", "coverage:*"),
        ("tox.ini", "coverage:*"),
        ("pyproject.toml", "tool.coverage"),
    )

    def is_used(self, files: ProjectFiles) -> bool:
        return files.have_any(self.settings)


CONVENTION = Coverage()
