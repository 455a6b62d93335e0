"""stestr and its forerunner testrepository: where their settings say that tests are."""

from __future__ import annotations

from extractor.project.convention import UNITTEST, Convention, Kind
from extractor.project.files import ProjectFiles

_SETTINGS = frozenset({".stestr.conf", ".testr.conf", "stestr.conf"})


class Stestr(Convention):
    """Test modules run in parallel, as unittest finds them."""

    name = "stestr"

    def is_used(self, files: ProjectFiles) -> bool:
        return not _SETTINGS.isdisjoint(files.present) or bool(
            files.toml("pyproject.toml", "tool", "stestr")
        )

    def runner(self, files: ProjectFiles) -> str:
        return UNITTEST if self.is_used(files) else ""

    def kind_of(self, path: str, files: ProjectFiles) -> Kind | None:
        return Kind.PACKAGING if path in _SETTINGS else None


CONVENTION = Stestr()
