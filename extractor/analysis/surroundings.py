"""What a project says about its imports that its modules do not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from extractor.analysis.facts import Facts
from extractor.analysis.modules import Module
from extractor.project.declared import EntryPoint
from extractor.project.facts import Project
from extractor.project.pythons import supported
from extractor.project.standard_library import KNOWN_VERSIONS

# Minor versions of Python 3; older ones are not told apart.
ANY_PYTHON = (6, 255)
_COMPILED = (".so", ".pyd", ".pyx", ".pyi", ".c", ".cpp")


@dataclass(frozen=True)
class Surroundings:
    """What the project declares and has beside its modules.

    ``entry_points`` that it declares, the minor versions of Python 3 that it ``supports``,
    ``compiled``: modules of its packages without Python source, ``stubs``: facts of the stubs of
    packages by module.
    """

    entry_points: Sequence[EntryPoint] = ()
    supports: tuple[int, int] = ANY_PYTHON
    compiled: frozenset[str] = frozenset()
    stubs: Mapping[str, Facts] = field(default_factory=dict)

    def key(self) -> Iterator[str]:
        """What a cache has to know besides the modules and the files that declare things."""
        yield str(self.supports)
        yield " ".join(sorted(self.compiled))


def surroundings(project: Project, modules: Mapping[str, Module]) -> Surroundings:
    """The surroundings of ``modules``; stubs are for whoever reads files to add."""
    return Surroundings(
        project.entry_points, _supports(project), _compiled(project.files.paths, modules)
    )


def _supports(project: Project) -> tuple[int, int]:
    """The oldest and the newest minor version of Python 3; 255 where nothing bounds it above."""
    minors = [_minor(v) for v in project.pythons if _minor(v) >= 0]
    low = min(minors, default=ANY_PYTHON[0])
    # A classifier names what was tried; only a specifier says what is not to be.
    bounds = [text for text in project.declared_pythons if "::" not in text]
    allowed = [_minor(version) for version in supported(bounds)] if bounds else []
    high = max(allowed, default=ANY_PYTHON[1])
    return low, high if high < _minor(KNOWN_VERSIONS[-1]) else ANY_PYTHON[1]


def _minor(version: str) -> int:
    major, _, minor = version.partition(".")
    return int(minor) if major == "3" else -1


def _compiled(paths: Sequence[str], modules: Mapping[str, Module]) -> frozenset[str]:
    folders = {
        m.path.rpartition("/")[0]: m.name
        for m in modules.values()
        if m.path is not None and m.is_package
    }
    found = set()
    for path in paths:
        if path.endswith(_COMPILED):
            folder, _, name = path.rpartition("/")
            package = folders.get(folder)
            full = f"{package}.{name.partition('.')[0]}"
            if package is not None and full not in modules:
                found.add(full)
    return frozenset(found)
