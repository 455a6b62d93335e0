"""WSGI: servers load a module and call what it names ``application``."""

from __future__ import annotations

import re

from extractor.project.convention import Convention, Kind
from extractor.project.files import ProjectFiles

_NAME = re.compile(r"(?:.*/)?\w*wsgi\.py")


class Wsgi(Convention):
    """A module named for it is an entry point, declared or not."""

    name = "wsgi"

    def is_used(self, files: ProjectFiles) -> bool:
        return any(_NAME.fullmatch(path) for path in files.python)

    def keeps(self, path: str, kind: Kind, name: str) -> bool:
        return name == "application" and bool(_NAME.fullmatch(path))


CONVENTION = Wsgi()
