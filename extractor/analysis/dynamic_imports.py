"""Calls that import by name, and what their arguments say about the name."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from extractor.analysis.constant_strings import ConstantStrings

# What a string names: a module, or an object in one.
MODULE_BY_STRING = frozenset(
    {
        "__import__",
        "import_module",
        "try_import",
        "import_versioned_module",
        "import_any",
        "run_module",
    }
)
OBJECT_BY_STRING = frozenset(
    {
        "import_class",
        "import_object",
        "import_object_ns",
        "resolve_name",
        "import_string",
        "import_item",
        "import_from_string",
        "load_object",
        "locate",
        "symbol_by_name",
    }
)
BY_STRING = MODULE_BY_STRING | OBJECT_BY_STRING
# What these load is a file, or text that is made up: nobody knows before the run.
NEVER_KNOWN = frozenset({"run_path", "exec_module", "load_source", "load_module", "exec"})
# stevedore loads entry points of a namespace: all of it, or those named.
# https://docs.openstack.org/stevedore/latest/reference/
_ALL_PLUGINS = frozenset(
    {
        "DispatchExtensionManager",
        "EnabledExtensionManager",
        "ExtensionManager",
        "NameDispatchExtensionManager",
    }
)
PLUGIN_MANAGERS = _ALL_PLUGINS | {"DriverManager", "HookManager", "NamedExtensionManager"}
ENTRY_POINTS = "entry points:"
# Where the standard library keeps functions that import: by these an alias of one is known.
HOMES: Mapping[str, frozenset[str]] = {
    "importlib": frozenset({"import_module", "__import__"}),
    "builtins": frozenset({"__import__", "exec"}),
    "runpy": frozenset({"run_module", "run_path"}),
    "pkgutil": frozenset({"resolve_name"}),
    "pydoc": frozenset({"locate"}),
    "imp": frozenset({"load_source", "load_module"}),
}
_WALKS = {"iter_modules": "*", "walk_packages": "**"}
_POINTS = frozenset({"entry_points", "iter_entry_points"})


def named_by_string(node: ast.Call, function: str, strings: ConstantStrings) -> list[str] | None:
    """The modules that a call of ``function`` names; ``None`` when that is not known.

    One that begins with dots is relative, to the package after ``@`` if it has one. ``*`` and
    ``**`` stand for the modules right below a package, or anywhere below it.
    """
    arguments = [a for a in node.args if not isinstance(a, ast.Starred)]
    keywords = {k.arg: k.value for k in node.keywords if k.arg}
    first = arguments[0] if arguments else None
    for name in ("name", "import_str", "import_name", "mod_name", "dotted_path"):
        first = first if first is not None else keywords.get(name)
    if first is None:
        return None
    if function == "import_object_ns" and len(arguments) > 1:
        first = arguments[1]
    values = strings.strings(first)
    if values is None:
        return None
    if function == "__import__":
        return _by_builtin(values, arguments, keywords, strings)
    if function in OBJECT_BY_STRING:
        return [value.replace(":", ".").rpartition(".")[0] or value for value in values]
    anchor = arguments[1] if len(arguments) > 1 else keywords.get("package")
    relative = [value for value in values if value.startswith(".")]
    if not relative or anchor is None or function != "import_module":
        return values
    anchors = strings.strings(anchor)
    if not anchors:
        return None
    return [f"{v}@{anchors[0]}" if v.startswith(".") else v for v in values]


def _by_builtin(
    values: list[str],
    arguments: list[ast.expr],
    keywords: Mapping[str, ast.expr],
    strings: ConstantStrings,
) -> list[str] | None:
    given = dict(zip(("name", "globals", "locals", "fromlist", "level"), arguments, strict=False))
    given.update(keywords)
    dots = ""
    if "level" in given:
        level = given["level"]
        if not isinstance(level, ast.Constant) or not isinstance(level.value, int):
            return None
        dots = "." * max(level.value, 0)
    names = [dots + value for value in values]
    if "fromlist" in given:
        wanted = strings.items(given["fromlist"])
        if wanted is None:
            constant = given["fromlist"]
            return names if isinstance(constant, ast.Constant) and not constant.value else None
        stems = [n if not n.strip(".") else n + "." for n in names]
        names += [stem + name for stem in stems for name in wanted if name and name != "*"]
    return names


def plugins(node: ast.Call, function: str, strings: ConstantStrings) -> list[str] | None:
    """The entry points that a manager of stevedore loads; ``None`` when that is not known."""
    given = {k.arg: k.value for k in node.keywords if k.arg}
    if node.args:
        given.setdefault("namespace", node.args[0])
    if len(node.args) > 1 and function not in _ALL_PLUGINS:
        given.setdefault("name", node.args[1])
    namespaces = strings.strings(given["namespace"]) if "namespace" in given else None
    if namespaces is None:
        return None
    names: list[str] | None = ["*"]
    if function not in _ALL_PLUGINS:
        wanted = given.get("name") or given.get("names")
        names = None
        if wanted is not None:
            names = strings.strings(wanted) or strings.items(wanted)
    return [
        f"{ENTRY_POINTS}{namespace}|{name}"
        for namespace in namespaces
        for name in (names if names is not None else [""])
    ]


def looked_for(target: ast.expr, iterated: ast.expr, strings: ConstantStrings) -> Iterator[str]:
    """Note the names in ``for target in iterated`` that stand for modules found in a package.

    Gives the patterns of the packages that looking for them imports.
    """
    if isinstance(iterated, ast.Call) and strings.dotted(iterated.func) in {"list", "sorted"}:
        iterated = iterated.args[0] if iterated.args else iterated
    if not isinstance(iterated, ast.Call):
        return
    function = (strings.dotted(iterated.func) or "").rpartition(".")[2]
    star = _WALKS.get(function)
    if star is None:
        return
    arguments = dict(zip(("path", "prefix"), iterated.args, strict=False))
    arguments.update({k.arg: k.value for k in iterated.keywords if k.arg})
    prefixes = strings.strings(arguments["prefix"]) if "prefix" in arguments else [""]
    if prefixes is None:
        return
    names = [prefix + star for prefix in prefixes]
    if isinstance(target, ast.Name):
        strings.known[f"{target.id}.name"] = names
        strings.known[f"{target.id}[1]"] = names
    elif isinstance(target, ast.Tuple) and len(target.elts) == 3:
        middle = target.elts[1]
        if isinstance(middle, ast.Name):
            strings.known[middle.id] = names
    if star == "**" and "prefix" in arguments:
        yield from (f"{name}/" for name in names)


def group_of(node: ast.expr, strings: ConstantStrings) -> list[str]:
    """The groups whose entry points the standard library's call gives; none if it is no such."""
    if not isinstance(node, ast.Call):
        return []
    if (strings.dotted(node.func) or "").rpartition(".")[2] not in _POINTS:
        function = node.func
        # ``entry_points().get(GROUP, ())`` and ``entry_points().select(group=GROUP)``
        inner = function.value if isinstance(function, ast.Attribute) else None
        if not (
            isinstance(inner, ast.Call)
            and (strings.dotted(inner.func) or "").rpartition(".")[2] in _POINTS
        ):
            return []
    given = [k.value for k in node.keywords if k.arg == "group"] or node.args[:1]
    return (strings.strings(given[0]) or []) if given else []
