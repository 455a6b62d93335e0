"""The distribution says the truth: requirements are what is imported, entry points exist."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from packaging.requirements import InvalidRequirement, Requirement

from extractor.analysis.resolver import modules_of
from extractor.parsing import UnreadableSource, parse_ast
from extractor.plan.alive import result_tops, tests_of_result
from extractor.plan.moves import is_below
from extractor.project.declared import normal, top_symbol
from extractor.project.facts import project_of
from extractor.project.standard_library import is_standard_library
from extractor.reading.foreseen import foreseen
from extractor.source.tree import Tree
from extractor.verification.check import CheckResult, Context, Result, verdict
from extractor.wording import counted

NEEDS = "nothing"


def check(result: Result, context: Context) -> CheckResult:
    """Compare imports with requirements both ways, and look every entry point up."""
    data, settings = context.plan.data, context.settings
    tree = result.tree
    findings: list[str] = []
    required = _required(tree, settings.requirements, findings)
    required_by_tests = _required(tree, settings.test_requirements, findings)
    names = {top: normal(name) for top, name in data.packaging.distributions.items()}
    used: set[str] = set()
    foreign: set[str] = set()
    used_by_tests: set[str] = set()
    facts, tops = project_of(tree), result_tops(data)
    modules = modules_of(tree, tops)
    of_tests = frozenset().union(*tests_of_result(data, tree, modules))
    for module, path in modules.items():
        in_tests = module in of_tests
        try:
            parsed, _ = parse_ast(tree.read(path), path)
        except UnreadableSource:
            continue
        for line, name, optional in foreign_imports(parsed, tops):
            top = name.partition(".")[0]
            said = facts.requirement_of(name)
            wanted = names.get(top) or normal(said.name if said is not None else top)
            foreign.add(top)
            (used_by_tests if in_tests else used).add(wanted)
            if optional or wanted in required or (in_tests and wanted in required_by_tests):
                continue
            findings.append(f"{path}:{line}: {top} is imported but not required")
    needed = {normal(name) for name in data.packaging.runtime}
    for name in sorted(required.keys() - used - needed):
        findings.append(f"{required[name]}: {name} is required but not imported")
    needed = {normal(name) for name in data.packaging.test}
    for name in sorted(required_by_tests.keys() - used_by_tests - needed):
        findings.append(f"{required_by_tests[name]}: {name} is required but not imported")
    for name in sorted(required.keys() & required_by_tests.keys()):
        findings.append(f"{name} is required twice, for running and for testing")
    points = facts.entry_points
    for point in points:
        # One that leads into a distribution is that one's business.
        if point.module.partition(".")[0] in foreign:
            continue
        if not _exists(tree, modules, point.symbol):
            findings.append(f"{point.path}:{point.line}: entry point {point.target} leads nowhere")
    declared = {point.target for point in points}
    for group in data.packaging.entry_points.values():
        for entry in group.values():
            if entry not in declared and _exists(tree, modules, top_symbol(entry)):
                findings.append(f"the plan's entry point {entry} is not declared")
    for module, path in modules.items():
        parent = module.rpartition(".")[0]
        # Tests beside the package need none: a runner takes their folder for what it is.
        if module in of_tests and not is_below(module, [data.target_package]):
            continue
        if parent and parent not in modules and not data.is_migration(path):
            findings.append(f"{path}: {parent} has no __init__.py")
    evidence = [
        f"{counted(len(required), 'requirement')} to run, {len(required_by_tests)} more to test, "
        f"{len(points)} entry points"
    ]
    figures = {"requirements": len(required), "test_requirements": len(required_by_tests)}
    return verdict("packaging", findings, evidence, figures, compared=len(modules))


def _required(tree: Tree, files: tuple[str, ...], findings: list[str]) -> dict[str, str]:
    """Normal name to the file that requires it; unreadable lines become findings."""
    found: dict[str, str] = {}
    for path in files:
        try:
            text = tree.read(path).decode("utf-8", "replace")
        except KeyError:
            continue
        for number, raw in enumerate(text.splitlines(), 1):
            line = raw.split(" #")[0].strip()
            if not line or line.startswith(("#", "-")):
                continue
            try:
                found[normal(Requirement(line).name)] = path
            except InvalidRequirement:
                findings.append(f"{path}:{number}: {line!r} is not a requirement")
    return found


def _exists(tree: Tree, modules: dict[str, str], entry: str) -> bool:
    """Whether ``module`` is one of ours, and ``module:name`` binds the name at its top level."""
    from extractor.analysis.name_reader import read_names

    module, _, name = entry.partition(":")
    path = modules.get(module)
    if path is None or not name:
        return path is not None
    table = read_names(tree.read(path), module, path.endswith("/__init__.py"), path)
    return any(name in unit.names for unit in table.units)


def foreign_imports(tree: ast.Module, own: Collection[str]) -> Iterator[tuple[int, str, bool]]:
    """Line, dotted name and whether its absence is foreseen, of imports from elsewhere."""
    caught = foreseen(tree)
    for node in ast.walk(tree):
        found: list[str] = []
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found = [f"{node.module}.{alias.name}" for alias in node.names]
        optional = id(node) in caught
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            value = node.args[0].value
            if called in {"try_import", "import_module", "import_class"} and isinstance(value, str):
                found, optional = [value], called == "try_import"
        for name in found:
            top = name.split(".")[0]
            if top not in own and not is_standard_library(top):
                yield getattr(node, "lineno", 0), name, optional
