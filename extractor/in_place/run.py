"""Every file with what a rewrite makes of it; nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from extractor.in_place.change import Change
from extractor.in_place.files import Files
from extractor.outcome import Failed, Outcome
from extractor.parsing import deeply
from extractor.rewrites import Rewrite
from extractor.rewrites.parts.project import Project
from extractor.rewrites.parts.source_file import SourceFile


def prepared(rewrite: Rewrite, settings: Any, files: Files) -> Any:
    """The settings with what the project's files tell of them; ``UsageError`` when they do not."""
    paths = {module: path.as_posix() for path, module in files.modules.items()}
    project = Project(paths, lambda path: Path(path).read_bytes())
    return deeply(lambda: rewrite.prepare(settings, project))


def run(rewrite: Rewrite, settings: Any, files: Files) -> Iterator[Change]:
    """Each of the chosen files with what ``rewrite`` makes of it by ``prepared`` settings."""
    creates: Mapping[str, str] = getattr(settings, "creates", {})
    moves: Mapping[str, str] = getattr(settings, "moves", {})
    for name, module in sorted(creates.items()):
        if not Path(name).exists():
            made = _outcome(rewrite, SourceFile(name, b"", module), settings)
            yield Change(Path(name), None, made)
    chosen = set(files.chosen)
    for path in sorted({*files.chosen, *(Path(name) for name in moves)}):
        before = path.read_bytes()
        name, module = path.as_posix(), files.modules.get(path, "")
        target = moves.get(name)
        new_module = settings.modules.get(module) if target else None
        file = SourceFile(name, before, module, path.name == "__init__.py", new_module)
        outcome = _outcome(rewrite, file, settings) if path in chosen else _kept()
        yield Change(path, before, outcome, Path(target) if target else None)


def _outcome(rewrite: Rewrite, file: SourceFile, settings: Any) -> Outcome:
    try:
        return deeply(lambda: rewrite.run(file, settings))
    except RecursionError:
        return Failed(f"{file.path}: nested too deeply")


def _kept() -> Outcome:
    from extractor.outcome import Unchanged

    return Unchanged()
