"""Which import each name of a file refers to: one pass over the tree, no inference.

Follows Python's own rules (functions see through classes, comprehensions have their
own names, ``global`` and ``nonlocal``), and nothing more than them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from extractor.project.relative import absolute
from extractor.reading import quoted
from extractor.reading.depth import deep
from extractor.reading.exports import read_exports

ImportStatement: TypeAlias = ast.Import | ast.ImportFrom
NAMES_AN_ATTRIBUTE = frozenset({"getattr", "setattr", "hasattr", "delattr", "object"})


@dataclass(eq=False)
class Use:
    """One mention of a name and the attributes that follow it, innermost first."""

    name: ast.Name
    attributes: tuple[ast.Attribute, ...]
    formatted: ast.JoinedStr | None = None  # positions inside an f-string are not reliable
    attribute_string: ast.Constant | None = None  # the 'X' of getattr(module, 'X')

    @property
    def path(self) -> tuple[str, ...]:
        return tuple(attribute.attr for attribute in self.attributes)


@dataclass(eq=False)
class Binding:
    """One name bound by one import statement."""

    statement: ImportStatement
    alias: ast.alias
    scope: Scope
    local: str
    module: str | None  # absolute module of ``from module import``; None for plain imports

    @property
    def is_root(self) -> bool:
        """``import a.b`` binds ``a``, whatever follows it."""
        return self.module is None and self.alias.asname is None


@dataclass(eq=False)
class Scope:
    """A namespace: what imports bind in it, what else does, and the uses of its names.

    Uses are kept of names that imports bind, and of all names of the module's own scope.
    """

    kind: str
    parent: Scope | None
    imports: dict[str, list[Binding]] = field(default_factory=dict)
    others: set[str] = field(default_factory=set)
    declared: set[str] = field(default_factory=set)  # by global or nonlocal statements
    uses: dict[str, list[Use]] = field(default_factory=dict)


@dataclass
class Names:
    """Everything a rewrite needs to know of the names of one file."""

    scopes: list[Scope]
    bindings: list[Binding]
    stars: list[Binding]
    identifiers: set[str]
    declared: set[str]
    strings: list[tuple[ast.Constant | ast.JoinedStr, bool]]  # and: inside brackets
    prose: set[ast.expr]  # strings that are statements: docstrings
    exported: list[ast.Constant]  # the strings of __all__
    free: dict[str, list[Use]]  # names no statement of the file binds, and star imports may
    annotations: set[ast.expr]  # strings that are annotations: what they name are uses, too
    of_objects: list[Use]  # attributes of names that are bound inside, by no import
    typed: set[str] = field(default_factory=set)  # names in quoted types that no use stands for


def absolute_module(statement: ast.ImportFrom, module: str, is_package: bool) -> str:
    """The absolute name of what ``statement`` imports from; ``""`` when it leaves the root."""
    name = absolute(module, is_package, statement.level, statement.module)
    return "" if name.startswith(".") else name


def names_bound(node: ast.stmt) -> set[str]:
    """The names a top-level statement binds in its module."""
    top = read_names(ast.Module([node], [])).scopes[0]
    return {*top.imports, *top.others}


def names_read(nodes: Iterable[ast.AST]) -> set[str]:
    """Every name that ``nodes`` read anywhere inside, local ones included."""
    return {
        name.id
        for node in nodes
        for name in ast.walk(node)
        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Load)
    }


def read_names(
    tree: ast.Module, module: str = "", is_package: bool = False, utf8: bytes = b""
) -> Names:
    """Collect the imports of ``tree`` and the uses of each, with ``utf8`` those in its type
    comments too."""
    reader = _Reader(module, is_package)
    with deep():
        for node in tree.body:
            reader.visit(node)
        for expression in quoted.type_comments_in_place(utf8):
            reader.visit_annotation(expression)
    reader.found.exported = read_exports(tree).strings
    return reader.finish()


class _Reader(ast.NodeVisitor):
    def __init__(self, module: str, is_package: bool) -> None:
        self.module = module
        self.is_package = is_package
        self.top = Scope("module", None)
        self.scope = self.top
        self.found = Names([self.top], [], [], set(), set(), [], set(), [], {}, set(), [])
        self.pending: list[tuple[Scope, Use]] = []
        self.formatted: ast.JoinedStr | None = None
        self.depth = 0  # of brackets
        self.annotating = False

    def finish(self) -> Names:
        for scope, use in self.pending:
            home = _lookup(scope, use.name.id)
            if home is None:
                self.found.free.setdefault(use.name.id, []).append(use)
            elif use.name.id in home.imports or home is self.top:
                home.uses.setdefault(use.name.id, []).append(use)
            elif use.attributes:
                self.found.of_objects.append(use)
        return self.found

    def bind(self, name: str, binding: Binding | None = None) -> None:
        scope = self.scope
        self.found.identifiers.add(name)
        while scope.kind == "comprehension" and scope.parent and name not in scope.others:
            scope = scope.parent
        if name in scope.declared:
            scope = self.top  # nonlocal imports are not worth a scope search of their own
        if binding is None:
            scope.others.add(name)
        else:
            binding.scope = scope
            scope.imports.setdefault(name, []).append(binding)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            local = alias.asname or alias.name.partition(".")[0]
            binding = Binding(node, alias, self.scope, local, None)
            self.found.bindings.append(binding)
            self.bind(local, binding)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = absolute_module(node, self.module, self.is_package)
        for alias in node.names:
            binding = Binding(node, alias, self.scope, alias.asname or alias.name, module)
            if alias.name == "*":
                self.found.stars.append(binding)
            else:
                self.found.bindings.append(binding)
                self.bind(binding.local, binding)

    def visit_Name(self, node: ast.Name) -> None:
        self.found.identifiers.add(node.id)
        if isinstance(node.ctx, ast.Store):
            self.bind(node.id)
        else:
            self.use(Use(node, (), self.formatted))

    def use(self, use: Use) -> None:
        """Note a use; a class body sees its own name only once that is bound."""
        scope = self.scope
        name = use.name.id
        if scope.kind == "class" and name not in scope.others and name not in scope.imports:
            while scope.kind == "class" and scope.parent is not None:
                scope = scope.parent
        self.pending.append((scope, use))

    def visit_Attribute(self, node: ast.Attribute) -> None:
        chain: list[ast.Attribute] = []
        inner: ast.expr = node
        while isinstance(inner, ast.Attribute):
            chain.append(inner)
            inner = inner.value
        if isinstance(inner, ast.Name):
            self.found.identifiers.add(inner.id)
            self.use(Use(inner, tuple(reversed(chain)), self.formatted))
        else:
            self.visit(inner)

    def visit_Call(self, node: ast.Call) -> None:
        self.visit(node.func)
        self.depth += 1
        before, self.annotating = self.annotating, False  # an argument is a value
        first = len(self.pending)
        arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
        called = self._of_typing(node.func)
        types = quoted.quoted_types(node, called) if called else []
        for index, argument in enumerate(arguments):
            self.annotating = argument in types
            self.visit(argument)
            if index == 0 and len(self.pending) == first + 1 and len(node.args) > 1:
                self._note_attribute_string(node, self.pending[first][1])
        for field_type in types:
            if field_type not in arguments:
                self.visit_annotation(field_type)
        self.annotating = before
        self.depth -= 1

    def _of_typing(self, node: ast.expr) -> str | None:
        """What ``typing`` calls that which ``node`` names, if it is of ``typing``."""
        name = node.value if isinstance(node, ast.Attribute) else node
        bound = self.top.imports.get(name.id, []) if isinstance(name, ast.Name) else []
        for binding in bound:
            if isinstance(node, ast.Attribute):
                if binding.module is None and binding.alias.name in quoted.TYPING:
                    return node.attr
            elif binding.module in quoted.TYPING:
                return binding.alias.name
        return None

    def _note_attribute_string(self, call: ast.Call, use: Use) -> None:
        target, named = call.args[0], call.args[1]
        called = call.func
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if (
            name in NAMES_AN_ATTRIBUTE
            and target is (use.attributes[-1] if use.attributes else use.name)
            and isinstance(named, ast.Constant)
            and isinstance(named.value, str)
            and named.value.isidentifier()
        ):
            use.attribute_string = named

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Constant):
            self.found.prose.add(node.value)
        self.visit(node.value)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, (str, bytes)) and self.formatted is None:
            self.found.strings.append((node, self.depth > 0))
            if self.annotating and isinstance(node.value, str):
                if (expression := quoted.expression_in_place(node)) is not None:
                    self.found.annotations.add(node)
                    self.visit(expression)
                else:
                    self.found.typed |= quoted.names_in_type(node.value)

    def visit_annotation(self, node: ast.expr) -> None:
        before, self.annotating = self.annotating, True
        self.visit(node)
        self.annotating = before

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        if self.formatted is not None:
            self.generic_visit(node)
            return
        self.found.strings.append((node, self.depth > 0))
        self.formatted = node
        self.generic_visit(node)
        self.formatted = None

    def _bracketed(self, node: ast.AST) -> None:
        self.depth += 1
        self.generic_visit(node)
        self.depth -= 1

    visit_List = visit_Set = visit_Dict = _bracketed

    def visit_Subscript(self, node: ast.Subscript) -> None:
        before = self.annotating
        self.visit(node.value)
        named = node.value.attr if isinstance(node.value, ast.Attribute) else node.value
        name = named if isinstance(named, str) else getattr(named, "id", "")
        first = node.slice.elts[:1] if isinstance(node.slice, ast.Tuple) else []
        self.depth += 1
        if name == "Literal":
            self.annotating = False  # the strings in it are values
        elif name in quoted.GENERICS or self._of_typing(node.value):
            self.annotating = True
        elif not before and quoted.seems_a_type(name):
            self.found.typed |= quoted.names_in_strings(node.slice)
        if name == "Annotated" and first:
            self.visit(first[0])
            self.annotating = False  # the rest of it is about the type
            for other in node.slice.elts[1:] if isinstance(node.slice, ast.Tuple) else ():
                self.visit(other)
        else:
            self.visit(node.slice)
        self.depth -= 1
        self.annotating = before

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self.visit(target)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit_annotation(node.annotation)
        if node.value is not None:
            before = self.annotating
            self.annotating = self._of_typing(node.annotation) == "TypeAlias"
            self.visit(node.value)
            self.annotating = before
        self.visit(node.target)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        self.visit(node.target)
        for statement in [*node.body, *node.orelse]:
            self.visit(statement)

    visit_AsyncFor = visit_For

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.use(Use(node.target, (), self.formatted))
        self.generic_visit(node)

    def visit_Global(self, node: ast.Global | ast.Nonlocal) -> None:
        self.scope.declared.update(node.names)
        self.found.declared.update(node.names)

    visit_Nonlocal = visit_Global

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self.bind(node.name)
        self.generic_visit(node)

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        if node.name:
            self.bind(node.name)
        self.generic_visit(node)

    visit_MatchStar = visit_MatchAs

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        if node.rest:
            self.bind(node.rest)
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for decorator in node.decorator_list:
            self.visit(decorator)
        self.bind(node.name)
        inner = self._type_parameters(node)
        if node.returns:
            self.visit_annotation(node.returns)
        self._visit_function(node.args, node.body)
        if inner:
            self._leave()

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._visit_function(node.args, [node.body])

    def _type_parameters(self, node: ast.AST) -> bool:
        """Enter the scope of a definition's type parameters, if it has any."""
        parameters = getattr(node, "type_params", [])  # from Python 3.12 on
        if not parameters:
            return False
        self._enter("function")
        for parameter in parameters:
            self.bind(parameter.name)
        for parameter in parameters:
            for part in ("bound", "default_value"):
                if (value := getattr(parameter, part, None)) is not None:
                    self.visit_annotation(value)
        return True

    def visit_TypeAlias(self, node: ast.AST) -> None:
        self.visit(node.name)  # type: ignore[attr-defined]
        inner = self._type_parameters(node)
        self.visit_annotation(node.value)  # type: ignore[attr-defined]
        if inner:
            self._leave()

    def _visit_function(
        self, arguments: ast.arguments, body: list[ast.stmt] | list[ast.expr]
    ) -> None:
        self.depth += 1
        for default in [*arguments.defaults, *arguments.kw_defaults]:
            if default is not None:
                self.visit(default)
        everything = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        everything += [extra for extra in (arguments.vararg, arguments.kwarg) if extra]
        for argument in everything:
            if argument.annotation:
                self.visit_annotation(argument.annotation)
        self._enter("function")
        depth, self.depth = self.depth, 0
        for argument in everything:
            self.bind(argument.arg)
        for child in body:
            self.visit(child)
        self.depth = depth - 1
        self._leave()

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for decorator in node.decorator_list:
            self.visit(decorator)
        self.bind(node.name)
        inner = self._type_parameters(node)
        for base in node.bases:
            self.visit_annotation(base)
        for keyword in node.keywords:
            self.visit(keyword.value)
        self._enter("class")
        for statement in node.body:
            self.visit(statement)
        self._leave()
        if inner:
            self._leave()

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
    ) -> None:
        self.visit(node.generators[0].iter)
        self._enter("comprehension")
        self.depth += 1
        for generator in node.generators:
            self.scope.others.update(
                name.id for name in ast.walk(generator.target) if isinstance(name, ast.Name)
            )
        for index, generator in enumerate(node.generators):
            self.visit(generator.target)
            if index:
                self.visit(generator.iter)
            for condition in generator.ifs:
                self.visit(condition)
        for part in [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]:
            self.visit(part)
        self.depth -= 1
        self._leave()

    visit_ListComp = visit_SetComp = visit_GeneratorExp = visit_DictComp = _comprehension

    def _enter(self, kind: str) -> None:
        self.scope = Scope(kind, self.scope)
        self.found.scopes.append(self.scope)

    def _leave(self) -> None:
        assert self.scope.parent is not None
        self.scope = self.scope.parent


def _lookup(scope: Scope, name: str) -> Scope | None:
    current: Scope | None = scope
    while current is not None:
        if current is scope or current.kind != "class":
            if name in current.imports or name in current.others:
                return current
            if name in current.declared:
                while current.parent is not None:
                    current = current.parent
                return current if name in current.imports or name in current.others else None
        current = current.parent
    return None
