"""Strings that an expression can be, as far as its own file says: for imports by name."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence

_MOST = 10_000
# A name may be made of itself, and a sum have a thousand terms.
_DEEPEST = 60
# Filled in by the graph, which knows whose file it is.
_OF_THE_MODULE = {
    "__name__": "{__name__}",
    "__package__": "{__package__}",
    "__spec__.name": "{__name__}",
    "__spec__.parent": "{__package__}",
}
_PARENT = "{__parent__}"


class ConstantStrings:
    """Evaluates expressions over names with known strings and tables."""

    def __init__(self, dotted: Callable[[ast.expr], str | None]) -> None:
        self.dotted = dotted
        self.known: dict[str, list[str]] = {}
        # Names of lists and dictionaries that are written out.
        self.tables: dict[str, ast.expr] = {}
        self._depth = 0

    def copy(self) -> ConstantStrings:
        """The same names, for a scope of its own."""
        other = ConstantStrings(self.dotted)
        other.known, other.tables = dict(self.known), dict(self.tables)
        return other

    def assign(self, name: str, value: ast.expr | None) -> None:
        """Note that ``name`` stands for ``value``, or for something not known."""
        self.known.pop(name, None)
        self.tables.pop(name, None)
        if value is None:
            return
        strings = self.strings(value)
        if strings is not None:
            self.known[name] = strings
        elif isinstance(value, ast.List | ast.Tuple | ast.Set | ast.Dict | ast.BinOp):
            self.tables[name] = value
        elif isinstance(value, ast.Name) and value.id in self.tables:
            self.tables[name] = self.tables[value.id]

    def loop(self, target: ast.expr, iterated: ast.expr) -> None:
        """Note what the names of ``for target in iterated`` are, all rounds together."""
        if isinstance(target, ast.Name):
            strings = self.items(iterated)
            self.assign(target.id, None)
            if strings is not None:
                self.known[target.id] = strings
        elif isinstance(target, ast.Tuple | ast.List):
            for index, part in enumerate(target.elts):
                if isinstance(part, ast.Name):
                    column = self._column(iterated, index)
                    self.assign(part.id, None)
                    if column is not None:
                        self.known[part.id] = column

    def strings(self, node: ast.expr) -> list[str] | None:
        """The string, or all strings it can be, that ``node`` stands for; ``None`` if unknown."""
        if isinstance(node, ast.Constant):
            return [node.value] if isinstance(node.value, str) else None
        name = self.dotted(node)
        if name is not None:
            return [_OF_THE_MODULE[name]] if name in _OF_THE_MODULE else self.known.get(name)
        return self._deeper(self._made, node)

    def _deeper(
        self, answer: Callable[[ast.expr], list[str] | None], node: ast.expr
    ) -> list[str] | None:
        if self._depth > _DEEPEST:
            return None
        self._depth += 1
        try:
            return answer(node)
        finally:
            self._depth -= 1

    def _made(self, node: ast.expr) -> list[str] | None:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return _product(self.strings(node.left), self.strings(node.right))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
            parts = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
            return self._filled(node.left, "%s", parts)
        if isinstance(node, ast.JoinedStr):
            return self._joined(node)
        if isinstance(node, ast.IfExp):
            one, other = self.strings(node.body), self.strings(node.orelse)
            return None if one is None or other is None else one + other
        if isinstance(node, ast.Subscript):
            return self._subscript(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        return None

    def items(self, node: ast.expr) -> list[str] | None:
        """The strings that going through ``node`` gives."""
        return self._deeper(self._gone_through, self.table(node))

    def _gone_through(self, node: ast.expr) -> list[str] | None:
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            return self._each(node.elts)
        if isinstance(node, ast.Dict):
            return self._each([key for key in node.keys if key is not None])
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            one, other = self.items(node.left), self.items(node.right)
            return None if one is None or other is None else one + other
        if isinstance(node, ast.Call):
            function = node.func
            if isinstance(function, ast.Attribute) and not node.args:
                table = self.table(function.value)
                if isinstance(table, ast.Dict):
                    if function.attr == "keys":
                        return self.items(table)
                    if function.attr == "values":
                        return self._each(table.values)
            if self.dotted(function) in {"sorted", "list", "tuple", "set", "reversed", "iter"}:
                return self.items(node.args[0]) if node.args else None
            if isinstance(function, ast.Attribute) and function.attr == "split" and not node.args:
                whole = self.strings(function.value)
                return [word for text in whole for word in text.split()] if whole else None
        return None

    def values(self, node: ast.expr) -> list[str] | None:
        """The strings in a list, or those in the values of a dictionary."""
        node = self.table(node)
        return self._each(node.values) if isinstance(node, ast.Dict) else self.items(node)

    def table(self, node: ast.expr) -> ast.expr:
        """The list or dictionary that a name stands for, or else ``node``."""
        name = self.dotted(node)
        return self.tables.get(name, node) if name is not None else node

    def _each(self, nodes: Sequence[ast.expr]) -> list[str] | None:
        found: list[str] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                strings = self.items(node.value)
            elif isinstance(node, ast.List | ast.Tuple | ast.Set):
                strings = self._each(node.elts)
            else:
                strings = self.strings(node)
            if strings is None:
                return None
            found += strings
        return found

    def _column(self, node: ast.expr, index: int) -> list[str] | None:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            table = self.table(node.func.value)
            if node.func.attr == "items" and isinstance(table, ast.Dict):
                keys = [key for key in table.keys if key is not None]
                return self._each(keys if index == 0 else table.values)
        node = self.table(node)
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            rows = [row.elts for row in node.elts if isinstance(row, ast.Tuple | ast.List)]
            if len(rows) == len(node.elts) and all(len(row) > index for row in rows):
                return self._each([row[index] for row in rows])
        return None

    def _joined(self, node: ast.JoinedStr) -> list[str] | None:
        whole: list[str] | None = [""]
        for part in node.values:
            inner = part.value if isinstance(part, ast.FormattedValue) else part
            whole = _product(whole, self.strings(inner))
        return whole

    def _filled(self, pattern: ast.expr, mark: str, parts: Sequence[ast.expr]) -> list[str] | None:
        found = self.strings(pattern)
        if found is None or any(text.count(mark) != len(parts) for text in found):
            return None
        for part in parts:
            values = self.strings(part)
            if values is None or len(found) * len(values) > _MOST:
                return None
            found = [text.replace(mark, value, 1) for text in found for value in values]
        return found

    def _subscript(self, node: ast.Subscript) -> list[str] | None:
        # ``__name__.rpartition(".")[0]`` and ``__name__.rsplit(".", 1)[0]``
        value = node.value
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
            if value.func.attr in {"rpartition", "rsplit"} and _is(node.slice, 0):
                return _parents(self.strings(value.func.value))
            if value.func.attr in {"partition", "split"} and _is(node.slice, 0):
                whole = self.strings(value.func.value)
                if whole is not None and all(text.startswith("{") for text in whole):
                    return ["{__top__}"]
            return None
        table = self.table(value)
        if isinstance(table, ast.Dict):
            return self._chosen(table, node.slice)
        return self.values(table) if isinstance(table, ast.List | ast.Tuple) else None

    def _chosen(self, table: ast.Dict, key: ast.expr) -> list[str] | None:
        wanted = self.strings(key)
        if wanted is not None:
            pairs = zip(table.keys, table.values, strict=True)
            rows = [v for k, v in pairs if isinstance(k, ast.Constant) and k.value in wanted]
            return self._each(rows)
        return None

    def _call(self, node: ast.Call) -> list[str] | None:
        function = node.func
        if not isinstance(function, ast.Attribute):
            return self.strings(node.args[0]) if self.dotted(function) == "str" else None
        if function.attr == "format" and not node.keywords:
            return self._filled(function.value, "{}", node.args)
        if function.attr == "join" and len(node.args) == 1:
            return self._glued(function.value, node.args[0])
        if function.attr == "get" and node.args:
            table = self.table(function.value)
            return self._chosen(table, node.args[0]) if isinstance(table, ast.Dict) else None
        if function.attr in {"strip", "lower"} and not node.args:
            found = self.strings(function.value)
            return None if found is None else [getattr(text, function.attr)() for text in found]
        if function.attr == "replace" and len(node.args) == 2:
            pair = [self.strings(argument) for argument in node.args]
            found = self.strings(function.value)
            if found is not None and pair[0] and pair[1] and not any("{" in f for f in found):
                return [text.replace(pair[0][0], pair[1][0]) for text in found]
        return None

    def _glued(self, glue: ast.expr, parts: ast.expr) -> list[str] | None:
        between = self.strings(glue)
        if between is None or not isinstance(parts, ast.List | ast.Tuple):
            return None
        whole: list[str] | None = [""]
        for number, part in enumerate(parts.elts):
            whole = _product(whole, between) if number else whole
            whole = _product(whole, self.strings(part))
        return whole


def _is(node: ast.expr, value: int) -> bool:
    return isinstance(node, ast.Constant) and node.value == value


def _parents(names: list[str] | None) -> list[str] | None:
    if names is None:
        return None
    return [_PARENT if name == "{__name__}" else name.rpartition(".")[0] for name in names]


def _product(left: list[str] | None, right: list[str] | None) -> list[str] | None:
    if left is None or right is None or len(left) * len(right) > _MOST:
        return None
    return [one + two for one in left for two in right]


def resolved(text: str, module: str, is_package: bool) -> str:
    """``text`` with what stands for the module's own name filled in."""
    if "{" not in text:
        return text
    package = module if is_package else module.rpartition(".")[0]
    filling: Mapping[str, str] = {
        "{__name__}": module,
        "{__package__}": package,
        _PARENT: module.rpartition(".")[0],
        "{__top__}": module.partition(".")[0],
    }
    for mark, value in filling.items():
        text = text.replace(mark, value)
    return text
