"""``extractor extract``: the main job without the checks at its end."""

from __future__ import annotations

from typing import Any

import click

from extractor.cli._extracting import extract, extraction_options


@click.command()
@extraction_options
def command(**options: Any) -> int:
    """Extract a subsystem of SOURCE into the new folder OUTPUT, and check nothing.

    Like run without its last step; run the checks yourself: extractor verify OUTPUT/NAME.
    """
    return extract(**options, checks="none")
