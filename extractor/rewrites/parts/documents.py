"""Documents that are called after a module: they and the entries that name them go together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from extractor.rewrites.parts.dotted_text import Mention
from extractor.rewrites.parts.project import Project

_SUFFIXES = (".rst", ".md", ".txt")


def module_of_document(path: str) -> str:
    """The module that a document is called after."""
    return PurePosixPath(path).stem


def moved_documents(modules: Mapping[str, str], project: Project) -> dict[str, str]:
    """Where documents called after one of ``modules`` go; not to a place that is taken."""
    found: dict[str, str] = {}
    for path in project.others:
        place = PurePosixPath(path)
        # A top-level name is a word like others.
        if place.suffix in _SUFFIXES and "." in place.stem and place.stem in modules:
            new = place.with_name(modules[place.stem] + place.suffix).as_posix()
            if new not in project.others:
                found[path] = new
    return found


def document_mentions(documents: Mapping[str, str], text: bytes) -> list[Mention]:
    """Paths of renamed documents (``api/shop.stock``), which no dotted name is."""
    return [
        Mention(*match.span(), new.encode())
        for old, new in documents.items()
        for match in re.finditer(
            rb"(?<=\w/)%s(?=(?:\.(?:rst|md|txt|html))?(?![\w./]))" % re.escape(old.encode()), text
        )
    ]
