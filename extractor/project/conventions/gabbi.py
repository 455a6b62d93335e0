"""gabbi: tests of an HTTP service in YAML files, beside the module that loads them."""

from __future__ import annotations

from extractor.project.convention import Convention, Kind
from extractor.project.files import ProjectFiles


class Gabbi(Convention):
    """Every file of ``gabbits`` is a test; its requests are run in order."""

    name = "gabbi"

    def is_used(self, files: ProjectFiles) -> bool:
        return any(_is_gabbit(path) for path in files.paths)

    def kind_of(self, path: str, files: ProjectFiles) -> Kind | None:
        return Kind.TEST if _is_gabbit(path) else None


def _is_gabbit(path: str) -> bool:
    return path.endswith(".yaml") and "/gabbits/" in f"/{path}"


CONVENTION = Gabbi()
