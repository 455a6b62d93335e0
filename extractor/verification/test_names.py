"""What files declare as tests, told without running any: the ids that a runner would make.

A test is ``Class.test_x`` in Python, with the number of its cases where parameters are literal
and with its marks, and a request's name in YAML. Fixtures are asked for by name.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from extractor.parsing import UnreadableSource, parse_ast
from extractor.project.conventions.pytest import CONFTEST
from extractor.source.tree import Tree

_Function = ast.FunctionDef | ast.AsyncFunctionDef


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
    return [name for name, _ in _tests(parsed.body, "", ())]


def _tests(
    body: Iterable[ast.AST], owner: str, around: Sequence[ast.expr]
) -> Iterator[tuple[str, _Function]]:
    """Test functions, and test methods of classes, at any depth but inside of functions."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            decorators = [*around, *node.decorator_list]
            yield from _tests(node.body, f"{owner}{node.name}.", decorators)
        elif isinstance(node, _Function):
            if node.name.startswith("test"):
                marks = _marks([*around, *node.decorator_list])
                yield f"{owner}{node.name}{marks}", node
        else:
            for block in ("body", "orelse", "handlers", "finalbody"):
                inner = getattr(node, block, ())
                yield from _tests(inner if isinstance(inner, list) else (), owner, around)


def _marks(decorators: Iterable[ast.expr]) -> str:
    """The number of cases, and the marks of pytest, as they are told behind the name."""
    cases, marks = 1, set()
    for decorator in decorators:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if not (isinstance(called, ast.Attribute) and _last(called.value) == "mark"):
            continue
        if called.attr == "parametrize" and isinstance(decorator, ast.Call):
            cases *= _literal_cases(decorator) or 1
        else:
            marks.add(f" @{called.attr}")
    return (f"[{cases} cases]" if cases > 1 else "") + "".join(sorted(marks))


def _literal_cases(call: ast.Call) -> int:
    """How many cases a list in the source has; 0 when only running tells."""
    keywords = [keyword.value for keyword in call.keywords if keyword.arg == "argvalues"]
    for values in [*call.args[1:2], *keywords]:
        if isinstance(values, ast.List | ast.Tuple):
            starred = any(isinstance(one, ast.Starred) for one in values.elts)
            return 0 if starred else len(values.elts)
    return 0


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


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


@dataclass(frozen=True)
class _File:
    """Fixtures of a file and what each asks for, those for all, and names that it imports."""

    asks: dict[str, set[str]] = field(default_factory=dict)
    automatic: frozenset[str] = frozenset()
    imported: frozenset[str] = frozenset()


class Fixtures:
    """The fixtures of pytest that a tree defines, looked up as pytest does."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._paths = frozenset(tree.paths())
        self._files: dict[str, _File] = {}

    def asked_for(self, path: str) -> set[str]:
        """Fixtures that the tests in ``path`` get and that lie in the tree, with those behind."""
        chain = [self._file(one) for one in self._chain(path)]
        asks: dict[str, set[str]] = {}
        for file in chain:
            for name, more in file.asks.items():
                asks.setdefault(name, more)
        waiting = {name for file in chain for name in file.automatic}
        waiting |= _asked_by_tests(self._parsed(path))
        found: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name in asks and name not in found:
                found.add(name)
                waiting |= asks[name]
        return found

    def has(self, path: str, name: str) -> bool:
        """Whether a test in ``path`` finds a fixture of that name, or may by an import."""
        for one in self._chain(path):
            file = self._file(one)
            if name in file.asks or not file.imported.isdisjoint({name, "*"}):
                return True
        return False

    def _chain(self, path: str) -> Iterator[str]:
        """The file, then every ``conftest.py`` beside and above it."""
        yield path
        folder = path
        while folder:
            folder = folder.rpartition("/")[0]
            conftest = f"{folder}/{CONFTEST}.py" if folder else f"{CONFTEST}.py"
            if conftest in self._paths:
                yield conftest

    def _parsed(self, path: str) -> list[ast.stmt]:
        try:
            return parse_ast(self._tree.read(path), path)[0].body
        except UnreadableSource:
            return []

    def _file(self, path: str) -> _File:
        if path not in self._files:
            self._files[path] = _read(self._parsed(path))
        return self._files[path]


def _read(body: Iterable[ast.stmt]) -> _File:
    asks: dict[str, set[str]] = {}
    automatic: set[str] = set()
    imported: set[str] = set()
    for node in [inner for statement in body for inner in ast.walk(statement)]:
        if isinstance(node, ast.Import | ast.ImportFrom):
            imported.update((alias.asname or alias.name) for alias in node.names)
        elif isinstance(node, _Function):
            for decorator in node.decorator_list:
                called = decorator.func if isinstance(decorator, ast.Call) else decorator
                if not _last(called).endswith("fixture"):
                    continue
                given = {k.arg: k.value for k in getattr(decorator, "keywords", ())}
                name = str(getattr(given.get("name"), "value", node.name))
                asks[name] = _parameters(node) - {name}
                if getattr(given.get("autouse"), "value", False):
                    automatic.add(name)
    return _File(asks, frozenset(automatic), frozenset(imported))


def _asked_by_tests(body: Iterable[ast.stmt]) -> set[str]:
    found: set[str] = set()
    for _, function in _tests(body, "", ()):
        found |= _parameters(function)
    for node in [inner for statement in body for inner in ast.walk(statement)]:
        if isinstance(node, ast.Call) and _last(node.func) == "usefixtures":
            found |= {str(a.value) for a in node.args if isinstance(a, ast.Constant)}
    return found


def _parameters(function: _Function) -> set[str]:
    return {one.arg for one in (*function.args.posonlyargs, *function.args.args)}
