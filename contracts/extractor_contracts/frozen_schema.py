"""What models and migrations declare about some tables stays as it was frozen."""

from __future__ import annotations

from pathlib import Path

from extractor_contracts.base import RatchetedContract, invalid, text
from extractor_contracts.verdict import Finding, Violation
from extractor_contracts.words import counted
from extractor_contracts.world import World


class FrozenSchema(RatchetedContract):
    """The tables of a fingerprint (``extractor schema freeze``) are declared as they were.

    Read without running anything; needs the extra ``extractor-toolkit[database]``.

    Configuration options:

    - fingerprint: The frozen file, relative to the working directory.
    - side:        Whose declarations in it are meant: ``source`` or ``result``.
    - models:      Path of the file with the models.
    - migrations:  Path of the folder with the migrations.
    """

    type_name = "frozen_schema"

    fingerprint: str = text()
    side: str = text("result")
    models: str = text()
    migrations: str = text()

    def validate(self) -> None:
        if self.side not in {"source", "result"}:
            raise invalid(side="Write 'source' or 'result'.")

    def find(self, world: World) -> Finding:
        # Loaded here: the other contract types work without the engine and without SQLAlchemy.
        from extractor.database import fingerprint
        from extractor.errors import ExtractorError
        from extractor.scratch import workspace

        try:
            frozen = fingerprint.load(Path(self.fingerprint))
            with workspace() as folder:
                side = fingerprint.Side(self.side, folder, self.models, self.migrations)
                self._export(world, folder)
                changes = fingerprint.check_declared(frozen, side)
        except ExtractorError as error:
            return Finding((Violation("cannot be checked", self.models, 0, str(error)),))
        found = []
        for change in changes:
            path, _, line = change.where.partition(":")
            found.append(
                Violation(
                    key=f"{path}: {change.what}",
                    path=path,
                    line=int(line or 0),
                    message=change.what,
                    way_out=self.way_out or "leave frozen tables alone until both sides can change",
                )
            )
        return Finding(tuple(found), counted(len(frozen["tables"]), "table"))

    def _export(self, world: World, folder: Path) -> None:
        (folder / self.migrations).mkdir(parents=True)
        for path in [self.models, *world.files(self.migrations)]:
            content = world.read(path)
            if content is not None and path.endswith(".py"):
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
