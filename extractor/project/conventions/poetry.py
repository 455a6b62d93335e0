"""Poetry: the tables of ``[tool.poetry]``, its constraints put in everybody's syntax."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from extractor.project.about import About, people, texts_of, urls
from extractor.project.convention import Convention
from extractor.project.declared import EntryPoint, Requirement, points_of, requirement_of
from extractor.project.files import ProjectFiles
from extractor.project.pythons import specifier_of

_FILE = "pyproject.toml"


class Poetry(Convention):
    """What Poetry before and after version 2 calls dependencies, groups, scripts and plugins."""

    name = "poetry"

    def is_used(self, files: ProjectFiles) -> bool:
        return bool(files.toml(_FILE, "tool", "poetry"))

    def source_folders(self, files: ProjectFiles) -> Iterator[str]:
        packages = files.toml(_FILE, "tool", "poetry").get("packages", [])
        for package in packages if isinstance(packages, list) else ():
            if isinstance(package, dict) and isinstance(package.get("from"), str):
                yield package["from"]

    def entry_points(self, files: ProjectFiles) -> Iterator[EntryPoint]:
        poetry = files.toml(_FILE, "tool", "poetry")
        groups = dict(files.toml(_FILE, "tool", "poetry", "plugins"))
        groups["console_scripts"] = poetry.get("scripts", {})
        yield from points_of(groups, _FILE, files.text(_FILE).splitlines())

    def requirements(self, files: ProjectFiles) -> Iterator[Requirement]:
        poetry = files.toml(_FILE, "tool", "poetry")
        extras = {
            str(name): str(group)
            for group, names in files.toml(_FILE, "tool", "poetry", "extras").items()
            for name in names
        }
        yield from _of_table(files, poetry.get("dependencies"), "", extras)
        yield from _of_table(files, poetry.get("dev-dependencies"), "dev", {})
        for name, group in files.toml(_FILE, "tool", "poetry", "group").items():
            if isinstance(group, dict):
                yield from _of_table(files, group.get("dependencies"), name, {})

    def pythons(self, files: ProjectFiles) -> Iterator[str]:
        wanted = files.toml(_FILE, "tool", "poetry", "dependencies").get("python")
        yield from [specifier_of(wanted)] if isinstance(wanted, str) else []
        yield from files.toml(_FILE, "tool", "poetry").get("classifiers", [])

    def about(self, files: ProjectFiles) -> About:
        poetry = files.toml(_FILE, "tool", "poetry")
        addresses = dict(files.toml(_FILE, "tool", "poetry", "urls"))
        labels = {"repository": "Repository", "documentation": "Documentation"}
        addresses |= {label: poetry[key] for key, label in labels.items() if key in poetry}
        return About(
            str(poetry.get("name") or ""),
            people(poetry.get("authors")),
            people(poetry.get("maintainers")),
            texts_of(poetry.get("keywords")),
            texts_of(poetry.get("classifiers")),
            urls(addresses, poetry.get("homepage")),
        )


def _of_table(
    files: ProjectFiles, table: Any, group: str, extras: dict[str, str]
) -> Iterator[Requirement]:
    for name, given in table.items() if isinstance(table, dict) else ():
        for one in given if isinstance(given, list) else [given]:
            text = _line(name, one)
            line = files.line_of(_FILE, name, "=")
            if name != "python" and (found := requirement_of(text, group, _FILE, line)):
                optional = isinstance(one, dict) and one.get("optional")
                yield (
                    Requirement(
                        found.name, text, extras.get(str(name), str(name)), _FILE, line, text
                    )
                    if optional
                    else found
                )


def _line(name: str, given: Any) -> str:
    """The line of a requirement file for one dependency."""
    table = given if isinstance(given, dict) else {"version": given}
    extras = table.get("extras", [])
    text = name + (f"[{','.join(extras)}]" if extras else "")
    if isinstance(table.get("git"), str):
        revision = table.get("rev") or table.get("tag") or table.get("branch")
        return f"{text} @ git+{table['git']}" + (f"@{revision}" if revision else "")
    version = table.get("version")
    text += specifier_of(version) if isinstance(version, str) else ""
    markers = [f"python_version{_bound(b)}" for b in _bounds(table.get("python"))]
    markers += [table["markers"]] if isinstance(table.get("markers"), str) else []
    return text + (f"; {' and '.join(markers)}" if markers else "")


def _bounds(wanted: Any) -> list[str]:
    return specifier_of(wanted).split(",") if isinstance(wanted, str) and wanted != "*" else []


def _bound(text: str) -> str:
    sign = text.rstrip("0123456789.*")
    return f'{sign}"{text[len(sign) :]}"'


CONVENTION = Poetry()
