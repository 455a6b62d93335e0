"""The distribution says the truth: requirements are what is imported, entry points exist."""

from __future__ import annotations

from packaging.requirements import InvalidRequirement, Requirement

from extractor.analysis.symbols import modules_of
from extractor.parsing import UnreadableSource
from extractor.rewrites.packaging import normal, third_party_imports
from extractor.source.tree import Tree
from extractor.verification.check import CheckResult, Context, Result, verdict
from extractor.verification.dead_code import declared_entry_points

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
    used_by_tests: set[str] = set()
    modules = modules_of(tree, [data.target_package])
    for module, path in modules.items():
        in_tests = f"{module}.".startswith(f"{data.target_package}.tests.")
        try:
            imported = third_party_imports(tree.read(path), data.target_package, path)
        except UnreadableSource:
            continue
        for top, line in imported.items():
            wanted = names.get(top, normal(top))
            (used_by_tests if in_tests else used).add(wanted)
            if wanted in required or (in_tests and wanted in required_by_tests):
                continue
            findings.append(f"{path}:{line}: {top} is imported and not required")
    needed = {normal(name) for name in data.packaging.runtime}
    for name in sorted(required.keys() - used - needed):
        findings.append(f"{required[name]}: {name} is required and not imported")
    needed = {normal(name) for name in data.packaging.test}
    for name in sorted(required_by_tests.keys() - used_by_tests - needed):
        findings.append(f"{required_by_tests[name]}: {name} is required and not imported")
    for name in sorted(required.keys() & required_by_tests.keys()):
        findings.append(f"{name} is required twice, to run and to test")
    entries = declared_entry_points(tree)
    for entry in entries:
        if not _exists(tree, modules, entry):
            findings.append(f"setup.cfg: entry point {entry} does not exist")
    expected = data.packaging.scripts.values()
    for entry in sorted(set(expected) - set(entries)):
        findings.append(f"setup.cfg: the plan's script {entry} is not declared")
    for module, path in modules.items():
        parent = module.rpartition(".")[0]
        if parent and parent not in modules:
            findings.append(f"{path}: {parent} has no __init__.py")
    evidence = [
        f"{len(required)} requirements to run, {len(required_by_tests)} more to test, "
        f"{len(entries)} entry points"
    ]
    figures = {"requirements": len(required), "test_requirements": len(required_by_tests)}
    return verdict("packaging", findings, evidence, figures)


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
                findings.append(f"{path}:{number}: {line!r} is no requirement")
    return found


def _exists(tree: Tree, modules: dict[str, str], entry: str) -> bool:
    """Whether ``module:name`` is a module of ours that binds the name at its top level."""
    from extractor.analysis.names import read_names

    module, _, name = entry.partition(":")
    path = modules.get(module)
    if path is None:
        return False
    table = read_names(tree.read(path), module, path.endswith("/__init__.py"), path)
    return any(name in unit.names for unit in table.units)
