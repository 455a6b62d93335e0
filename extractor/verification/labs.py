"""The environments checks ask for, made from the plan's data when first needed."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from extractor.errors import UsageError
from extractor.plan.verify_settings import ServeSettings, StyleSettings, VerifySettings
from extractor.project.convention import PYTEST
from extractor.project.facts import project_of
from extractor.project.layout import USUAL
from extractor.source.tree import FolderTree
from extractor.verification.check import Context, Result
from extractor.verification.laboratory.day_pins import Wanted, first_day, pins_of_day
from extractor.verification.laboratory.environment import (
    Environment,
    Interpreter,
    NoEnvironment,
    Recipe,
    clean_variables,
    environment,
    find_interpreter,
    read_requirements,
    recipe,
    text_key,
)
from extractor.verification.laboratory.test_runs import prepare_tree

# What requirement files end with.
_LINES = (".txt", ".in", ".pip")


def interpreter(context: Context) -> Interpreter:
    """The interpreter of this run; ``NoEnvironment`` says what is missing."""
    return find_interpreter(context.settings.python, context.python)


def pins(context: Context) -> list[str]:
    """The plan's constraint lines; none when it pins nothing."""
    return _beside(context.settings.pins, context)


def _beside(name: str, context: Context) -> list[str]:
    if not name:
        return []
    path = context.plan.folder / name
    if not path.is_file():
        raise UsageError(f"plan {context.plan.data.name!r} has no file {name}")
    return read_requirements([path])


def runner(context: Context, root: Path) -> str:
    """What runs the tests of both sides: as the plan says, else as the source's files show.

    Without a source those of ``root`` are asked.
    """
    return context.settings.runner or project_of(FolderTree(context.against or root)).runner


def environment_of_result(result: Result, context: Context) -> Environment:
    """What the result and its tests require, what runs them, and nothing else."""
    settings = context.settings
    required = _required(result.root, (*settings.requirements, *settings.test_requirements))
    return _environment([*required, *_to_run(required, context, result.root)], context)


def runtime_of_result(result: Result, context: Context) -> Environment:
    """What the result requires to run, and the WSGI server that serves it here."""
    required = _required(result.root, context.settings.requirements, to_test=False)
    return _environment([*required, *context.settings.serve.requirements], context)


def environment_of_source(context: Context) -> Environment:
    """What the source and its tests require, as the plan takes from it and adds to it."""
    if context.against is None:
        raise UsageError("there is no source to compare with: pass --against")
    source = context.settings.source
    required = _required(context.against, source.requirements)
    required += [*context.settings.serve.requirements, *source.also]
    required += _to_run(required, context, context.against)
    return _environment(required, context, source.without)


def style_checker(context: Context) -> Environment:
    """The linter that the plan names, alone; its own range of interpreters if it has one."""
    return _linter(context.settings.style, (), context)


def style_checker_of_source(context: Context) -> Environment:
    """The linter of the source's own side, with what its plugins import, as the pins have it."""
    return _linter(context.settings.series.style, pins(context), context)


def tree_of_source(context: Context) -> Path:
    """A copy of the source, prepared once for all checks of a run: it is only to be read."""
    if context.against is None:
        raise UsageError("there is no source to compare with: pass --against")
    ready = context.shared / "source"
    if not ready.exists():
        made = environment_of_source(context)
        version = context.settings.source.version
        draft = context.shared / f"source-draft-{os.getpid()}"
        prepared = prepare_tree(context.against, draft, made, version)
        try:
            prepared.rename(ready)
        except OSError:
            # Another process was faster, and its tree is the same.
            if not ready.exists():
                raise
    return ready


@dataclass(frozen=True)
class Place:
    """One of the two services: ``source`` or ``result``, how it starts, and from which tree."""

    name: str
    serve: ServeSettings
    environment: Environment
    tree: Path


def places(result: Result, context: Context) -> list[Place]:
    """The source's service, when there is a source, and the result's."""
    settings = context.settings
    found = []
    if context.against is not None:
        made = environment_of_source(context)
        found.append(Place("source", settings.source.serve, made, tree_of_source(context)))
    made = runtime_of_result(result, context)
    tree = prepare_tree(result.root, context.scratch, made, settings.source.version)
    return [*found, Place("result", settings.serve, made, tree)]


def with_drivers(base: Environment, root: Path, context: Context) -> Environment:
    """``base`` and the plan's drivers of databases, in a thin environment at ``root``."""
    drivers = environment(
        recipe(context.settings.stores.requirements, (), context.settings.build),
        base.interpreter,
        context.report,
    )
    return layered(root, base, drivers)


def require_drivers(purpose: str) -> None:
    """Raise ``NoEnvironment`` where a library of the extra ``database`` is not installed."""
    for module in ("sqlalchemy", "pymysql", "psycopg2"):
        if importlib.util.find_spec(module) is None:
            cure = "pip install 'extractor-toolkit[database]'"
            raise NoEnvironment(f"{purpose} with {module}: {cure}")


def layered(root: Path, *below: Environment) -> Environment:
    """A fresh environment at ``root`` that sees what is installed in those ``below``.

    Nothing is installed: a ``.pth`` file names their folders, the first one first.
    """
    base = below[0]
    done = subprocess.run(
        [str(base.python), "-m", "venv", "--without-pip", str(root)],
        capture_output=True,
        text=True,
        env=clean_variables(),
    )
    if done.returncode:
        raise NoEnvironment(f"no virtual environment can be made: {done.stderr.strip()[-200:]}")
    site = next(root.glob("lib/python*/site-packages"))
    layers = [str(next(one.root.glob("lib/python*/site-packages"))) for one in below]
    (site / "layers.pth").write_text("\n".join(layers) + "\n", encoding="utf-8")
    return Environment(root, base.interpreter, 0.0)


def content_key(root: Path, paths: Sequence[str]) -> str:
    """A name for the content of the given files below ``root``: 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        content = (root / path).read_bytes()
        digest.update(f"{path}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]


def _present(root: Path, names: Sequence[str]) -> list[Path]:
    return [root / name for name in names if (root / name).is_file()]


def _required(root: Path, names: Sequence[str], *, to_test: bool = True) -> list[str]:
    """Lines of the requirement files; where there is none, what the project itself declares."""
    files = [path for path in _present(root, names) if path.suffix in _LINES]
    if files or not names:
        return read_requirements(files)
    declared = project_of(FolderTree(root)).requirements
    return [one.specifier for one in declared if not one.group or (to_test and one.to_test)]


def _to_run(required: Iterable[str], context: Context, root: Path) -> list[str]:
    """The distribution that runs the tests, where it is not required anyhow."""
    if runner(context, root) != PYTEST:
        return []
    there = any(re.match(rf"{PYTEST}(?![\w-])", line, re.IGNORECASE) for line in required)
    return [] if there else [PYTEST]


def _environment(
    required: Sequence[str], context: Context, without: tuple[str, ...] = ()
) -> Environment:
    python = interpreter(context)
    if _is_pinned(context):
        made = recipe(required, pins(context), context.settings.build, without)
    else:
        made = _of_the_day(required, without, python, context)
    return environment(made, python, context.report)


def day_of(result: Result, settings: VerifySettings) -> str:
    """The day (ISO 8601) whose versions suit the result; empty when nobody knows it.

    It is the commit's. A release may be of a stable branch: it is as old as what it requires.
    """
    if not result.released:
        return result.day
    names = (*settings.requirements, *settings.test_requirements)
    lines = _required(result.root, names)
    return first_day(lines) or result.day


def _is_pinned(context: Context) -> bool:
    """Whether the plan's own pins are for the revision."""
    if not context.settings.pinned:
        return True
    first, last = context.settings.pinned
    return not context.day() or first <= context.day() <= last


def _of_the_day(
    required: Sequence[str], without: Sequence[str], python: Interpreter, context: Context
) -> Recipe:
    """A recipe with the versions of the revision's day."""
    build = context.settings.build
    exceptions = _beside(context.settings.exceptions, context)
    made = recipe(required, exceptions, build, without)
    wanted = Wanted(made.requirements, context.day(), tuple(exceptions), build)
    return replace(made, constraints=tuple(pins_of_day(wanted, python)))


def _linter(style: StyleSettings, constraints: Iterable[str], context: Context) -> Environment:
    python = find_interpreter(style.python) if style.python else interpreter(context)
    return environment(
        recipe(style.requirements, constraints, context.settings.build), python, context.report
    )


def _top(path: str) -> str:
    return path[len(USUAL.around(path)) :].partition("/")[0]


def source_key(context: Context, against: Path, more: str) -> str:
    """A name for what decides how the source behaves: its files, its environment, ``more``."""
    tops = context.plan.data.tops()
    paths = [p for p in FolderTree(against).paths() if _top(p) in tops]
    made = environment_of_source(context)
    variables = json.dumps(dict(sorted(context.settings.test_environment.items())))
    return f"{content_key(against, paths)}-{text_key(more + made.root.name + variables)}"
