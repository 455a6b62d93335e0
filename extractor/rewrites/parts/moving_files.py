"""Names given for a rename, checked, and where the files of what gets another name go."""

from __future__ import annotations

import keyword
from collections.abc import Mapping

from extractor.errors import UsageError
from extractor.rewrites.parts.project import Project


def check_names(modules: Mapping[str, str], symbols: Mapping[str, str]) -> None:
    """Raise ``UsageError`` for a name that cannot be one in Python."""
    for old, new in symbols.items():
        for text in (old, new):
            module, colon, name = text.partition(":")
            if not (module and colon and name):
                raise UsageError(f"write a symbol as module:name, not {text!r}")
            if "." in name:
                raise UsageError(f"{name} is an attribute: only in place can it get another name")
    for new in [*modules.values(), *(one.replace(":", ".") for one in symbols.values())]:
        check_name(new)


def check_name(name: str) -> None:
    """Raise ``UsageError`` for a dotted name that cannot be one in Python."""
    for part in name.split("."):
        if not part.isidentifier() or keyword.iskeyword(part):
            raise UsageError(f"{name} cannot be a Python name: {part!r} is not an identifier")


def with_what_is_below(modules: Mapping[str, str], project: Project) -> dict[str, str]:
    """``modules`` with an entry for everything in the packages among them."""
    found = dict(modules)
    for old, new in modules.items():
        for name in project.paths:
            if name.startswith(f"{old}.") and name not in found:
                found[name] = new + name[len(old) :]
    return found


def moved_files(modules: Mapping[str, str], project: Project) -> dict[str, str]:
    """Where each file of ``modules`` goes: stubs beside and what else is in their packages too.

    Raises ``UsageError`` for a new name that is taken or has no place.
    """
    moves: dict[str, str] = {}
    homes: dict[str, str] = {}
    for old, new in modules.items():
        if old not in project.paths:
            continue  # moved before
        if homes.setdefault(new, old) != old:
            why = f"{homes[new]} and {old} cannot both become {new}"
            raise UsageError(f"{why}: move what they define, by move_definitions '{old}:*={new}:*'")
        if new in project.paths and new not in modules:
            raise UsageError(f"{new} exists already: {old} cannot be renamed to it")
        path = project.paths[old]
        if project.is_package(old):
            folder, target = path.removesuffix("__init__.py"), f"{project.folder_for(new, old)}/"
            moves |= {
                other: target + other[len(folder) :]
                for other in project.others
                if other.startswith(folder)
            }
            moves[path] = f"{target}__init__.py"
            continue
        moves[path] = f"{project.folder_for(new, old, modules)}.py"
        if f"{path}i" in project.others:
            moves[f"{path}i"] = moves[path] + "i"
    return moves
