"""Where a plan ends its subsystem: its roots, its tests, and what its decisions do not follow."""

from __future__ import annotations

from collections.abc import Mapping

from extractor.analysis.subsystem import Bounds
from extractor.plan.model import PlanData
from extractor.plan.moves import Stops, is_below, reach_from_roots
from extractor.source.tree import Tree


def bounds_of_plan(tree: Tree, modules: Mapping[str, str], data: PlanData) -> Bounds:
    """The bounds among ``modules``, dotted name to path; ``UsageError`` when no root exists."""
    whole = reach_from_roots(tree, modules, data).whole
    tests = [module for module in whole if is_below(module, data.roots.tests)]
    own = [module for module in whole if not is_below(module, data.roots.tests)]
    return Bounds(own, Stops(data), owned=(), tests=tests)
