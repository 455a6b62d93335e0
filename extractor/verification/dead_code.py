"""Nothing dead came along: definitions, private methods, options and modules are all reached."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from extractor.analysis.dead_code import find_dead_code
from extractor.analysis.symbols import modules_of
from extractor.parsing import UnreadableSource, parse_ast
from extractor.source.tree import Tree
from extractor.verification.check import CheckResult, Context, Result, verdict
from extractor.verification.entry_points import declared_entry_points

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

    declared = declared_entry_points(tree)
    entries = sorted({*context.plan.data.roots.entry_points, *declared})
    dead = find_dead_code(tree, modules, entries, is_test, in_tests)
    found = [
        f"{module}: nothing imports it"
        for module in dead.modules
        if not is_migration(tree, modules[module])
    ]
    found += [
        f"{module}:{name}: is reached by nothing"
        for module, names in dead.names.items()
        if not is_migration(tree, modules[module])
        for name in names
    ]
    found += [f"{path}: option {name} is never read" for path, name in dead_options(tree, package)]
    findings = [
        f for f in found if not any(fnmatchcase(f, rule.name) for rule in context.settings.kept)
    ]
    lines = sum(
        tree.read(path).count(b"\n")
        for module, path in modules.items()
        if not in_tests(module) and not is_migration(tree, path)
    )
    own = sum(1 for module in modules if not in_tests(module))
    evidence = [f"{own} modules, {lines} lines outside tests and migrations"]
    if len(found) > len(findings):
        evidence.append(f"{len(found) - len(findings)} kept by the plan")
    return verdict("dead_code", findings, evidence, {"modules": own, "lines": lines})


def is_migration(tree: Tree, path: str) -> bool:
    """A script that a migration tool finds by its folder and by ``revision`` at its top level."""
    return bool(re.search(r"/(versions|migrations)/[^/]+[.]py$", path)) and bool(
        re.search(rb"(?m)^revision\s*=", tree.read(path))
    )


def dead_options(tree: Tree, package: str) -> Iterator[tuple[str, str]]:
    """Path and name of options that are declared with a literal name and read nowhere."""
    declared: list[tuple[str, str]] = []
    used: set[str] = set()
    for path in tree.paths():
        if not path.startswith(f"{package}/") or not path.endswith(".py"):
            continue
        try:
            parsed, _ = parse_ast(tree.read(path), path)
        except UnreadableSource:
            continue
        names: dict[int, ast.Constant] = {}
        for node in ast.walk(parsed):
            if isinstance(node, ast.Call) and node.args and _called(node.func).endswith("Opt"):
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    names[id(first)] = first
                    declared.append((path, first.value))
        for node in ast.walk(parsed):
            if isinstance(node, ast.Attribute):
                used.add(node.attr)
            elif isinstance(node, ast.Constant) and id(node) not in names:
                used.add(str(node.value))
    for path, name in declared:
        if name.replace("-", "_") not in used and name not in used:
            yield path, name


def _called(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
