"""``pyproject.toml`` by its standards, and what setuptools, flit, hatch, pdm and uv add to it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from extractor.project.about import About, people, person, texts_of, urls
from extractor.project.convention import Convention, Kind
from extractor.project.conventions.poetry import CONVENTION as POETRY
from extractor.project.conventions.setuptools import MANIFEST
from extractor.project.declared import (
    EntryPoint,
    Requirement,
    normal,
    points_of,
    requirement_of,
)
from extractor.project.files import ProjectFiles

FILE = "pyproject.toml"
_SETUPTOOLS = "setuptools.build_meta"


class _Backend(NamedTuple):
    """A build backend: what installs it, and the table that tells it the package, ``%s``."""

    name: str
    requires: str
    package: str


# A lower bound is that of the first version that reads [project].
_BACKENDS = {
    backend.name: backend
    for backend in (
        _Backend("flit_core.buildapi", "flit_core>=3.4", '[tool.flit.module]\nname = "%s"\n'),
        _Backend(
            "hatchling.build",
            "hatchling",
            '[tool.hatch.build.targets.wheel]\npackages = ["%s"]\n',
        ),
        _Backend("pdm.backend", "pdm-backend", '[tool.pdm.build]\nincludes = ["%s"]\n'),
        _Backend(
            "poetry.core.masonry.api",
            "poetry-core>=2.0",
            '[tool.poetry]\npackages = [{ include = "%s" }]\n',
        ),
        _Backend(
            _SETUPTOOLS,
            "setuptools>=61",
            '[tool.setuptools.packages.find]\ninclude = ["%s", "%s.*"]\n',
        ),
        _Backend(
            "uv_build",
            "uv_build",
            '[tool.uv.build-backend]\nmodule-name = "%s"\nmodule-root = ""\n',
        ),
    )
}
_RENAMED = {
    "flit.buildapi": "flit_core.buildapi",
    "pdm.pep517.api": "pdm.backend",
    "poetry.masonry.api": "poetry.core.masonry.api",
    "setuptools.build_meta:__legacy__": _SETUPTOOLS,
}
_TEMPLATE = """[build-system]
requires = [%s]
build-backend = "%s"

[project]
name = "${distribution}"
version = "0.1.0"
description = ${toml_description}
readme = "README.md"
%sdependencies = ${toml_dependencies}

%s
${toml_extras}

${toml_entry_points}

%s"""
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

    def about(self, files: ProjectFiles) -> About:
        project = files.toml(FILE, "project")
        flit = files.toml(FILE, "tool", "flit", "metadata")
        return About(
            str(project.get("name") or flit.get("dist-name") or flit.get("module") or ""),
            people(project.get("authors")) or person(flit.get("author"), flit.get("author-email")),
            people(project.get("maintainers")),
            texts_of(project.get("keywords")) or texts_of(flit.get("keywords"), ","),
            texts_of(project.get("classifiers")) or texts_of(flit.get("classifiers")),
            urls(project.get("urls")) or urls(flit.get("urls"), flit.get("home-page")),
        )

    def packaging(self, files: ProjectFiles, package: str) -> Mapping[str, str]:
        system = files.toml(FILE, "build-system")
        described = files.toml(FILE, "project") or files.toml(FILE, "tool", "flit", "metadata")
        if not described and not files.toml(FILE, "tool", "poetry", "dependencies"):
            return {}
        given = str(system.get("build-backend", _SETUPTOOLS))
        backend = _BACKENDS.get(_RENAMED.get(given, given))
        if backend is None:
            return {}
        asked = _strings(system.get("requires", []))
        lines = (
            text for text in asked if requirement_name(text) == requirement_name(backend.requires)
        )
        requires = backend.requires if ">" in backend.requires else next(lines, backend.requires)
        about = self.about(files)
        if about == About(about.name):
            about = POETRY.about(files)
        text = _TEMPLATE % (
            json.dumps(requires),
            backend.name,
            "".join(f"{line}\n" for line in _about(self, files)) + _quoted(about.toml()),
            _quoted(about.toml_urls()),
            backend.package.replace("%s", package),
        )
        manifest = {"MANIFEST.in": MANIFEST % package} if backend.name == _SETUPTOOLS else {}
        return {FILE: text, **manifest}

    def kind_of(self, path: str, files: ProjectFiles) -> Kind | None:
        return Kind.PACKAGING if path == FILE or path in _LOCKS else None


def _quoted(text: str) -> str:
    """``text`` for a template, where a dollar has a meaning."""
    return text.replace("$", "$$")


def requirement_name(text: str) -> str:
    """The normal name of the distribution that ``text`` requires."""
    found = requirement_of(text, "", FILE, 0)
    return normal(found.name) if found else ""


def _about(told: Pyproject, files: ProjectFiles) -> Iterator[str]:
    """Lines of ``[project]`` that the part has of the whole."""
    asked = [*told.pythons(files), *POETRY.pythons(files)]
    wanted = next((text for text in asked if text[:1] in "<>=!~"), "")
    if wanted:
        yield f"requires-python = {json.dumps(wanted)}"
    licence = files.toml(FILE, "project").get("license")
    older = files.toml(FILE, "tool", "poetry").get("license")
    if isinstance(licence, str):
        yield f"license = {json.dumps(licence)}"
    else:
        text = licence.get("text") if isinstance(licence, dict) else older
        if isinstance(text, str):
            yield f"license = {{ text = {json.dumps(text.replace('$', '$$'))} }}"


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
