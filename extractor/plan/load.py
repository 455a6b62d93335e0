"""Load a plan folder: ``plan.toml``, ``overlay/``, ``packaging/``, ``inside/``, ``contracts/``.

A plan is found by its path, by its name among those that come with the engine, or by its name
in the entry-point group ``extractor.plans`` of an installed distribution.

Errors name the file and the line.
"""

from __future__ import annotations

import hashlib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from extractor.errors import UsageError
from extractor.plan.model import PlanData, Table
from extractor.plan.values import unsafe_path
from extractor.source.tree import FolderTree

_T = TypeVar("_T", bound=Table)
# Far more than anybody writes by hand.
_MOST_BYTES = 64 << 20
GROUP = "extractor.plans"
PLANS = Path(__file__).parent.parent / "plans"


@dataclass(frozen=True)
class Plan:
    """A validated plan with the files that belong to it, all read into memory.

    ``overlay`` and ``packaging`` map paths in the result to bytes, ``inside`` paths in the source;
    ``contracts`` are configurations of import-linter by name, ``snippets`` what is pasted into a
    CI, by path; ``digest`` is the SHA-256 over every file of the plan folder.
    """

    data: PlanData
    folder: Path
    overlay: Mapping[str, bytes]
    packaging: Mapping[str, bytes]
    inside: Mapping[str, bytes]
    contracts: Mapping[str, str]
    snippets: Mapping[str, bytes]
    digest: str


def plan_folder(name: str) -> Path:
    """The folder of a plan given by its name or by a path.

    The name of a plan that is known is never that of a folder here, which may be a stranger's.
    """
    folder = Path(name) if "/" in name else known_plans().get(name, Path(name))
    if folder.name == "plan.toml":
        folder = folder.parent
    if not (folder / "plan.toml").is_file():
        known = ", ".join(known_plans())
        raise UsageError(
            f"there is no plan {name!r}: give a folder with a plan.toml, or one of: {known}"
        )
    return folder


def known_plans() -> dict[str, Path]:
    """The plans that can be called by name, and their folders: ours, and installed ones.

    An entry point ``name = package`` of the group ``extractor.plans`` names the package in whose
    folder a ``plan.toml`` lies.
    """
    found = {path.parent.name: path.parent for path in PLANS.glob("*/plan.toml")}
    for point in entry_points(group=GROUP):
        try:
            spec = find_spec(point.module)
        except ImportError:
            continue
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            if (Path(folder) / "plan.toml").is_file():
                found.setdefault(point.name, Path(folder))
    return dict(sorted(found.items()))


def load_plan(name: str) -> Plan:
    """The plan of that name or folder; ``UsageError`` with file and line when it is wrong."""
    folder = plan_folder(name)
    files = _files_of(folder)
    data = parse_plan(files["plan.toml"], str(folder / "plan.toml"))
    digest = hashlib.sha256()
    for path, content in sorted(files.items()):
        digest.update(b"%s\0%d\0" % (path.encode(), len(content)))
        digest.update(content)
    return Plan(
        data=data,
        folder=folder,
        overlay=_below(files, "overlay/"),
        packaging=_below(files, "packaging/"),
        inside=_below(files, "inside/"),
        contracts={
            path.removesuffix(".toml"): content.decode("utf-8")
            for path, content in _below(files, "contracts/").items()
            if path.endswith(".toml") and "/" not in path
        },
        snippets=_below(files, "contracts/snippets/"),
        digest=digest.hexdigest(),
    )


def parse_plan(text: bytes, where: str) -> PlanData:
    """Validate ``plan.toml``; all its errors are told at once, one a line."""
    return parse_table(PlanData, text, where)


def parse_table(model: type[_T], text: bytes, where: str) -> _T:
    """Validate TOML against ``model``; all its errors are told at once, one a line."""
    decoded, raw = _decoded(text, where)
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            path = tuple(problem["loc"])
            name = ".".join(str(part) for part in path)
            message = problem["msg"].removeprefix("Value error, ")
            if problem["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
                message = "unknown key"
            lines.append(f"{where}:{line_of(decoded, path)}: {name}: {message}")
        raise UsageError("\n".join(lines)) from None


def _decoded(text: bytes, where: str) -> tuple[str, dict[str, Any]]:
    try:
        decoded = text.decode("utf-8")
        return decoded, tomllib.loads(decoded)
    except UnicodeDecodeError:
        raise UsageError(f"{where}: not UTF-8") from None
    except RecursionError:
        raise UsageError(f"{where}: tables and lists are nested too deep") from None
    except ValueError as error:
        # TOML's own errors, and numbers too long to be read.
        raise UsageError(f"{where}: {error}") from None


def _files_of(folder: Path) -> dict[str, bytes]:
    """The plan's files; ``UsageError`` for what is no file, or could become none of the result."""
    tree = FolderTree(folder)
    files: dict[str, bytes] = {}
    total = 0
    for path in sorted({*tree.paths(), *_links(folder)}):
        if path.endswith(".pyc"):
            continue
        wrong = unsafe_path(path)
        if wrong is None and (folder / path).is_symlink():
            wrong = "is a link: put the file itself there"
        elif wrong is None and not (folder / path).is_file():
            wrong = "is not a file"
        if wrong is not None:
            raise UsageError(f"{folder}: {path!r} {wrong}")
        total += (folder / path).stat().st_size
        if total > _MOST_BYTES:
            raise UsageError(f"{folder} holds more than {_MOST_BYTES >> 20} MiB: not a plan")
        try:
            files[path] = tree.read(path)
        except OSError as error:
            raise UsageError(f"{folder / path} cannot be read: {error.strerror}") from None
    return files


def _links(folder: Path) -> list[str]:
    """Links, and what is neither file nor folder: a listing of files does not have all of them."""
    found = []
    for base, names, files in os.walk(folder):
        found += [Path(base) / name for name in names if (Path(base) / name).is_symlink()]
        found += [Path(base) / name for name in files if not (Path(base) / name).is_file()]
    return [str(path.relative_to(folder)) for path in found]


def line_of(text: str, path: tuple[int | str, ...]) -> int:
    """The 1-based line where ``path`` is set: its key, else its table's header, else line 1."""
    best, depth = 1, 0
    counts: dict[tuple[str, ...], int] = {}
    table: tuple[int | str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*(\[\[?)\s*([^\]]+?)\s*\]", line)
        key = re.match(r"\s*([\w\"'.:-]+)\s*=", line)
        if header:
            parts = tuple(p.strip().strip("\"'") for p in header.group(2).split("."))
            table = parts
            if header.group(1) == "[[":
                counts[parts] = counts.get(parts, -1) + 1
                table = (*parts, counts[parts])
            here = table
        elif key:
            here = (*table, key.group(1).strip("\"'"))
        else:
            continue
        if path[: len(here)] == here and len(here) > depth:
            best, depth = number, len(here)
    return best


def _below(files: Mapping[str, bytes], prefix: str) -> dict[str, bytes]:
    return {p.removeprefix(prefix): c for p, c in sorted(files.items()) if p.startswith(prefix)}
