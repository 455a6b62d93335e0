"""OUTPUT is complete or absent: it is built beside its place and moved there at the end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from extractor.errors import UsageError
from extractor.scratch import locked_folder, remove_leftovers


def check_output(output: Path, source: Path | None = None) -> None:
    """Refuse an OUTPUT that cannot be made, before any work is done for it; ``UsageError``.

    ``source`` is the folder of the source, when it has one: nothing is written there.
    """
    if os.path.lexists(output):
        raise UsageError(f"{output} exists already: name a new folder, or remove this one first")
    parent = output.absolute().parent
    if not parent.is_dir():
        raise UsageError(f"{output} cannot be made: there is no folder {parent}")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise UsageError(f"{output} cannot be made: {parent} is not yours to write to")
    if source is not None and (parent.resolve() / output.name).is_relative_to(source.resolve()):
        raise UsageError(f"{output} is inside the source {source}, which is never written to")


@contextmanager
def complete_or_absent(output: Path, source: Path | None = None) -> Iterator[Path]:
    """Give an empty folder to build in; it becomes ``output`` when all went well.

    The folder is in a hidden one beside ``output``, so that the final move is one rename.
    When the block raises it is removed; when the process is killed, the next run for the
    same ``output`` removes it. Raises ``UsageError`` as ``check_output`` does, and when
    another run is making the same ``output``.
    """
    check_output(output, source)
    parent, prefix = output.absolute().parent, f".{output.name}.extractor-unfinished-"
    if remove_leftovers(parent, prefix):
        raise UsageError(f"another run is making {output} right now: wait for it")
    with ExitStack() as stack:
        try:
            building = stack.enter_context(locked_folder(parent, prefix))
        except OSError as error:
            raise UsageError(f"{output} cannot be made: {error.strerror}") from None
        yield building
        check_output(output, source)
        try:
            building.rename(output)
        except OSError as error:
            raise UsageError(f"{output} cannot be put in place: {error.strerror}") from None
