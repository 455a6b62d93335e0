"""Entry points a project declares: ``setup.cfg`` (setuptools and pbr) and ``pyproject.toml``.

Formats: https://packaging.python.org/en/latest/specifications/entry-points/ and
https://docs.openstack.org/pbr/latest/user/using.html.
"""

from __future__ import annotations

import tomllib
from contextlib import suppress
from typing import NamedTuple

from extractor.source.tree import Tree

_SECTIONS = ("entry_points", "options.entry_points")
FILES = ("pyproject.toml", "setup.cfg")


class EntryPoint(NamedTuple):
    """``name = target`` of ``group``; ``target`` is ``module:attribute`` or ``module``."""

    group: str
    name: str
    target: str
    path: str
    line: int

    @property
    def module(self) -> str:
        return self.target.partition(":")[0].strip()


def entry_points(tree: Tree) -> list[EntryPoint]:
    """All entry points that ``tree`` declares at its root, sorted."""
    found: list[EntryPoint] = []
    # Asked for by name: listing a large tree takes longer than reading both.
    with suppress(KeyError):
        found += _from_setup_cfg(tree.read("setup.cfg").decode("utf-8", "replace"))
    with suppress(KeyError):
        found += _from_pyproject(tree.read("pyproject.toml").decode("utf-8", "replace"))
    return sorted(found)


def _from_setup_cfg(text: str) -> list[EntryPoint]:
    # Read by hand: ConfigParser loses the line numbers that findings need.
    found: list[EntryPoint] = []
    section = group = ""
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.split(" #")[0].rstrip()
        stripped = line.strip()
        if not stripped or stripped[0] in "#;":
            continue
        if stripped.startswith("[") and stripped.endswith("]"):
            section, group = stripped[1:-1].strip(), ""
        elif section in _SECTIONS and not raw[0].isspace():
            group = stripped.partition("=")[0].strip()
        elif section in _SECTIONS and group and "=" in stripped:
            name, _, target = stripped.partition("=")
            target = target.split("[")[0].strip()
            found.append(EntryPoint(group, name.strip(), target, "setup.cfg", number))
    return found


def _from_pyproject(text: str) -> list[EntryPoint]:
    try:
        project = tomllib.loads(text).get("project", {})
    except tomllib.TOMLDecodeError:
        return []
    groups = dict(project.get("entry-points", {}))
    groups["console_scripts"] = project.get("scripts", {})
    groups["gui_scripts"] = project.get("gui-scripts", {})
    lines = text.splitlines()
    found = []
    for group, points in groups.items():
        for name, target in points.items():
            number = next(
                (n for n, line in enumerate(lines, 1) if name in line and target in line), 0
            )
            found.append(EntryPoint(group, name, target, "pyproject.toml", number))
    return found
