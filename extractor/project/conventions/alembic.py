"""alembic, and sqlalchemy-migrate before it: migrations are run by their place in a folder."""

from __future__ import annotations

import re

from extractor.project.convention import Convention, Kind
from extractor.project.files import ProjectFiles

_PLACE = re.compile(r"(?P<around>.*/|)(?:versions|migrate_repo/versions)/[^/]+\.py")
_LOOKED_UP = frozenset(
    {"branch_labels", "depends_on", "down_revision", "downgrade", "revision", "upgrade"}
)


class Alembic(Convention):
    """A folder ``versions`` beside ``env.py`` or in a ``migrate_repo``."""

    name = "alembic"

    def is_used(self, files: ProjectFiles) -> bool:
        return any(self.kind_of(path, files) for path in files.python)

    def kind_of(self, path: str, files: ProjectFiles) -> Kind | None:
        found = _PLACE.fullmatch(path) if "versions/" in path else None
        if found is None:
            return None
        around = found["around"]
        beside = {f"{around}env.py", f"{around}migrate.cfg"} & files.present
        return Kind.MIGRATION if beside else None

    def keeps(self, path: str, kind: Kind, name: str) -> bool:
        return kind is Kind.MIGRATION and name in _LOOKED_UP


CONVENTION = Alembic()
