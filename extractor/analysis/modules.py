"""Which paths of a tree are which modules of a package.

Knows src layouts, packages inside other folders, single-file modules and namespace
packages (folders without ``__init__.py``): at run time those are modules too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from extractor.errors import UsageError
from extractor.project.layout import USUAL, modules_in, tops_of


@dataclass(frozen=True)
class Module:
    """One module: its dotted name, its file (``None`` for a namespace package)."""

    name: str
    path: str | None
    is_package: bool


def find_modules(paths: Iterable[str], packages: Sequence[str]) -> dict[str, Module]:
    """All modules of ``packages`` by name, sorted; ``UsageError`` when a package has none.

    Where a package lies in several places (``src/p``, ``vendor/p``) the shallowest wins,
    except for one spread over several namespace folders, which is read as one.
    """
    python = [p for p in paths if p.endswith(".py")]
    found: dict[str, Module] = {}
    for package in packages:
        roots = _roots(python, package)
        if not roots:
            there = ", ".join(tops_of(modules_in(python, USUAL), lambda _path: False))
            raise UsageError(f"no package {package!r} in this source; found: {there}")
        for root in roots:
            _add_modules(found, python, root, package)
    return dict(sorted(found.items()))


def ancestors(name: str) -> list[str]:
    """The packages above ``name``, outermost first."""
    parts = name.split(".")
    return [".".join(parts[:size]) for size in range(1, len(parts))]


def paths_of(modules: Mapping[str, Module]) -> dict[str, str]:
    """Module names by path."""
    return {m.path: m.name for m in modules.values() if m.path is not None}


def _roots(python: Sequence[str], package: str) -> list[str]:
    inner = package.replace(".", "/")
    single: set[str] = set()
    regular: set[str] = set()
    for path in python:
        if path == f"{inner}.py" or path.endswith(f"/{inner}.py"):
            single.add(path)
        position = 0 if path.startswith(f"{inner}/") else path.find(f"/{inner}/") + 1
        if position > 0 or path.startswith(f"{inner}/"):
            regular.add(path[: position + len(inner)])
    candidates = regular or single
    if not candidates:
        return []
    depth = min(c.count("/") for c in candidates)
    nearest = sorted(c for c in candidates if c.count("/") == depth)
    if any(f"{c}/__init__.py" in set(python) for c in nearest):
        nearest = [c for c in nearest if f"{c}/__init__.py" in set(python)][:1]
    return nearest


def _add_modules(found: dict[str, Module], python: Sequence[str], root: str, package: str) -> None:
    if root.endswith(".py"):
        found[package] = Module(package, root, False)
        _add_parents(found, package)
        return
    prefix = root + "/"
    for path in python:
        if not path.startswith(prefix):
            continue
        parts = path[len(prefix) : -3].split("/")
        if not all(part.isidentifier() for part in parts[:-1]):
            continue
        is_package = parts[-1] == "__init__"
        if is_package:
            parts.pop()
        name = ".".join([package, *parts])
        if name not in found or found[name].path is None or is_package:
            found[name] = Module(name, path, is_package)
        _add_parents(found, name)


def _add_parents(found: dict[str, Module], name: str) -> None:
    for above in ancestors(name):
        if above not in found:
            found[above] = Module(above, None, True)
