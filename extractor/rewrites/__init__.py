"""Rewrites, one file each: text to text, registered by module name.

A module of this package with ``REVIEW``, ``Settings`` and ``run`` is a rewrite of one file;
its name is the name of the rewrite everywhere. With ``prepare`` it first asks the project for
what the settings leave open. ``parts`` holds what several share. The
others rewrite a whole tree and are called by the pipeline alone.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from extractor.outcome import Outcome
from extractor.rewrites.parts.project import Project
from extractor.rewrites.parts.source_file import Review, SourceFile


@dataclass(frozen=True)
class Rewrite:
    """A registered rewrite: what it does, why, and how it is called."""

    name: str
    summary: str
    reason: str
    review: Review
    settings: type[Any]
    suffixes: tuple[str, ...]
    file_names: tuple[str, ...]  # files of other kinds, by their whole names
    run: Callable[[SourceFile, Any], Outcome]
    prepare: Callable[[Any, Project], Any]


@cache
def load(name: str) -> Rewrite:
    """The rewrite called ``name``; ``KeyError`` when there is none."""
    found = _load(name) if name in _module_names() else None
    if found is None:
        raise KeyError(name)
    return found


def registered() -> list[Rewrite]:
    """Every rewrite of one file, sorted by name."""
    return [found for name in _module_names() if (found := _load(name)) is not None]


def _module_names() -> list[str]:
    return sorted(info.name for info in pkgutil.iter_modules(__path__) if not info.ispkg)


def _load(name: str) -> Rewrite | None:
    module = importlib.import_module(f"{__name__}.{name}")
    if not hasattr(module, "REVIEW"):
        return None
    summary, _, reason = (module.__doc__ or "").strip().partition("\n\n")
    return Rewrite(
        name=name,
        summary=" ".join(summary.split()),
        reason=" ".join(reason.split()),
        review=module.REVIEW,
        settings=module.Settings,
        suffixes=getattr(module, "SUFFIXES", (".py",)),
        file_names=getattr(module, "FILE_NAMES", ()),
        run=module.run,
        prepare=getattr(module, "prepare", _as_they_are),
    )


def _as_they_are(settings: Any, project: Project) -> Any:
    return settings
