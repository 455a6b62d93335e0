"""What a plan says is called from outside of its result: where life begins there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from extractor.analysis.dead_code import Alive
from extractor.plan.model import PlanData
from extractor.plan.moves import is_below, target_module
from extractor.project.convention import Kind
from extractor.project.declared import top_symbol
from extractor.project.facts import project_of
from extractor.source.tree import Tree


def result_tops(data: PlanData) -> tuple[str, ...]:
    """Top-level names of the result: its package, and what else the layout sends modules to."""
    targets = [data.target_package, *data.layout.modules.values()]
    return tuple(dict.fromkeys(target.partition(".")[0] for target in targets))


def tests_of_result(
    data: PlanData, tree: Tree, modules: Mapping[str, str]
) -> tuple[frozenset[str], frozenset[str]]:
    """The modules that a test runner collects, and the helpers beside them."""
    layout, project = data.layout.modules, project_of(tree)
    roots = [target for test in data.roots.tests if (target := target_module(test, layout))]
    tests, helpers = set(), set()
    for module, path in modules.items():
        kind = project.kind_of(path)
        if kind in {Kind.TEST, Kind.CONFTEST}:
            tests.add(module)
        elif kind.of_tests or is_below(module, roots):
            helpers.add(module)
    return frozenset(tests), frozenset(helpers)


def alive_by_plan(data: PlanData, tree: Tree, modules: Mapping[str, str]) -> Alive:
    """Entry points, tests and interface of the result's ``modules`` (dotted name to path)."""
    tests, helpers = tests_of_result(data, tree, modules)
    called = [
        *data.packaging.scripts.values(),
        *(point for group in data.packaging.entry_points.values() for point in group.values()),
    ]
    points = [*data.roots.entry_points, *map(top_symbol, called)]
    return Alive(
        entry_points=sorted(set(points)),
        tests=tests,
        helpers=helpers,
        wrappers=data.drop.wrappers,
        interface=[] if data.drop.public else _interface(data, set(modules) - tests - helpers),
    )


def _interface(data: PlanData, modules: Iterable[str]) -> list[str]:
    """The public modules of the subsystem's own packages."""
    layout = data.layout.modules
    own = [target for root in data.roots.packages if (target := target_module(root, layout))]
    found = []
    for module in sorted(modules):
        root = max((o for o in own if is_below(module, [o])), key=len, default=None)
        inner = module[len(root) :].split(".") if root is not None else ["_"]
        if not any(part.startswith("_") for part in inner):
            found.append(module)
    return found
