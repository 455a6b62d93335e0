"""Circles of imports that the source does not have.

A class that others find on a package is taken from its own module in the result, and that may
import its user in turn.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from extractor.analysis.links import with_links_read
from extractor.analysis.resolver import modules_of
from extractor.carving.extraction import Extraction, Step, sources_of
from extractor.project.layout import is_package, module_of
from extractor.reading.facts import Bound
from extractor.resolution import Modules
from extractor.resolution.import_order import Failure, circle_of, import_fails, imported_by
from extractor.rewrites.parts.late_imports import import_late
from extractor.source.tree import SYMLINK

_TITLE = "Import where it is used what imports its user"
_REASON = (
    "In the old repository these modules met on a package that others filled; imported at the "
    "top, one of them would ask for names that the other does not have yet."
)


def break_circles(extraction: Extraction) -> None:
    """Move imports into functions until each module can be imported that could be before.

    What cannot be cured so is told as a failure.
    """
    circles = _Circles(extraction)
    changes: dict[str, bytes | None] = {}
    failures: list[tuple[str, str]] = []
    told: set[Failure] = set()
    while (found := circles.new_failure(told)) is not None:
        entry, failure = found
        cured = circles.cure(failure)
        if cured is None:
            told.add(failure)
            message = (
                f"line {failure.line}: a circular import: when {entry} is imported, "
                f"{failure.base} has no {failure.name} yet where {failure.module} asks for it"
            )
            failures.append((circles.modules.paths[failure.module], message))
        else:
            changes.update([cured])
            circles.change(*cured)
    if changes or failures:
        extraction.apply(Step("import_late", _TITLE, _REASON, changes, (), tuple(failures)))


@dataclass
class _Circles:
    """The result as it would be, beside the source."""

    extraction: Extraction

    def __post_init__(self) -> None:
        tree = self.extraction.code()
        self.paths = modules_of(tree, self.extraction.tops())
        self.files = {path: tree.read(path) for path in self.paths.values()}
        self.origin = sources_of(self.extraction.layout)
        self.modules = Modules(self.paths, self.files.__getitem__)
        self.whole = [module for module in sorted(self.paths) if self._in_circle(module)]

    @cached_property
    def source(self) -> Modules:
        tree = with_links_read(self.extraction.source)
        return Modules(modules_of(tree, self.extraction.plan.data.tops()), tree.read)

    def change(self, path: str, content: bytes) -> None:
        self.files[path] = content
        self.modules = Modules(self.paths, self.files.__getitem__)

    def new_failure(self, told: set[Failure]) -> tuple[str, Failure] | None:
        """The first module that cannot be imported, where what it comes from can."""
        for module in self.whole:
            failure = import_fails(self.modules, module)
            if failure is not None and failure not in told and not self._failed_before(module):
                return module, failure
        return None

    def cure(self, failure: Failure) -> tuple[str, bytes] | None:
        """A file of the circle without one of its new imports at the top; its path first."""
        circle = circle_of(self.modules, failure.module)
        for module in sorted(circle):
            reading = self.modules.reading(module)
            for local, bounds in reading.top.items() if reading is not None else ():
                if len(bounds) != 1 or not self._is_new(module, bounds[0], circle):
                    continue
                path = self.paths[module]
                content = import_late(
                    self.files[path], local, module=module, is_package=is_package(path), path=path
                )
                if content is not None and not self._is_used_from_outside(module, local):
                    return path, content
        return None

    def _in_circle(self, module: str) -> bool:
        return module in circle_of(self.modules, module)

    def _failed_before(self, module: str) -> bool:
        came = self._came(module)
        return came in self.source.paths and import_fails(self.source, came) is not None

    def _came(self, module: str) -> str:
        return module_of(self.origin.get(self.paths[module], ""))

    def _is_new(self, module: str, bound: Bound, circle: set[str]) -> bool:
        """Whether ``bound`` loads a module of the ``circle`` that the source did not there."""
        if not bound.is_import or not bound.runs or bound.typing:
            return False
        loads = {
            target.module
            for target in self.modules.imported(module, bound)
            if target.kind in ("module", "definition")
        } & circle
        came = self._came(module)
        before = imported_by(self.source, came) if came in self.source.paths else set()
        is_link = self.extraction.modes.get(self.paths[module]) == SYMLINK
        return bool(loads) and not is_link and all(self._came(name) not in before for name in loads)

    def _is_used_from_outside(self, module: str, local: str) -> bool:
        """Whether any other file seems to take ``local`` from ``module``."""
        last = module.rpartition(".")[2]
        attribute = re.compile(rf"\b{re.escape(last)}\.{re.escape(local)}\b".encode())
        for other, path in self.paths.items():
            if other == module:
                continue
            if attribute.search(self.files[path]):
                return True
            reading = self.modules.reading(other)
            for bound in reading.imports if reading is not None else ():
                base = self.modules.absolute(other, bound.module, bound.level)
                if bound.kind == "from" and (base, bound.name) == (module, local):
                    return True
        return False
