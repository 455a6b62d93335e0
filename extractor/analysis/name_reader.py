"""Read the names of one module: what each top-level statement defines and what it refers to.

Pure: text in, ``ModuleNames`` out. Scopes are honoured: a parameter or local variable
hides a module's name, a function's own import is resolved where it is used.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from extractor.analysis.names import Imported, ModuleNames, Reference, Unit, binders_of
from extractor.parsing import StandIns, parse_ast
from extractor.project.relative import absolute

_DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


def read_names(source: bytes, module: str, is_package: bool, path: str = "") -> ModuleNames:
    """Take one module's source apart; ``UnreadableSource`` when nothing parses it."""
    tree, stand_ins = parse_ast(source, path or module)
    reader = _Reader(module, is_package, stand_ins, walrus=b":=" in source)
    units = tuple(reader.unit(statement) for statement in tree.body)
    stars: list[str] = []
    exported: tuple[str, ...] | None = None
    for unit, statement in zip(units, tree.body, strict=True):
        stars.extend(i.module for _, i in unit.imports if i.name == "*")
        if "__all__" in unit.names and isinstance(statement, ast.Assign):
            exported = tuple(
                c.value
                for c in ast.walk(statement.value)
                if isinstance(c, ast.Constant) and isinstance(c.value, str)
            )
    return ModuleNames(module, is_package, units, binders_of(units), tuple(stars), exported)


class _Reader:
    def __init__(
        self, module: str, is_package: bool, stand_ins: StandIns, *, walrus: bool = True
    ) -> None:
        self.module = module
        self.is_package = is_package
        self.stand_ins = stand_ins
        # Without one in the text no expression binds a name.
        self.walrus = walrus

    def unit(self, statement: ast.stmt) -> Unit:
        collector = _Collector(self)
        collector.statement(statement)
        names, augments = collector.bound, collector.augmented
        decorators = getattr(statement, "decorator_list", [])
        first = min([statement.lineno, *(d.lineno for d in decorators)])
        return Unit(
            kind=_KINDS.get(type(statement), "code"),
            names=tuple(dict.fromkeys(names)),
            augments=tuple(dict.fromkeys(a for a in augments if a not in names)),
            first_line=first,
            last_line=statement.end_lineno or statement.lineno,
            references=tuple(collector.references),
            imports=tuple(collector.imports),
            alias_of=_alias_chain(statement),
            decorators=tuple(chain for d in decorators if (chain := _decorator(d))),
        )

    def imports(self, node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, Imported]]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.asname:
                    yield self.stand_ins.restore_name(alias.asname), Imported(alias.name)
                else:
                    yield alias.name.split(".")[0], Imported(alias.name.split(".")[0])
            return
        source = absolute(self.module, self.is_package, node.level, node.module)
        for alias in node.names:
            name = self.stand_ins.restore_name(alias.name)
            yield self.stand_ins.restore_name(alias.asname or name), Imported(source, name)


_KINDS: dict[type[ast.stmt], str] = {
    ast.FunctionDef: "def",
    ast.AsyncFunctionDef: "def",
    ast.ClassDef: "class",
    ast.Assign: "assign",
    ast.AnnAssign: "assign",
    ast.Import: "import",
    ast.ImportFrom: "import",
}


def _decorator(node: ast.expr) -> tuple[str, ...]:
    """The chain of a decorator; empty when it says itself that it does nothing: ``f(False)``."""
    if isinstance(node, ast.Call):
        if [getattr(a, "value", None) for a in node.args] == [False]:
            return ()
        node = node.func
    return attribute_chain(node)


def _alias_chain(statement: ast.stmt) -> tuple[str, ...]:
    """``("a", "b")`` for the statement ``name = a.b``: another name for the same thing."""
    if (
        isinstance(statement, ast.Assign)
        and len(statement.targets) == 1
        and isinstance(statement.targets[0], ast.Name)
    ):
        return attribute_chain(statement.value)
    return ()


def attribute_chain(node: ast.AST) -> tuple[str, ...]:
    """``("a", "b", "c")`` for ``a.b.c``; empty when it does not start at a plain name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        return (node.id, *reversed(parts))
    return ()


class _Collector:
    """Walks one top-level statement with a stack of function and class scopes."""

    def __init__(self, reader: _Reader) -> None:
        self.reader = reader
        self.references: list[Reference] = []
        self.imports: list[tuple[str, Imported]] = []
        self.bound: list[str] = []
        self.augmented: list[str] = []
        self.scopes: list[dict[str, Imported | None]] = []

    def statement(self, node: ast.stmt) -> None:
        self.visit(node)

    def visit(self, node: ast.AST) -> None:
        method = _VISITS.get(type(node))
        if method is not None:
            method(self, node)
        else:
            self.children(node)

    def children(self, node: ast.AST) -> None:
        for name in node._fields:
            value = getattr(node, name, None)
            if type(value) is list:
                for item in value:
                    if isinstance(item, ast.AST):
                        self.visit(item)
            elif isinstance(value, ast.AST) and not isinstance(value, _LEAVES):
                self.visit(value)

    def use(self, chain: tuple[str, ...], line: int) -> None:
        head = chain[0]
        for scope in reversed(self.scopes):
            if head in scope:
                base = scope[head]
                if base is not None:
                    self.references.append(Reference(self.real(chain), line, base))
                return
        self.references.append(Reference(self.real(chain), line))

    def real(self, chain: Sequence[str]) -> tuple[str, ...]:
        stand_ins = self.reader.stand_ins
        return tuple(map(stand_ins.restore_name, chain)) if stand_ins.names else tuple(chain)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.use((node.id,), node.lineno)
        elif not self.scopes:
            self.bound.append(self.reader.stand_ins.restore_name(node.id))

    def visit_Attribute(self, node: ast.Attribute) -> None:
        chain = attribute_chain(node)
        if chain:
            self.use(chain, node.lineno)
            if not isinstance(node.ctx, ast.Load) and not self.scopes:
                self.augmented.append(chain[0])
        else:
            self.visit(node.value)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        chain = attribute_chain(node.value)
        if chain and not isinstance(node.ctx, ast.Load) and not self.scopes:
            self.augmented.append(chain[0])
        self.children(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name) and not self.scopes:
            self.augmented.append(node.target.id)
            self.visit(node.value)
        else:
            self.children(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and _DOTTED.fullmatch(node.value):
            chain = tuple(node.value.split("."))
            self.references.append(Reference(chain, node.lineno, text=True))

    def visit_Import(self, node: ast.Import) -> None:
        if self.scopes:
            # ``import a.b`` inside a function reaches a.b even when only ``a`` is bound.
            for alias in node.names:
                target = Imported(alias.name)
                self.references.append(Reference((alias.name,), node.lineno, target, binding=True))
            return
        for name, target in self.reader.imports(node):
            self.bound.append(name)
            self.imports.append((name, target))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for name, target in self.reader.imports(node):
            if self.scopes:
                self.references.append(Reference((name,), node.lineno, target, binding=True))
                continue
            if target.name != "*":
                self.bound.append(name)
            self.imports.append((name, target))

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for decorator in node.decorator_list:
            self.visit(decorator)
        self.definition(node)

    def definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """A function without its decorators."""
        self.named(node.name)
        arguments = node.args
        for outside in [
            *arguments.defaults,
            *(d for d in arguments.kw_defaults if d is not None),
            *([node.returns] if node.returns else []),
        ]:
            self.visit(outside)
        self.function(arguments, node.body)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for default in [*node.args.defaults, *(d for d in node.args.kw_defaults if d)]:
            self.visit(default)
        self.function(node.args, [node.body])

    def function(self, arguments: ast.arguments, body: Sequence[ast.AST]) -> None:
        scope: dict[str, Imported | None] = {}
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every += [a for a in (arguments.vararg, arguments.kwarg) if a]
        for argument in every:
            scope[argument.arg] = None
            if argument.annotation is not None:
                self.visit(argument.annotation)
        outer: set[str] = set()
        for part in body:
            self.bindings(part, scope, outer)
        for name in outer:
            scope.pop(name, None)
        self.scopes.append(scope)
        for part in body:
            self.visit(part)
        self.scopes.pop()

    def bindings(self, part: ast.AST, scope: dict[str, Imported | None], outer: set[str]) -> None:
        """Every name a function's own body binds, not those of functions inside it."""
        pending = [part]
        while pending:
            node = pending.pop()
            kind = type(node)
            if kind in _SCOPES:
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                    scope.setdefault(node.name, None)
                continue
            if isinstance(node, ast.Name):
                if kind is ast.Name and not isinstance(node.ctx, ast.Load):
                    scope.setdefault(node.id, None)
                continue
            if isinstance(node, ast.Import | ast.ImportFrom):
                scope.update(self.reader.imports(node))
                continue
            if isinstance(node, ast.Global | ast.Nonlocal):
                outer.update(node.names)
                continue
            if isinstance(node, ast.ExceptHandler) and node.name:
                scope.setdefault(node.name, None)
            found: list[ast.AST] = []
            for name in node._fields:
                value = getattr(node, name, None)
                items = value if type(value) is list else (value,)
                found += (item for item in items if isinstance(item, ast.AST) and self.binds(item))
            pending.extend(reversed(found))

    def binds(self, node: ast.AST) -> bool:
        """Whether a node may bind a name; of expressions targets, or all if there is a walrus."""
        if isinstance(node, _LEAVES):
            return False
        if not isinstance(node, ast.expr) or self.reader.walrus:
            return True
        return not isinstance(getattr(node, "ctx", _LOAD), ast.Load)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.named(node.name)
        for outside in [*node.decorator_list, *node.bases, *(k.value for k in node.keywords)]:
            self.visit(outside)
        scope: dict[str, Imported | None] = {}
        # A class body's names are visible in the body, but not in the methods below it.
        self.scopes.append(scope)
        for statement in node.body:
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                for decorator in statement.decorator_list:
                    self.visit(decorator)
                hidden = self.scopes.pop()
                self.scopes.append({})
                self.definition(statement)
                self.scopes[-1] = hidden
            else:
                self.visit(statement)
                self.bindings(statement, scope, set())
        self.scopes.pop()

    def named(self, name: str) -> None:
        if not self.scopes:
            self.bound.append(self.reader.stand_ins.restore_name(name))

    def comprehension(self, node: ast.AST, generators: Iterable[ast.comprehension]) -> None:
        scope: dict[str, Imported | None] = {}
        self.scopes.append(scope)
        for generator in generators:
            self.visit(generator.iter)
            for target in ast.walk(generator.target):
                if isinstance(target, ast.Name):
                    scope[target.id] = None
            for condition in generator.ifs:
                self.visit(condition)
        for name in ("key", "value", "elt"):
            part = getattr(node, name, None)
            if isinstance(part, ast.AST):
                self.visit(part)
        self.scopes.pop()

    def visit_ListComp(self, node: ast.ListComp) -> None:
        self.comprehension(node, node.generators)

    def visit_SetComp(self, node: ast.SetComp) -> None:
        self.comprehension(node, node.generators)

    def visit_DictComp(self, node: ast.DictComp) -> None:
        self.comprehension(node, node.generators)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        self.comprehension(node, node.generators)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name and not self.scopes:
            self.bound.append(node.name)
        self.children(node)


_LOAD = ast.Load()
_LEAVES = (ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)
# What has names of its own.
_SCOPES = frozenset(
    {
        ast.FunctionDef,
        ast.AsyncFunctionDef,
        ast.ClassDef,
        ast.Lambda,
        ast.ListComp,
        ast.SetComp,
        ast.DictComp,
        ast.GeneratorExp,
    }
)
_VISITS: dict[type[ast.AST], Callable[[_Collector, Any], None]] = {
    getattr(ast, name.removeprefix("visit_")): method
    for name, method in vars(_Collector).items()
    if name.startswith("visit_")
}
