"""Let each side make its tables itself, on a real server, and read what came of it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from extractor.database.connect import engine_for
from extractor.database.schema import Schema, reflect
from extractor.database.servers import Server
from extractor.errors import SourceError

_SECONDS = 600


@dataclass(frozen=True)
class Maker:
    """Who makes one side's tables: a script of the plan, run by an interpreter of that side."""

    name: str
    tree: Path
    python: str
    script: Path

    def make(self, how: str, url: str) -> None:
        """Run the script; ``how`` is ``migrate`` or ``models``. ``SourceError`` when it fails."""
        settings = {
            **os.environ,
            "DATABASE_URL": url,
            "PYTHONPATH": str(self.tree),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONWARNINGS": "ignore",
        }
        try:
            done = subprocess.run(
                [self.python, str(self.script), how],
                env=settings,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_SECONDS,
            )
        except OSError as error:
            raise SourceError(f"cannot run {self.python}: {error.strerror}") from None
        except subprocess.TimeoutExpired:
            raise SourceError(f"the {self.name}'s migrations took over {_SECONDS} s") from None
        if done.returncode:
            last = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
            raise SourceError(f"the {self.name}'s migrations failed: {_without(url, last[-1:])}")

    def schema(self, how: str, server: Server, tables: Sequence[str]) -> Schema:
        """Make the tables in a new database of ``server`` and reflect them."""
        name = f"{self.name}_{how}"
        url = server.create_database(name)
        # Drivers of those days do not know today's character sets.
        self.make(how, url.replace("charset=utf8mb4", "charset=utf8"))
        return reflect(engine_for(url), tables)


def _without(url: str, lines: Sequence[str]) -> str:
    text = " ".join(lines) or "no output"
    secret = url.partition("://")[2].partition("@")[0].partition(":")[2]
    return text.replace(secret, "***") if secret else text
