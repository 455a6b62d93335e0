"""Put moved code into a module: what it must not clash with, and where it stands."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from extractor.outcome import Finding
from extractor.reading.exports import read_exports
from extractor.rewrites.moving.departure import is_repeatable, refuse
from extractor.rewrites.moving.units import Unit, Units, When, read_units
from extractor.rewrites.parts.add_imports import add_imports
from extractor.rewrites.parts.exported import export
from extractor.rewrites.parts.import_blocks import is_future, is_preamble, lead_of
from extractor.rewrites.parts.import_statements import Import, write_imports
from extractor.rewrites.parts.removal import first_line
from extractor.rewrites.parts.scopes import Binding
from extractor.rewrites.parts.source_text import Edit, SourceText, apply_edits, read_source

_BUILTINS = frozenset(dir(builtins))
_LAZY = "annotations"


@dataclass(eq=False)
class Arrival:
    """What comes to a module: ``piece``, a module's text; ``exported`` is for its ``__all__``.

    ``former`` is the module it comes from: what the file imports from there under the names
    that come is not in the way. ``gains`` are the new imports.
    """

    path: str
    module: str
    text: SourceText
    piece: SourceText
    former: str
    exported: Collection[str] = ()
    is_package: bool = False
    lazy: bool = False
    findings: list[Finding] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.units = read_units(self.text, self.module, self.is_package)
        self.new = read_units(self.piece, self.module, self.is_package)
        self.present = {ast.dump(node) for node in self.text.tree.body}
        self.coming = [
            unit
            for unit in self.new.body
            if not unit.is_import and not all(ast.dump(n) in self.present for n in unit.nodes)
        ]
        self.entries = self._new_imports()
        self.coming = [unit for unit in self.coming if not self._is_same_logger(unit)]
        self._check_names()

    def _new_imports(self) -> list[Import]:
        """The imports of the piece that the file has not."""
        have = {_entry(b) for b in self.units.names.bindings if b.scope.kind == "module"}
        top = self.units.names.scopes[0]
        found: list[Import] = []
        for binding in self.new.names.bindings:
            entry = _entry(binding)
            guarded = binding.statement not in self.piece.tree.body
            if guarded or binding.scope.kind != "module" or entry in have:
                continue
            if entry.module == "__future__":
                self._take_future(entry)
                continue
            there = top.imports.get(entry.local, [])
            roots = bool(there) and all(other.is_root for other in [binding, *there])
            same = entry.local in top.imports and self._loads_the_same(entry, there)
            if entry.local in self.units.bound and not roots and not same:
                if any(o.local == entry.local and o.module == self.former for o in there):
                    continue
                line = self.units.binders(entry.local)[0].line
                why = (
                    f"{entry.local} is something different here than {entry.loads}, which is needed"
                )
                raise refuse(self.path, line, f"{why}: rename one of them first")
            if not same:
                found.append(entry)
        for star in self.new.names.stars:
            found.append(Import(star.module or "", "*", "*"))
        return found

    def _loads_the_same(self, entry: Import, there: Iterable[Binding]) -> bool:
        plain = [other for other in there if other.statement in self.text.tree.body]
        return bool(plain) and all(_entry(other).loads == entry.loads for other in plain)

    def _take_future(self, entry: Import) -> None:
        have = {b.local for b in self.units.names.bindings if b.module == "__future__"}
        if entry.name in have:
            return
        if entry.name == _LAZY and self._has_annotations(self.new.text.tree):
            self.lazy = True
            if self._has_annotations(self.text.tree):
                told = "annotations are not evaluated here, as they were where the moved code was"
                self.findings.append(Finding(told))
        elif entry.name != _LAZY:
            told = f"the moved code was written with {entry.name} from __future__, this is not"
            self.findings.append(Finding(told))

    def _has_annotations(self, tree: ast.Module) -> bool:
        return any(
            isinstance(node, ast.AnnAssign)
            or getattr(node, "annotation", None) is not None
            or getattr(node, "returns", None) is not None
            for node in ast.walk(tree)
        )

    def _is_same_logger(self, unit: Unit) -> bool:
        """Whether both modules have a logger, or an alias, of one name for their own."""
        (node,) = unit.nodes if len(unit.nodes) == 1 else (None,)
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
            return False
        theirs = self.new.names.scopes[0].imports
        ours = self.units.names.scopes[0].imports
        found = [other for name in unit.binds for other in self.units.binders(name)]
        return (
            bool(found)
            and "__name__" in unit.reads()
            and is_repeatable(node, theirs)
            and all(
                "__name__" in other.reads() and is_repeatable(each, ours)
                for other in found
                for each in other.nodes
            )
        )

    def _check_names(self) -> None:
        """Nothing that comes may bind a name of the file's, or be bound by one."""
        top = self.units.names.scopes[0]
        stars = bool(self.units.names.stars)
        free = self.units.names.free
        for unit in self.coming:
            for name in sorted(unit.binds):
                from_there = name in top.imports and all(
                    b.module in (self.former, self.module) for b in top.imports[name]
                )
                if name in self.units.bound and not (from_there and name not in top.others):
                    if unit.registers and all(u.registers for u in self.units.binders(name)):
                        continue
                    line = self.units.binders(name)[0].line
                    why = f"{name} is defined here already"
                    raise refuse(self.path, line, f"{why}: rename one of them first")
                if name in free and (stars or name in _BUILTINS):
                    line = free[name][0].name.lineno
                    why = f"{name} means something else here than in the moved code"
                    raise refuse(self.path, line, f"{why}: rename one of them first")
        own = self.new.bound | {entry.local for entry in self.entries}
        for unit in self.coming:
            for name in sorted(unit.reads() - own):
                if name in _BUILTINS and name in self.units.bound:
                    line = self.units.binders(name)[0].line
                    why = f"{name} is defined here, but the moved code means the built-in one"
                    raise refuse(self.path, line, f"{why}: rename one of them first")

    def content(self) -> bytes:
        """The file's text with all that came."""
        guards = [unit for unit in self.coming if unit.is_guard]
        code = [unit for unit in self.coming if not unit.is_guard]
        edits: list[Edit] = []
        if code:
            edits.append(self._code_edit(self._joined(code), code))
        if self.exported:
            edits += export(self.text, read_exports(self.text.tree), sorted(self.exported))
        now = self._read(self.text.encode(apply_edits(self.text.utf8, edits)))
        if guards:
            edit = _guard_edit(now, self._joined(guards, lead=b"\n"))
            now = self._read(now.encode(apply_edits(now.utf8, [edit])))
        own = frozenset({self.module.partition(".")[0]})
        lazily = [first_of_all(now, Import("__future__", _LAZY, _LAZY))] if self.lazy else []
        if lazily:
            now = self._read(now.encode(apply_edits(now.utf8, lazily)))
        return now.encode(apply_edits(now.utf8, add_imports(now, self.entries, own)))

    def _read(self, content: bytes) -> SourceText:
        return read_source(content, self.path, self.text.style)

    def _joined(self, units: Iterable[Unit], lead: bytes = b"\n\n") -> bytes:
        code = b""
        for unit in units:
            part = self.new.split.body[unit.index]
            gap = (part.gap if code else lead).replace(b"\r\n", b"\n")
            code += gap + part.comment + part.code.rstrip(b"\r\n") + b"\n"
        return code.replace(b"\r\n", b"\n").replace(b"\n", self.text.newline)

    def _code_edit(self, code: bytes, units: Iterable[Unit]) -> Edit:
        """At the end, or after what it needs and before what needs it when it is imported."""
        comes = {name for unit in units for name in unit.binds}
        needs = {name for unit in units for name in unit.reads(When.NOW)} - comes
        body = self.units.body
        reached = _reached_now(self.units)
        last = max((u.index for u in body if u.binds & needs), default=-1)
        first = next((u for u in body if reached[u.index] & comes and not u.is_import), None)
        main = next((u for u in body if _is_main_guard(u)), None)
        before = first or main
        if before is None:
            return end_edit(self.text, code)
        if last >= before.index:
            names = ", ".join(sorted(reached[before.index] & comes)) or "what comes"
            why = f"{names} is needed here before what it needs itself is defined"
            raise refuse(self.path, before.line, f"{why}: move that up first")
        imports = [u.index for u in body if u.is_import or u.is_guard]
        after = max([last, *(i for i in imports if i < before.index)])
        if first is None or after < 0 or body[after].nodes[-1] is None:
            return self._before(before, code)
        return self._after(after, code)

    def _after(self, index: int, code: bytes) -> Edit:
        node = next(u for u in self.units.body if u.index == index).nodes[-1]
        end = node.end_lineno or node.lineno
        starts = self.text.line_starts
        at = starts[end] if end < len(starts) else len(self.text.utf8)
        joined = not self.text.utf8[:at].endswith((b"\n", b"\r"))
        return Edit(at, at, (self.text.newline if joined else b"") + code)

    def _before(self, unit: Unit, code: bytes) -> Edit:
        node = unit.nodes[0]
        at = self.text.line_starts[first_line(node) - 1] - len(_lead(self.text, node))
        return Edit(at, at, code.lstrip(b"\r\n") + self.text.newline * 2)


def _lead(text: SourceText, node: ast.stmt) -> bytes:
    return lead_of(text, node) if first_line(node) == node.lineno else b""


def _reached_now(units: Units) -> dict[int, set[str]]:
    """What each statement may look up when the module is imported, through what it calls too."""
    late: dict[str, set[str]] = {}
    for unit in units.body:
        for name in unit.binds if not unit.is_import else ():
            late.setdefault(name, set()).update(unit.reads(When.LATE, When.NOW))
    found: dict[int, set[str]] = {}
    for unit in units.body:
        todo, seen = list(unit.reads(When.NOW)), set[str]()
        while todo:
            name = todo.pop()
            if name not in seen:
                seen.add(name)
                todo += late.get(name, ())
        found[unit.index] = seen
    return found


def _is_main_guard(unit: Unit) -> bool:
    return any(
        isinstance(node, ast.If) and "__name__" in ast.unparse(node.test) for node in unit.nodes
    )


def _guard_edit(text: SourceText, code: bytes) -> Edit:
    """After the imports that stand first, or where the first would."""
    body = text.tree.body
    index = 0
    while index < len(body) and (
        is_preamble(body[index]) or isinstance(body[index], ast.Import | ast.ImportFrom)
    ):
        index += 1
    if index:
        end = body[index - 1].end_lineno or body[index - 1].lineno
        at = text.line_starts[end] if end < len(text.line_starts) else len(text.utf8)
        joined = not text.utf8[:at].endswith((b"\n", b"\r"))
        return Edit(at, at, (text.newline if joined else b"") + code)
    at = text.line_starts[first_line(body[0]) - 1] if body else len(text.utf8)
    at -= len(_lead(text, body[0])) if body else 0
    return Edit(at, at, code.lstrip(b"\r\n") + (text.newline * 2 if body else b""))


def first_of_all(text: SourceText, entry: Import) -> Edit:
    """The edit that puts an import of ``__future__`` where these must stand."""
    body = text.tree.body
    line = write_imports([entry]).encode() + text.newline
    is_doc = bool(body) and is_preamble(body[0]) and isinstance(body[0], ast.Expr)
    if not is_doc:
        at = text.line_starts[first_line(body[0]) - 1] - len(_lead(text, body[0])) if body else 0
        gap = b"" if body and _is_future(body[0]) else text.newline
        return Edit(at, at, line + gap)
    end = body[0].end_lineno or body[0].lineno
    at = text.line_starts[end] if end < len(text.line_starts) else len(text.utf8)
    joined = text.newline if not text.utf8[:at].endswith((b"\n", b"\r")) else b""
    return Edit(at, at, joined + text.newline + line)


def end_edit(text: SourceText, code: bytes) -> Edit:
    """The edit that puts ``code`` at the end of a file."""
    end = len(text.utf8.rstrip())
    lead = text.newline if end else b""
    body = code if end else code.lstrip(b"\r\n")
    return Edit(end, len(text.utf8), lead + body)


def _is_future(node: ast.AST) -> bool:
    return isinstance(node, ast.ImportFrom) and is_future(node)


def _entry(binding: Binding) -> Import:
    if binding.module is None:
        return Import(binding.alias.name, None, binding.local)
    return Import(binding.module, binding.alias.name, binding.local)
