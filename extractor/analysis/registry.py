"""Coupling through a registry: classes that register themselves and are used by its name.

A package such as ``p.objects`` whose classes a decorator registers, so that others write
``objects.Thing`` without importing the module of ``Thing``. No import graph shows who
uses what: this reads which class is registered where and by which import, which class's
fields name which others, who uses each, and which tables of the database each touches.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from extractor.analysis.graph import Edge, Graph
from extractor.analysis.scan import Facts, scan
from extractor.analysis.skeleton import mask
from extractor.errors import UsageError
from extractor.parsing import UnreadableSource, parse_ast
from extractor.source.tree import Tree


class Use(NamedTuple):
    """``name`` of the registry's package is used by ``importer`` at ``line``.

    By attribute (``objects.Thing``), or ``imported`` from the package itself.
    """

    importer: str
    line: int
    name: str
    imported: bool = False


@dataclass(frozen=True)
class RegisteredClass:
    """One class of the registry.

    ``fields`` maps the fields that hold another registered class to that class's name;
    ``tables`` are the database tables whose models its module's code names, directly or
    through functions of a backend. ``by_attribute`` are uses through the package
    (``objects.Thing``), ``by_import`` imports of its own module.
    """

    name: str
    module: str
    line: int
    decorator: str
    fields: tuple[tuple[str, str], ...]
    tables: tuple[str, ...]
    by_attribute: tuple[Use, ...]
    by_import: tuple[Edge, ...]


@dataclass(frozen=True)
class Coupling:
    """The whole registry, and uses of its modules by attribute (``objects.thing_module``)."""

    package: str
    classes: tuple[RegisteredClass, ...]
    # The edges by which the package loads its modules; a call shows the function it is in.
    loaded_by: tuple[Edge, ...]
    module_uses: tuple[Use, ...]
    # Attributes read off the package that no class, module or name of it explains.
    unexplained: tuple[Use, ...]


@dataclass(frozen=True)
class Move:
    """What taking some classes of a registry elsewhere would meet."""

    moving: tuple[str, ...]
    modules: tuple[str, ...]
    # (class, field, class): fields that would cross the border, in either direction.
    fields_out: tuple[tuple[str, str, str], ...]
    fields_in: tuple[tuple[str, str, str], ...]
    # Tables that the moving classes and others touch, each with those others.
    shared_tables: tuple[tuple[str, tuple[str, ...]], ...]
    users_by_attribute: tuple[Use, ...]
    users_by_import: tuple[Edge, ...]
    # Other registered classes in the same modules: they would come along or be split off.
    neighbours: tuple[str, ...]


def registry_coupling(
    tree: Tree,
    graph: Graph,
    package: str,
    decorators: Collection[str] = ("register", "register_if"),
) -> Coupling:
    """Who is registered in ``package`` by a class decorator of one of these last names.

    ``UsageError`` when the graph has no such package or nothing in it is registered.
    """
    if package not in graph.modules:
        raise UsageError(f"no package {package!r} in {', '.join(graph.packages)}")
    reader = _Reader(tree, graph, package, frozenset(decorators))
    return reader.read()


def what_moving_takes(coupling: Coupling, moving: Iterable[str]) -> Move:
    """What the classes ``moving`` share with the rest of the registry and its users."""
    names = frozenset(moving)
    known = {c.name for c in coupling.classes}
    if names - known:
        raise UsageError(f"not registered: {', '.join(sorted(names - known))}")
    inside = [c for c in coupling.classes if c.name in names]
    outside = [c for c in coupling.classes if c.name not in names]
    modules = {c.module for c in inside}
    tables: dict[str, set[str]] = {}
    for mine in inside:
        for table in mine.tables:
            tables.setdefault(table, set()).update(o.name for o in outside if table in o.tables)
    return Move(
        moving=tuple(sorted(names)),
        modules=tuple(sorted(modules)),
        fields_out=tuple((c.name, f, t) for c in inside for f, t in c.fields if t not in names),
        fields_in=tuple((c.name, f, t) for c in outside for f, t in c.fields if t in names),
        shared_tables=tuple((t, tuple(sorted(o))) for t, o in sorted(tables.items()) if o),
        users_by_attribute=tuple(
            sorted(
                {u for c in inside for u in c.by_attribute if u.importer not in modules}
                | {
                    u
                    for u in coupling.module_uses
                    if f"{coupling.package}.{u.name}" in modules and u.importer not in modules
                }
            )
        ),
        users_by_import=tuple(
            sorted({e for c in inside for e in c.by_import if e.importer not in modules})
        ),
        neighbours=tuple(sorted(c.name for c in outside if c.module in modules)),
    )


class _Reader:
    def __init__(self, tree: Tree, graph: Graph, package: str, decorators: frozenset[str]) -> None:
        self.tree = tree
        self.graph = graph
        self.package = package
        self.decorators = decorators
        self.trees: dict[str, ast.Module | None] = {}
        self.facts: dict[str, Facts] = {}

    def read(self) -> Coupling:
        below = self.package + "."
        homes = [m for m in self.graph.modules if m == self.package or m.startswith(below)]
        found: list[tuple[str, ast.ClassDef, str]] = []
        for module in homes:
            tree = self.parsed(module)
            for node in tree.body if tree else ():
                decorator = self.registers(node)
                if decorator and isinstance(node, ast.ClassDef):
                    found.append((module, node, decorator))
        if not found:
            raise UsageError(f"nothing in {self.package} is registered by a class decorator")
        names = {node.name for _, node, _ in found}
        uses = sorted(self.attribute_uses())
        tables = _Tables(self)
        classes = [
            RegisteredClass(
                name=node.name,
                module=module,
                line=node.lineno,
                decorator=decorator,
                fields=tuple(sorted(set(_fields(node, names)))),
                tables=tuple(sorted(tables.of(module, node))),
                by_attribute=tuple(u for u in uses if u.name == node.name),
                by_import=tuple(e for e in self.graph.importers_of(module) if e.line),
            )
            for module, node, decorator in found
        ]
        modules = {m[len(below) :] for m in homes if m != self.package}
        own = self.bound(self.package)
        return Coupling(
            package=self.package,
            classes=tuple(sorted(classes, key=lambda c: (c.name, c.module))),
            loaded_by=tuple(
                e
                for e in self.graph.edges
                if e.imported in {m for m, _, _ in found}
                and (e.importer == self.package or e.via.startswith(self.package + ":"))
            ),
            module_uses=tuple(u for u in uses if u.name in modules and u.name not in names),
            unexplained=tuple(
                u for u in uses if u.name not in modules and u.name not in names | own
            ),
        )

    def registers(self, node: ast.AST) -> str:
        for decorator in getattr(node, "decorator_list", ()):
            function = decorator.func if isinstance(decorator, ast.Call) else decorator
            last = (
                function.attr
                if isinstance(function, ast.Attribute)
                else getattr(function, "id", "")
            )
            if last in self.decorators:
                return ast.unparse(decorator)
        return ""

    def parsed(self, module: str) -> ast.Module | None:
        if module not in self.trees:
            path = self.graph.modules[module].path
            self.trees[module] = None
            if path is not None:
                # What cannot be read the graph lists among the unreadable.
                with suppress(UnreadableSource):
                    self.trees[module] = parse_ast(self.tree.read(path), path)[0]
        return self.trees[module]

    def bound(self, module: str) -> set[str]:
        facts = self.facts_of(module)
        names = set(facts.bound)
        for entry in facts.top.imports:
            if entry[4] is None:
                names.add(entry[5] or entry[3].partition(".")[0])
            else:
                names.update(alias or name for name, alias in entry[4])
        return names

    def facts_of(self, module: str) -> Facts:
        if module not in self.facts:
            path = self.graph.modules[module].path
            self.facts[module] = scan(self.tree.read(path), path) if path else Facts()
        return self.facts[module]

    def attribute_uses(self) -> Iterator[Use]:
        """Every ``objects.x`` whose ``objects`` is the package, wherever it was bound."""
        below = self.package + "."
        plain = re.compile(rb"^[ \t]*import[ \t].*\b" + re.escape(self.package.encode()), re.M)
        asking = {edge.importer for edge in self.graph.importers_of(self.package) if edge.line}
        for module, place in self.graph.modules.items():
            if place.path is None or module == self.package:
                continue
            source = self.tree.read(place.path)
            if module not in asking and not plain.search(source):
                continue
            uses = _plain_uses(source, module, self.package, self.graph.modules)
            if uses is None:
                # Not kept: nobody asks for these trees again, and memory costs time.
                with suppress(UnreadableSource):
                    tree = self.trees.get(module) or parse_ast(source, place.path)[0]
                    reader = _Attributes(module, place.is_package, self.package)
                    uses = list(reader.uses(tree))
            for use in uses or ():
                if not (use.imported and below + use.name in self.graph.modules):
                    yield use


def _plain_uses(
    source: bytes, module: str, package: str, modules: Collection[str]
) -> list[Use] | None:
    """The uses in a file that binds the package once, at its top, and hides it nowhere.

    That is nearly every file, and a syntax tree costs twenty times as much. ``None`` where
    the text leaves any doubt about what a name means.
    """
    parent, _, last = package.encode().rpartition(b".")
    if b"\r" in source or b"\f" in source or re.search(rb"\bfrom[ \t]+\.", source):
        return None
    masked = mask(source)
    whole = re.escape(package.encode())
    # Spelled out, or names imported from the package itself: the tree has to tell.
    if re.search(rb"(?<!from )\b%s\b" % whole, masked):
        return None
    imported = rb"\bfrom[ \t]+%s[ \t]+import[ \t]*(\([^)]*\)|[^\n]*)" % whole
    for found in re.finditer(imported, masked):
        for name in found.group(1).strip(b"()").split(b","):
            if name.split() and f"{package}.{name.split()[0].decode()}" not in modules:
                return None
    aliases: set[bytes] = set()
    statement = rb"^([ \t]*)from[ \t]+%s[ \t]+import[ \t]*(\([^)]*\)|[^\n]*)" % re.escape(parent)
    for found in re.finditer(statement, masked, re.M):
        for name in found.group(2).strip(b"()").split(b","):
            words = name.split()
            if words[:1] == [last]:
                if found.group(1) or len(words) not in {1, 3}:
                    return None
                aliases.add(words[-1])
    if len(aliases) != 1:
        return [] if not aliases else None
    (alias,) = aliases
    without_imports = re.sub(statement, b"", masked, flags=re.M)
    name = re.escape(alias)
    for found in re.finditer(rb"(?<![\w.])%s\b(?![ \t]*\.[ \t]*\w)" % name, without_imports):
        if _may_bind(without_imports, found.start(), found.end()):
            return None
    uses = []
    line = counted = 0
    for found in re.finditer(rb"(?<![\w.])%s[ \t]*\.[ \t]*(\w+)" % re.escape(alias), masked):
        line += masked.count(b"\n", counted, found.start())
        counted = found.start()
        uses.append(Use(module, line + 1, found.group(1).decode()))
    return uses


def _may_bind(masked: bytes, start: int, end: int) -> bool:
    """Whether the name at ``start`` could be bound there: anything but plainly read."""
    head = masked[masked.rfind(b"\n", 0, start) + 1 : start]
    if re.search(rb"\b(?:as|case|class|def|del|for|global|import|lambda|nonlocal)\b", head):
        return True
    after = masked[end : end + 40].lstrip(b" \t")
    opener = _opener(masked, start)
    if opener < 0:
        return after[:1] in {b",", b":", b"=", b"+", b"-", b"|", b"\\"} and after[:2] != b"=="
    before = masked[max(0, opener - 200) : opener]
    if masked[opener : opener + 1] != b"(" or re.search(rb"\bdef[ \t]+\w+[ \t]*$", before):
        return True
    # An argument, by position or by name, of a call.
    return not re.search(rb"[\w\])][ \t]*$", before) or b" for " in after or after[:2] == b":="


def _opener(masked: bytes, position: int) -> int:
    """Offset of the bracket that is open at ``position``; -1 when none is, nearby."""
    depth = 0
    for index in range(position - 1, max(-1, position - 5000), -1):
        byte = masked[index]
        if byte in b")]}":
            depth += 1
        elif byte in b"([{":
            if not depth:
                return index
            depth -= 1
        elif byte == 10 and not depth and masked[index + 1 : index + 2].strip():
            # A statement at the left margin can be in no bracket of the lines above,
            # unless someone wrote arguments there: then the answer errs to a binding.
            return -1
    return -1


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


class _Attributes:
    """Attributes read off one package in one module, local names that hide it heeded."""

    def __init__(self, module: str, is_package: bool, package: str) -> None:
        self.module = module
        self.is_package = is_package
        self.package = package

    def uses(self, tree: ast.Module) -> Iterator[Use]:
        yield from self._scope(tree, {})

    def _scope(self, scope: ast.AST, outer: Mapping[str, str]) -> Iterator[Use]:
        names = dict(outer)
        inner: list[ast.AST] = []
        nodes: list[ast.AST] = []
        arguments = getattr(scope, "args", None)
        if isinstance(arguments, ast.arguments):
            for argument in [
                *arguments.posonlyargs,
                *arguments.args,
                *arguments.kwonlyargs,
                *filter(None, [arguments.vararg, arguments.kwarg]),
            ]:
                names.pop(argument.arg, None)
        # Decorators, defaults and annotations belong to the scope around a function.
        body = scope.body if isinstance(scope, _FUNCTIONS) else list(ast.iter_child_nodes(scope))
        pending: list[ast.AST] = list(body) if isinstance(body, list) else [body]
        while pending:
            node = pending.pop()
            if isinstance(node, _FUNCTIONS):
                inner.append(node)
                pending.extend(getattr(node, "decorator_list", ()))
                pending.extend(filter(None, [node.args, getattr(node, "returns", None)]))
                continue
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.pop(node.id, None)
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                self._bind(node, names)
            nodes.append(node)
            pending.extend(ast.iter_child_nodes(node))
        # Names are bound for the whole scope: only now is it known what each one means.
        for node in nodes:
            if isinstance(node, ast.Attribute) and self._is_package(node.value, names):
                yield Use(self.module, node.lineno, node.attr)
            elif isinstance(node, ast.ImportFrom) and self._base(node) == self.package:
                for alias in node.names:
                    yield Use(self.module, node.lineno, alias.name, True)
        for function in inner:
            yield from self._scope(function, names)

    def _bind(self, node: ast.Import | ast.ImportFrom, names: dict[str, str]) -> None:
        for alias in node.names:
            if isinstance(node, ast.ImportFrom):
                names[alias.asname or alias.name] = f"{self._base(node)}.{alias.name}"
            elif alias.asname:
                names[alias.asname] = alias.name
            else:
                first = alias.name.partition(".")[0]
                names[first] = first

    def _base(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = self.module.split(".")
        drop = node.level - 1 if self.is_package else node.level
        parts = parts[: len(parts) - drop] if drop else parts
        return ".".join([*parts, node.module] if node.module else parts)

    def _is_package(self, node: ast.expr, names: Mapping[str, str]) -> bool:
        rest: list[str] = []
        while isinstance(node, ast.Attribute):
            rest.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id not in names:
            return False
        return ".".join([names[node.id], *reversed(rest)]) == self.package


def _fields(node: ast.ClassDef, names: Collection[str]) -> Iterator[tuple[str, str]]:
    """Fields of a class whose declaration names a registered class by string."""
    for statement in node.body:
        if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Dict):
            continue
        if not any(isinstance(t, ast.Name) and t.id == "fields" for t in statement.targets):
            continue
        for key, value in zip(statement.value.keys, statement.value.values, strict=True):
            if not isinstance(key, ast.Constant):
                continue
            for inner in ast.walk(value):
                if isinstance(inner, ast.Constant) and inner.value in names:
                    yield str(key.value), str(inner.value)


class _Tables:
    """Which database tables code touches: through models, and through a backend's functions."""

    def __init__(self, reader: _Reader) -> None:
        self.reader = reader
        self.models: dict[str, dict[str, str]] = {}
        self.functions: dict[str, dict[str, set[str]]] = {}
        for module, place in reader.graph.modules.items():
            if place.path is None or b"__tablename__" not in reader.tree.read(place.path):
                continue
            tree = reader.parsed(module)
            for node in tree.body if tree else ():
                table = _table(node)
                if table and isinstance(node, ast.ClassDef):
                    self.models.setdefault(module, {})[node.name] = table

    def of(self, module: str, node: ast.ClassDef) -> set[str]:
        """Tables that a class touches, or functions of its module that it calls."""
        tree = self.reader.parsed(module)
        if tree is None:
            return set()
        local = dict(_top_level(tree))
        names = self.names(module)
        found: set[str] = set()
        pending: list[ast.AST] = [node]
        seen: set[str] = {node.name}
        while pending:
            for inner in ast.walk(pending.pop()):
                if isinstance(inner, ast.Name) and inner.id in local and inner.id not in seen:
                    seen.add(inner.id)
                    pending.append(local[inner.id])
                found |= self.touched(inner, names)
        return found

    def names(self, module: str) -> dict[str, str]:
        """What the module's imports bind, as dotted names of modules or of things in them."""
        found: dict[str, str] = {}
        for entry in self.reader.facts_of(module).top.imports:
            if entry[2]:
                continue
            if entry[4] is None:
                if entry[5]:
                    found[entry[5]] = entry[3]
            else:
                for name, alias in entry[4]:
                    found[alias or name] = f"{entry[3]}.{name}"
        return found

    def touched(self, node: ast.AST, names: Mapping[str, str]) -> set[str]:
        if isinstance(node, ast.Name) and node.id in names:
            home, _, name = names[node.id].rpartition(".")
            table = self.models.get(home, {}).get(name)
            return {table} if table else set()
        if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)):
            return set()
        home = names.get(node.value.id, "")
        if node.attr in self.models.get(home, {}):
            return {self.models[home][node.attr]}
        return self.through_backend(home, node.attr)

    def through_backend(self, facade: str, function: str) -> set[str]:
        """Tables behind ``facade.function``: where the facade loads a backend, the backend's."""
        found: set[str] = set()
        for module in [facade, *self.stars(facade)]:
            if module not in self.reader.graph.modules:
                continue
            backends = [b for bs in self.reader.facts_of(module).lazy.values() for b in bs]
            for backend in backends:
                if backend in self.reader.graph.modules:
                    found |= self.functions_of(backend).get(function, set())
        return found

    def stars(self, module: str) -> list[str]:
        if module not in self.reader.graph.modules:
            return []
        return [
            entry[3]
            for entry in self.reader.facts_of(module).top.imports
            if entry[4] and any(name == "*" for name, _ in entry[4])
        ]

    def functions_of(self, module: str) -> dict[str, set[str]]:
        """For each function of a backend the tables it touches, through others of its own."""
        if module in self.functions:
            return self.functions[module]
        tables: dict[str, set[str]] = {}
        calls: dict[str, set[str]] = {}
        tree = self.reader.parsed(module)
        names = self.names(module)
        for node in tree.body if tree else ():
            if not isinstance(node, ast.FunctionDef):
                continue
            tables[node.name], calls[node.name] = set(), set()
            # What decorators touch they touch for every function alike.
            for statement in node.body:
                for inner in ast.walk(statement):
                    tables[node.name] |= self.touched(inner, names)
                    if isinstance(inner, ast.Name):
                        calls[node.name].add(inner.id)
        changed = True
        while changed:
            changed = False
            for name, called in calls.items():
                for other in called:
                    if other in tables and not tables[other] <= tables[name]:
                        tables[name] |= tables[other]
                        changed = True
        self.functions[module] = tables
        return tables


def _top_level(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Functions and assigned names: code that uses them does what is written there."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    yield target.id, node.value


def _table(node: ast.AST) -> str:
    for statement in getattr(node, "body", ()) if isinstance(node, ast.ClassDef) else ():
        if (
            isinstance(statement, ast.Assign)
            and any(isinstance(t, ast.Name) and t.id == "__tablename__" for t in statement.targets)
            and isinstance(statement.value, ast.Constant)
        ):
            return str(statement.value.value)
    return ""
