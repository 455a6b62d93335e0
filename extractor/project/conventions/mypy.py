"""mypy: how strictly which modules are checked."""

from __future__ import annotations

from extractor.project.convention import Convention
from extractor.project.files import ProjectFiles


class Mypy(Convention):
    """The files and tables that mypy reads."""

    name = "mypy"
    settings = (
        ("mypy.ini", "mypy*"),
        (".mypy.ini", "mypy*"),
        ("setup.cfg", "mypy*"),
        ("pyproject.toml", "tool.mypy"),
    )

    def is_used(self, files: ProjectFiles) -> bool:
        return files.have_any(self.settings)


CONVENTION = Mypy()
