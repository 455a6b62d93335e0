"""Local names of modules that other files take from where they are imported."""

from __future__ import annotations

import re
from collections.abc import Mapping

from extractor.rewrites.parts.project import Project

_FROM = rb"from[ \t]+[\w.]*?(\w+)[ \t]+import[ \t]*(?:\*|(?:\([^)]*|[^\n]*)(?<!\w)%s(?!\w))"
_DOTTED = rb"(?<!\w)(\w+)(?:\.|,\s*['\"])%s(?!\w)"


def handed_on(modules: Mapping[str, str], project: Project) -> frozenset[str]:
    """``module:name`` where another file may ask ``module`` for the old name of a renamed one.

    Read from the text alone: one too many only keeps its name.
    """
    found: set[str] = set()
    words = {
        old.rpartition(".")[2]
        for old, new in modules.items()
        if old.rpartition(".")[2] != new.rpartition(".")[2]
    }
    for word in words:
        places = set[bytes]()
        for path in project.paths.values():
            content = project.read(path)
            if b"import *" in content or word.encode() in content:
                for pattern in (_FROM, _DOTTED):
                    places.update(re.findall(pattern % re.escape(word.encode()), content))
        found |= {
            f"{name}:{word}" for name in project.paths if name.rpartition(".")[2].encode() in places
        }
    return frozenset(found)
