"""The tests of both sides: what runs them, where they lie, and the names they have in both."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from extractor.analysis.symbols import Symbol
from extractor.plan.model import PlanData
from extractor.plan.moves import is_below, target_module
from extractor.project.facts import Project, project_of
from extractor.source.tree import FolderTree
from extractor.verification import labs
from extractor.verification.check import Context, Result
from extractor.verification.laboratory.test_runs import FAILED_IMPORT, Suite, prepare_tree


def suite_of_result(
    result: Result, context: Context, folders: Sequence[str] | None = None
) -> Suite:
    """The result's tests (those of ``folders``) on a copy of its tree, ready to run."""
    runner = labs.runner(context, result.root)
    made = labs.environment_of_result(result, context)
    copy = prepare_tree(result.root, context.scratch, made, context.settings.source.version)
    project = project_of(FolderTree(copy))
    named = context.settings.tests if folders is None else folders
    where: Iterable[str] = (p for p in named if (copy / p).exists())
    if folders is None and not named:
        mapped = id_map(context.plan.data)
        roots = context.plan.data.roots
        where = _places(
            project, map(mapped, _test_modules(roots.tests)), map(mapped, roots.packages)
        )
    return Suite(
        copy,
        tuple(where),
        made,
        context.settings.test_environment,
        runner=runner,
        folders=project.source_folders.folders,
    )


def suite_of_source(context: Context, against: Path) -> Suite:
    """The plan's test roots and the tests beside its packages, on a copy of the source."""
    runner = labs.runner(context, against)
    made = labs.environment_of_source(context)
    copy = prepare_tree(against, context.scratch, made, context.settings.source.version)
    roots = context.plan.data.roots
    project = project_of(FolderTree(copy))
    return Suite(
        copy,
        tuple(_places(project, _test_modules(roots.tests), roots.packages)),
        made,
        context.settings.test_environment,
        select=tuple(_selected(roots.tests, roots.packages)),
        deselect=tuple(f"^{module.replace('.', r'[.]')}[.]" for module in roots.exclude),
        runner=runner,
        folders=project.source_folders.folders,
    )


def id_map(data: PlanData) -> Callable[[str], str]:
    """From a test id in the source to the one it has in the result."""
    layout = dict(data.layout.modules)

    def mapped(name: str) -> str:
        prefix, dot, rest = "", "", name
        if name.startswith(FAILED_IMPORT + "."):
            prefix, dot, rest = FAILED_IMPORT, ".", name[len(FAILED_IMPORT) + 1 :]
        return prefix + dot + (target_module(rest, layout) or rest)

    return mapped


def _test_modules(roots: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(Symbol.parse(root).module for root in roots))


def _selected(tests: Iterable[str], packages: Iterable[str]) -> Iterator[str]:
    """Patterns of ids; none at all where only whole modules are named."""
    named = [Symbol.parse(test) for test in tests]
    if not any(symbol.name for symbol in named):
        return
    for symbol in [*named, *(Symbol(package) for package in packages)]:
        dotted = f"{symbol.module}.{symbol.name}" if symbol.name else symbol.module
        yield rf"^{re.escape(dotted)}(?!\w)"


def _places(project: Project, tests: Iterable[str], packages: Iterable[str]) -> list[str]:
    """Folders and files of test modules, and of those beside the code of ``packages``."""
    roots, packages = list(tests), list(packages)
    found = [place for module in roots for place in _places_of(project, module)]
    beside = (
        project.modules[module]
        for module in project.tests
        if is_below(module, packages) and not is_below(module, roots)
    )
    return [*dict.fromkeys(found), *beside]


def _places_of(project: Project, module: str) -> Iterator[str]:
    """The module's file, or the folder of the package; both where there are both."""
    path = module.replace(".", "/")
    for folder in project.source_folders.folders:
        inside = f"{folder}{path}/"
        if any(one.startswith(inside) for one in project.files.paths):
            yield inside.rstrip("/")
            break
    for folder in project.source_folders.folders:
        if f"{folder}{path}.py" in project.files.present:
            yield f"{folder}{path}.py"
            break
