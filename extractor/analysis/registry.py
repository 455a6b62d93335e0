"""Coupling through a registry: classes that register themselves and are used by its name.

A package such as ``p.objects`` whose classes a decorator registers, so that others write
``objects.Thing`` without importing the module of ``Thing``. No import graph shows who
uses what: this reads which class is registered where and by which import, which class's
fields name which others, who uses each, and which tables of the database each touches.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from extractor.analysis.facts import Facts
from extractor.analysis.graph import Edge, Graph, Kind
from extractor.analysis.uses import Uses
from extractor.errors import UsageError
from extractor.parsing import UnreadableSource, parse_ast
from extractor.project.relative import absolute

# Part of every cache key: raise it whenever the answer for unchanged files can differ.
REGISTRY_VERSION = 1


class Use(NamedTuple):
    """``name`` of the registry's package is used by ``importer`` at ``line``.

    By attribute (``objects.Thing``), or ``imported`` from the package itself. A line that uses
    it several times counts once.
    """

    importer: str
    line: int
    name: str
    imported: bool = False


@dataclass(frozen=True)
class Sources:
    """What a registry is read from: files by path, the facts of a module, and all uses."""

    read: Callable[[str], bytes]
    facts: Callable[[str], Facts]
    uses: Mapping[str, Uses]


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
    graph: Graph,
    package: str,
    sources: Sources,
    decorators: Collection[str] = ("register", "register_if"),
) -> Coupling:
    """Who is registered in ``package`` by a class decorator of one of these last names.

    ``UsageError`` when the graph has no such package or nothing in it is registered.
    """
    if package not in graph.modules:
        raise UsageError(f"no package {package!r} in {', '.join(graph.packages)}")
    return _Reader(graph, package, sources, frozenset(decorators)).read()


def coupling_from_plain(value: Mapping[str, Any]) -> Coupling:
    """A coupling from what JSON keeps of its fields."""

    def uses(rows: Iterable[Any]) -> tuple[Use, ...]:
        return tuple(Use(*row) for row in rows)

    def edges(rows: Iterable[Any]) -> tuple[Edge, ...]:
        return tuple(Edge(a, b, line, Kind(kind), *rest) for a, b, line, kind, *rest in rows)

    return Coupling(
        package=value["package"],
        classes=tuple(
            RegisteredClass(
                **{
                    **row,
                    "fields": tuple(map(tuple, row["fields"])),
                    "tables": tuple(row["tables"]),
                    "by_attribute": uses(row["by_attribute"]),
                    "by_import": edges(row["by_import"]),
                }
            )
            for row in value["classes"]
        ),
        loaded_by=edges(value["loaded_by"]),
        module_uses=uses(value["module_uses"]),
        unexplained=uses(value["unexplained"]),
    )


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
    def __init__(
        self, graph: Graph, package: str, sources: Sources, decorators: frozenset[str]
    ) -> None:
        self.graph = graph
        self.package = package
        self.sources = sources
        self.decorators = decorators
        self.trees: dict[str, ast.Module | None] = {}

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
        of_name: dict[str, list[Use]] = {}
        for use in uses:
            of_name.setdefault(use.name, []).append(use)
        registering = {module for module, _, _ in found}
        tables = _Tables(self)
        classes = [
            RegisteredClass(
                name=node.name,
                module=module,
                line=node.lineno,
                decorator=decorator,
                fields=tuple(sorted(set(_fields(node, names)))),
                tables=tuple(sorted(tables.of(module, node))),
                by_attribute=tuple(of_name.get(node.name, ())),
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
                if e.imported in registering
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
                    self.trees[module] = parse_ast(self.sources.read(path), path)[0]
        return self.trees[module]

    def bound(self, module: str) -> set[str]:
        facts = self.sources.facts(module)
        names = set(facts.bound)
        for entry in facts.top.imports:
            if entry[4] is None:
                names.add(entry[5] or entry[3].partition(".")[0])
            else:
                names.update(alias or name for name, alias in entry[4])
        return names

    def attribute_uses(self) -> Iterator[Use]:
        """Every ``objects.x`` whose ``objects`` is the package, and names imported from it."""
        inside = f"{self.package}:"
        for module, keys in self.sources.uses.items():
            if module == self.package:
                continue
            imported: set[str] = set()
            if any(inside in key for key in keys):
                for line, name in self.imported(module):
                    imported.add(name)
                    yield Use(module, line, name, True)
            for key, lines in keys.items():
                name = self.read_off(key)
                if name and not (key.startswith(inside) and name in imported):
                    for line in lines:
                        yield Use(module, line, name)

    def read_off(self, key: str) -> str:
        """The name that a key of ``Uses`` reads off the package; empty when it reads none."""
        source, colon, rest = key.partition(":")
        if not colon or "=" in source or not f"{self.package}.".startswith(f"{source}."):
            return ""
        dotted = f"{source}.{rest}"
        if not dotted.startswith(f"{self.package}."):
            return ""
        name = dotted[len(self.package) + 1 :].partition(".")[0]
        # ``from p.objects import thing`` is an import of the module, not a use of the package.
        own_module = source == self.package and f"{self.package}.{name}" in self.graph.modules
        return "" if own_module else name

    def imported(self, module: str) -> Iterator[tuple[int, str]]:
        """Names that are no modules, with the lines where ``module`` imports them from here."""
        facts = self.sources.facts(module)
        is_package = self.graph.modules[module].is_package
        for body in (facts.top, *facts.functions.values()):
            for line, _flags, level, source, names, _alias in body.imports:
                if names and absolute(module, is_package, level, source) == self.package:
                    for name, _ in names:
                        if f"{self.package}.{name}" not in self.graph.modules:
                            yield line, name


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
            if place.path is None or b"__tablename__" not in reader.sources.read(place.path):
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
        for entry in self.reader.sources.facts(module).top.imports:
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
            backends = [b for bs in self.reader.sources.facts(module).lazy.values() for b in bs]
            for backend in backends:
                if backend in self.reader.graph.modules:
                    found |= self.functions_of(backend).get(function, set())
        return found

    def stars(self, module: str) -> list[str]:
        if module not in self.reader.graph.modules:
            return []
        return [
            entry[3]
            for entry in self.reader.sources.facts(module).top.imports
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
