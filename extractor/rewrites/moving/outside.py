"""How the files around a module name what is in it: reading, importing, setting, patching."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from extractor.parsing import UnreadableSource
from extractor.rewrites.parts.project import Project
from extractor.rewrites.parts.scopes import Names, Use, read_names
from extractor.rewrites.parts.source_text import read_source

READ, IMPORTED, SET, PATCHED = "read", "imported", "set", "patched"
_SETTERS = frozenset({"setattr", "delattr", "object"})


@dataclass(frozen=True, order=True)
class Outside:
    """One mention of ``name`` of the module, in another file.

    ``kind`` is ``read`` (as its attribute), ``imported`` (by name), ``set`` (bound to something
    else for all) or ``patched`` (the same, by a string or for a test).
    """

    path: str
    line: int
    name: str
    kind: str
    module: str  # the one that the file is

    @property
    def rebinds(self) -> bool:
        """Whether the name means something else afterwards."""
        return self.kind in (SET, PATCHED)


def mentions_outside(project: Project, module: str, names: Collection[str]) -> list[Outside]:
    """Every mention of one of ``names`` of ``module`` in the other Python files, in order."""
    if not names:
        return []
    last = module.rpartition(".")[2].encode()
    words = [name.encode() for name in names]
    found: set[Outside] = set()
    for other, path in project.paths.items():
        if other == module:
            continue
        content = project.read(path)
        if last not in content and b"import" not in content:
            continue
        if not any(word in content for word in words):
            continue
        if last not in content and module not in _above(other):
            continue
        try:
            tree = read_source(content, path).tree
        except UnreadableSource:
            continue  # the rewrite of that file says so
        read = read_names(tree, other, project.is_package(other))
        for line, name, kind in _mentions(tree, read, module):
            if name in names:
                found.add(Outside(path, line, name, kind, other))
    return sorted(found)


def _above(module: str) -> set[str]:
    parts = module.split(".")
    return {".".join(parts[:length]) for length in range(1, len(parts) + 1)}


def _mentions(tree: ast.Module, names: Names, module: str) -> Iterator[tuple[int, str, str]]:
    called = _setters(tree)
    for binding in names.bindings:
        if binding.module == module:
            yield binding.statement.lineno, binding.alias.name, IMPORTED
    for scope in names.scopes:
        for local, bindings in scope.imports.items():
            for inner in {_inner(b.module, b.alias.name, b.is_root, module) for b in bindings}:
                if inner is not None:
                    for use in scope.uses.get(local, ()):
                        yield from _by_attribute(use, inner, called)
    yield from _by_string(tree, module)


def _inner(home: str | None, name: str, is_root: bool, module: str) -> tuple[str, ...] | None:
    """The attributes that lead from what an import binds to ``module``; ``None``: none do."""
    bound = name if home is None else f"{home}.{name}"
    bound = bound.partition(".")[0] if is_root else bound
    if bound == module:
        return ()
    return tuple(module[len(bound) + 1 :].split(".")) if module.startswith(f"{bound}.") else None


def _by_attribute(
    use: Use, inner: tuple[str, ...], called: Collection[int]
) -> Iterator[tuple[int, str, str]]:
    if use.path[: len(inner)] != inner:
        return
    rest = use.attributes[len(inner) :]
    if not rest and use.attribute_string is not None:
        is_set = id(use.attribute_string) in called
        name = str(use.attribute_string.value)
        yield use.name.lineno, name, PATCHED if is_set else READ
    elif rest:
        plain = isinstance(rest[0].ctx, ast.Load)
        yield use.name.lineno, rest[0].attr, READ if plain else SET


def _setters(tree: ast.Module) -> set[int]:
    """The second arguments of calls that set the attribute so called."""
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and len(node.args) > 1:
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in _SETTERS:
                found.add(id(node.args[1]))
    return found


def _by_string(tree: ast.Module, module: str) -> Iterator[tuple[int, str, str]]:
    """``patch("a.b.name")``, and ``patch.multiple("a.b", name=..)``, whatever the module is by."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        first = node.args[0]
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name == "multiple":
            text = first.value if isinstance(first, ast.Constant) else ast.unparse(first)
            if str(text).rpartition(".")[2] == module.rpartition(".")[2]:
                for keyword in node.keywords:
                    yield node.lineno, keyword.arg or "", PATCHED
        elif isinstance(first, ast.Constant) and str(first.value).startswith(f"{module}."):
            head = str(first.value)[len(module) + 1 :].partition(".")
            yield node.lineno, head[0], READ if head[2] else PATCHED
