"""How long modules and functions may get. What is over is listed, with why it stands as it is."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULE, FUNCTION, PARAMETERS = 450, 60, 7

# Each may shrink, and leaves the list when it fits.
LONG_MODULES = {}
LONG_FUNCTIONS = {}
MANY_PARAMETERS = {}


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
