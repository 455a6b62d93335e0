"""What a convention can tell: each part answers for what it knows and is silent on the rest."""

from __future__ import annotations

import ast
import enum
from collections.abc import Iterable, Mapping

from extractor.project.about import About
from extractor.project.declared import EntryPoint, Requirement
from extractor.project.files import ProjectFiles

# What runs tests.
UNITTEST, PYTEST = "unittest", "pytest"


class Kind(enum.Enum):
    """What a file of a project is for."""

    PRODUCTION = "production"
    TEST = "test"
    TEST_HELPER = "test helper"
    CONFTEST = "conftest"
    MIGRATION = "migration"
    DATA = "data"
    PACKAGING = "packaging"
    DOCUMENTATION = "documentation"
    RELEASE_NOTES = "release notes"

    @property
    def of_tests(self) -> bool:
        """Whether it serves tests: a test, a helper, or what configures them."""
        return self in {Kind.TEST, Kind.TEST_HELPER, Kind.CONFTEST}


class Convention:
    """A habit that projects share; subclasses say what they know, ``files`` are the project's.

    ``imports`` maps a name of the file at hand to the dotted name that it was imported as, and has
    a key ``*a.b`` where it imports all names of ``a.b``.
    """

    name = ""
    # Files, and the TOML tables or INI sections of them, that hold its settings.
    settings: tuple[tuple[str, str], ...] = ()

    def is_used(self, files: ProjectFiles) -> bool:
        """Whether the project's files show that it keeps to this convention."""
        raise NotImplementedError

    def source_folders(self, files: ProjectFiles) -> Iterable[str]:
        """Folders that top-level packages are in, ``""`` for the project's own."""
        return ()

    def entry_points(self, files: ProjectFiles) -> Iterable[EntryPoint]:
        """What it declares to be called from outside."""
        return ()

    def requirements(self, files: ProjectFiles) -> Iterable[Requirement]:
        """The distributions it declares to be needed."""
        return ()

    def pythons(self, files: ProjectFiles) -> Iterable[str]:
        """Specifiers (``>=3.8``) and versions (``3.8``) of the Pythons that are supported."""
        return ()

    def setup_arguments(self, files: ProjectFiles) -> tuple[str, ...]:
        """What an interpreter is given to run the project's set-up, before its commands."""
        return ()

    def kind_of(self, path: str, files: ProjectFiles) -> Kind | None:
        """What the file ``path`` is for, where this convention knows."""
        return None

    def runner(self, files: ProjectFiles) -> str:
        """What its tests have to be run with; empty where it does not matter."""
        return ""

    def keeps(self, path: str, kind: Kind, name: str) -> bool:
        """Whether it looks ``name`` up by itself at the top of the module ``path``."""
        return False

    def option_of(self, call: ast.Call, imports: Mapping[str, str]) -> ast.Constant | None:
        """The literal name of the configuration option that ``call`` declares, if it does."""
        return None

    def about(self, files: ProjectFiles) -> About:
        """Who wrote it, where it is at home, and what it is called."""
        return About()

    def packaging(self, files: ProjectFiles, package: str) -> Mapping[str, str]:
        """Templates of the files that describe ``package`` as a distribution in this form.

        None where the project is described in another form.
        """
        return {}
