"""Every test, every fixture that it asks for and every request came along: nothing is run.

The branch ``upstream`` of the result holds the files as they were before any rewrite; a source
tree, when there is one, is asked as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from extractor.errors import SourceError
from extractor.plan.model import PlanData
from extractor.plan.moves import is_below, target_module
from extractor.project.convention import Kind
from extractor.project.facts import project_of
from extractor.source.tree import FolderTree, GitTree, Tree, run_git
from extractor.verification.check import CheckResult, Context, Result, does_not_apply, verdict
from extractor.verification.test_names import Fixtures, names_of_tests
from extractor.wording import counted

NEEDS = "nothing"
UPSTREAM = "upstream"


def check(result: Result, context: Context) -> CheckResult:
    """Compare (file, test) pairs of the result with those of what it was made from."""
    data = context.plan.data
    ours = tests_in(result.tree, data)
    findings: list[str] = []
    evidence = [f"{counted(len(ours), 'test')} and requests in the result"]
    compared = 0
    upstream = upstream_tree(result.root)
    if upstream is not None:
        with upstream:
            before = tests_in(upstream, data)
            asked = _asked_for(upstream, {path: path for path, _ in before})
        compared += len(before)
        lost = (before - ours) | _missing(asked, result.tree)
        findings += [f"lost since upstream: {path}: {name}" for path, name in lost]
        evidence.append(f"{len(before)} on branch {UPSTREAM}, before any rewrite")
    if context.against is not None:
        tree = FolderTree(context.against)
        paths = test_files_of_source(tree, context)
        there = {
            (target, name)
            for path, target in paths.items()
            for name in names_of_tests(tree.read(path), path)
        }
        compared += len(there)
        lost = (there - ours) | _missing(_asked_for(tree, paths), result.tree)
        findings += [f"lost from the source: {path}: {name}" for path, name in lost]
        evidence.append(f"{len(there)} in the source's test roots")
    if not compared:
        reason = f"no branch {UPSTREAM} and no source to compare with"
        if upstream is not None or context.against is not None:
            reason = "no tests: nothing is proven"
            if data.roots.tests:
                findings = [f"the plan names tests, and there are none: {data.roots.tests[0]}"]
                return verdict("tests_carried", findings, evidence)
        return does_not_apply("tests_carried", reason, evidence)
    figures = {"tests": len(ours)}
    return verdict("tests_carried", findings, evidence, figures, compared=compared)


def upstream_tree(root: Path) -> GitTree | None:
    """The tree of the upstream branch; ``None`` when the result has no such branch."""
    git_dir = root / ".git"
    if not git_dir.is_dir():
        return None
    try:
        revision = run_git(git_dir, "rev-parse", "--verify", f"refs/heads/{UPSTREAM}^{{commit}}")
    except SourceError:
        return None
    return GitTree(git_dir, revision.decode("ascii").strip())


def tests_in(tree: Tree, data: PlanData) -> set[tuple[str, str]]:
    """Path and name of every test: ``Class.test_x`` in Python, a request's name in YAML."""
    targets = [target_module(test, data.layout.modules) or "" for test in data.roots.tests]
    places = [target.replace(".", "/") for target in targets if target]
    project = project_of(tree)
    found: set[tuple[str, str]] = set()
    for path in tree.paths():
        inside = any(path == f"{place}.py" or path.startswith(f"{place}/") for place in places)
        if inside or project.kind_of(path).of_tests or project.kind_of(path) is Kind.DATA:
            found.update((path, name) for name in names_of_tests(tree.read(path), path))
    return found


def test_files_of_source(tree: Tree, context: Context) -> dict[str, str]:
    """The files below the plan's test roots, and those beside its packages, to their new paths."""
    data = context.plan.data
    layout, project = dict(data.layout.modules), project_of(tree)
    found: dict[str, str] = {}
    for path in tree.paths():
        inner = path[len(project.source_folders.around(path)) :]
        module = inner.removesuffix(".py").replace("/", ".")
        beside = is_below(module, data.roots.packages) and project.kind_of(path) is Kind.TEST
        if not (beside or is_below(module, data.roots.tests)):
            continue
        if is_below(module, data.roots.exclude):
            continue
        # Only a module's own name has no dots in it: that of a data file may.
        folder, _, name = inner.rpartition("/")
        kept = "" if path.endswith(".py") else f"/{name}"
        target = target_module(folder.replace("/", ".") if kept else module, layout)
        if target is not None:
            found[path] = target.replace(".", "/") + (kept or ".py")
    return found


def _asked_for(tree: Tree, paths: Mapping[str, str]) -> set[tuple[str, str]]:
    """The path in the result and the name of every fixture that test files in ``tree`` get."""
    fixtures = Fixtures(tree)
    python = {path: target for path, target in paths.items() if path.endswith(".py")}
    return {(target, name) for path, target in python.items() for name in fixtures.asked_for(path)}


def _missing(asked: Iterable[tuple[str, str]], tree: Tree) -> set[tuple[str, str]]:
    """Fixtures that test files of the result do not get."""
    fixtures, there = Fixtures(tree), set(tree.paths())
    return {
        (path, f"fixture {name}")
        for path, name in asked
        if path in there and not fixtures.has(path, name)
    }
