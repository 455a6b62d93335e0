"""Run one rewrite over files and folders of any project: see what it would do, or do it."""

from __future__ import annotations

import dataclasses
import difflib
import os
import tempfile
import tomllib
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from extractor.errors import UsageError
from extractor.outcome import Outcome, Rewritten, Unchanged
from extractor.rewrites import Rewrite
from extractor.rewrites.parts.project import Project
from extractor.rewrites.parts.source_file import SourceFile


@dataclass(frozen=True)
class Change:
    """What a rewrite made of one file.

    ``before`` is ``None`` where it makes a new one; ``target`` is where the file is to be,
    if not where it was.
    """

    path: Path
    before: bytes | None
    outcome: Outcome
    target: Path | None = None

    @property
    def is_one(self) -> bool:
        """Whether anything becomes different."""
        return isinstance(self.outcome, Rewritten) or self._moves

    @property
    def _moves(self) -> bool:
        return self.target is not None and isinstance(self.outcome, Rewritten | Unchanged)

    @property
    def after(self) -> bytes:
        """The text as it is to be."""
        if isinstance(self.outcome, Rewritten):
            return self.outcome.content
        return self.before or b""

    def diff(self) -> str:
        """A diff as git shows and applies it; empty when the file stays as it is."""
        if not self.is_one:
            return ""
        old, new = (
            text.decode("utf-8", "surrogateescape").splitlines(keepends=True)
            for text in (self.before or b"", self.after)
        )
        name, target = (_in_diff(path) for path in (self.path, self.target or self.path))
        first = "/dev/null" if self.before is None else f"a/{name}"
        head = ""
        if self.before is None or self.target is not None:
            head = f"diff --git a/{name} b/{target}\n"
            head += "new file mode 100644\n" if self.before is None else ""
            head += f"rename from {name}\nrename to {target}\n" if self.target else ""
        lines = difflib.unified_diff(old, new, first, f"b/{target}")
        return head + "".join(
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            for line in lines
        )

    def write(self) -> None:
        """Put the new text in the file's place at once, with the mode it had."""
        assert self.is_one
        target = (self.target or self.path).resolve()
        if self.target is not None and target.exists():
            raise UsageError(f"{target} is there already: nothing can be moved to it")
        with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
            file.write(self.after)
        try:
            mode = target.parent.stat().st_mode & 0o666  # a new file's, as its folder's
            Path(file.name).chmod(mode if self.before is None else self.path.stat().st_mode)
            Path(file.name).replace(target)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
        if self.target is not None:
            self.path.unlink()


def _in_diff(path: Path) -> str:
    return path.as_posix().lstrip("/")


def read_settings(path: Path) -> dict[str, Any]:
    """Settings from a TOML file; ``UsageError`` when it cannot be read."""
    try:
        settings: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
        return settings
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"the settings cannot be read from {path}: {error}") from None


def settings_from(rewrite: Rewrite, values: Mapping[str, Any]) -> Any:
    """The settings of ``rewrite`` from lists of words, ``OLD=NEW`` for mappings.

    Fields that ``values`` does not name, or names with nothing, keep their default. Raises
    ``UsageError`` for an unknown name or a word without ``=``.
    """
    kinds = setting_kinds(rewrite)
    given: dict[str, Any] = {}
    for name, value in values.items():
        if name not in kinds:
            raise UsageError(f"{rewrite.name} has no setting {name!r}; it has {', '.join(kinds)}")
        if value is None or (not value and not isinstance(value, bool)):
            continue
        given[name] = _converted(name, kinds[name], value)
    return rewrite.settings(**given)


def _converted(name: str, kind: str, value: Any) -> Any:
    if kind == "flag":
        return bool(value)
    if kind == "mapping" and not isinstance(value, Mapping):
        pairs = [word.partition("=") for word in value]
        bad = [old for old, equals, new in pairs if not (old and equals and new)]
        if bad:
            raise UsageError(f"write {name} as OLD=NEW, not {bad[0]!r}")
        return {old: new for old, _, new in pairs}
    if kind == "set":
        return frozenset(value)
    return dict(value) if kind == "mapping" else tuple(value)


def setting_kinds(rewrite: Rewrite) -> dict[str, str]:
    """The settings of ``rewrite`` in order: ``flag``, ``mapping``, ``set`` or ``list``."""
    kinds: dict[str, str] = {}
    hints = typing.get_type_hints(rewrite.settings)
    for field in dataclasses.fields(rewrite.settings):
        if field.metadata.get("derived"):
            continue
        text = str(hints[field.name])
        kinds[field.name] = (
            "flag"
            if hints[field.name] is bool
            else "mapping"
            if "Mapping" in text
            else "set"
            if "frozenset" in text
            else "list"
        )
    return kinds


def files_below(paths: Iterable[Path], suffixes: Sequence[str]) -> list[Path]:
    """The files among ``paths``, and those with ``suffixes`` in folders among them, sorted.

    Folders whose name starts with a dot are passed over; links to folders are not followed.
    """
    found: set[Path] = set()
    for path in paths:
        if not path.is_dir():
            found.add(path)
            continue
        for folder, names, files in os.walk(path):
            names[:] = [name for name in names if not name.startswith(".")]
            base = Path(folder)
            found.update(base / file for file in files if file.endswith(tuple(suffixes)))
    return sorted(path for path in found if not path.is_symlink())


def module_of(path: Path, folders: dict[Path, str] | None = None, root: Path | None = None) -> str:
    """The dotted name of a Python file as its folders' ``__init__`` files tell.

    A folder without ``__init__`` is where the top-level names are, unless ``root`` says which
    folder is. ``folders`` remembers what was found of each folder.
    """
    known = {} if folders is None else folders
    if path.parent not in known:
        folder = path.parent.resolve()
        if root is not None and folder.is_relative_to(root.resolve()):
            known[path.parent] = ".".join(folder.relative_to(root.resolve()).parts)
        else:
            known[path.parent] = _package_of(folder, known)
    name = "" if path.name == "__init__.py" else path.stem
    return f"{known[path.parent]}.{name}".strip(".")


def _package_of(folder: Path, known: dict[Path, str]) -> str:
    """The dotted name of ``folder``; ``""`` when it is no package."""
    if folder not in known:
        known[folder] = ""
        if (folder / "__init__.py").exists():
            known[folder] = f"{_package_of(folder.parent, known)}.{folder.name}".strip(".")
    return known[folder]


def run(
    rewrite: Rewrite, settings: Any, files: Sequence[Path], root: Path | None = None
) -> Iterable[Change]:
    """Each file with what ``rewrite`` makes of it; nothing is written.

    ``root`` is the folder of the top-level packages, found by itself where every package has
    an ``__init__``. ``UsageError`` when the files do not tell what the settings leave open.
    """
    folders: dict[Path, str] = {}
    modules = {path: module_of(path, folders, root) for path in files if path.suffix == ".py"}
    paths = {module: path.as_posix() for path, module in modules.items()}
    settings = rewrite.prepare(settings, Project(paths, lambda path: Path(path).read_bytes()))
    creates: Mapping[str, str] = getattr(settings, "creates", {})
    moves: Mapping[str, str] = getattr(settings, "moves", {})
    for name, module in sorted(creates.items()):
        if not Path(name).exists():
            yield Change(Path(name), None, rewrite.run(SourceFile(name, b"", module), settings))
    for path in files:
        before = path.read_bytes()
        name, module = path.as_posix(), modules.get(path, "")
        target = moves.get(name)
        new_module = settings.modules[module] if target else None
        file = SourceFile(name, before, module, path.name == "__init__.py", new_module)
        yield Change(path, before, rewrite.run(file, settings), Path(target) if target else None)
