"""Old names that code may put together from pieces: told, since no rewrite can follow them.

A path to the folder of a module, a dotted name with a hole in it, a key of ``globals()``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from extractor.in_place.change import Change
from extractor.in_place.files import Files
from extractor.in_place.proof import moved_by
from extractor.parsing import UnreadableSource, deeply, parse_ast
from extractor.resolution import Difference, Moved

_HOLE = "\0"
_JOINS = frozenset({"join", "joinpath", "Path", "PurePath"})
_BY_NAME = frozenset({"globals", "vars", "locals"})
_MADE_BY_NAME = frozenset({"methodcaller", "attrgetter"})
_LOADS = (b"import_module", b"__import__", b"__getattr__")


def names_in_pieces(settings: Any, every: Sequence[Change], files: Files) -> list[Difference]:
    """The places that may still make an old name when they run."""
    moved = moved_by(settings, always=True)
    lasts = {name.rpartition(".")[2] for name in moved.modules}
    lasts |= {symbol.rpartition(":")[2].rpartition(".")[2] for symbol in moved.symbols}
    if not lasts:
        return []
    words = "|".join(sorted(map(re.escape, lasts)))
    quick = re.compile(rf"""["'./}}](?:{words})(?:\.py)?["'./{{%]""".encode())
    found: list[Difference] = []
    for change in every:
        if change.path.suffix != ".py":
            continue
        found += _other_folder(change)
        if quick.search(change.after):
            found += deeply(partial(_told_of, change, moved, files))
    return found


def _other_folder(change: Change) -> Iterator[Difference]:
    """A module that asks where it is, and will be in another folder."""
    if change.target is None or change.target.parent == change.path.parent:
        return
    for number, line in enumerate((change.before or b"").split(b"\n"), 1):
        if re.search(rb"(?<!\w)__file__(?!\w)", line.partition(b"#")[0]):
            message = f"__file__ is another folder from now on: {change.target.parent.as_posix()}"
            yield Difference(change.path.as_posix(), number, message, certain=False)
            return


def _told_of(change: Change, moved: Moved, files: Files) -> list[Difference]:
    return list(_left(change, moved, files))


def _left(change: Change, moved: Moved, files: Files) -> Iterator[Difference]:
    """What the old text has and the new one keeps."""
    module = files.modules.get(change.path, "")
    package = module if change.path.name == "__init__.py" else module.rpartition(".")[0]
    before, after = (_read(text) for text in (change.before or b"", change.after))
    if before is None or after is None:
        return
    now = {text for _, _, text in _Pieces(after, change.after, package, moved).found()}
    for line, message, text in _Pieces(before, change.before or b"", package, moved).found():
        if text in now:
            yield Difference(change.path.as_posix(), line, message, certain=False)


def _read(content: bytes) -> ast.Module | None:
    try:
        return parse_ast(content)[0]
    except UnreadableSource:
        return None


@dataclass(eq=False)
class _Pieces:
    """One file's expressions, and what moved."""

    tree: ast.Module
    content: bytes
    package: str
    moved: Moved

    def found(self) -> Iterator[tuple[int, str, str]]:
        """Lines, what is to be told of them, and the code that says so."""
        for node in self._expressions():
            for line, message in self._told(node):
                yield line, message, message + ast.unparse(node)

    def _expressions(self) -> Iterator[ast.expr]:
        """Every expression, but for those inside of one that makes a text."""
        todo: list[ast.AST] = [self.tree]
        while todo:
            node = todo.pop()
            if isinstance(node, ast.expr):
                yield node
                if isinstance(node, ast.BinOp | ast.Call | ast.JoinedStr) and self._text(node):
                    continue
            todo += ast.iter_child_nodes(node)

    def _told(self, node: ast.expr) -> Iterator[tuple[int, str]]:
        yield from self._by_name(node)
        if isinstance(node, ast.BinOp | ast.Call | ast.JoinedStr):
            yield from self._path(node)
            if text := self._text(node):
                yield from self._dotted(node, text)
        elif isinstance(node, ast.Constant) and any(word in self.content for word in _LOADS):
            yield from self._relative(node, str(node.value))

    def _by_name(self, node: ast.AST) -> Iterator[tuple[int, str]]:
        """``globals()["sell"]``, ``vars(till)["sell"]``, ``methodcaller("sell")``."""
        keys: list[ast.expr] = []
        if isinstance(node, ast.Subscript) and _is_namespace(node.value):
            keys = [node.slice]
        elif isinstance(node, ast.Call):
            function = node.func
            if isinstance(function, ast.Attribute) and _is_namespace(function.value):
                keys = node.args[:1]
            elif _last_name(function) in _MADE_BY_NAME:
                keys = node.args
        for key in keys:
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                for symbol in self.moved.symbols:
                    if symbol.rpartition(":")[2].rpartition(".")[2] == key.value:
                        text = f"{key.value!r} is looked up when this runs: check if it is {symbol}"
                        yield key.lineno, text

    def _path(self, node: ast.expr) -> Iterator[tuple[int, str]]:
        pieces: list[ast.expr] = []
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            pieces = [node.right]
        elif isinstance(node, ast.Call) and _last_name(node.func) in _JOINS:
            pieces = node.args
        if not pieces or not self._is_here(node):
            return
        for piece in pieces:
            if not (isinstance(piece, ast.Constant) and isinstance(piece.value, str)):
                continue
            parts = piece.value.strip("/").split("/")
            for module in sorted(self.moved.modules):
                last = module.rpartition(".")[2]
                if last in parts or f"{last}.py" in parts:
                    yield piece.lineno, f"{piece.value!r} in a path may be that of {module}"
                    break

    def _is_here(self, node: ast.AST) -> bool:
        """Whether a path starts at this file, or at a constant of the project."""
        names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
        return bool(names & self._anchors) or any(name.isupper() for name in names)

    @cached_property
    def _anchors(self) -> set[str]:
        """``__file__`` and the names that are made of it."""
        found = {"__file__"}
        assigned = [node for node in ast.walk(self.tree) if isinstance(node, ast.Assign)]
        for _ in range(3):
            for node in assigned:
                if {one.id for one in ast.walk(node.value) if isinstance(one, ast.Name)} & found:
                    found |= {one.id for one in node.targets if isinstance(one, ast.Name)}
        return found

    @cached_property
    def _constants(self) -> Mapping[str, str]:
        """Names of the module that are a text."""
        found = {"__package__": self.package}
        for node in self.tree.body:
            if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)):
                continue
            names = [one.id for one in node.targets if isinstance(one, ast.Name)]
            if isinstance(node.value.value, str):
                found |= dict.fromkeys(names, node.value.value)
        return found

    @cached_property
    def _literals(self) -> set[str]:
        nodes = (one for one in ast.walk(self.tree) if isinstance(one, ast.Constant))
        return {one.value for one in nodes if isinstance(one.value, str)}

    def _text(self, node: ast.expr) -> str | None:
        """The text that an expression makes, with holes; nothing where it makes none."""
        if isinstance(node, ast.JoinedStr):
            return "".join(self._piece(one) for one in node.values)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            text = self._piece(node.left) + self._piece(node.right)
            return text if text.strip(_HOLE) else None
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
            values = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
            return self._filled(node.left, r"%(?:\(\w+\))?[sr]", values)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr == "format":
                return self._filled(node.func.value, r"\{\w*\}", node.args)
            listed = node.args[0] if len(node.args) == 1 else None
            is_join = node.func.attr == "join" and self._piece(node.func.value) == "."
            if is_join and isinstance(listed, ast.List | ast.Tuple):
                return ".".join(map(self._piece, listed.elts))
        return None

    def _piece(self, node: ast.expr) -> str:
        if isinstance(node, ast.FormattedValue):
            node = node.value
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        if isinstance(node, ast.Name):
            return self._constants.get(node.id, _HOLE)
        return self._text(node) or _HOLE

    def _filled(self, form: ast.expr, hole: str, values: Sequence[ast.expr]) -> str | None:
        if not (isinstance(form, ast.Constant) and isinstance(form.value, str)):
            return None
        rest = iter(values)
        return re.sub(hole, lambda _: self._piece(next(rest, ast.Constant(0))), form.value)

    def _dotted(self, node: ast.expr, text: str) -> Iterator[tuple[int, str]]:
        names = [*self.moved.modules, *(one.replace(":", ".") for one in self.moved.symbols)]
        shown = text.replace(_HOLE, "{}")
        for name in sorted(names):
            if self._may_make(name, text):
                yield node.lineno, f"{shown!r} is put together here: check whether it is {name}"
                return

    def _may_make(self, name: str, text: str) -> bool:
        if text.startswith(".") and self.package:
            text = self.package + text
        above, _, last = name.rpartition(".")
        parts = re.split(r"[.:]", text)
        for count in range(1, len(parts) + 1):
            pattern = ".".join(re.escape(part).replace(_HOLE, r"[\w.]+") for part in parts[:count])
            if not re.fullmatch(pattern, name):
                continue
            if last in parts[:count]:
                return True
            # The rest is a hole: the text has to say where the name is, and the file its end.
            if above and ".".join(parts[: count - 1]) == above and last in self._literals:
                return True
        return False

    def _relative(self, node: ast.Constant, text: str) -> Iterator[tuple[int, str]]:
        """``".stock"`` in a table of what is loaded on demand."""
        level = len(text) - len(text.lstrip("."))
        if not level or not self.package or level > self.package.count(".") + 1:
            return
        base = self.package.rsplit(".", level - 1)[0]
        if f"{base}.{text[level:]}" in self.moved.modules:
            yield node.lineno, f"{text!r} may name {base}.{text[level:]}"


def _is_namespace(node: ast.expr) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr == "__dict__"
    return isinstance(node, ast.Call) and _last_name(node.func) in _BY_NAME


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
