"""setuptools: ``setup.py`` and ``setup.cfg``, requirement files beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from extractor.project.about import About, person, texts_of, urls
from extractor.project.convention import Convention, Kind
from extractor.project.declared import EntryPoint, Requirement, point_of, requirement_of
from extractor.project.files import ProjectFiles

_CFG, _SCRIPT = "setup.cfg", "setup.py"
# Where the result has what it needs to run and to test.
REQUIREMENTS, TEST_REQUIREMENTS = "requirements.txt", "test-requirements.txt"
_FILE = re.compile(
    r"(?:(?:.*/)?(?:[\w.-]+[-_.])?requirements(?:[-_.][\w.-]+)?|(?:.*/)?requirements/[\w.-]+)"
    r"\.(?:txt|in|pip)"
)
_PACKAGING = frozenset({_CFG, _SCRIPT, "MANIFEST.in", "tox.ini", "noxfile.py", ".bumpversion.cfg"})


class Setuptools(Convention):
    """What ``setup()`` and ``setup.cfg`` say, read and never run."""

    name = "setuptools"

    def is_used(self, files: ProjectFiles) -> bool:
        return _SCRIPT in files.present or bool(files.ini(_CFG)) or bool(requirement_files(files))

    def source_folders(self, files: ProjectFiles) -> Iterable[str]:
        where = files.option(_CFG, "options.packages.find", "where")
        yield from (where.value.split() if where else ())
        folders = files.option(_CFG, "options", "package_dir")
        for line in folders.value.splitlines() if folders else ():
            package, _, folder = line.partition("=")
            yield from _above(package, folder)
        given, _ = files.setup_call.get("package_dir", ({}, 0))
        for package, folder in (given or {}).items() if isinstance(given, dict) else ():
            yield from _above(str(package), str(folder))
        found, _ = files.setup_call.get("packages", (None, 0))
        if isinstance(found, dict) and isinstance(found.get("where"), str):
            yield found["where"]

    def entry_points(self, files: ProjectFiles) -> Iterator[EntryPoint]:
        yield from ini_entry_points(files, _CFG, "options.entry_points")
        points, line = files.setup_call.get("entry_points", (None, 0))
        if isinstance(points, str):
            group = ""
            for text in points.splitlines():
                if text.strip().startswith("["):
                    group = text.strip().strip("[]")
                else:
                    yield from self._point(files, group, text, line)
        for name, given in points.items() if isinstance(points, dict) else ():
            texts = given.splitlines() if isinstance(given, str) else given
            for text in texts if isinstance(texts, list) else ():
                yield from self._point(files, str(name), str(text), line)

    def _point(self, files: ProjectFiles, group: str, text: str, line: int) -> Iterator[EntryPoint]:
        found = point_of(group, text, _SCRIPT, line)
        if found is not None:
            number = files.line_of(_SCRIPT, found.name, found.module) or line
            yield found._replace(line=number)

    def requirements(self, files: ProjectFiles) -> Iterator[Requirement]:
        for path in requirement_files(files):
            yield from in_requirement_file(files, path, group_of(path))
        for section, name, group in _requiring_options(files):
            option = files.option(_CFG, section, name)
            for line, text in option.values if option else ():
                if text.startswith("file:"):
                    yield from in_requirement_file(files, text[5:].strip(), group)
                elif found := requirement_of(text, group, _CFG, line):
                    yield found
        for keyword, group in (("install_requires", ""), ("tests_require", "test")):
            yield from self._required(files, files.setup_call.get(keyword, (None, 0)), group)
        extras, line = files.setup_call.get("extras_require", (None, 0))
        for name, texts in extras.items() if isinstance(extras, dict) else ():
            group, _, marker = str(name).partition(":")
            texts = texts.splitlines() if isinstance(texts, str) else texts or []
            marked = [f"{text}; {marker}" if marker else text for text in texts]
            yield from self._required(files, (marked, line), group)

    def _required(
        self, files: ProjectFiles, given: tuple[Any, int], group: str
    ) -> Iterator[Requirement]:
        texts, line = given
        texts = texts.splitlines() if isinstance(texts, str) else texts
        for text in texts if isinstance(texts, list) else ():
            number = files.line_of(_SCRIPT, str(text)) or line
            if found := requirement_of(str(text), group, _SCRIPT, number):
                yield found

    def pythons(self, files: ProjectFiles) -> Iterator[str]:
        option = files.option(_CFG, "options", "python_requires")
        yield from [option.value] if option else []
        yield from classifiers(files)
        wanted, _ = files.setup_call.get("python_requires", (None, 0))
        yield from [wanted] if isinstance(wanted, str) else []

    def setup_arguments(self, files: ProjectFiles) -> tuple[str, ...]:
        if _SCRIPT in files.present:
            return (_SCRIPT,)
        described = any(option.section in {"metadata", "options"} for option in files.ini(_CFG))
        return ("-c", "import setuptools; setuptools.setup()") if described else ()

    def kind_of(self, path: str, files: ProjectFiles) -> Kind | None:
        if path in _PACKAGING or ("requirements" in path and _FILE.fullmatch(path)):
            return Kind.PACKAGING
        return None

    def about(self, files: ProjectFiles) -> About:
        def told(*names: str) -> Any:
            option = files.option(_CFG, "metadata", *names)
            given = (files.setup_call.get(name, (None, 0))[0] for name in names)
            return option.value if option else next((value for value in given if value), None)

        return About(
            str(told("name") or ""),
            person(told("author"), told("author_email")),
            person(told("maintainer"), told("maintainer_email")),
            texts_of(told("keywords"), ",\n"),
            texts_of(told("classifiers", "classifier")),
            urls(told("project_urls"), told("url", "home_page")),
        )

    def packaging(self, files: ProjectFiles, package: str) -> Mapping[str, str]:
        wanted = next((p for p in self.pythons(files) if p[:1] in "<>=!~"), "")
        options = f"python_requires = {wanted}\n" if wanted else ""
        licence = files.option(_CFG, "metadata", "license")
        given = licence.value if licence else files.setup_call.get("license", (None, 0))[0]
        named = isinstance(given, str) and given.strip() and "\n" not in given
        about = f"license = {given}\n" if named else ""
        about = self.about(files).cfg() + about
        return {
            "MANIFEST.in": MANIFEST % package,
            _CFG: _DESCRIBED % (about.replace("$", "$$"), options, package, package),
            _SCRIPT: _CALL,
        }


def _above(package: str, folder: str) -> Iterator[str]:
    """The source folder by which ``package`` lies in ``folder``, if there is one."""
    name, folder = package.strip().replace(".", "/"), folder.strip().strip("/")
    if not name:
        yield folder
    elif f"/{folder}".endswith(f"/{name}"):
        yield folder[: len(folder) - len(name)]


def ini_entry_points(files: ProjectFiles, path: str, section: str) -> Iterator[EntryPoint]:
    """Entry points of a section whose options are groups."""
    for option in files.ini(path):
        if option.section == section:
            for line, text in option.values:
                found = point_of(option.name, text.split(" #")[0], path, line)
                if found is not None:
                    yield found


def classifiers(files: ProjectFiles) -> Iterator[str]:
    """The classifiers that ``setup.cfg`` and ``setup.py`` give."""
    option = files.option(_CFG, "metadata", "classifier", "classifiers")
    yield from option.value.splitlines() if option else ()
    given, _ = files.setup_call.get("classifiers", (None, 0))
    given = given.splitlines() if isinstance(given, str) else given
    yield from (str(text).strip() for text in (given or ()) if isinstance(given, list))


def requirement_files(files: ProjectFiles) -> list[str]:
    """Files of requirements near the root of the project."""
    near = (path for path in files.paths if path.count("/") <= 1)
    return [path for path in near if _FILE.fullmatch(path)]


def group_of(path: str) -> str:
    """What a requirement file is called after: ``""`` for those to run, ``test``, ``doc``."""
    folder, _, name = path.rpartition("/")
    stem = name.rpartition(".")[0]
    words = [w for w in re.split(r"[-_.]", stem) if w not in {"requirements", "base", "main"}]
    words += [folder] if folder in {"doc", "docs", "test", "tests"} else []
    return "-".join(words)


def in_requirement_file(
    files: ProjectFiles, path: str, group: str, seen: frozenset[str] = frozenset()
) -> Iterator[Requirement]:
    """Requirements of a file and of those that it includes with ``-r``."""
    pending = ""
    for number, raw in enumerate(files.text(path).splitlines(), 1):
        text = pending + raw
        pending = ""
        if text.endswith("\\"):
            pending = text[:-1]
            continue
        included = re.match(r"\s*(?:-r|--requirement)[ =]?\s*(\S+)", text)
        if included:
            other = _beside(path, included[1])
            if other not in seen | {path}:
                yield from in_requirement_file(files, other, group, seen | {path})
            continue
        text = re.sub(r"\s+--hash[= ]\S+", "", text)
        if found := requirement_of(text, group, path, number):
            yield found


def _beside(path: str, other: str) -> str:
    parts = path.split("/")[:-1]
    for part in other.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in {".", ""}:
            parts.append(part)
    return "/".join(parts)


def _requiring_options(files: ProjectFiles) -> Iterator[tuple[str, str, str]]:
    """Section, option and group of what ``setup.cfg`` requires."""
    yield from (("options", "install_requires", ""), ("options", "tests_require", "test"))
    for option in files.ini(_CFG):
        if option.section == "options.extras_require":
            yield option.section, option.name, option.name


MANIFEST = "include requirements.txt README.md\ngraft %s\nglobal-exclude *.py[co]\n"
_DESCRIBED = """[metadata]
name = ${distribution}
version = 0.1.0
description = ${description}
long_description = file: README.md
long_description_content_type = text/markdown
%s
[options]
include_package_data = True
packages = find:
%s
[options.packages.find]
include =
    %s
    %s.*

${options_extras}

[options.entry_points]
${entry_points}
"""
# Every Python that a source may support runs this.
_CALL = """import os

import setuptools

HERE = os.path.dirname(os.path.abspath(__file__))

with open(os.path.join(HERE, "requirements.txt")) as lines:
    REQUIREMENTS = lines.read().splitlines()

setuptools.setup(install_requires=REQUIREMENTS)
"""

CONVENTION = Setuptools()
