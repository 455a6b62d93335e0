"""Nothing dead came along: definitions, private methods, options and modules are all reached."""

from __future__ import annotations

from fnmatch import fnmatchcase

from extractor.analysis.dead_code import find_dead_code
from extractor.analysis.symbols import modules_of
from extractor.analysis.unread_options import unread_options
from extractor.project.facts import project_of
from extractor.verification.check import CheckResult, Context, Result, verdict

NEEDS = "nothing"


def check(result: Result, context: Context) -> CheckResult:
    """Findings are what no entry point, registration or test reaches and no rule keeps."""
    package = context.plan.data.target_package
    tree = result.tree
    modules = modules_of(tree, [package])
    tests = f"{package}.tests"

    def in_tests(module: str) -> bool:
        return module == tests or module.startswith(f"{tests}.")

    def is_test(module: str) -> bool:
        return in_tests(module) and module.rpartition(".")[2].startswith("test_")

    declared = {point.symbol for point in project_of(tree).entry_points}
    entries = sorted({*context.plan.data.roots.entry_points, *declared})
    data = context.plan.data
    entries += [module for module, path in sorted(modules.items()) if data.is_migration(path)]
    dead = find_dead_code(tree, modules, entries, is_test, in_tests)
    found = [f"{module}: nothing imports it" for module in dead.modules]
    found += [f"{module}:{name}" for module, names in dead.names.items() for name in names]
    found += [
        f"{path}: option {name} is never read" for path, name in unread_options(tree, package)
    ]
    findings = [
        f for f in found if not any(fnmatchcase(f, rule.name) for rule in context.settings.kept)
    ]
    lines = sum(
        tree.read(path).count(b"\n")
        for module, path in modules.items()
        if not in_tests(module) and not data.is_migration(path)
    )
    own = sum(1 for module in modules if not in_tests(module))
    evidence = [f"{own} modules, {lines} lines outside tests and migrations"]
    if len(found) > len(findings):
        evidence.append(f"{len(found) - len(findings)} kept by the plan")
    return verdict("dead_code", findings, evidence, {"modules": own, "lines": lines}, compared=own)
