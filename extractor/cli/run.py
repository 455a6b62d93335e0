"""``extractor run``: the main job, from a source to a repository that stands on its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from extractor.cli._extracting import extract, extraction_options
from extractor.cli._options import python_option


@click.command()
@extraction_options
@click.option("--verify", is_flag=True, help="Also run the checks that need to build environments.")
@python_option
def command(verify: bool, python: Path | None, **options: Any) -> int:
    """Extract a subsystem of SOURCE into the new folder OUTPUT.

    SOURCE is a git checkout, a worktree, a bare repository, or a release on the package index:
    pypi:NAME==VERSION[,VERSION...], oldest first. It is only ever read. OUTPUT gets the
    repository and manifest.json, which says what was decided, left out and not done.
    """
    return extract(**options, checks="all" if verify else "quick", python=python)
