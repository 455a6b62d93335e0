"""Import statements that importing their module does not run, by the line they begin at."""

from __future__ import annotations

import ast
from collections.abc import Iterator

# In a function; for type checkers; in a program's own part.
IN_FUNCTION, FOR_TYPES, FOR_MAIN = "in a function", "for types", "for main"


def waiting_imports(tree: ast.Module) -> list[tuple[int, str]]:
    """(line, why) of each, sorted; where two share a line, so that one runs, neither is said."""
    found: dict[int, str] = {}
    runs: set[int] = set()
    for line, why in _imports(tree.body, ""):
        if why:
            found.setdefault(line, why)
        else:
            runs.add(line)
    return sorted((line, why) for line, why in found.items() if line not in runs)


def _imports(body: list[ast.stmt], why: str) -> Iterator[tuple[int, str]]:
    for node in body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node.lineno, why
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from _imports(node.body, why or IN_FUNCTION)
        elif isinstance(node, ast.If):
            positive, negative = _branches(node.test)
            yield from _imports(node.body, why or positive)
            yield from _imports(node.orelse, why or negative)
        else:
            for part in ("body", "handlers", "orelse", "finalbody", "cases"):
                for inner in getattr(node, part, ()):
                    if isinstance(inner, (ast.ExceptHandler, ast.match_case)):
                        yield from _imports(inner.body, why)
                    else:
                        yield from _imports([inner], why)


def _branches(test: ast.expr) -> tuple[str, str]:
    """Why the statements under a test do not run, and those under its ``else``."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        positive, negative = _branches(test.operand)
        return negative, positive
    if getattr(test, "attr", getattr(test, "id", "")) == "TYPE_CHECKING":
        return FOR_TYPES, ""
    if (
        isinstance(test, ast.Compare)
        and isinstance(test.left, ast.Name)
        and test.left.id == "__name__"
        and isinstance(test.ops[0], ast.Eq)
        and isinstance(test.comparators[0], ast.Constant)
        and test.comparators[0].value == "__main__"
    ):
        return FOR_MAIN, ""
    return "", ""
