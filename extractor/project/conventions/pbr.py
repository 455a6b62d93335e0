"""pbr: the sections ``[files]`` and ``[entry_points]`` of ``setup.cfg``."""

from __future__ import annotations

from collections.abc import Iterator

from extractor.project.convention import Convention
from extractor.project.conventions.setuptools import ini_entry_points
from extractor.project.declared import EntryPoint, Requirement, requirement_of
from extractor.project.files import ProjectFiles

_CFG = "setup.cfg"


class Pbr(Convention):
    """What OpenStack's setup tool reads besides what setuptools does."""

    name = "pbr"

    def is_used(self, files: ProjectFiles) -> bool:
        own = {"entry_points", "files", "pbr"}
        return any(option.section in own for option in files.ini(_CFG))

    def source_folders(self, files: ProjectFiles) -> Iterator[str]:
        root = files.option(_CFG, "files", "packages_root")
        yield from [root.value] if root else []

    def entry_points(self, files: ProjectFiles) -> Iterator[EntryPoint]:
        yield from ini_entry_points(files, _CFG, "entry_points")

    def requirements(self, files: ProjectFiles) -> Iterator[Requirement]:
        for option in files.ini(_CFG):
            for line, text in option.values if option.section == "extras" else ():
                if found := requirement_of(text, option.name, _CFG, line):
                    yield found

    def setup_arguments(self, files: ProjectFiles) -> tuple[str, ...]:
        program = "import setuptools; setuptools.setup(setup_requires=['pbr'], pbr=True)"
        return ("-c", program) if self.is_used(files) and "setup.py" not in files.present else ()


CONVENTION = Pbr()
