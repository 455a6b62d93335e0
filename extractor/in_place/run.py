"""Every file with what a rewrite makes of it; nothing is written."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from extractor.errors import UsageError
from extractor.in_place.change import Change
from extractor.in_place.files import Files
from extractor.outcome import Rewritten, Unchanged
from extractor.parsing import deeply
from extractor.resolution.modules import MISSING, Modules
from extractor.rewrites import Rewrite
from extractor.rewrites.driver import run_on
from extractor.rewrites.parts.project import Project
from extractor.rewrites.parts.renames import Renames
from extractor.rewrites.parts.source_file import SourceFile


def prepared(rewrite: Rewrite, settings: Any, files: Files) -> Any:
    """The settings with what the project's files tell of them; ``UsageError`` when they do not."""
    paths = {module: path.as_posix() for path, module in files.modules.items()}
    others = [path.as_posix() for path in files.all if path.suffix != ".py"]
    project = Project(paths, lambda path: Path(path).read_bytes(), others, files.style, True)
    if isinstance(settings, Renames):
        _check_there(settings, files)
    return deeply(lambda: rewrite.prepare(settings, project))


def _check_there(renames: Renames, files: Files) -> None:
    """Raise ``UsageError`` for a module that is there under neither name.

    Of other projects' modules nothing is known.
    """
    tops: dict[str, Path] = {}
    for path, module in files.modules.items():
        if (first := module.partition(".")[0]) not in tops:
            parts = module.count(".") + 1 + (path.name == "__init__.py")
            tops[first] = [path.resolve(), *path.resolve().parents][parts]
    pairs = [*renames.modules.items()]
    pairs += [(o.partition(":")[0], n.partition(":")[0]) for o, n in renames.symbols.items()]
    for old, new in pairs:
        top = tops.get(old.partition(".")[0])
        if top is not None and not any(_is_module(top, name) for name in (old, new)):
            raise UsageError(f"there is no module {old}, and no module {new} either")
    _check_defined(renames, files)


def _check_defined(renames: Renames, files: Files) -> None:
    """Raise ``UsageError`` for a symbol that is bound under neither name."""
    if not renames.symbols:
        return
    paths = {module: path.as_posix() for path, module in files.modules.items()}
    modules = Modules(paths, lambda path: Path(path).read_bytes())
    for pair in renames.symbols.items():
        places = [one.partition(":")[::2] for one in pair]
        if "*" in pair[0] or places[0][0] not in paths:
            continue
        found = [modules.lookup(*place) for place in places if place[0] in paths]
        if all(not targets or targets == frozenset({MISSING}) for targets in found):
            raise UsageError(f"{places[0][0]} does not define {places[0][1]}")


def _is_module(top: Path, name: str) -> bool:
    place = top / name.replace(".", "/")
    return place.is_dir() or place.with_name(f"{place.name}.py").exists()


def run(rewrite: Rewrite, settings: Any, files: Files) -> Iterator[Change]:
    """Each of the chosen files with what ``rewrite`` makes of it by ``prepared`` settings."""
    creates: Mapping[str, str] = getattr(settings, "creates", {})
    moves: Mapping[str, str] = getattr(settings, "moves", {})
    for name, module in sorted(creates.items()):
        if not Path(name).exists():
            made = run_on(rewrite, SourceFile(name, b"", module, style=files.style), settings)
            yield Change(Path(name), None, made)
    chosen = set(files.chosen)
    gone: Collection[str] = getattr(settings, "gone", {})
    for path in sorted({*files.chosen, *(Path(name) for name in moves)}):
        before = path.read_bytes()
        name, module = path.as_posix(), files.modules.get(path, "")
        target = moves.get(name)
        new_module = settings.modules.get(module) if target else None
        if path.suffix == ".pyi":
            module, new_module = _beside(files, path, settings if target else None)
        is_package = path.stem == "__init__" and path.suffix in (".py", ".pyi")
        file = SourceFile(name, before, module, is_package, new_module, files.style)
        outcome = run_on(rewrite, file, settings) if path in chosen else Unchanged()
        removed = module in gone and path.suffix == ".py" and isinstance(outcome, Rewritten)
        yield Change(path, before, outcome, Path(target) if target else None, removed)


def _beside(files: Files, path: Path, moving: Any) -> tuple[str, str | None]:
    """The name of the module that a stub stands for, and its new one where its file moves."""
    module = files.modules.get(path.with_suffix(".py"), "")
    return module, None if moving is None else moving.modules.get(module)
