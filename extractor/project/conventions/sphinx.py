"""Sphinx: pages and the modules that make them."""

from __future__ import annotations

from extractor.project.convention import Convention, Kind
from extractor.project.files import ProjectFiles

_FOLDERS = frozenset({"api-ref", "api-guide", "doc", "docs"})


class Sphinx(Convention):
    """Folders of documentation; ``conf.py`` is looked into by name."""

    name = "sphinx"

    def is_used(self, files: ProjectFiles) -> bool:
        return any(_is_page(path) and path.endswith("/conf.py") for path in files.python)

    def kind_of(self, path: str, files: ProjectFiles) -> Kind | None:
        return Kind.DOCUMENTATION if _is_page(path) else None

    def keeps(self, path: str, kind: Kind, name: str) -> bool:
        return kind is Kind.DOCUMENTATION


def _is_page(path: str) -> bool:
    return path.partition("/")[0] in _FOLDERS and "/" in path


CONVENTION = Sphinx()
