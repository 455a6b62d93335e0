"""reno: a note a change, in ``releasenotes/notes``, whose names are never anybody's."""

from __future__ import annotations

from extractor.project.convention import Convention, Kind
from extractor.project.files import ProjectFiles

_FOLDER = "releasenotes/"


class Reno(Convention):
    """Notes speak of the past: what they name need not be there any more."""

    name = "reno"

    def is_used(self, files: ProjectFiles) -> bool:
        return any(path.startswith(_FOLDER) for path in files.paths)

    def kind_of(self, path: str, files: ProjectFiles) -> Kind | None:
        return Kind.RELEASE_NOTES if path.startswith(_FOLDER) else None


CONVENTION = Reno()
