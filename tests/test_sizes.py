"""How long modules and functions may get. What is over is listed, with why it stands as it is."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULE, FUNCTION, PARAMETERS = 450, 60, 7

# Each may shrink, and leaves the list when it fits.
LONG_MODULES = {
    "extractor/analysis/registry.py": "one survey whose parts share its tables",
    "extractor/database/copy.py": "one copy that can be stopped and resumed at each step",
    "extractor/database/rows.py": "reads and writes rows of three servers side by side",
    "extractor/refactor/prove.py": "one judge; what the tests come to has a module",
    "extractor/refactor/series.py": "the kinds of commit of a series, to be split by phase",
    "extractor/rewrites/parts/scopes.py": "one visitor with a method for each kind of node",
    "reports/extractor_reports/schema.py": "one schema, which readers look up as a whole",
}
LONG_FUNCTIONS = {
    "extractor/carving/package.py:package_result": "the steps of one page, in their order",
    "extractor/cli/rewrite.py:command_for": "declares the options of every rewrite",
    "extractor/cli/verify.py:command": "declares options and hands them on",
    "extractor/history/append.py:_gone_on": "one transaction, undone as a whole when it fails",
    "extractor/history/graph.py:write_commits": "one loop over commits with its state",
    "extractor/plan/drafting/decisions.py:decisions": "a table for each kind of decision",
    "extractor/plan/drafting/layout.py:layout_of": "a table for each kind of move",
    "extractor/rewrites/packaging.py:requirements_of": "one pass that sorts requirements",
    "extractor/rewrites/parts/import_blocks.py:place_imports": "one pass over a run of imports",
    "extractor/verification/checks/packaging.py:check": "one question after the other",
    "extractor/verification/laboratory/test_runs.py:run_tests": "starts, watches and reads one run",
}
_ASKED = "what a caller chooses, each by its name"
MANY_PARAMETERS = {
    "extractor/history/blame.py:blame_file": _ASKED,
    "extractor/history/blame.py:compare_blame": _ASKED,
    "extractor/history/carry.py:carry_history": _ASKED,
    "extractor/history/commits.py:commit_tree": _ASKED,
    "extractor/pipeline.py:run": _ASKED,
    "extractor/refactor/prove.py:prove": _ASKED,
    "extractor/reporting/symbols.py:describe_symbols": _ASKED,
    "extractor/rewrites/rename_references.py:rewrite": _ASKED,
    "extractor/verification/run.py:run_checks": _ASKED,
    "extractor/verification/laboratory/test_runs.py:run_tests": _ASKED,
}


def modules():
    for top in ("extractor", "contracts", "reports"):
        for path in sorted((ROOT / top).rglob("*.py")):
            # Plans are data of the project they are written for.
            if "plans" not in path.relative_to(ROOT).parts[:2]:
                yield path.relative_to(ROOT).as_posix(), path.read_text()


def functions():
    for path, text in modules():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{path}:{node.name}", path, node


def parameters(node):
    arguments = node.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return len([one for one in named if one.arg not in {"self", "cls"}])


def over(found, limit, allowed):
    """What is over the limit and not allowed, and what is allowed and need not be."""
    long = {name: size for name, size in found if size > limit}
    return (
        {name: size for name, size in long.items() if name not in allowed},
        sorted(set(allowed) - set(long)),
    )


@pytest.mark.parametrize(
    ("limit", "allowed", "sizes"),
    [
        pytest.param(
            MODULE,
            LONG_MODULES,
            lambda: ((path, text.count("\n")) for path, text in modules()),
            id="lines of a module",
        ),
        pytest.param(
            FUNCTION,
            LONG_FUNCTIONS,
            lambda: ((name, node.end_lineno - node.lineno + 1) for name, _, node in functions()),
            id="lines of a function",
        ),
        pytest.param(
            PARAMETERS,
            MANY_PARAMETERS,
            lambda: (
                (name, parameters(node))
                for name, path, node in functions()
                # A command's parameters are its options.
                if not path.startswith("extractor/cli/")
            ),
            id="parameters of a function",
        ),
    ],
)
def test_nothing_grows_too_long(limit, allowed, sizes):
    assert over(sizes(), limit, allowed) == ({}, [])
    assert all(len(reason.split()) > 3 for reason in allowed.values())


def test_what_is_over_is_found():
    assert over([("a", 9), ("b", 8)], 7, {"b": "", "c": ""}) == ({"a": 9}, ["c"])
