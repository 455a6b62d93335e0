"""``pyproject.toml`` by its standards, and what setuptools, flit, hatch, pdm and uv add to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from extractor.project.convention import Convention, Kind
from extractor.project.declared import EntryPoint, Requirement, points_of, requirement_of
from extractor.project.files import ProjectFiles

FILE = "pyproject.toml"
_LOCKS = frozenset({"pdm.lock", "poetry.lock", "uv.lock", "Pipfile", "Pipfile.lock"})


class Pyproject(Convention):
    """PEP 621, PEP 735, and the tables of the tools that read them."""

    name = "pyproject"

    def is_used(self, files: ProjectFiles) -> bool:
        return FILE in files.present

    def source_folders(self, files: ProjectFiles) -> Iterator[str]:
        found = files.toml(FILE, "tool", "setuptools", "packages", "find").get("where", [])
        yield from _strings(found)
        folders = files.toml(FILE, "tool", "setuptools").get("package-dir", {})
        yield from _strings([folders.get("")] if isinstance(folders, dict) else [])
        wheel = files.toml(FILE, "tool", "hatch", "build", "targets", "wheel")
        for package in _strings(wheel.get("packages", [])):
            yield package.strip("/").rpartition("/")[0]
        yield from _strings(wheel.get("sources", []))
        yield from _strings([files.toml(FILE, "tool", "pdm", "build").get("package-dir")])

    def entry_points(self, files: ProjectFiles) -> Iterator[EntryPoint]:
        project = files.toml(FILE, "project")
        groups = dict(project.get("entry-points", {}))
        groups["console_scripts"] = project.get("scripts", {})
        groups["gui_scripts"] = project.get("gui-scripts", {})
        yield from points_of(groups, FILE, files.text(FILE).splitlines())
        flit = files.toml(FILE, "tool", "flit")
        groups = dict(flit.get("entrypoints", {})) | {"console_scripts": flit.get("scripts", {})}
        yield from points_of(groups, FILE, files.text(FILE).splitlines())

    def requirements(self, files: ProjectFiles) -> Iterator[Requirement]:
        project = files.toml(FILE, "project")
        yield from _required(files, project.get("dependencies"), "")
        for group, texts in files.toml(FILE, "project", "optional-dependencies").items():
            yield from _required(files, texts, group)
        for group in files.toml(FILE, "dependency-groups"):
            yield from _required(files, _group(files, group, frozenset()), group)
        for group, texts in files.toml(FILE, "tool", "pdm", "dev-dependencies").items():
            yield from _required(files, texts, f"dev-{group}")
        yield from _required(files, files.toml(FILE, "tool", "uv").get("dev-dependencies"), "dev")
        flit = files.toml(FILE, "tool", "flit", "metadata")
        yield from _required(files, flit.get("requires"), "")
        for group, texts in files.toml(FILE, "tool", "flit", "metadata", "requires-extra").items():
            yield from _required(files, texts, group)

    def pythons(self, files: ProjectFiles) -> Iterator[str]:
        project = files.toml(FILE, "project")
        flit = files.toml(FILE, "tool", "flit", "metadata")
        yield from _strings([project.get("requires-python"), flit.get("requires-python")])
        yield from _strings(project.get("classifiers", []))
        yield from _strings(flit.get("classifiers", []))

    def kind_of(self, path: str, files: ProjectFiles) -> Kind | None:
        return Kind.PACKAGING if path == FILE or path in _LOCKS else None


def _group(files: ProjectFiles, name: str, seen: frozenset[str]) -> list[str]:
    """A dependency group's lines with those of the groups that it includes."""
    given = files.toml(FILE, "dependency-groups").get(name, [])
    texts: list[str] = []
    for item in given if isinstance(given, list) else ():
        if isinstance(item, str):
            texts.append(item)
        elif isinstance(item, dict) and (other := item.get("include-group")) not in seen:
            texts += _group(files, str(other), seen | {name})
    return texts


def _required(files: ProjectFiles, texts: Any, group: str) -> Iterator[Requirement]:
    for text in _strings(texts):
        line = files.line_of(FILE, text)
        if found := requirement_of(text, group, FILE, line):
            yield found


def _strings(values: Any) -> Iterable[str]:
    return [v for v in values if isinstance(v, str)] if isinstance(values, list) else []


CONVENTION = Pyproject()
