"""What a rewrite may ask of the project around a file before it is given the files."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TypeVar

from extractor.errors import UsageError
from extractor.parsing import UnreadableSource
from extractor.rewrites.parts.source_file import SourceFile
from extractor.rewrites.parts.source_text import PLAIN, SourceText, Style, read_source

S = TypeVar("S")


@dataclass(frozen=True)
class Project:
    """The Python files of a project: dotted names to paths, and how to read one.

    ``others`` are the paths of all other files. Where ``removes`` is set, a file in which a move
    leaves nothing goes.
    """

    paths: Mapping[str, str]
    read: Callable[[str], bytes]
    others: Collection[str] = ()
    style: Style = PLAIN
    removes: bool = False

    @property
    def modules(self) -> frozenset[str]:
        """The dotted names of all modules and packages."""
        return frozenset(self.paths)

    def is_package(self, module: str) -> bool:
        """Whether ``module`` is the ``__init__`` of a package."""
        return self.paths[module].rpartition("/")[2] == "__init__.py"

    def source(self, module: str) -> SourceText:
        """The parsed text of ``module``; ``UsageError`` when it is missing or unreadable."""
        if module not in self.paths:
            raise UsageError(f"there is no module {module} among the files")
        path = self.paths[module]
        try:
            return read_source(self.read(path), path, self.style)
        except UnreadableSource as error:
            raise UsageError(str(error)) from None

    def source_file(self, module: str) -> SourceFile:
        """``module`` as a rewrite is given it."""
        path = self.paths[module]
        is_package = self.is_package(module)
        return SourceFile(path, self.read(path), module, is_package, style=self.style)

    def path_for(self, module: str, like: str) -> str:
        """Where a new ``module`` goes: in its package's folder, or beside the top-level ``like``.

        Raises ``UsageError`` when the package is not there.
        """
        return f"{self.folder_for(module, like)}.py"

    def folder_for(self, module: str, like: str, moving: Mapping[str, str] | None = None) -> str:
        """The path without suffix of a new ``module``, as ``path_for`` says.

        A package is there too if it is where one of ``moving`` goes.
        """
        package, _, name = module.rpartition(".")
        if package in self.paths and self.is_package(package):
            return self.paths[package].removesuffix("__init__.py") + name
        inner = like.replace(".", "/") + ("/__init__.py" if self.is_package(like) else ".py")
        around = self.paths[like].removesuffix(inner)
        if around != self.paths[like]:
            folder = around + package.replace(".", "/")
            is_namespace = any(path.startswith(f"{folder}/") for path in self.paths.values())
            if not package or is_namespace or package in (moving or {}).values():
                return f"{around}{module.replace('.', '/')}"
        raise UsageError(f"there is no package {package} for {module}")
