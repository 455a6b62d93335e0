"""ruff: which rules hold for which files."""

from __future__ import annotations

from extractor.project.convention import Convention
from extractor.project.files import ProjectFiles

_FILE = "pyproject.toml"


class Ruff(Convention):
    """The files and tables that ruff reads."""

    name = "ruff"
    settings = (("ruff.toml", ""), (".ruff.toml", ""), (_FILE, "tool.ruff"))

    def is_used(self, files: ProjectFiles) -> bool:
        if files.toml(_FILE, "tool", self.name):
            return True
        return any(
            not section or any(option.section.startswith(self.name) for option in files.ini(path))
            for path, section in self.settings
            if path in files.present and path != _FILE
        )


CONVENTION = Ruff()
