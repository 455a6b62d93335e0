"""Calls that name something by a string: patches, attributes by name, imports by name."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from extractor.reading.facts import Bound, DynamicImport, NamedAttribute

if TYPE_CHECKING:
    from extractor.reading.walk import Walk

# What stands in a computed name for what only the module at hand knows.
PACKAGE, NAME = "\0package", "\0name"

_IMPORTERS = frozenset({"import_module", "__import__", "import_object", "import_class"})
_TYPES_IN_STRINGS = frozenset({"cast", "TypeVar", "NewType", "ParamSpec", "TypeVarTuple"})
_MAKERS = frozenset({"globals", "vars", "locals"})
_SETTERS = frozenset({"setattr", "delattr"})


class Calls:
    """Reads calls for the walk over one module."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self.unused: ast.expr | None = None  # the call whose result is thrown away
        self.importers = set(_IMPORTERS)

    def visit(self, node: ast.Call) -> None:
        path = path_of(node.func)
        called = path[-1] if path else getattr(node.func, "attr", "")
        self._note_made_names(node, path, called)
        role = "patch" if is_patch(path, called) else "import" if self._imports(path) else ""
        if role == "import":
            self._note_import(node)
        elif node.args:
            self._note_attribute(node, role or ("set" if called in _SETTERS else ""), called)
        first = node.args[0] if node.args else None
        annotating = self.walk.annotating
        self.walk.annotating = annotating or called in _TYPES_IN_STRINGS
        for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
            text = text_of(argument) if argument is first and role else None
            if text is not None:
                more = keywords_of(node) if called == "multiple" else ()
                self.walk.string(text, self.walk.line_of(argument), role, more)
            else:
                self.walk.visit(argument)
        self.walk.annotating = annotating

    def _imports(self, path: tuple[str, ...]) -> bool:
        """Whether the call imports by name, under another name too."""
        if path[-1:] and path[-1] in self.importers:
            return True
        bound = self.walk.scope.module().bound.get(path[0], ()) if len(path) == 1 else ()
        return any(one.kind == "from" and one.name in _IMPORTERS for one in bound)

    def _note_made_names(self, node: ast.Call, path: tuple[str, ...], called: str) -> None:
        walk = self.walk
        unused = node is self.unused
        if not walk.functions and any(
            isinstance(argument, ast.Name) and argument.id == "__name__"
            for argument in [*node.args, *(keyword.value for keyword in node.keywords)]
        ):
            walk.found.handed_name.append((path, unused))
        inner = node.func.value if isinstance(node.func, ast.Attribute) else None
        if called in ("update", "setdefault") and isinstance(inner, ast.Call):
            maker = inner.func
            walk.found.makes_names |= isinstance(maker, ast.Name) and maker.id in _MAKERS
        if path == ("exec",) and not walk.functions:
            walk.found.makes_names = True
        asked = text_of(node.args[1]) if called == "hasattr" and len(node.args) == 2 else None
        if asked is not None:
            walk.found.asks_for.add(asked)

    def note_made_module(self, node: ast.Subscript) -> None:
        """``sys.modules[...]``: a module that is made, or this one's own names."""
        index = node.slice
        name = text_of(index)
        if name is not None:
            if isinstance(node.ctx, ast.Store):
                self.walk.found.made_modules.append(name)
        elif isinstance(node.ctx, ast.Store) or getattr(index, "id", "") == "__name__":
            self.walk.found.makes_names = True

    def _note_attribute(self, node: ast.Call, role: str, called: str) -> None:
        """``patch.object(till, "now")``, ``setattr(till, name, x)`` and their like."""
        walk = self.walk
        path = path_of(node.args[0])
        if not path:
            return
        names: list[str | None] = []
        if called == "multiple" and role == "patch":
            names += keywords_of(node)
        elif len(node.args) > 1 and (text := text_of(node.args[1])) is not None:
            if text.isidentifier() and called != "hasattr":
                names.append(text)
        elif len(node.args) > 1 and role == "set":
            names.append(None)
        if called == "getattr" and len(node.args) > 2:
            return
        line, group = walk.line_of(node), walk.group

        def then(imports: tuple[Bound, ...]) -> None:
            walk.found.attributes.extend(
                NamedAttribute(path, imports, name, line, group, role) for name in names
            )

        if names:
            walk.wait(path[0], then)

    def _note_import(self, node: ast.Call) -> None:
        walk = self.walk
        by_name = {keyword.arg: keyword.value for keyword in node.keywords}
        first = node.args[0] if node.args else by_name.get("name")
        second = node.args[1] if len(node.args) == 2 else by_name.get("package")
        name = None if first is None else static_text(first)
        package = None if second is None else static_text(second)
        line, guarded = walk.line_of(node), walk.guards > 0
        found = [DynamicImport(name, package, line, guarded)]
        listed = node.args[3] if len(node.args) > 3 else by_name.get("fromlist")
        if isinstance(listed, ast.List | ast.Tuple) and name is not None:
            inner = [static_text(item) for item in listed.elts]
            found += [
                DynamicImport(f"{name}.{one}", None, line, guarded)
                for one in inner
                if one and one.isidentifier()
            ]
        walk.found.dynamic += found


def is_patch(path: tuple[str, ...], called: str) -> bool:
    """Whether a call puts something in the place of what its first argument names."""
    words = {part.lower() for part in path} | {called.lower()}
    if any("patch" in word or "stub" in word for word in words):
        return True
    return called in ("setattr", "delattr") and len(path) > 1


def text_of(node: ast.AST) -> str | None:
    """The text of a plain string."""
    value = node.value if isinstance(node, ast.Constant) else None
    return value if isinstance(value, str) else None


def keywords_of(node: ast.Call) -> tuple[str, ...]:
    """The names given as keywords."""
    return tuple(keyword.arg for keyword in node.keywords if keyword.arg)


def static_text(node: ast.expr) -> str | None:
    """The text of a string expression, with marks for the module's own names, or ``None``."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.Name):
        return {"__package__": PACKAGE, "__name__": NAME}.get(node.id)
    if isinstance(node, ast.FormattedValue):
        return static_text(node.value)
    parts: list[str | None] = []
    if isinstance(node, ast.JoinedStr):
        parts = [static_text(value) for value in node.values]
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts = [static_text(node.left), static_text(node.right)]
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        form, value = static_text(node.left), node.right
        single = value.elts[0] if isinstance(value, ast.Tuple) and len(value.elts) == 1 else value
        text = static_text(single)
        if form is not None and form.count("%") == 1 and "%s" in form and text is not None:
            return form.replace("%s", text)
        return None
    if not parts or any(part is None for part in parts):
        return None
    return "".join(part for part in parts if part is not None)


def path_of(node: ast.expr) -> tuple[str, ...]:
    """``a.b.c`` as a tuple; empty when it does not begin with a name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return (node.id, *reversed(parts)) if isinstance(node, ast.Name) else ()
