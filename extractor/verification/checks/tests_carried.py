"""Every test function and every request of a test file came along, told without running any.

The branch ``upstream`` of the result holds the files as they were before any rewrite; a source
tree, when there is one, is asked as well.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from extractor.errors import SourceError
from extractor.parsing import UnreadableSource, parse_ast
from extractor.plan.model import PlanData
from extractor.plan.moves import is_below, target_module
from extractor.project.convention import Kind
from extractor.project.facts import project_of
from extractor.project.layout import USUAL
from extractor.source.tree import FolderTree, GitTree, Tree, run_git
from extractor.verification.check import CheckResult, Context, Result, does_not_apply, verdict

NEEDS = "nothing"
UPSTREAM = "upstream"


def check(result: Result, context: Context) -> CheckResult:
    """Compare (file, test) pairs of the result with those of what it was made from."""
    data = context.plan.data
    ours = tests_in(result.tree, data)
    findings: list[str] = []
    evidence = [f"{len(ours)} tests and requests in the result"]
    compared = 0
    upstream = upstream_tree(result.root)
    if upstream is not None:
        with upstream:
            before = tests_in(upstream, data)
        compared += len(before)
        findings += [f"lost since upstream: {path}: {name}" for path, name in before - ours]
        evidence.append(f"{len(before)} on branch {UPSTREAM}, before any rewrite")
    if context.against is not None:
        there = tests_of_source(FolderTree(context.against), context)
        compared += len(there)
        findings += [f"lost from the source: {path}: {name}" for path, name in there - ours]
        evidence.append(f"{len(there)} in the source's test roots")
    if not compared:
        reason = f"no branch {UPSTREAM} and no source to compare with"
        if upstream is not None or context.against is not None:
            reason = "no tests: nothing proven"
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


def tests_of_source(tree: Tree, context: Context) -> set[tuple[str, str]]:
    """The same for the plan's test roots, with the paths they have in the result."""
    data = context.plan.data
    layout, project = dict(data.layout.modules), project_of(tree)
    found: set[tuple[str, str]] = set()
    for path in tree.paths():
        inner = path[len(USUAL.around(path)) :]
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
        if target is None:
            continue
        mapped = target.replace(".", "/") + (kept or ".py")
        found.update((mapped, name) for name in names_of_tests(tree.read(path), path))
    return found


def names_of_tests(content: bytes, path: str) -> list[str]:
    """What a file declares as tests; nothing for files that are neither Python nor YAML."""
    if path.endswith((".yaml", ".yml")):
        return _requests(content)
    if not path.endswith(".py"):
        return []
    try:
        parsed, _ = parse_ast(content, path)
    except UnreadableSource as error:
        return [f"unreadable: {error}"]
    return list(_functions(parsed.body, ""))


def _functions(body: Iterable[ast.AST], owner: str) -> Iterator[str]:
    """Test functions, and test methods of classes, at any depth but inside of functions."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _functions(node.body, f"{owner}{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if node.name.startswith("test"):
                yield f"{owner}{node.name}"
        else:
            for block in ("body", "orelse", "handlers", "finalbody"):
                inner = getattr(node, block, ())
                yield from _functions(inner if isinstance(inner, list) else (), owner)


def _requests(content: bytes) -> list[str]:
    import yaml

    try:
        loaded = yaml.safe_load(content)
    except yaml.YAMLError:
        return ["unreadable: not YAML"]
    tests = loaded.get("tests") if isinstance(loaded, dict) else None
    if not isinstance(tests, list):
        return []
    return [str(test["name"]) for test in tests if isinstance(test, dict) and "name" in test]
