"""The files that a rewrite is given, the others below them, and the modules they are."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from extractor.errors import UsageError
from extractor.in_place.ignored import ignored_below
from extractor.project.declared import FILES
from extractor.project.line_length import line_length
from extractor.rewrites.parts.source_text import Style

# Folders with a dot that hold settings of the project's own.
_SETTINGS = frozenset({".github", ".gitlab", ".circleci", ".buildkite", ".azure-pipelines"})
_NEVER = frozenset({"__pycache__", "node_modules"})
_AROUND = frozenset({"src", "lib"})
_MARKS = (*FILES, ".git")


@dataclass(frozen=True)
class Files:
    """``chosen`` are the rewrite's own; ``all`` are those below the same folders, too.

    What git ignores below them is in neither, but in ``ignored``: files and whole folders.
    """

    chosen: tuple[Path, ...]
    all: tuple[Path, ...]
    folders: tuple[Path, ...]  # as they were given
    root: Path | None = None  # of the top-level names, if it was given
    ignored: tuple[Path, ...] = ()

    @cached_property
    def style(self) -> Style:
        """How the project writes: the settings nearest above what was given count."""
        given = (self.folders or self.chosen)[:1]
        for folder in [one for path in given for one in (path.resolve(), *path.resolve().parents)]:
            if any((folder / mark).exists() for mark in (*_MARKS, ".flake8", "ruff.toml")):
                break
        else:
            folder = Path.cwd()
        return Style(line_length(lambda name: _text(folder / name)), False, True, True, True)

    @cached_property
    def outside(self) -> tuple[Path, ...]:
        """The files of the project, as git or its packaging marks it, that were not given."""
        given = [path.resolve() for path in (self.folders or self.chosen)[:1]]
        above = [folder for path in given for folder in (path, *path.parents)]
        project = next(
            (one for one in above if any((one / mark).exists() for mark in _MARKS)), None
        )
        if project is None or project in given:
            return ()
        known = {path.resolve() for path in self.all}
        folders = {path.resolve() for path in self.folders} | ignored_below(project)
        found = [path for path in _walk(str(project), frozenset(folders)) if path not in known]
        return _sorted(Path(os.path.relpath(path)) for path in found)

    @cached_property
    def modules(self) -> dict[Path, str]:
        """The dotted name of each Python file among all."""
        names = Names(self.folders, self.root)
        found: dict[Path, str] = {}
        packages: set[str] = set()
        for path in self.all:
            if path.suffix == ".py":
                found[path] = names.module_of(path)
                if path.name == "__init__.py":
                    packages.add(found[path])
        # Beside a package of its name a module is never imported.
        return {
            path: name
            for path, name in found.items()
            if name not in packages or path.name == "__init__.py"
        }


def find_files(
    paths: Iterable[Path],
    suffixes: Sequence[str],
    names: Sequence[str] = (),
    root: Path | None = None,
) -> Files:
    """The files among ``paths`` and below folders among them, sorted; those with ``suffixes``,
    or called like one of ``names``, are chosen.

    Folders whose name starts with a dot are passed over, but for those with settings; links are
    not followed. With ``""`` among ``names`` files without a suffix are chosen.
    """
    chosen: set[Path] = set()
    every: set[Path] = set()
    folders: list[Path] = []
    ignored: set[Path] = set()
    for path in paths:
        if not path.is_dir():
            if not path.is_symlink():
                chosen.add(path)
                every.add(path)
            continue
        folders.append(path)
        ignored |= (without := ignored_below(path))
        for file in _walk(str(path), without):
            every.add(file)
            if (
                file.name.endswith(tuple(suffixes))
                or file.name in names
                or ("" in names and "." not in file.name)
            ):
                chosen.add(file)
    return Files(_sorted(chosen), _sorted(every), tuple(folders), root, _sorted(ignored))


def _text(path: Path) -> str | None:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return None


def _sorted(paths: Iterable[Path]) -> tuple[Path, ...]:
    return tuple(sorted(paths, key=lambda path: path.parts))


def _walk(folder: str, without: frozenset[Path] = frozenset()) -> Iterable[Path]:
    """The files below ``folder`` that are no links, and not among or below ``without``."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
        if any(entry.name == "pyvenv.cfg" for entry in found):
            return
        here = Path(folder)
        for entry in found:
            name = entry.name
            if entry.is_symlink() or (without and here / name in without):
                continue
            if not entry.is_dir():
                yield here / name
            elif name not in _NEVER and (not name.startswith(".") or name in _SETTINGS):
                yield from _walk(entry.path, without)


def files_in(paths: Iterable[Path]) -> Iterable[Path]:
    """``paths``, and the files below those that are folders."""
    for path in paths:
        yield from _walk(str(path)) if path.is_dir() else [path]


class Names:
    """Finds the dotted names of files, each folder looked at once."""

    def __init__(self, given: Sequence[Path], root: Path | None) -> None:
        self.root = None if root is None else root.resolve()
        self.given = [path.resolve() for path in given]
        self.folders: dict[Path, str] = {}
        self.resolved: dict[Path, str] = {}

    def module_of(self, path: Path) -> str:
        """The dotted name of a Python file.

        A folder without ``__init__`` inside a package belongs to it. Where no folder above has
        one, top-level names are in ``root``, or below the project's own folder.
        """
        if path.parent not in self.folders:
            self.folders[path.parent] = self._package(path.parent.resolve())
        name = "" if path.name == "__init__.py" else path.stem
        return f"{self.folders[path.parent]}.{name}".strip(".")

    def _package(self, folder: Path) -> str:
        if folder not in self.resolved:
            self.resolved[folder] = self._find(folder)
        return self.resolved[folder]

    def _find(self, folder: Path) -> str:
        if self.root is not None and folder.is_relative_to(self.root):
            return ".".join(folder.relative_to(self.root).parts)
        if (folder / "__init__.py").exists():
            above = folder.parent
            is_inner = (above / "__init__.py").exists() or self._is_inside(above)
            return f"{self._package(above)}.{folder.name}" if is_inner else folder.name
        if self._is_inside(folder):
            return f"{self._package(folder.parent)}.{folder.name}"
        base = self._project(folder)
        parts = folder.relative_to(base).parts if base is not None else ()
        if parts and parts[0] in _AROUND:
            parts = parts[1:]
        return ".".join(parts) if all(part.isidentifier() for part in parts) else ""

    def _is_inside(self, folder: Path) -> bool:
        """Whether a folder without ``__init__`` is below a package."""
        while folder != folder.parent and folder.name.isidentifier():
            if (folder / "__init__.py").exists():
                return True
            if any((folder / mark).exists() for mark in _MARKS) or folder in self.given:
                return False
            folder = folder.parent
        return False

    def _project(self, folder: Path) -> Path | None:
        """The project's own folder: with its packaging, or the outermost that was given."""
        above = [folder, *folder.parents]
        marked = [one for one in above if any((one / mark).exists() for mark in _MARKS)]
        given = [one for one in above if one in self.given]
        return marked[0] if marked else given[-1] if given else None


def folder_for(path: Path) -> Path:
    """The nearest folder above ``path`` that is there; ``UsageError`` when it is a file."""
    folder = path.parent
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir():
        raise UsageError(f"{folder} is a file: {path} cannot be below it")
    return folder


def top_folder(path: Path, module: str) -> Path:
    """The folder that the top-level package of ``module``, which is ``path``, is in."""
    return path.resolve().parents[module.count(".") + (path.name == "__init__.py")]
