"""Nothing dead came along: what nothing reaches is dropped, or proposed to a person."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase

from extractor.analysis.dead_code import find_unreached
from extractor.analysis.resolver import modules_of
from extractor.analysis.unread_options import unread_options
from extractor.plan.alive import alive_by_plan, result_tops
from extractor.project.facts import project_of
from extractor.verification.check import CheckResult, Context, Result, verdict
from extractor.wording import counted

NEEDS = "nothing"


def check(result: Result, context: Context) -> CheckResult:
    """Findings are what nothing reaches, no rule keeps, and the plan was to drop."""
    data = context.plan.data
    tree = result.tree
    modules = modules_of(tree, result_tops(data))
    alive = alive_by_plan(data, tree, modules)
    entries = {*alive.entry_points, *(point.symbol for point in project_of(tree).entry_points)}
    entries |= {module for module, path in modules.items() if data.is_migration(path)}
    # Only the source's remaining code uses these: the run found out, and noted where.
    kept = [str(one["symbol"]) for one in result.manifest.get("kept", ())]
    methods = {name.rpartition(".")[2] for name in kept}
    entries |= set(kept)
    alive = replace(alive, entry_points=sorted(entries), words=methods)
    found = {one.subject: one.reason for one in find_unreached(tree, modules, alive)}
    found |= {
        f"{path}: option {name}": "never read"
        for path, name in unread_options(tree, data.target_package)
    }
    undecided = {
        subject: reason
        for subject, reason in found.items()
        if not data.drop.keeps(subject)
        and not any(fnmatchcase(subject, rule.name) for rule in context.settings.kept)
    }
    findings = [f"{s}: {reason}" for s, reason in undecided.items() if data.drop.takes(s)]
    of_tests = frozenset(alive.tests) | frozenset(alive.helpers)
    own = [m for m, path in modules.items() if m not in of_tests and not data.is_migration(path)]
    lines = sum(tree.read(modules[module]).count(b"\n") for module in own)
    evidence = [
        f"{counted(len(own), 'module')}, {counted(lines, 'line')} outside tests and migrations"
    ]
    if len(found) > len(undecided):
        evidence.append(f"{len(found) - len(undecided)} kept by the plan")
    if len(undecided) > len(findings):
        evidence.append(f"{len(undecided) - len(findings)} proposed: see the manifest")
    if not alive.tests:
        evidence.append("no tests: nothing is proven")
    figures = {"modules": len(own), "lines": lines}
    return verdict("dead_code", findings, evidence, figures, compared=len(own))
