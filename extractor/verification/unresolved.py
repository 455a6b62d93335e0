"""Names of ours that lead nowhere, each with what would cure it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from extractor.analysis.symbols import modules_of
from extractor.plan.alive import result_tops
from extractor.plan.model import PlanData
from extractor.plan.moves import is_below
from extractor.resolution import Modules, Unresolved, resolve_tree
from extractor.verification.check import Result


def unresolved_names(result: Result, data: PlanData) -> list[str]:
    """Every first-party name of the result that leads to no definition, as ``path:line: ...``."""
    tree = result.tree
    paths = modules_of(tree, result_tops(data))
    python = set(paths.values())
    modules = Modules(paths, tree.read, [p for p in tree.paths() if p not in python])
    parts = {
        str(move["target"]): str(move["source"])
        for move in result.manifest.get("moves", ())
        if move.get("symbols")
    }
    found = resolve_tree(modules).unresolved
    return [f"{one}{_cure(one, data, paths, parts)}" for one in found]


def _cure(
    one: Unresolved, data: PlanData, paths: Mapping[str, str], parts: Mapping[str, str]
) -> str:
    """What the missing name should have come from, and what would bring it."""
    module, name = _owner(one.name, paths)
    for rule in data.replace:
        stand_in = rule.with_.partition(":")[0]
        if is_below(module or one.name, [stand_in]):
            return f" ({stand_in} stands in for {rule.subject}: write {name or one.name} there)"
    source = parts.get(paths.get(module, ""))
    if source is not None:
        return f" (only a part of {source} came along: give it a use, or cut what names {name})"
    if one.path in parts:
        return f" (this is a part of {parts[one.path]}: {name or one.name} stayed behind)"
    return ""


def _owner(dotted: str, modules: Iterable[str]) -> tuple[str, str]:
    """The longest module that a dotted name begins with, and the rest."""
    parts = dotted.split(".")
    for end in range(len(parts), 0, -1):
        if ".".join(parts[:end]) in modules:
            return ".".join(parts[:end]), ".".join(parts[end:])
    return "", dotted
