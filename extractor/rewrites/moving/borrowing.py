"""How moved code gets at the names that its old module keeps.

By an import at the top, where that makes no cycle and nobody binds the name anew. What is
bound anew is read through the module, each time; where the old module imports the new one,
the import stands in the functions that need it.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from extractor.rewrites.moving.departure import Departure, refuse
from extractor.rewrites.moving.units import Unit, When, bindings_in
from extractor.rewrites.parts.edited_uses import EditedUses
from extractor.rewrites.parts.import_statements import Import, import_of_module
from extractor.rewrites.parts.removal import remove_statements
from extractor.rewrites.parts.scopes import Use
from extractor.rewrites.parts.source_text import Edit

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(eq=False)
class Borrowing:
    """The imports that the new module gets for it, and the edits of the moved text.

    ``rebound`` are names that somebody sets; ``cycle`` is the way over which importing the old
    module loads the new one, empty where it does not. ``for_types`` are imports that only type
    checkers need.
    """

    departure: Departure
    rebound: Collection[str]
    cycle: list[str]
    taken: Collection[str]  # names that mean something else in the new module
    imports: list[Import] = field(default_factory=list)
    for_types: list[Import] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)

    def __post_init__(self) -> None:
        units = self.departure.units
        self.alias = _free_name(self.departure.module, {*units.names.identifiers, *self.taken})
        self.inside: dict[ast.AST, list[Import]] = {}
        for name in sorted(self.departure.borrowed):
            self._decide(name)
        for function, entries in self.inside.items():
            self.edits.append(self._import_inside(function, entries))

    def _decide(self, name: str) -> None:
        """Settle how ``name`` is reached."""
        module = self.departure.module
        entry = Import(module, name, name)
        times = {when for _, when in self.departure.uses(name)}
        written = [unit for unit in self.departure.carried if name in unit.rebinds]
        if self.cycle and When.NOW in times:
            raise self._in_a_cycle(name)
        if self.cycle and When.TYPED in times:
            self.for_types.append(entry)
        if name in self.rebound or written or name in self.taken:
            if times == {When.TYPED} and not written:
                raise self._named_in_types(name)
            through = import_of_module(module, self.alias)
            self._edit_uses(name)
            if not self.cycle:
                self._add(self.imports, through)
            else:
                self._import_in_functions(name, through)
        elif not self.cycle:
            self.imports.append(entry)
        elif When.LATE in times:
            self._import_in_functions(name, entry)

    def _add(self, entries: list[Import], entry: Import) -> None:
        if entry not in entries:
            entries.append(entry)

    def _in_a_cycle(self, name: str) -> Exception:
        unit = next(u for u, when in self.departure.uses(name) if when is When.NOW)
        line = next(u.name.lineno for u, when in unit.uses[name] if when is When.NOW)
        way = " -> ".join(self.cycle)
        why = f"importing what moves reads {name} of {self.departure.module}, and {way}"
        return refuse(self.departure.path, line, f"{why}: move {name} too, or split the modules")

    def _named_in_types(self, name: str) -> Exception:
        line = self.departure.uses(name)[0][0].line
        why = f"{name} means something else in the new module, and a type names it"
        return refuse(self.departure.path, line, f"{why}: rename one of them first")

    def _uses(self, name: str) -> Iterator[tuple[Unit, Use, When]]:
        for unit in self.departure.carried:
            for use, when in unit.uses.get(name, ()):
                yield unit, use, when

    def _edit_uses(self, name: str) -> None:
        """Let every use of ``name`` go through the module."""
        text = self.departure.units.text
        edited = EditedUses(text, ())
        for _, use, when in self._uses(name):
            if when is not When.TYPED:
                edited.edit(use, name, list(use.path), self.alias, [name, *use.path])
        self.edits += edited.edits
        for unit in self.departure.carried:
            if name in unit.rebinds:
                self._edit_bindings(unit, name)

    def _edit_bindings(self, unit: Unit, name: str) -> None:
        """``global name`` and what is bound by it."""
        text, path = self.departure.units.text, self.departure.path
        for node in unit.nodes:
            for function in ast.walk(node):
                if not isinstance(function, _FUNCTIONS):
                    continue
                own = [g for g in ast.walk(function) if isinstance(g, ast.Global)]
                if not any(name in statement.names for statement in own):
                    continue
                targets = [
                    inner
                    for inner in ast.walk(function)
                    if isinstance(inner, ast.Name)
                    and inner.id == name
                    and not isinstance(inner.ctx, ast.Load)
                ]
                bound = [line for other, line in bindings_in(function) if other == name]
                if len(bound) > len(targets) or _is_walrus(function, name):
                    why = f"{name} of {self.departure.module} is rebound in an unusual way"
                    raise refuse(
                        path,
                        unit.rebinds[name],
                        f"{why}: move it together with everything that reads it",
                    )
                new = f"{self.alias}.{name}".encode()
                self.edits += [Edit(text.start(t), text.end(t), new) for t in targets]
                for statement in own:
                    self._edit_global(statement)

    def _edit_global(self, statement: ast.Global) -> None:
        text = self.departure.units.text
        kept = [other for other in statement.names if other not in self.departure.borrowed]
        if kept == statement.names:
            return
        if kept:
            code = f"global {', '.join(kept)}".encode()
            edit = [Edit(text.start(statement), text.end(statement), code)]
        else:
            edit = remove_statements(text, [statement])
        self.edits += [each for each in edit if each not in self.edits]

    def _import_in_functions(self, name: str, entry: Import) -> None:
        """Import it in every function that needs it; refuse where there is none."""
        for unit, use, when in self._uses(name):
            if when is When.TYPED:
                continue
            function = _function_around(unit, use.name.lineno, use.name.col_offset)
            if function is None:
                raise self._in_a_cycle_late(name, use)
            self._add(self.inside.setdefault(function, []), entry)
        for unit in self.departure.carried:
            if name in unit.rebinds:
                function = _function_around(unit, unit.rebinds[name], None)
                if function is not None:
                    self._add(self.inside.setdefault(function, []), entry)

    def _in_a_cycle_late(self, name: str, use: Use) -> Exception:
        way = " -> ".join(self.cycle)
        why = f"what moves needs {name} of {self.departure.module}, and {way}"
        return refuse(self.departure.path, use.name.lineno, f"{why}: move {name} too")

    def _import_inside(self, function: ast.AST, entries: list[Import]) -> Edit:
        """The import at the head of a function's body, after its docstring."""
        assert isinstance(function, _FUNCTIONS)
        text = self.departure.units.text
        body = function.body
        first = body[0].value if isinstance(body[0], ast.Expr) else None
        is_doc = isinstance(first, ast.Constant) and isinstance(first.value, str)
        if is_doc and len(body) == 1:
            at = text.end(body[0])
            pad = text.newline + b" " * body[0].col_offset
            return Edit(at, at, b"".join(pad + entry.code.encode() for entry in entries))
        node = body[1] if is_doc else body[0]
        decorators = getattr(node, "decorator_list", [])
        line = min([node.lineno, *(decorator.lineno for decorator in decorators)])
        start, _ = text.line_bounds(line)
        alone = not text.utf8[start : start + node.col_offset].strip()
        if alone:
            pad = text.utf8[start : start + node.col_offset]
            code = [pad + entry.code.encode() + text.newline for entry in entries]
            return Edit(start, start, b"".join(code) + text.newline)
        at = text.start(node)
        return Edit(at, at, b"".join(entry.code.encode() + b"; " for entry in entries))


def _function_around(unit: Unit, line: int, column: int | None) -> ast.AST | None:
    """The outermost function whose body holds a place."""
    todo: list[ast.AST] = list(unit.nodes)
    while todo:
        node = todo.pop(0)
        if isinstance(node, _FUNCTIONS):
            first, last = node.body[0], node.body[-1]
            decorators = getattr(first, "decorator_list", [])
            start = min([first.lineno, *(decorator.lineno for decorator in decorators)])
            after = column is None or (line, column) >= (start, 0)
            on_line = start != node.lineno or column is None or column >= first.col_offset
            if start <= line <= (last.end_lineno or line) and after and on_line:
                return node
        else:
            todo += ast.iter_child_nodes(node)
    return None


def _is_walrus(function: ast.AST, name: str) -> bool:
    return any(
        isinstance(node, ast.NamedExpr) and node.target.id == name for node in ast.walk(function)
    )


def _free_name(module: str, taken: Collection[str]) -> str:
    last = module.rpartition(".")[2]
    name, number = last, 2
    while name in taken:
        name, number = f"{last}_module" if number == 2 else f"{last}{number}", number + 1
    return name
