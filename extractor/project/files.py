"""The files of a project that say what it is, each read once: INI, TOML, ``setup.py``, text."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

from extractor.parsing import UnreadableSource, parse_ast
from extractor.source.tree import Tree, is_link


@dataclass(frozen=True)
class Option:
    """One option of an INI file with the numbered lines of its value, empty ones left out."""

    section: str
    name: str
    line: int
    values: tuple[tuple[int, str], ...]

    @property
    def value(self) -> str:
        return "\n".join(text for _, text in self.values)


class ProjectFiles:
    """A tree seen from the folder ``folder`` of it, in which paths are relative to that folder."""

    def __init__(self, tree: Tree, folder: str = "") -> None:
        self.tree = tree
        self.folder = f"{folder.strip('/')}/" if folder.strip("/") else ""
        self._texts: dict[str, str] = {}
        self._inis: dict[str, tuple[Option, ...]] = {}
        self._tomls: dict[str, dict[str, Any]] = {}

    @cached_property
    def paths(self) -> Sequence[str]:
        """All files, sorted."""
        paths = self.tree.paths()
        if not self.folder:
            return paths
        return [p.removeprefix(self.folder) for p in paths if p.startswith(self.folder)]

    @cached_property
    def present(self) -> frozenset[str]:
        """All files, to look one up."""
        return frozenset(self.paths)

    @cached_property
    def python(self) -> Sequence[str]:
        """The Python files, sorted; links are none."""
        paths = (path for path in self.paths if path.endswith(".py"))
        return [path for path in paths if not self._is_link(path)]

    def _is_link(self, path: str) -> bool:
        return is_link(self.tree, self.folder + path)

    def text(self, path: str) -> str:
        """The text of ``path``; empty when there is no such file."""
        if path not in self._texts:
            self._texts[path] = self.content(path).decode("utf-8-sig", "replace")
        return self._texts[path]

    def content(self, path: str) -> bytes:
        """The bytes of ``path``, not kept; none when there is no such file."""
        try:
            return self.tree.read(self.folder + path)
        except (KeyError, IsADirectoryError):
            return b""

    def ini(self, path: str) -> tuple[Option, ...]:
        """The options of an INI file in their order."""
        if path not in self._inis:
            self._inis[path] = tuple(_options(self.text(path)))
        return self._inis[path]

    def option(self, path: str, section: str, *names: str) -> Option | None:
        """The first option of a section that bears one of ``names``."""
        wanted = {name.replace("-", "_") for name in names}
        for found in self.ini(path):
            if found.section == section and found.name.replace("-", "_").lower() in wanted:
                return found
        return None

    def toml(self, path: str, *keys: str) -> dict[str, Any]:
        """The table at ``keys`` of a TOML file; empty when there is none."""
        if path not in self._tomls:
            try:
                self._tomls[path] = tomllib.loads(self.text(path).replace("\r\n", "\n"))
            except tomllib.TOMLDecodeError:
                self._tomls[path] = {}
        found: Any = self._tomls[path]
        for key in keys:
            found = found.get(key, {}) if isinstance(found, dict) else {}
        return found if isinstance(found, dict) else {}

    def have_any(self, places: Sequence[tuple[str, str]]) -> bool:
        """Whether there is any of ``places``: a file and its section, a pattern in INI files.

        Without a section the file itself is enough.
        """
        return any(self._has(path, section) for path, section in places if path in self.present)

    def _has(self, path: str, section: str) -> bool:
        if not section:
            return True
        if path.endswith(".toml"):
            return bool(self.toml(path, *section.split(".")))
        return any(fnmatchcase(option.section, section) for option in self.ini(path))

    def line_of(self, path: str, *words: str) -> int:
        """The first line of ``path`` that has all of ``words``; 0 when none has."""
        lines = enumerate(self.text(path).splitlines(), 1)
        return next((n for n, text in lines if all(word in text for word in words)), 0)

    @cached_property
    def setup_call(self) -> Mapping[str, tuple[Any, int]]:
        """The keywords of the call of ``setup`` in ``setup.py``: value and line, literals only.

        Names of the module that are bound to literals count as these; a part that is computed
        is left out, ``None`` where nothing is left.
        """
        text = self.text("setup.py")
        if not text:
            return {}
        try:
            module, _ = parse_ast(text.encode(), "setup.py")
        except UnreadableSource:
            return {}
        known: dict[str, Any] = {}
        for node in module.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                known[node.targets[0].id] = _literal(node.value, known)
        for call in ast.walk(module):
            if isinstance(call, ast.Call) and _called(call) == "setup":
                return dict(_keywords(call, known))
        return {}


def _options(text: str) -> Iterator[Option]:
    # ConfigParser loses the line numbers that findings need, and refuses a name given twice.
    section, name, start, indent = "", "", 0, 0
    values: list[tuple[int, str]] = []
    for number, raw in enumerate(text.splitlines(), 1):
        stripped = raw.strip()
        if not stripped or stripped[0] in "#;":
            continue
        level = len(raw) - len(raw.lstrip())
        if name and level > indent:
            values.append((number, stripped))
            continue
        if name:
            yield Option(section, name, start, tuple(values))
            name = ""
        if stripped.startswith("[") and "]" in stripped:
            section = stripped[1 : stripped.index("]")].strip()
            continue
        head = min((stripped.find(sign) for sign in "=:" if sign in stripped), default=-1)
        if head > 0:
            name, start, indent = stripped[:head].strip(), number, level
            rest = stripped[head + 1 :].strip()
            values = [(number, rest)] if rest else []
    if name:
        yield Option(section, name, start, tuple(values))


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _keywords(call: ast.Call, known: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Any, int]]]:
    for keyword in call.keywords:
        value = _literal(keyword.value, known)
        if keyword.arg is not None:
            yield keyword.arg, (value, keyword.value.lineno)
        elif isinstance(value, dict):
            yield from ((str(key), (one, keyword.value.lineno)) for key, one in value.items())


def _literal(node: ast.expr, known: Mapping[str, Any]) -> Any:
    """What ``node`` is without running anything, as far as it can be seen."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return known.get(name)
        case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
            return [one for item in items if (one := _literal(item, known)) is not None]
        case ast.Dict(keys=keys, values=values):
            pairs = zip(keys, values, strict=True)
            return {_literal(k, known): _literal(v, known) for k, v in pairs if k is not None}
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            one, two = _literal(left, known), _literal(right, known)
            if isinstance(one, type(two)) and isinstance(one, str | list):
                return one + two
            return one if two is None else two if one is None else None
        case ast.Call(func=ast.Name(id="dict"), args=[], keywords=keywords):
            return {k.arg: _literal(k.value, known) for k in keywords if k.arg}
        case ast.Call(func=function, args=args, keywords=keywords):
            called = _called(node)
            if called in {"find_packages", "find_namespace_packages"}:
                given = [*args, *(k.value for k in keywords if k.arg == "where")]
                return {"where": _literal(given[0], known) if given else "."}
            if isinstance(function, ast.Attribute) and called in {"strip", "split", "splitlines"}:
                text = _literal(function.value, known)
                if isinstance(text, str):
                    return text.strip() if called == "strip" else text.split()
    return None
