"""coverage.py: what of the code its figures are of."""

from __future__ import annotations

from extractor.project.convention import Convention
from extractor.project.files import ProjectFiles

_FILE = "pyproject.toml"


class Coverage(Convention):
    """The files and tables that coverage reads."""

    name = "coverage"
    settings = (
        (".coveragerc", "*"),
        ("setup.cfg", "coverage:*"),
        ("tox.ini", "coverage:*"),
        (_FILE, "tool.coverage"),
    )

    def is_used(self, files: ProjectFiles) -> bool:
        if files.toml(_FILE, "tool", self.name):
            return True
        return any(
            not section or any(option.section.startswith(self.name) for option in files.ini(path))
            for path, section in self.settings
            if path in files.present and path != _FILE
        )


CONVENTION = Coverage()
