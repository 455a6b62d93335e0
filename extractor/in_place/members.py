"""Rename a method or an attribute of a class: jedi tells by types which uses are meant.

What jedi does not do is done here: overrides below the class, ``self`` and ``super()`` in them,
names in strings and documents. What it cannot tell is a finding, what it finds to be of two
kinds is refused.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeGuard

from extractor.errors import DidNotHold, UsageError
from extractor.in_place.change import Change
from extractor.in_place.files import Files, top_folder
from extractor.outcome import Failed, Finding, Rewritten, Unchanged
from extractor.parsing import UnreadableSource
from extractor.rewrites.parts.moving_files import check_name
from extractor.rewrites.parts.renames import Renames
from extractor.rewrites.parts.scopes import NAMES_AN_ATTRIBUTE
from extractor.rewrites.parts.source_text import Edit, SourceText, apply_edits, read_source
from extractor.rewrites.parts.strings import literal_pieces

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_HEAD = re.compile(rb"(?:async\s+)?def[\s\\]+")


class _OfName(ast.Attribute):
    """An attribute of a name."""

    value: ast.Name


def members_of(settings: Any) -> dict[str, str]:
    """The symbols that are ``module:Class.name``; ``UsageError`` for what cannot be renamed so."""
    symbols = settings.symbols if isinstance(settings, Renames) else {}
    found = {old: new for old, new in symbols.items() if "." in old.partition(":")[2]}
    for old, new in found.items():
        check_name(new.rpartition(".")[2])
        same = old.rpartition(".")[0] == new.rpartition(".")[0]
        if not same or old.count(".", old.find(":")) != 1:
            raise UsageError(f"write module:Class.old=module:Class.new, not {old}={new}")
    if len(found) > 1 or (found and len(symbols) > 1):
        raise UsageError("rename one attribute at a time, and nothing else with it")
    return found


def rename_member(old: str, new: str, files: Files) -> Iterator[Change]:
    """Each file that names the member, with what it becomes."""
    try:
        import jedi
    except ImportError:
        why = "only types can tell which uses of an attribute are meant"
        raise UsageError(f"{why}: pip install 'extractor-toolkit[members]'") from None
    from jedi.api.environment import InterpreterEnvironment

    module, _, named = old.partition(":")
    owner, _, name = named.partition(".")
    paths = {one: path for path, one in files.modules.items()}
    if module not in paths:
        raise UsageError(f"there is no module {module} among the files")
    roots = {top_folder(path, module) for module, path in paths.items()}
    project = jedi.Project(min(roots), added_sys_path=sorted(map(str, roots)))

    def script(path: Path, text: str) -> Any:
        return jedi.Script(text, path=path, project=project, environment=InterpreterEnvironment())

    yield from _Member(paths[module], owner, name, new.rpartition(".")[2], files, script).changes(
        f"{module}.{owner}"
    )


@dataclass(eq=False)
class _File:
    """A Python file as jedi and we read it."""

    path: Path
    text: SourceText
    script: Any

    @cached_property
    def classes(self) -> dict[int, ast.ClassDef]:
        """By line."""
        return {n.lineno: n for n in ast.walk(self.text.tree) if isinstance(n, ast.ClassDef)}

    def column(self, offset: int) -> tuple[int, int]:
        """The line, and the column in characters, of a place."""
        line = self.text.line_of(offset)
        start = self.text.line_starts[line - 1]
        return line, len(self.text.utf8[start:offset].decode("utf-8"))


@dataclass(eq=False)
class _Member:
    home: Path
    owner: str
    old: str
    new: str
    files: Files
    script: Any
    read: dict[Path, _File | None] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)

    def file(self, path: Path) -> _File | None:
        """``path`` read, if it can be."""
        path = path.resolve()
        if path not in self.read:
            try:
                text = read_source(path.read_bytes(), path.as_posix())
                self.read[path] = _File(path, text, self.script(path, text.utf8.decode("utf-8")))
            except (OSError, UnreadableSource):
                self.read[path] = None
        return self.read[path]

    def changes(self, dotted: str) -> Iterator[Change]:
        home = self.file(self.home)
        owners = [c for c in home.classes.values() if c.name == self.owner] if home else []
        if home is None or not owners or not self._binds(owners[0]):
            raise UsageError(f"{dotted} does not define {self.old}")
        self.mine = {(home.path, owners[0].lineno)}
        self._check_free(home, owners[0])
        word = re.compile(rb"(?<!\w)%s(?!\w)" % self.old.encode())
        full = re.compile(rb"(?<![\w.])%s(?!\w)" % re.escape(f"{dotted}.{self.old}".encode()))
        mention = [p for p in self.files.all if word.search(_bytes(p))]
        python = [p for p in mention if p.suffix == ".py"]
        for one in filter(None, map(self.file, python)):
            for node in one.classes.values():
                if self._binds(node) and self.mine & set(self._ancestors(one, node)):
                    self.mine.add((one.path, node.lineno))
        for path in mention:
            before = path.read_bytes()
            file = self.file(path) if path in python else None
            if path in python and file is None:
                yield Change(path, before, Failed("cannot be read"))
                continue
            self.edits, self.findings = [], []
            text = before if file is None else file.text.utf8
            if file is not None:
                self._uses(file)
            elif path not in self.files.chosen:
                continue
            for found in full.finditer(text):
                self.edits.append(Edit(found.end() - len(self.old.encode()), found.end(), b""))
            edits = {Edit(e.start, e.end, self.new.encode()) for e in self.edits}
            content = apply_edits(text, edits)
            content = content if file is None else file.text.encode(content)
            told = tuple(self.findings)
            yield Change(
                path, before, Unchanged(told) if content == before else Rewritten(content, told)
            )

    def _binds(self, node: ast.ClassDef, name: str | None = None) -> bool:
        return any(True for _ in _bindings(node, name or self.old))

    def _ancestors(self, file: _File, node: ast.ClassDef) -> Iterator[tuple[Path, int]]:
        for base in node.bases:
            base = base.value if isinstance(base, ast.Subscript) else base
            line, column = file.column(file.text.end(base) - 1)
            for found in file.script.infer(line, column):
                if found.type != "class" or found.module_path is None:
                    continue
                place = (Path(found.module_path).resolve(), found.line)
                yield place
                above = self.file(place[0])
                if above is not None and place[1] in above.classes:
                    yield from self._ancestors(above, above.classes[place[1]])

    def _check_free(self, home: _File, owner: ast.ClassDef) -> None:
        """Nothing above defines the old name, and nobody the new one."""
        for path, line in [(home.path, owner.lineno), *self._ancestors(home, owner)]:
            file = self.file(path)
            node = file.classes.get(line) if file else None
            if node is None:
                continue
            if node is not owner and self._binds(node):
                why = f"{self.old} is defined here first, and {self.owner} overrides it"
                raise DidNotHold(f"{path}:{line}: {why}: rename it there")
            if self._binds(node, self.new):
                raise DidNotHold(f"{path}:{line}: {node.name} has {self.new} already")

    def _uses(self, file: _File) -> None:
        for node in ast.walk(file.text.tree):
            if isinstance(node, ast.ClassDef) and (file.path, node.lineno) in self.mine:
                self._in_class(file, node)
        done = {edit.end for edit in self.edits}
        for node in ast.walk(file.text.tree):
            if isinstance(node, ast.Attribute) and node.attr == self.old:
                end = file.text.end(node)
                if end not in done:
                    self._decide(file, end, node.lineno)
            elif isinstance(node, ast.Call):
                self._named_in_call(file, node)

    def _in_class(self, file: _File, node: ast.ClassDef) -> None:
        """What binds it, and what its methods say of ``self``, ``cls`` and ``super()``."""
        if self._binds(node, self.new):
            why = f"{node.name} has {self.new} already"
            raise DidNotHold(f"{file.path}:{node.lineno}: {why}: rename one of them first")
        for start, end in _bindings(node, self.old, file.text):
            self.edits.append(Edit(start, end, b""))
        for outer in _outside_functions(node):
            if (
                isinstance(outer, ast.Name)
                and isinstance(outer.ctx, ast.Load)
                and outer.id == self.old
            ):
                self.edits.append(Edit(file.text.start(outer), file.text.end(outer), b""))
        for method in (n for n in node.body if isinstance(n, _FUNCTIONS)):
            first = _first_parameter(method)
            for inner in ast.walk(method):
                if isinstance(inner, ast.Attribute) and inner.attr == self.old:
                    of = inner.value
                    called = of.func if isinstance(of, ast.Call) else of
                    if isinstance(called, ast.Name) and called.id in [*first, "super"]:
                        end = file.text.end(inner)
                        self.edits.append(Edit(end - len(self.old.encode()), end, b""))

    def _decide(self, file: _File, end: int, line: int) -> None:
        start = end - len(self.old.encode())
        ours = self._is_ours(file.script.goto(*file.column(start), follow_imports=True))
        if ours is None:
            said = f"{self.old} of something whose type is unknown: not renamed"
            self.findings.append(Finding(said, line))
        elif ours:
            self.edits.append(Edit(start, end, b""))

    def _is_ours(self, found: list[Any]) -> bool | None:
        """Whether what jedi found is the member; ``None`` where it found nothing, or both."""
        answers = set()
        for name in found:
            around = name
            while around is not None and around.type not in ("class", "module"):
                around = around.parent()
            is_class = around is not None and around.type == "class" and around.module_path
            place = (Path(around.module_path).resolve(), around.line) if is_class else None
            answers.add(place in self.mine)
        return answers.pop() if len(answers) == 1 else None

    def _named_in_call(self, file: _File, call: ast.Call) -> None:
        called = getattr(call.func, "attr", getattr(call.func, "id", ""))
        for keyword in call.keywords:
            if keyword.arg == self.old and called == self.owner:
                said = f"{self.old} is passed by keyword here: check whether it is the attribute"
                self.findings.append(Finding(said, call.lineno))
        if called not in NAMES_AN_ATTRIBUTE or len(call.args) < 2:
            return
        target, named = call.args[:2]
        if not (isinstance(named, ast.Constant) and named.value == self.old):
            return
        line, column = file.column(file.text.end(target) - 1)
        types = {
            (Path(t.module_path).resolve(), t.line)
            for t in file.script.infer(line, column)
            if t.module_path is not None
        }
        pieces = literal_pieces(file.text.utf8, file.text.start(named), file.text.end(named))
        if types & self.mine and len(pieces) == 1:
            self.edits.append(Edit(pieces[0].start, pieces[0].end, b""))
        elif not types:
            said = f"{self.old} of something whose type is unknown: not renamed"
            self.findings.append(Finding(said, call.lineno))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _bindings(
    node: ast.ClassDef, name: str, text: SourceText | None = None
) -> Iterator[tuple[int, int]]:
    """Where a class body, or ``self`` in its methods, binds ``name``."""
    size = len(name.encode())
    for inner in ast.walk(ast.Module(node.body, [])):
        if isinstance(inner, _FUNCTIONS) and inner in node.body:
            if inner.name == name:
                head = None if text is None else _HEAD.match(text.utf8, text.start(inner))
                at = head.end() if head else 0
                yield at, at + size
            for target in ast.walk(inner):
                if _is_set(target, name) and target.value.id in _first_parameter(inner):
                    end = 0 if text is None else text.end(target)
                    yield end - size, end
        elif isinstance(inner, ast.Assign | ast.AnnAssign) and inner in node.body:
            targets = inner.targets if isinstance(inner, ast.Assign) else [inner.target]
            for target in targets:
                if isinstance(target, ast.Name) and target.id == name:
                    end = 0 if text is None else text.end(target)
                    yield end - size, end


def _outside_functions(node: ast.ClassDef) -> Iterator[ast.AST]:
    """What is looked up in the class's own scope: values, decorators, defaults."""
    for statement in node.body:
        if isinstance(statement, _FUNCTIONS):
            arguments = statement.args
            parts = [*statement.decorator_list, *arguments.defaults, *arguments.kw_defaults]
            for part in filter(None, parts):
                yield from ast.walk(part)
        elif not isinstance(statement, ast.ClassDef):
            yield from ast.walk(statement)


def _first_parameter(method: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """What a method calls its object or class; empty where it has none."""
    if any(getattr(one, "id", "") == "staticmethod" for one in method.decorator_list):
        return []
    return [each.arg for each in [*method.args.posonlyargs, *method.args.args][:1]]


def _is_set(node: ast.AST, name: str) -> TypeGuard[_OfName]:
    """Whether ``node`` sets the attribute ``name`` of something that has a name."""
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and node.attr == name
        and isinstance(node.value, ast.Name)
    )
