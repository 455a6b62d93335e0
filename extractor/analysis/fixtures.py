"""What tests find without importing it: fixtures of ``conftest.py`` files, and named plug-ins."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from extractor.parsing import UnreadableSource, parse_ast
from extractor.project.conventions.pytest import CONFTEST, PLUGINS
from extractor.project.relative import absolute

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class _File:
    """``fixtures``: by name, what each asks for; ``asks``: what all else in the file asks for."""

    fixtures: dict[str, set[str]] = field(default_factory=dict)
    asks: set[str] = field(default_factory=set)
    imported: set[str] = field(default_factory=set)
    sources: set[tuple[int, str, str]] = field(default_factory=set)
    plugins: tuple[str, ...] = ()
    # A fixture for all, a hook of pytest, or a star: it acts whoever asks.
    acts: bool = False


class Found:
    """Reads test files among the ``modules`` of a project, dotted name to path, each once."""

    def __init__(self, modules: Mapping[str, str], read: Callable[[str], bytes]) -> None:
        self._modules = modules
        self._paths = frozenset(modules.values())
        self._read = read
        self._files: dict[str, _File] = {}

    def conftests(self, tests: Iterable[str]) -> tuple[str, ...]:
        """Paths of the ``conftest.py`` beside and above ``tests`` that these need, sorted."""
        found: set[str] = set()
        for test in tests:
            chain = list(self._chain(test))
            wanted = set(self._file(test).asks)
            while True:
                size = len(wanted)
                for file in map(self._file, chain):
                    wanted |= file.asks
                    for name in wanted & file.fixtures.keys():
                        wanted |= file.fixtures[name]
                if len(wanted) == size:
                    break
            for path in chain[1:]:
                file = self._file(path)
                # What nobody asks for by name takes the place of a plug-in's.
                acts = file.acts or file.plugins or not file.fixtures.keys() <= self._asked
                if acts or wanted & {*file.fixtures, *file.imported}:
                    found.add(path)
        return tuple(sorted(found))

    def plugins(self, modules: Iterable[str]) -> tuple[str, ...]:
        """What ``modules`` name as plug-ins of pytest, or import and has fixtures; sorted."""
        found: set[str] = set()
        for module in modules:
            path = self._modules[module]
            is_package = path.endswith("/__init__.py")
            file = self._file(path)
            found |= {name for name in file.plugins if name in self._modules}
            for level, source, name in file.sources:
                whole = absolute(module, is_package, level, source)
                for one in (f"{whole}.{name}", whole):
                    if one in self._modules and self._file(self._modules[one]).fixtures:
                        found.add(one)
        return tuple(sorted(found))

    @cached_property
    def _asked(self) -> frozenset[str]:
        """Every name that a test or a fixture of the project asks for."""
        files = [self._file(path) for path in sorted(self._paths) if "test" in path]
        wanted = [file.asks for file in files]
        wanted += [asked for file in files for asked in file.fixtures.values()]
        return frozenset().union(*wanted)

    def _chain(self, path: str) -> Iterator[str]:
        yield path
        folder = path
        while folder:
            folder = folder.rpartition("/")[0]
            conftest = f"{folder}/{CONFTEST}.py" if folder else f"{CONFTEST}.py"
            if conftest in self._paths and conftest != path:
                yield conftest

    def _file(self, path: str) -> _File:
        if path not in self._files:
            try:
                self._files[path] = _read(parse_ast(self._read(path), path)[0])
            except UnreadableSource:
                self._files[path] = _File()
        return self._files[path]


def _read(parsed: ast.Module) -> _File:
    file = _File()
    for node in ast.walk(parsed):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
            file.imported |= names
            file.acts = file.acts or "*" in names
            if isinstance(node, ast.ImportFrom):
                source = node.module or ""
                file.sources |= {(node.level, source, alias.name) for alias in node.names}
        elif isinstance(node, _Function):
            _function(file, node)
        elif isinstance(node, ast.Call) and _last(node.func) == "usefixtures":
            file.asks |= set(_texts(node.args))
    for statement in parsed.body:
        if isinstance(statement, ast.Assign) and _last(statement.targets[0]) == PLUGINS:
            file.plugins = tuple(_texts([statement.value]))
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            # A path is put in front, a warning is silenced.
            file.acts = True
    return file


def _function(file: _File, node: _Function) -> None:
    arguments = {
        one.arg for one in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    }
    for decorator in node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if _last(called).endswith("fixture"):
            given = {k.arg: k.value for k in getattr(decorator, "keywords", ())}
            name = str(getattr(given.get("name"), "value", node.name))
            file.fixtures[name] = arguments - {"request"}
            file.acts = file.acts or bool(getattr(given.get("autouse"), "value", False))
            return
    file.acts = file.acts or node.name.startswith("pytest_")
    if node.name.startswith("test"):
        file.asks |= arguments


def _texts(values: Iterable[ast.expr]) -> Iterator[str]:
    for value in values:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value.value
        yield from _texts(getattr(value, "elts", ()))


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
