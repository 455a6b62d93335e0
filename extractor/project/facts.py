"""The facts about one project: asked by everybody, found once, each when it is first wanted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property

from extractor.project import conventions as parts
from extractor.project.convention import PYTEST, UNITTEST, Convention, Kind
from extractor.project.declared import FILES, EntryPoint, Requirement, normal
from extractor.project.distributions import candidates
from extractor.project.files import ProjectFiles
from extractor.project.layout import SourceFolders, modules_in, source_folders, tops_of
from extractor.project.pythons import supported
from extractor.project.settings import Target, settings_of
from extractor.project.standard_library import in_every, is_standard_library
from extractor.source.tree import Tree

_BESIDE = frozenset({Kind.CONFTEST, Kind.DOCUMENTATION, Kind.PACKAGING, Kind.RELEASE_NOTES})
_OF_TESTS = re.compile(r"t|e2e|specs?|testing|testsuite|unittests?|(?:\w+_)?tests?|tests?_\w+")
_PROSE = (".md", ".rst", ".txt", ".adoc")


class Project:
    """What ``tree`` holds, seen from its folder ``folder``; paths are relative to that.

    ``conventions`` are the names of those that it keeps to; all are asked by default, and those
    that find nothing of theirs are silent.
    """

    def __init__(
        self, tree: Tree, *, folder: str = "", conventions: Iterable[str] | None = None
    ) -> None:
        self.files = ProjectFiles(tree, folder)
        named = parts.known() if conventions is None else conventions
        self._asked: tuple[Convention, ...] = parts.named(named)
        self._kinds: dict[str, Kind] = {}

    @cached_property
    def conventions(self) -> tuple[str, ...]:
        """Names of the conventions that the files show, sorted."""
        return tuple(part.name for part in self._asked if part.is_used(self.files))

    # -- where modules are ------------------------------------------------------------------

    @cached_property
    def source_folders(self) -> SourceFolders:
        """The folders that top-level packages are in."""
        declared = [f for part in self._asked for f in part.source_folders(self.files)]
        described = {
            path.rpartition("/")[0] + "/"
            for path in self.files.paths
            if path.endswith(("/setup.py", "/setup.cfg", "/pyproject.toml"))
        }
        return source_folders(self.files.python, declared, described, self.files.content)

    @cached_property
    def modules(self) -> Mapping[str, str]:
        """Every module with a file, dotted name to path, sorted."""
        return modules_in(self.files.python, self.source_folders)

    @cached_property
    def tops(self) -> tuple[str, ...]:
        """The top-level names that are the project, the largest first: no tests, no tools."""
        return tops_of(
            self.modules,
            lambda path: self.kind_of(path) in _BESIDE,
            [folder.rpartition("/")[2] for folder in self._folders_of_tests],
        )

    @cached_property
    def _folders_of_tests(self) -> frozenset[str]:
        """Top-level folders that are called after tests, and hold these for the most part."""
        counts: dict[str, int] = {}
        for path in self.files.python:
            around = self.source_folders.around(path)
            head, slash, inner = path[len(around) :].partition("/")
            if slash and not inner.endswith("__init__.py") and _OF_TESTS.fullmatch(head):
                kind = self._told(path)
                sign = 0 if kind is Kind.TEST_HELPER else 1 if kind.of_tests else -1
                counts[around + head] = counts.get(around + head, 0) + sign
        return frozenset(folder for folder, count in counts.items() if count > 0)

    @cached_property
    def _names(self) -> frozenset[str]:
        """Every module and every package above one."""
        found = set(self.modules)
        for module in self.modules:
            while "." in module:
                module = module.rpartition(".")[0]
                found.add(module)
        return frozenset(found)

    def module_of(self, path: str) -> str:
        """The dotted name of the module at ``path``."""
        return self.source_folders.module_of(path)

    def path_of(self, module: str) -> str | None:
        """The file of a module; ``None`` for a namespace package and for what is none of ours."""
        return self.modules.get(module)

    def is_module(self, name: str) -> bool:
        """Whether ``name`` is a module or package of the project, with or without a file."""
        return name in self._names

    def is_first_party(self, name: str) -> bool:
        """Whether a dotted name begins in the project itself."""
        top = name.partition(".")[0]
        if self.is_part_of_another(name):
            return False
        return top in self.tops or (top in self._names and not is_standard_library(top))

    def is_part_of_another(self, name: str) -> bool:
        """Whether a distribution that is required holds ``name``, below a top of the project's.

        Such a distribution is called as the package that it adds: ``shop-core`` of ``shop.core``.
        """
        parts = name.split(".")
        heads = [".".join(parts[:size]) for size in range(2, len(parts) + 1)]
        return any(normal(one) in self._required and not self.is_module(one) for one in heads)

    # -- what files are ---------------------------------------------------------------------

    def kind_of(self, path: str) -> Kind:
        """What a file is for, as the first convention that knows it says."""
        if path not in self._kinds:
            kind = self._told(path)
            if kind is Kind.PRODUCTION:
                around = self.source_folders.around(path)
                folder = around + path[len(around) :].partition("/")[0]
                kind = Kind.TEST_HELPER if folder in self._folders_of_tests else kind
            self._kinds[path] = kind
        return self._kinds[path]

    def is_test(self, module: str) -> bool:
        """Whether ``module`` is a test or serves tests."""
        path = self.path_of(module)
        return path is not None and self.kind_of(path).of_tests

    @cached_property
    def tests(self) -> tuple[str, ...]:
        """The modules that a test runner collects, sorted."""
        kinds = ((m, self.kind_of(path)) for m, path in self.modules.items())
        return tuple(module for module, kind in kinds if kind is Kind.TEST)

    @cached_property
    def runner(self) -> str:
        """What runs its tests: settings of unittest's followers come before signs of pytest."""
        asked = {part.runner(self.files) for part in self._asked}
        return UNITTEST if UNITTEST in asked or PYTEST not in asked else PYTEST

    def runs_tests(self, distribution: str) -> bool:
        """Whether ``distribution`` is the runner of its tests, or adds something to that."""
        return self.runner == PYTEST and normal(distribution).startswith(PYTEST)

    def keeps(self, path: str, name: str) -> str:
        """The convention that looks ``name`` up at the top of ``path`` by itself, or ``""``."""
        kind = self.kind_of(path)
        return next((part.name for part in self._asked if part.keeps(path, kind, name)), "")

    # -- what it declares -------------------------------------------------------------------

    @cached_property
    def entry_points(self) -> tuple[EntryPoint, ...]:
        """What it declares to be called from outside, sorted."""
        found = (point for part in self._asked for point in part.entry_points(self.files))
        return tuple(sorted(set(found)))

    @cached_property
    def requirements(self) -> tuple[Requirement, ...]:
        """The distributions it says it needs, in the order of the files."""
        found = [one for part in self._asked for one in part.requirements(self.files)]
        return tuple(dict.fromkeys(found))

    @cached_property
    def extras(self) -> frozenset[str]:
        """The groups of requirements that one asks for with the distribution: its extras."""
        return frozenset(
            one.group
            for one in self.requirements
            if one.group and not one.to_test and one.path in FILES
        )

    @cached_property
    def distribution(self) -> str:
        """The name of its distribution, as the first convention that knows it says; or empty."""
        told = (part.about(self.files).name for part in self._asked)
        return next((name for name in told if name), "")

    def packaging(self, package: str) -> Mapping[str, str]:
        """Templates that describe ``package`` as a distribution, in the form this project has."""
        told = (part.packaging(self.files, package) for part in self._asked)
        return next((templates for templates in told if templates), {})

    def settings(self, target: Target) -> Mapping[str, str]:
        """Settings of tools for the modules that ``target`` names in a result, file by file."""
        places = [place for part in self._asked for place in part.settings]
        tops = {*self.tops, *(module.partition(".")[0] for module in self.tests)}
        folders = self.source_folders.folders
        return settings_of(self.files, places, tops, folders, target)

    @cached_property
    def _required(self) -> Mapping[str, Requirement]:
        """Requirements by their normal name, those to run before those of groups."""
        ordered = sorted(self.requirements, key=lambda one: (bool(one.group), one.to_test))
        return {normal(one.name): one for one in reversed(ordered)}

    def requirement_of(self, name: str) -> Requirement | None:
        """What the project says of the distribution that the import ``name`` comes from."""
        found = (self._required.get(normal(one)) for one in candidates(name))
        return next((one for one in found if one is not None), None)

    def distribution_of(self, name: str) -> str:
        """The distribution that the import ``name`` comes from, best as one can tell."""
        required = self.requirement_of(name)
        return required.name if required is not None else candidates(name)[0]

    @cached_property
    def setup_arguments(self) -> tuple[str, ...]:
        """What an interpreter is given to run the project's set-up; empty where it has none."""
        told = (part.setup_arguments(self.files) for part in self._asked)
        return next((arguments for arguments in told if arguments), ())

    # -- Python itself ----------------------------------------------------------------------

    @cached_property
    def declared_pythons(self) -> tuple[str, ...]:
        """Specifiers, versions and classifiers as they are written."""
        found = [text for part in self._asked for text in part.pythons(self.files)]
        return tuple(dict.fromkeys(found))

    @cached_property
    def pythons(self) -> tuple[str, ...]:
        """The minor versions it supports (``3.8``), oldest first; empty when it does not say."""
        return supported(self.declared_pythons)

    def is_standard_library(self, name: str) -> bool:
        """Whether the import ``name`` comes with Python.

        A module that only some of the project's Pythons have is a distribution's where the
        project requires one of that name.
        """
        top = name.partition(".")[0]
        if not is_standard_library(top):
            return False
        if normal(top) not in self._required:
            return True
        return top in in_every(self.pythons or ("3.13",))

    def _told(self, path: str) -> Kind:
        told = (part.kind_of(path, self.files) for part in self._asked)
        return next((kind for kind in told if kind), _by_itself(path))


def _by_itself(path: str) -> Kind:
    if path.endswith(".py"):
        return Kind.PRODUCTION
    return Kind.DOCUMENTATION if path.endswith(_PROSE) and "/" not in path else Kind.DATA


def project_of(
    tree: Tree, *, folder: str = "", conventions: Iterable[str] | None = None
) -> Project:
    """The facts about the project in ``folder`` of ``tree``; ``UsageError`` for a convention
    that is none."""
    return Project(tree, folder=folder, conventions=conventions)
