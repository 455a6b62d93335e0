"""Walk a syntax tree once: what binds names, and what uses those that are not local.

Follows Python's rules of scope: functions see through classes, comprehensions and type
parameters have scopes of their own, ``global`` and ``nonlocal`` name others' names.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from typing import Any

from extractor.parsing import StandIns
from extractor.reading.calls import Calls, path_of
from extractor.reading.exports import EXPORTS, read_exports
from extractor.reading.facts import Bound, Exported, Mention, NamedInString, Reading, Star
from extractor.reading.scopes import Scope, Then, Waiting, decide

# Errors that say that a name, an attribute or a module is not there.
ABSENT = frozenset(
    {"ImportError", "ModuleNotFoundError", "AttributeError", "NameError", "Exception"}
    | {"BaseException"}
)
DOTTED = re.compile(r"[^\W\d]\w*(?:[.:][^\W\d]\w*)+")
_TYPE_COMMENT = re.compile(rb"#[ \t]*type:[ \t]*(?!ignore\b)([^#\r\n]+)")
_MAKERS = frozenset({"globals", "vars", "locals"})


def walk(tree: ast.Module, stand_ins: StandIns) -> Reading:
    """The reading of ``tree``; names that ``stand_ins`` stand for are given back."""
    reader = Walk(tree, stand_ins)
    reader.visit_all(tree.body)
    reader.type_comments(stand_ins.source)
    decide(reader.waiting)
    return reader.found


def exported(tree: ast.Module) -> Exported | None:
    """What ``__all__`` of the module says; ``None`` where there is none."""
    found = read_exports(tree)
    if not found.is_there:
        return None
    lines = {str(node.value): node.lineno for node in found.strings}
    paths = [path_of(other) for other in found.others]
    return Exported(
        {name: lines[name] for name in found.names},
        [path[:-1] for path in paths if path[-1:] == (EXPORTS,)],
        found.is_complete and all(path[-1:] == (EXPORTS,) for path in paths),
    )


class Walk:
    """The walk over one module; made for it and thrown away."""

    def __init__(self, tree: ast.Module, stand_ins: StandIns) -> None:
        self.scope = Scope("module", None)
        self.found = Reading(self.scope.bound, [], [], [], exported(tree), [], [], [], [])
        self.tree = tree
        self.waiting: list[Waiting] = []
        self.group = ""
        self.guards = self.typing = self.functions = 0
        self.annotating = self.lazy_annotations = False
        self.line = 0  # of a quoted expression, whose own lines say nothing
        self.stand_ins = stand_ins
        self.calls = Calls(self)
        self.handlers: dict[type[ast.AST], Callable[[Any], None]] = {
            kind: handler
            for name, kind in vars(ast).items()
            if (handler := getattr(self, f"on_{name}", None)) is not None
        }

    def visit(self, node: ast.AST) -> None:
        handler = self.handlers.get(type(node))
        if handler is not None:
            handler(node)
        else:
            self.visit_children(node)

    def visit_children(self, node: ast.AST) -> None:
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, list):
                for item in value:
                    if isinstance(item, ast.AST):
                        self.visit(item)
            elif isinstance(value, ast.AST):
                self.visit(value)

    def visit_all(self, nodes: Iterable[ast.AST | None]) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node)

    # Binding and using names.

    def named(self, name: str) -> str:
        return self.stand_ins.restore_name(name) if self.stand_ins.names else name

    def line_of(self, node: Any) -> int:
        return self.line or int(node.lineno)

    def bind(self, name: str, node: Any, kind: str = "name", /, **more: Any) -> Bound:
        bound = Bound(
            kind,
            self.line_of(node),
            guarded=self.guards > 0,
            typing=self.typing > 0,
            runs=not self.functions,
            **more,
        )
        name = self.named(name)
        self.scope.binds_for(name).bound.setdefault(name, []).append(bound)
        return bound

    def bind_here(self, name: str, node: Any) -> None:
        """Bind in the scope at hand: a parameter, or a name of a comprehension."""
        bound = Bound("name", self.line_of(node))
        self.scope.bound.setdefault(self.named(name), []).append(bound)

    def use(self, path: tuple[str, ...], node: Any, stored: bool = False) -> None:
        path = tuple(map(self.named, path)) if self.stand_ins.names else path
        if self.scope.holds(path[0]):
            if len(path) > 1 and path[0] not in ("self", "cls"):
                self.found.locals.append((".".join(path), self.line_of(node)))
            return
        line, group, guarded = self.line_of(node), self.group, self.guards > 0
        runs = not self.functions and not (self.annotating and self.lazy_annotations)

        def then(imports: tuple[Bound, ...]) -> None:
            self.found.mentions.append(Mention(path, line, group, imports, stored, guarded, runs))

        self.wait(path[0], then)

    def wait(self, name: str, then: Then) -> None:
        self.waiting.append(Waiting(self.scope.where_read(name), name, then))

    def on_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.use((node.id,), node)
        else:
            self.bind(node.id, node)

    def on_Attribute(self, node: ast.Attribute) -> None:
        path = path_of(node)
        if path:
            self.use(path, node, stored=not isinstance(node.ctx, ast.Load))
            return
        inner: ast.expr = node
        while isinstance(inner, ast.Attribute):
            inner = inner.value
        self.visit(inner)

    def on_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            local = alias.asname or alias.name.partition(".")[0]
            alone = alias.asname is not None
            self.found.imports.append(
                self.bind(local, node, "import", module=self.named(alias.name), alias=alone)
            )

    def on_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = self.named(node.module or "")
        for alias in node.names:
            if alias.name == "*":
                star = Star(module, node.level, node.lineno, self.guards > 0, not self.functions)
                self.found.stars.append(star)
                continue
            if module == "__future__" and alias.name == "annotations":
                self.lazy_annotations = True
            more = {"module": module, "level": node.level, "name": self.named(alias.name)}
            local = alias.asname or alias.name
            bound = self.bind(local, node, "from", alias=alias.asname is not None, **more)
            self.found.imports.append(bound)

    # Statements.

    def on_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        before = self.enter_group(node.name)
        self.visit_all(node.decorator_list)
        self.bind(node.name, node, "def")
        self.enter("types")
        self.type_parameters(node)
        self.function(node.args, node.body, node.returns)
        self.leave()
        self.group = before

    on_AsyncFunctionDef = on_FunctionDef

    def on_Lambda(self, node: ast.Lambda) -> None:
        self.function(node.args, [node.body], None)

    def function(
        self, given: ast.arguments, body: Iterable[ast.AST], returns: ast.expr | None
    ) -> None:
        self.visit_all([*given.defaults, *given.kw_defaults])
        arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs]
        arguments += [extra for extra in (given.vararg, given.kwarg) if extra]
        for annotation in [*(argument.annotation for argument in arguments), returns]:
            if annotation is not None:
                self.annotation(annotation)
        self.enter("function")
        for argument in arguments:
            self.bind_here(argument.arg, argument)
        self.functions += 1
        annotating, self.annotating = self.annotating, False
        self.visit_all(body)
        self.annotating = annotating
        self.functions -= 1
        self.leave()

    def on_ClassDef(self, node: ast.ClassDef) -> None:
        before = self.enter_group(node.name)
        self.visit_all(node.decorator_list)
        self.bind(node.name, node, "class")
        self.enter("types")
        self.type_parameters(node)
        self.visit_all([*node.bases, *(keyword.value for keyword in node.keywords)])
        self.enter("class")
        self.visit_all(node.body)
        self.leave()
        self.leave()
        self.group = before

    def on_TypeAlias(self, node: Any) -> None:
        before = self.enter_group(node.name.id)
        self.bind(node.name.id, node)
        self.enter("types")
        self.type_parameters(node)
        self.visit(node.value)
        self.leave()
        self.group = before

    def type_parameters(self, node: Any) -> None:
        parameters = getattr(node, "type_params", ())
        for parameter in parameters:
            self.bind_here(parameter.name, parameter)
        for parameter in parameters:
            more = (getattr(parameter, name, None) for name in ("bound", "default_value"))
            self.visit_all(more)

    def enter(self, kind: str) -> None:
        self.scope = Scope(kind, self.scope)

    def leave(self) -> None:
        assert self.scope.parent is not None
        self.scope = self.scope.parent

    def enter_group(self, name: str) -> str:
        before = self.group
        if self.scope.kind == "module":
            self.group = self.named(name)
        return before

    def on_Assign(self, node: ast.Assign) -> None:
        names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        before = self.enter_group(names[0]) if names else self.group
        self.visit(node.value)
        self.visit_all(node.targets)
        self.group = before

    def on_AnnAssign(self, node: ast.AnnAssign) -> None:
        before = self.group
        if isinstance(node.target, ast.Name):
            self.enter_group(node.target.id)
        self.annotation(node.annotation)
        self.visit_all([node.value, node.target])
        self.group = before

    def on_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.use((node.target.id,), node.target)
        self.visit_all([node.value, node.target])

    def on_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit_all([node.iter, node.target, *node.body, *node.orelse])

    on_AsyncFor = on_For

    def on_Global(self, node: ast.Global | ast.Nonlocal) -> None:
        kind = "global" if isinstance(node, ast.Global) else "nonlocal"
        if self.scope.kind != "module":
            self.scope.declared.update(dict.fromkeys(map(self.named, node.names), kind))

    on_Nonlocal = on_Global

    def on_Try(self, node: ast.Try) -> None:
        guarded = any(
            handler.type is None or any(name in ABSENT for name in names_in(handler.type))
            for handler in node.handlers
        )
        self.guards += guarded
        self.visit_all(node.body)
        self.guards -= guarded
        self.visit_all([*node.handlers, *node.orelse, *node.finalbody])

    on_TryStar = on_Try

    def on_With(self, node: ast.With | ast.AsyncWith) -> None:
        guarded = any(
            any(name in ABSENT for name in names_in(item.context_expr)) for item in node.items
        )
        self.visit_all(node.items)
        self.guards += guarded
        self.visit_all(node.body)
        self.guards -= guarded

    on_AsyncWith = on_With

    def on_If(self, node: ast.If) -> None:
        self.visit(node.test)
        typing = path_of(node.test)[-1:] == ("TYPE_CHECKING",)
        self.typing += typing
        self.visit_all(node.body)
        self.typing -= typing
        self.visit_all(node.orelse)

    def on_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self.bind(node.name, node)
        self.visit_children(node)

    def on_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        if node.name:
            self.bind(node.name, node)
        self.visit_children(node)

    on_MatchStar = on_MatchAs

    def on_MatchMapping(self, node: ast.MatchMapping) -> None:
        if node.rest:
            self.bind(node.rest, node)
        self.visit_children(node)

    # Expressions.

    def on_comprehension_of(self, node: Any) -> None:
        self.visit(node.generators[0].iter)
        self.enter("comprehension")
        for generator in node.generators:
            for name in ast.walk(generator.target):
                if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store):
                    self.bind_here(name.id, name)
        for index, generator in enumerate(node.generators):
            self.visit_all([generator.iter] * (index > 0) + [generator.target, *generator.ifs])
        self.visit_all(getattr(node, name, None) for name in ("key", "value", "elt"))
        self.leave()

    on_ListComp = on_SetComp = on_DictComp = on_GeneratorExp = on_comprehension_of

    def on_Call(self, node: ast.Call) -> None:
        self.visit(node.func)
        self.calls.visit(node)

    def on_Expr(self, node: ast.Expr) -> None:
        self.calls.unused = node.value
        self.visit(node.value)

    def on_Subscript(self, node: ast.Subscript) -> None:
        path = path_of(node.value)
        if path == ("sys", "modules"):
            self.calls.note_made_module(node)
        maker = node.value.func if isinstance(node.value, ast.Call) else None
        if isinstance(node.ctx, ast.Store) and isinstance(maker, ast.Name):
            self.found.makes_names |= maker.id in _MAKERS
        annotating = self.annotating
        if path[-1:] == ("Literal",):
            self.annotating = False  # the strings in it are values
        self.visit_all([node.value, node.slice])
        self.annotating = annotating

    def on_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self.string(node.value, self.line_of(node), "")
            if self.annotating:
                self.quoted(node.value, self.line_of(node))

    def string(self, text: str, line: int, role: str, keywords: tuple[str, ...] = ()) -> None:
        if len(text) < 300 and DOTTED.fullmatch(text):
            self.found.strings.append(NamedInString(text, line, self.group, role, keywords))

    def annotation(self, node: ast.expr) -> None:
        before, self.annotating = self.annotating, True
        self.visit(node)
        self.annotating = before

    def quoted(self, text: str, line: int, mode: str = "eval") -> bool:
        """Read ``text`` as an expression that stands at ``line``; false when it is none."""
        try:
            tree = ast.parse(text.strip(), mode=mode)
        except (SyntaxError, ValueError, RecursionError):
            return False
        before, self.line = self.line, line
        self.visit(tree)
        self.line = before
        return True

    def type_comments(self, source: bytes) -> None:
        """Read ``# type:`` comments as annotations at the top of the module."""
        for match in _TYPE_COMMENT.finditer(source):
            line = source.count(b"\n", 0, match.start()) + 1
            text = match[1].decode("utf-8", "replace")
            self.group = self.group_at(line)
            if not self.quoted(text, line):
                self.quoted(text, line, mode="func_type")
        self.group = ""

    def group_at(self, line: int) -> str:
        for node in self.tree.body:
            if node.lineno <= line <= (node.end_lineno or node.lineno):
                return str(getattr(node, "name", ""))
        return ""


def names_in(node: ast.AST) -> Iterable[str]:
    """The names and last attributes anywhere in ``node``."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            yield inner.id
        elif isinstance(inner, ast.Attribute):
            yield inner.attr
